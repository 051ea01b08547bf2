// The scale-separation map: where two mechanisms stand to each other in space and time, and how they may be
// joined.
//
// A mechanism is a box [resolution, extent] in space and in time, on logarithmic axes (Hoekstra, Lorenz,
// Falcone and Chopard 2007; Chopard, Borgdorff and Hoekstra 2014). Of two boxes the finer one is separated
// from the coarser one when all of it is smaller than the other resolves.
#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace holon::analysis {

/// The smallest and the largest scale of a mechanism in space or in time [coherent unit]; 0: not known, such
/// as the size of a point.
struct ScaleInterval {
  double resolution = 0.0, extent = 0.0;
  bool known() const { return resolution > 0.0 && extent > 0.0; }
};

/// How the finer of two intervals lies to the coarser one.
///   overlap    they have scales in common
///   adjacent   the extent of the finer is the resolution of the coarser
///   separated  the extent of the finer is below the resolution of the coarser
enum class Relation { unknown, overlap, adjacent, separated };
std::string_view name(Relation relation);

/// Which of two intervals is finer: the one with the smaller extent, then with the smaller resolution.
bool finer(const ScaleInterval& a, const ScaleInterval& b);
Relation relation(const ScaleInterval& a, const ScaleInterval& b);
/// Extent of the finer interval over resolution of the coarser one: below 1 where they are separated. This is
/// the epsilon of time scales (10 ms inside 1 h is 2.8e-6). Infinite where one is unknown.
double separation(const ScaleInterval& a, const ScaleInterval& b);

/// How submodels are joined, by the operators of their loops: observation of the state during the run (O_i)
/// and at its end (O_f), initial condition (f_init), step (S).
enum class Pattern {
  interact,      ///< O_i -> S both ways: scales of time overlap
  call_release,  ///< O_i -> f_init and O_f -> S: the fast one runs to its end within a step of the slow one
  dispatch       ///< O_f -> f_init: one after the other
};
std::string_view name(Pattern pattern);
std::string_view operators(Pattern pattern);  ///< "O_i -> S, both ways"
std::vector<std::string> pattern_names();

/// What fits two time intervals.
Pattern fitting_pattern(Relation time);

}  // namespace holon::analysis
