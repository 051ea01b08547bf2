#include "holon/report/series_csv.hpp"

#include "holon/base/error.hpp"

#include <bit>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace holon::report {
namespace {

Series series_of(const std::vector<std::vector<double>>& rows) {
  Series series;
  series.columns = {{"time", Unit::parse("ms")}, {"V", Unit::parse("mV")}};
  series.rows = rows;
  return series;
}

TEST(SeriesCsv, HasNamesWithUnitsInItsFirstLine) {
  EXPECT_EQ(series_csv(series_of({{0.0, -85.25}})), "time [ms],V [mV]\n0,-85.25\n");
}

TEST(SeriesCsv, ReadsBackToTheLastBit) {
  const double awkward[] = {0.1, 1.0 / 3.0, -1e-308, 5e-324, 1.7976931348623157e308, 2.0000000000000004};
  for (const double value : awkward) {
    const Series back = read_series_csv(series_csv(series_of({{value, -value}})), "a.csv");
    EXPECT_EQ(std::bit_cast<std::uint64_t>(back.rows[0][0]), std::bit_cast<std::uint64_t>(value));
    EXPECT_EQ(back.rows[0][1], -value);
  }
  const double infinity = std::numeric_limits<double>::infinity();
  const Series special = read_series_csv(series_csv(series_of({{infinity, std::nan("")}})), "a.csv");
  EXPECT_EQ(special.rows[0][0], infinity);
  EXPECT_TRUE(std::isnan(special.rows[0][1]));
}

TEST(SeriesCsv, KeepsNamesWithCommas) {
  Series series = series_of({{1, 2}});
  series.columns[1].name = "max(a, \"b\")";
  const Series back = read_series_csv(series_csv(series), "a.csv");
  EXPECT_EQ(back.columns[1].name, "max(a, \"b\")");
  EXPECT_EQ(back.columns[1].unit.text(), "mV");
}

TEST(SeriesCsv, DamagedFilesAreErrorsWithTheLine) {
  const auto message = [](const std::string& text) -> std::string {
    try {
      read_series_csv(text, "a.csv");
    } catch (const InputError& error) { return error.what(); }
    return "none";
  };
  EXPECT_NE(message("time [ms],V [mV]\n0,1\n2\n").find("a.csv:3"), std::string::npos);
  EXPECT_NE(message("time [ms],V [mV]\n0,x\n").find("'x' is no number"), std::string::npos);
  EXPECT_NE(message("time,V\n").find("no unit"), std::string::npos);
  EXPECT_NE(message("").find("empty"), std::string::npos);
}

}  // namespace
}  // namespace holon::report
