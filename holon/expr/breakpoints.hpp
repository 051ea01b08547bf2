// When the equations of a model switch: the times at which a condition on time alone changes its value, so
// that an integrator can stop there and go on behind.
#pragma once

#include "holon/expr/graph.hpp"

#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace holon::expr {

/// Gives the value of a symbol that is one number during a run (a parameter), or nothing for states, inputs
/// and whatever else differs by site or changes.
using NumberOfSymbol = std::function<std::optional<double>(std::string_view)>;

/// Where switches that have no closed form are looked for; nowhere unless end > begin.
struct BreakpointSearch {
  double begin = 0.0, end = 0.0;  ///< in the unit of the time symbol
  std::size_t samples = 20'000;   ///< a switch and its return between two samples are not seen
};

/// The term whose value jumps, as a function of time.
class SwitchOfTime {
 public:
  struct Step {
    Op op = Op::constant;
    double value = 0.0;  // of constants and numbers
    std::array<std::uint32_t, 3> argument{};
  };
  explicit SwitchOfTime(std::vector<Step> steps) : steps_(std::move(steps)) {}
  /// What jumps: the value of the term; for modulo(a, b), floor(a/b).
  double state(double t) const;
  /// The first double near `estimate` at which the state is the new one.
  double first_double(double estimate, double scale) const;

 private:
  std::vector<Step> steps_;  // arguments first; Op::symbol is time
};

/// The discontinuities in time of some nodes: comparisons, floor, ceil, sign and modulo of what depends on
/// time and else only on numbers. Exact, for all times, where what is compared is affine in time or affine in
/// modulo(affine in time, number), as pulse() makes it; found by sampling and bisection within the search
/// window for other functions of time. Conditions that depend on states are left to the integrator. Switches
/// that are joined by "and" with a condition like t < end count only while that condition holds.
///
/// A breakpoint is the first double at which the new value holds, as the kernels compute it.
class Breakpoints {
 public:
  Breakpoints(const Graph& graph, std::span<const Node> roots, Node time, const NumberOfSymbol& number,
              const BreakpointSearch& search = {});

  /// The earliest breakpoint after t; infinity if there is none.
  double next_after(double t) const;
  bool empty() const { return single_.empty() && periodic_.empty(); }

 private:
  class Analysis;
  static constexpr double infinity = std::numeric_limits<double>::infinity();

  /// Near first + k spacing for all whole k, while from <= t < until.
  struct Periodic {
    SwitchOfTime term;
    double first = 0.0, spacing = 0.0, from = -infinity, until = infinity;
    double next_after(double t) const;
  };

  std::vector<double> single_;  // sorted
  std::vector<Periodic> periodic_;
};

}  // namespace holon::expr
