// Growth of waves on a state that repeats along an axis: sigma(q).
//
// A perturbation v_j e^{i q x} of a state that is the same in every repeating cell obeys
//   sigma M v = J^(q) v,   J^(q) = sum over cells m of J[cell 0, cell m] e^{i q m L},
// with J the Jacobian of the whole model as it is discretised, so that what is found is the growth in the
// model itself, of fields that spread and of discrete cells between them alike (Bloch 1929). A uniform state
// repeats with every site.
#pragma once

#include "holon/engine/system.hpp"

#include <complex>
#include <memory>
#include <vector>

namespace holon::analysis {

class RepeatingCells {
 public:
  /// `axis` 0 to 2; cells of `length` along it [coherent]; 0: of one spacing of the grid. Across the axis
  /// everything is uniform. Agents are where they are in `state`. Throws Refused where the unknowns don't
  /// repeat.
  RepeatingCells(const System& system, const State& state, int axis, double length);

  std::size_t cells() const { return cells_; }
  double length() const { return length_; }
  double around() const { return length_ * static_cast<double>(cells_); }  ///< the whole domain
  /// Unknowns of one cell.
  std::size_t kinds() const { return kinds_.size(); }
  /// Replaces every unknown by the mean over all cells.
  void make_uniform(State& state) const;

  /// The matrix J^ at a state, ready for any q.
  class Linearised {
   public:
    /// Eigenvalues at a wavenumber [1/coherent length], by decreasing real part.
    std::vector<std::complex<double>> eigenvalues(double q) const;
    double growth(double q) const { return eigenvalues(q).front().real(); }

   private:
    friend class RepeatingCells;
    struct Entry {
      std::size_t row, column;
      double cells, value;
    };
    std::vector<Entry> entries_;
    std::vector<double> mass_;
    double length_ = 0.0;
  };
  Linearised linearise(const State& state, double time) const;

 private:
  const System* system_;
  double length_ = 0.0;
  std::size_t cells_ = 0;
  std::vector<std::size_t> kind_, cell_;  // of each unknown
  std::vector<std::size_t> kinds_;        // the unknown that stands for each kind
};

/// The wavenumber within a range at which waves grow fastest.
struct FastestWave {
  double wavenumber = 0.0, growth = 0.0;
};
FastestWave fastest_wave(const RepeatingCells::Linearised& linearised, double from, double to,
                         std::size_t points);

}  // namespace holon::analysis
