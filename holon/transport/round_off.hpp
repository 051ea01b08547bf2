// Content that implicit steps lose to round-off.
//
// Eliminating (1 - dt L) u = f leaves an error of up to dt |L| in units of round-off, always in the same
// direction once the field is at rest: 3e-11 of the content in a step at D dt/h^2 = 1e8. Over many steps that
// is no longer small, so it is put back.
#pragma once

#include <cmath>
#include <limits>

namespace holon::transport {

/// The largest content difference that can be round-off of a step; `stiffness` is dt |L|, `size` at least
/// sum |u| measure.
inline double largest_round_off(double stiffness, double size) {
  return std::numeric_limits<double>::epsilon() * (1.0 + stiffness) * size;
}

/// Whether a difference between what the content is and what the books expect is worth a correction, and no
/// more than round-off: anything larger is left for the ledger to see.
inline bool is_round_off(double lost, double content, double stiffness, double size) {
  return std::abs(lost) > std::numeric_limits<double>::epsilon() * std::abs(content) &&
         std::abs(lost) <= largest_round_off(stiffness, size);
}

}  // namespace holon::transport
