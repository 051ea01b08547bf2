// Runs of the benchmark of Niederer et al. (2011) and what they are held against (case: cardiac V12).
#pragma once

#include <string>
#include <vector>

namespace holon::verification {

/// Activation times [ms] at the corners and in the middle of the slab.
struct SlabTimes {
  double far = 0.0, x = 0.0, y = 0.0, z = 0.0, center = 0.0;
};

/// Runs models/heart/niederer_slab.yaml; `spacing` in mm, `step` in ms.
SlabTimes slab_times(const std::string& spacing, const std::string& order, const std::string& step);

/// Mean and standard deviation of the eleven codes [ms] at a step of 0.01 ms.
struct ElevenCodes {
  double mean, deviation;
};

/// Passes where the time lies within two standard deviations of the mean.
void expect_within_the_eleven_codes(double time, const ElevenCodes& codes, const std::string& place);

}  // namespace holon::verification
