#include "holon/report/results_json.hpp"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace holon::report {
namespace {

nlohmann::json written(const ResultValue& result) {
  return nlohmann::json::parse(results_json({{"a.b", result}})).at("a.b");
}

TEST(ResultsJson, ANumberReadsBackAsTheSameDouble) {
  const auto entry = written({1.0 / 3.0, Unit::parse("mV")});
  EXPECT_EQ(entry.at("value").get<double>(), 1.0 / 3.0);
  EXPECT_EQ(entry.at("unit"), "mV");
}

TEST(ResultsJson, DimensionlessIsOne) { EXPECT_EQ(written({2.0, Unit{}}).at("unit"), "1"); }

TEST(ResultsJson, InfinityIsATextAndNotANumberIsNullWithAReason) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(written({infinity, Unit{}}).at("value"), "inf");
  EXPECT_EQ(written({-infinity, Unit{}}).at("value"), "-inf");
  const auto none = written({std::nan(""), Unit{}});
  EXPECT_TRUE(none.at("value").is_null());
  EXPECT_FALSE(none.at("why").get<std::string>().empty());
}

TEST(ResultsJson, ArraysTextsAndMissingValues) {
  EXPECT_EQ(written({std::vector<double>{1.5, std::nan("")}, Unit{}}).at("value").dump(), "[1.5,null]");
  EXPECT_EQ(written({std::string("spiral"), Unit{}}).at("value"), "spiral");
  const auto missing = written({ResultValue::Missing{"the wave \"died\""}, Unit{}});
  EXPECT_TRUE(missing.at("value").is_null());
  EXPECT_EQ(missing.at("why"), "the wave \"died\"");
}

}  // namespace
}  // namespace holon::report
