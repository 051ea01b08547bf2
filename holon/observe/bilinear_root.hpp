// Where two functions that are bilinear in the unit square are both zero.
#pragma once

#include <array>

namespace holon::observe {

/// Values at the corners (0,0), (1,0), (0,1), (1,1).
struct BilinearPair {
  std::array<double, 4> u{}, v{};
};

/// How often the angle of (u, v) goes round along the sides of the square, counter-clockwise: -1, 0 or 1.
/// Along each side both are linear, so that the angle changes by less than half a turn and the sum is exact.
/// 0 if a corner is not a number.
int winding(const BilinearPair& pair);

/// A common zero in the square [0, 1]^2. There is one where the winding is not 0 (a map without zeros would
/// have none).
std::array<double, 2> bilinear_root(const BilinearPair& pair);

}  // namespace holon::observe
