#include "holon/base/finite.hpp"

#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace holon {
namespace {

TEST(AllFinite, SeesEveryPlace) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const double bad[] = {infinity, -infinity, std::numeric_limits<double>::quiet_NaN()};
  for (std::size_t size = 1; size < 40; ++size) {
    std::vector<double> values(size, -std::numeric_limits<double>::max());
    values[size / 2] = std::numeric_limits<double>::denorm_min();
    EXPECT_TRUE(all_finite(values));
    for (std::size_t place = 0; place < size; ++place) {
      for (const double b : bad) {
        const double kept = values[place];
        values[place] = b;
        EXPECT_FALSE(all_finite(values)) << b << " at " << place << " of " << size;
        values[place] = kept;
      }
    }
  }
  EXPECT_TRUE(all_finite({}));
}

}  // namespace
}  // namespace holon
