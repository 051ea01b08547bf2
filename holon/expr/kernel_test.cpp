#include "holon/expr/kernel.hpp"

#include "holon/base/error.hpp"
#include "holon/base/random.hpp"
#include "holon/expr/interpreter.hpp"
#include "holon/expr/kernel_case.hpp"

#include <algorithm>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon::expr {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

/// All ways to run a case on this machine.
std::vector<Kernel> all_kernels(const KernelSource& source) {
  std::vector<Kernel> kernels{Kernel::make(source, {.tier = Tier::interpreter})};
  for (const InstructionSet set : runnable_sets())
    for (const bool merged : {false, true}) {
      KernelOptions options = compiled_for(set);
      options.merge_exponentials = merged;
      kernels.push_back(Kernel::make(source, options));
    }
  return kernels;
}

std::vector<double> spread(double low, double high, std::size_t count, std::uint64_t seed) {
  std::vector<double> values(count);
  for (std::size_t i = 0; i < count; ++i)
    values[i] = low + (high - low) * uniform({.seed = seed, .site = i}, 0);
  return values;
}

/// Gates, rates and currents as in a model of a heart cell: exponentials of many multiples, logistic
/// functions, nested quotients, a conditional, logarithm and power.
struct CellCase : KernelCase {
  CellCase() {
    Graph& g = graph;
    const Node v = column("V"), x = column("x"), c = column("c");
    const Node dt = uniform("dt", 0), scale = uniform("scale", 1);
    const auto k = [&](double value) { return g.constant(value); };
    const auto e = [&](double offset, double width) {
      return g.make(Op::exp, g.divide(g.add(v, k(offset)), k(width)));
    };
    const auto logistic = [&](double offset, double width) {
      return g.divide(k(1), g.add(k(1), e(offset, width)));
    };
    const Node steady = logistic(56.86, -9.03);
    const Node tau =
        g.add(g.multiply(g.add(g.divide(k(1.4), g.add(k(1), e(35, -13))), k(0.25)), logistic(5, 5)),
              logistic(-50, 20));
    const Node decay = g.make(Op::exp, g.negate(g.divide(dt, tau)));
    outputs(g.add(steady, g.multiply(g.subtract(x, steady), decay)));
    const Node low = g.add(g.multiply(k(2.7), e(0, 10)), g.multiply(k(3.1), e(7, -20)));
    const Node high = g.divide(k(0.77), g.add(k(1), e(10.66, -5)));
    outputs(g.select(g.make(Op::less, v, k(-40)), low, high));
    const Node potential = g.multiply(scale, g.make(Op::log, g.divide(k(5.4), c)));
    outputs(g.subtract(v, g.multiply(dt, g.multiply(x, g.subtract(v, potential)))));
    outputs(g.divide(g.power(c, k(2.1)), g.add(k(1), g.power(c, k(2.1)))));
  }
  void outputs(Node n) { source.outputs.push_back(n); }
};

const std::vector<double> cell_uniforms{0.02, 26.7};

std::vector<std::vector<double>> cell_columns(std::size_t sites) {
  return {spread(-95, 60, sites, 1), spread(0, 1, sites, 2), spread(1e-3, 150, sites, 3)};
}

TEST(Kernels, AgreeOnEveryInstructionSetAndWithTheInterpreter) {
  CellCase c;
  const auto columns = cell_columns(1003);
  const auto kernels = all_kernels(c.source);
  const auto reference = c.run(kernels.front(), columns, cell_uniforms);
  for (const Kernel& kernel : kernels) {
    const auto found = c.run(kernel, columns, cell_uniforms);
    for (std::size_t k = 0; k < found.size(); ++k)
      for (std::size_t i = 0; i < found[k].size(); ++i)
        // Arguments near 20 lose 20 units, and powers of a merged exponential eight times that of one.
        EXPECT_NEAR(found[k][i], reference[k][i], 2e-14 * (std::fabs(reference[k][i]) + 1e-8))
            << name(kernel.instruction_set()) << " output " << k << " site " << i;
  }
}

TEST(Kernels, MatchExtendedPrecisionWithDifferentValuesInEveryLane) {
  CellCase c;
  const auto columns = cell_columns(1003);
  for (const Kernel& kernel : all_kernels(c.source)) {
    const auto found = c.run(kernel, columns, cell_uniforms);
    for (std::size_t i = 0; i < 1003; i += 7) {
      const auto exact = evaluate(c.graph, c.source.outputs, [&](std::string_view symbol) -> long double {
        if (symbol == "V") return columns[0][i];
        if (symbol == "x") return columns[1][i];
        if (symbol == "c") return columns[2][i];
        return symbol == "dt" ? cell_uniforms[0] : cell_uniforms[1];
      });
      for (std::size_t k = 0; k < exact.size(); ++k)
        EXPECT_NEAR(found[k][i], static_cast<double>(exact[k]),
                    2e-14 * (std::fabs(static_cast<double>(exact[k])) + 1e-8))
            << name(kernel.instruction_set()) << " output " << k << " site " << i;
    }
  }
}

TEST(Kernels, GiveTheSameBitsWhateverRangeASiteIsComputedIn) {
  CellCase c;
  auto columns = cell_columns(203);
  columns[0][100] = 5000.0;  // out of the range of merged exponentials: evaluated by the interpreter
  columns[2][50] = -1.0;
  for (const Kernel& kernel : all_kernels(c.source)) {
    const auto whole = c.run(kernel, columns, cell_uniforms);
    for (const auto& [begin, end] :
         {std::pair<std::size_t, std::size_t>{1, 203}, {3, 50}, {50, 101}, {101, 102}, {7, 15}}) {
      std::vector<std::vector<double>> part(4, std::vector<double>(203, -7.0));
      const double* in[]{columns[0].data(), columns[1].data(), columns[2].data()};
      double* out[]{part[0].data(), part[1].data(), part[2].data(), part[3].data()};
      kernel.run(in, out, cell_uniforms.data(), begin, end);
      for (std::size_t k = 0; k < part.size(); ++k)
        for (std::size_t i = 0; i < 203; ++i)
          EXPECT_TRUE(same_bits(part[k][i], i >= begin && i < end ? whole[k][i] : -7.0))
              << name(kernel.instruction_set()) << " output " << k << " site " << i << " of " << begin
              << " to " << end;
    }
  }
}

TEST(Kernels, UpdateColumnsInPlace) {
  CellCase c;
  std::swap(c.source.outputs[0], c.source.outputs[2]);  // V is replaced first but read by the later outputs
  for (const Kernel& kernel : all_kernels(c.source)) {
    auto columns = cell_columns(77);
    const auto expected = c.run(kernel, columns, cell_uniforms);
    std::vector<double> rest(77);
    const double* in[]{columns[0].data(), columns[1].data(), columns[2].data()};
    double* out[]{columns[0].data(), columns[1].data(), columns[2].data(), rest.data()};
    kernel.run(in, out, cell_uniforms.data(), 0, 77);
    for (std::size_t i = 0; i < 77; ++i) {
      for (std::size_t k = 0; k < 3; ++k) EXPECT_TRUE(same_bits(columns[k][i], expected[k][i]));
      EXPECT_TRUE(same_bits(rest[i], expected[3][i]));
    }
  }
}

TEST(Kernels, MergeExponentialsWithoutAWrongValueFarOutOfRange) {
  CellCase c;
  std::vector<std::vector<double>> columns(3);
  for (const double v : {0.0,      1.0,       -200.0,    300.0,   690.0,  700.0,   709.0,   -745.0, 2000.0,
                         -2000.0,  1e4,       -1e4,      1e6,     -1e6,   1e17,    -1e17,   1e300,  -1e300,
                         infinity, -infinity, nan_value, -3600.0, 3555.0, 13999.0, -14166.0})
    for (const double x : {0.5, 1e10, infinity}) {
      columns[0].push_back(v);
      columns[1].push_back(x);
      columns[2].push_back(2.0);
    }
  for (const Kernel& kernel : all_kernels(c.source)) {
    const auto found = c.run(kernel, columns, cell_uniforms);
    const auto plain = c.run(Kernel::make(c.source, {.tier = Tier::interpreter}), columns, cell_uniforms);
    for (std::size_t k = 0; k < found.size(); ++k)
      for (std::size_t i = 0; i < columns[0].size(); ++i) {
        const double a = found[k][i], b = plain[k][i];
        const bool close =
            a == b || (std::isnan(a) && std::isnan(b)) || std::fabs(a - b) <= 1e-12 * std::fabs(b) + 1e-300;
        EXPECT_TRUE(close) << name(kernel.instruction_set()) << " output " << k << " at V = " << columns[0][i]
                           << ", x = " << columns[1][i] << ": " << a << ", interpreter " << b;
      }
  }
}

TEST(Kernels, DivideByZeroInfinityAndExtremesAsIeeeSays) {
  const std::vector<double> values{0.0,    1.0,      -3.0,      1e308,     -1e308, 1e-308, 5e-324,
                                   4e-310, infinity, -infinity, nan_value, 3e-200, 7e200};
  std::vector<double> a, b;
  for (const double p : values)
    for (const double q : values) a.push_back(p), b.push_back(q);
  KernelCase c;
  const Node x = c.column("x"), y = c.column("y");
  // Several divisions, so that every way of dividing occurs.
  for (int k = 0; k < 4; ++k)
    c.source.outputs.push_back(
        c.graph.divide(c.graph.make(k % 2 ? Op::abs : Op::sqrt, k % 2 ? x : c.graph.multiply(x, x)),
                       k < 2 ? y : c.graph.negate(y)));
  c.source.outputs.push_back(c.graph.divide(x, y));
  for (const Kernel& kernel : all_kernels(c.source)) {
    const auto found = c.run(kernel, {a, b});
    for (std::size_t i = 0; i < a.size(); ++i) {
      const double bound =
          std::fabs(a[i]) < 1e-290 && a[i] != 0.0 ? 1e8 : 1.0;  // [ULP], as quotient_by_newton promises
      EXPECT_LE(ulp_error(found[4][i], a[i] / b[i]), bound)
          << name(kernel.instruction_set()) << " " << a[i] << "/" << b[i];
      EXPECT_LE(ulp_error(found[1][i], std::fabs(a[i]) / b[i]), bound)
          << name(kernel.instruction_set()) << " " << a[i] << "/" << b[i];
    }
  }
}

TEST(Kernels, NoticeAWrongQuotientThatAConditionHides) {
  // 1/x is infinite at 0, and only a comparison sees it.
  KernelCase c;
  const Node x = c.column("x");
  const Node one = c.graph.constant(1.0);
  const Node inverse = c.graph.divide(one, c.graph.multiply(x, x));
  c.source.outputs = {
      c.graph.select(c.graph.make(Op::less, c.graph.constant(3.0), inverse), one, c.graph.constant(2.0))};
  for (const Kernel& kernel : all_kernels(c.source)) {
    const auto found = c.run(kernel, {{0.0, 1.0, 0.1, 0.0, infinity}}).front();
    EXPECT_EQ(found, (std::vector<double>{1.0, 2.0, 1.0, 1.0, 2.0})) << name(kernel.instruction_set());
  }
}

TEST(Kernels, EvaluateTruthAndConditions) {
  KernelCase c;
  const Node x = c.column("x"), y = c.column("y");
  Graph& g = c.graph;
  const Node both = g.make(Op::logical_and, g.make(Op::less, x, y), g.make(Op::less_equal, g.constant(0), x));
  const Node either = g.make(Op::logical_or, g.make(Op::equal, x, y), g.make(Op::logical_not, y));
  c.source.outputs = {both, either, g.add(both, either), g.select(both, x, y), g.select(x, y, x)};
  const std::vector<double> a{1, 2, -1, 0, 0, nan_value, 5}, b{2, 1, 3, 0, 5, 1, nan_value};
  const auto reference = c.run(Kernel::make(c.source, {.tier = Tier::interpreter}), {a, b});
  for (const Kernel& kernel : all_kernels(c.source)) {
    const auto found = c.run(kernel, {a, b});
    for (std::size_t k = 0; k < found.size(); ++k)
      for (std::size_t i = 0; i < a.size(); ++i)
        EXPECT_TRUE(found[k][i] == reference[k][i] ||
                    (std::isnan(found[k][i]) && std::isnan(reference[k][i])))
            << name(kernel.instruction_set()) << " output " << k << " site " << i;
  }
}

TEST(Kernels, HoistUniformTermsAlsoWhereTheyNeedTheInterpreter) {
  KernelCase c;
  const Node x = c.column("x"), u = c.uniform("u", 0), n = c.uniform("n", 1);
  c.source.outputs = {c.graph.multiply(x, c.graph.power(u, n)), c.graph.make(Op::sin, u), u,
                      c.graph.constant(4.0)};
  for (const Kernel& kernel : all_kernels(c.source))
    for (const double value : {3.5, -2.0, 1e9}) {
      const auto found = c.run(kernel, {{1.0, 2.0, 3.0}}, {value, 3.0});
      EXPECT_NEAR(found[0][2], 3.0 * std::pow(value, 3.0), 1e-14 * std::fabs(found[0][2]));
      EXPECT_NEAR(found[1][1], std::sin(value), 1e-15);
      EXPECT_EQ(found[2][0], value);
      EXPECT_EQ(found[3][2], 4.0);
    }
}

/// A chain of coupled equations, each with a few operations: as large as one likes.
struct ChainCase : KernelCase {
  explicit ChainCase(std::size_t equations) {
    std::vector<Node> x;
    for (std::size_t i = 0; i < equations; ++i) x.push_back(column("x" + std::to_string(i)));
    const Node dt = uniform("dt", 0);
    for (std::size_t i = 0; i < equations; ++i) {
      const Node before = x[i ? i - 1 : equations - 1], after = x[(i + 1) % equations];
      const Node rate =
          graph.subtract(graph.divide(before, graph.add(graph.constant(1.0), graph.multiply(after, after))),
                         graph.multiply(graph.constant(0.1 + 0.001 * static_cast<double>(i)), x[i]));
      source.outputs.push_back(graph.add(x[i], graph.multiply(dt, rate)));
    }
    // One that needs what all functions computed, and one that can be out of range.
    Node sum = x[0];
    for (const Node n : source.outputs) sum = graph.add(sum, n);
    source.outputs.push_back(sum);
    source.outputs.push_back(graph.power(x[3], dt));
  }
};

TEST(Kernels, AreCutIntoSeveralFunctionsWhenLarge) {
  ChainCase c(2500);
  std::vector<std::vector<double>> columns;
  for (std::size_t k = 0; k < 2500; ++k) columns.push_back(spread(0.1, 2.0, 133, k));
  columns[3][70] = -1.0;
  const std::vector<double> uniforms{0.01};
  const auto reference = c.run(Kernel::make(c.source, {.tier = Tier::interpreter}), columns, uniforms);
  const Kernel kernel = Kernel::make(c.source, compiled_for(InstructionSet::native));
  EXPECT_GT(kernel.operations(), 15000u);
  const auto found = c.run(kernel, columns, uniforms);
  for (std::size_t k = 0; k < found.size(); ++k)
    for (std::size_t i = 0; i < 133; ++i) {
      const double a = found[k][i], b = reference[k][i];
      EXPECT_TRUE(std::fabs(a - b) <= 1e-14 * std::fabs(b) || (std::isnan(a) && std::isnan(b)))
          << k << " " << i;
    }
  // In place, across the functions.
  auto state = columns;
  std::vector<double> sum(133), power(133);
  std::vector<const double*> in;
  std::vector<double*> out;
  for (auto& column : state) in.push_back(column.data()), out.push_back(column.data());
  out.push_back(sum.data());
  out.push_back(power.data());
  kernel.run(in.data(), out.data(), uniforms.data(), 0, 133);
  for (std::size_t k = 0; k < 2500; ++k)
    for (std::size_t i = 0; i < 133; ++i) EXPECT_TRUE(same_bits(state[k][i], found[k][i])) << k << " " << i;
}

TEST(Kernels, RunOverNoSitesAndReadNothing) {
  CellCase c;
  for (const Kernel& kernel : all_kernels(c.source)) kernel.run(nullptr, nullptr, cell_uniforms.data(), 5, 5);
}

TEST(Kernels, NameASymbolThatNothingGivesAValue) {
  KernelCase c;
  c.source.name = "membrane";
  c.source.outputs = {c.graph.multiply(c.column("voltage"), c.graph.symbol("voltagge"))};
  for (const Tier tier : {Tier::interpreter, Tier::compiled}) {
    try {
      Kernel::make(c.source, {.tier = tier, .use_cache = false});
      FAIL() << "no error";
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("voltagge"));
      EXPECT_THAT(error.what(), testing::HasSubstr("voltage"));
    }
  }
}

TEST(Kernels, RefuseCodeThatThisMachineDoesNotRun) {
  CellCase c;
  const InstructionSet foreign =
      host_instruction_set() == InstructionSet::neon ? InstructionSet::avx2 : InstructionSet::neon;
  EXPECT_THROW(Kernel::make(c.source, compiled_for(foreign)), InputError);
}

TEST(Kernels, EmitCodeWithoutCalls) {
  CellCase c;
  for (const InstructionSet set :
       {InstructionSet::avx512, InstructionSet::avx2, InstructionSet::sse2, InstructionSet::neon}) {
    const std::string text = emit_llvm(c.source, compiled_for(set));
    EXPECT_THAT(
        text,
        testing::Not(testing::ContainsRegex("call [^\n]*@(exp|log|pow|llvm.exp|llvm.log|llvm.pow)[(.]")));
    EXPECT_THAT(text, testing::HasSubstr("@holon_kernel"));
    EXPECT_EQ(emit_object(c.source, compiled_for(set)).substr(1, 3), "ELF");
  }
}

TEST(KernelThreads, CompileAndRunAtTheSameTime) {
  std::vector<std::vector<std::vector<double>>> results(4);
  const auto columns = cell_columns(501);
  CellCase shared;
  const Kernel kernel = Kernel::make(shared.source, compiled_for(InstructionSet::native));
  std::vector<std::vector<double>> together(4, std::vector<double>(501));
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      CellCase own;
      results[t] =
          own.run(Kernel::make(own.source, compiled_for(InstructionSet::native)), columns, cell_uniforms);
      const double* in[]{columns[0].data(), columns[1].data(), columns[2].data()};
      double* out[]{together[0].data(), together[1].data(), together[2].data(), together[3].data()};
      kernel.run(in, out, cell_uniforms.data(), t * 125, t == 3 ? 501 : (t + 1) * 125);
    });
  for (std::thread& t : threads) t.join();
  for (const auto& result : results)
    for (std::size_t k = 0; k < 4; ++k)
      for (std::size_t i = 0; i < 501; ++i) {
        EXPECT_TRUE(same_bits(result[k][i], results[0][k][i]));
        EXPECT_TRUE(same_bits(together[k][i], results[0][k][i]));
      }
}

}  // namespace
}  // namespace holon::expr
