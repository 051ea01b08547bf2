#include "holon/transport/tridiagonal_sweeps.hpp"

#include "holon/transport/line_factors.hpp"
#include "holon/transport/test_operators.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace holon::transport {
namespace {

using test::Numbers;

constexpr std::array<LineUpdate, 2> updates{LineUpdate::replace, LineUpdate::reflect};

LineFactors factors(std::size_t count) {
  const Line line{count, 0.3, GridSpace::Sites::cells, false};
  return LineFactors(diffusion_stencil(line, 0.7, 2, {}), 0.4);
}

std::vector<double> along(const TridiagonalSweeps& sweeps, LineUpdate update, std::vector<double> u,
                          const LineFactors& lines) {
  std::vector<double> work(lines.count() * most_lines_along);
  EXPECT_TRUE(sweeps.along[static_cast<std::size_t>(update)](u.data(), u.size() / lines.count(),
                                                             lines.tridiagonal(), 0.9, work.data()));
  return u;
}

std::vector<double> across(const TridiagonalSweeps& sweeps, LineUpdate update, std::vector<double> u,
                           const LineFactors& lines) {
  const std::size_t lanes = u.size() / lines.count();
  EXPECT_TRUE(sweeps.across[static_cast<std::size_t>(update)](u.data(), lanes, lanes, lines.tridiagonal()));
  return u;
}

TEST(TridiagonalSweeps, ALineHasTheSameBitsAloneAndInCompanyForAnyWidthOfVectors) {
  for (const std::size_t count : {1u, 2u, 7u, 8u, 9u, 21u})
    for (const std::size_t lines : {1u, 3u, 4u, 7u, 8u, 16u, 31u, 101u})
      for (const LineUpdate update : updates) {
        const LineFactors f = factors(count);
        Numbers numbers(count + lines);
        const std::vector<double> u = numbers.column(count * lines);
        const auto x = along(base_tridiagonal_sweeps(), update, u, f);
        const auto y = across(base_tridiagonal_sweeps(), update, u, f);
        // On a machine without AVX-512 this compares the same loops with themselves.
        EXPECT_EQ(along(tridiagonal_sweeps(), update, u, f), x) << count << " sites, " << lines << " lines";
        EXPECT_EQ(across(tridiagonal_sweeps(), update, u, f), y) << count << " sites, " << lines << " lines";
        for (std::size_t line = 0; line < lines; ++line) {
          std::vector<double> row(count), column(count);
          for (std::size_t i = 0; i < count; ++i) {
            row[i] = u[line * count + i];
            column[i] = u[i * lines + line];
          }
          row = along(base_tridiagonal_sweeps(), update, row, f);
          column = across(base_tridiagonal_sweeps(), update, column, f);
          for (std::size_t i = 0; i < count; ++i) {
            ASSERT_EQ(row[i], x[line * count + i]) << "line " << line << ", site " << i;
            ASSERT_EQ(column[i], y[i * lines + line]) << "lane " << line << ", site " << i;
          }
        }
      }
}

TEST(TridiagonalSweeps, ReflectionKeepsTheContentOfLongSteps) {
  // 2 v - u with what stood in u made from the factors again: round-off must not grow with c D/h^2 = 1e4.
  const std::size_t count = 200;
  const Line line{count, 1.0, GridSpace::Sites::cells, false};
  const LineFactors f(diffusion_stencil(line, 1.0, 2, {}), 1e4);
  Numbers numbers(5);
  std::vector<double> u(count);
  double before = 0.0, after = 0.0;
  for (double& value : u) before += value = 1.0 + 0.1 * numbers();
  for (int step = 0; step < 10; ++step) u = across(tridiagonal_sweeps(), LineUpdate::reflect, u, f);
  for (const double value : u) after += value;
  EXPECT_NEAR(after, before, 1e-11 * before);
}

TEST(TridiagonalSweeps, SeeEveryValueThatIsNotFinite) {
  const std::size_t count = 19, lines = 29;
  const LineFactors f = factors(count);
  for (const TridiagonalSweeps* sweeps : {&base_tridiagonal_sweeps(), &tridiagonal_sweeps()})
    for (const LineUpdate update : updates)
      for (const double bad :
           {std::numeric_limits<double>::quiet_NaN(), -std::numeric_limits<double>::infinity()})
        for (std::size_t site = 0; site < count * lines; ++site) {
          std::vector<double> u(count * lines, 1.0), work(count * most_lines_along);
          u[site] = bad;
          auto v = u;
          const auto n = static_cast<std::size_t>(update);
          EXPECT_FALSE(sweeps->along[n](u.data(), lines, f.tridiagonal(), 1.0, work.data())) << site;
          EXPECT_FALSE(sweeps->across[n](v.data(), lines, lines, f.tridiagonal())) << site;
        }
}

}  // namespace
}  // namespace holon::transport
