// The measures of one action potential, from its samples.
#pragma once

#include "holon/observe/crossing.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace holon::observe {

/// A sampled potential from its stimulus onset on (one sample may lie before it). Times increase.
struct PotentialSamples {
  std::vector<double> times, values;
  std::vector<double> slopes;  ///< value per time; central differences where the rates are not known
};

/// Central differences, one-sided at the ends.
std::vector<double> differences(std::span<const double> times, std::span<const double> values);

/// The measures. Each is there only if what it needs happened.
struct ActionPotential {
  std::optional<double> resting;      ///< V at the onset, by the cubic between the samples around it
  std::optional<Peak> peak;           ///< parabola through the highest sample and its neighbours
  std::optional<double> rise_time;    ///< V crosses the level (0 mV) upward
  std::optional<double> steepest;     ///< largest slope from the onset to the peak
  std::optional<double> crossing_50;  ///< V falls through peak - 0.5 (peak - resting) after the peak
  std::optional<double> crossing_90;
};

ActionPotential measure(const PotentialSamples& samples, double onset, double level);

}  // namespace holon::observe
