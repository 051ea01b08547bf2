#include "holon/base/column_memory.hpp"

#include <cstdint>

#include <gtest/gtest.h>

namespace holon {
namespace {

TEST(ColumnMemory, LongColumnsBeginOnALargePageAndShortOnesOnACacheLine) {
  for (const std::size_t numbers : {1UL, 1000UL, 1UL << 20}) {
    const Column<double> column(numbers, 1.5);
    const auto address = reinterpret_cast<std::uintptr_t>(column.data());
    EXPECT_EQ(address % 64, 0u);
    if (numbers == 1UL << 20) { EXPECT_EQ(address % (2UL << 20), 0u); }
    EXPECT_EQ(column.back(), 1.5);
  }
}

}  // namespace
}  // namespace holon
