// Implicit midpoint rule: Newton iterations until the correction is below 1e-14 of the states, or does not
// get smaller any more and is below 1e-11 (round-off of ill-conditioned equations).
#include "holon/pointwise/stepper.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace holon::pointwise {

using expr::Op;

namespace {

constexpr double target = 1e-14, floor_of_rounding = 1e-11, floor_of_cancellation = 1e-7;
constexpr int most_iterations = 50;

std::string old_column(std::size_t i) { return "old" + std::to_string(i); }

class ImplicitMidpointStepper final : public Stepper {
 public:
  ImplicitMidpointStepper(const KernelFactory& factory, const StepOptions& options)
      : factory_(factory), options_(options), kernel_([&factory, this](ParameterBinding binding) {
          std::vector<std::string> extra;
          for (std::size_t i = 0; i < factory.system().states.size(); ++i) extra.push_back(old_column(i));
          return factory.make(
              "implicit_midpoint", binding, {extra, {}, {}},
              [this](const KernelFactory::Equations& equations) { return iteration(equations.ode); });
        }) {}

  const SiteKernel& kernel() const override { return kernel_.get(ParameterBinding::constants); }

  std::size_t together() const override { return block_sites; }

  std::optional<SiteFailure> advance(AdvanceCall& call) const override {
    LowestFailure failures;
    std::atomic<std::uint64_t> steps = 0, iterations = 0;
    call.work.threads->for_range(whole_blocks(call.sites, call.state.sites(*factory_.system().space)),
                                 block_sites, [&](std::size_t first, std::size_t last) {
                                   for (std::size_t begin = first; begin < last; begin += block_sites) {
                                     const Count count = advance_block(
                                         call, begin, std::min(last, begin + block_sites), failures);
                                     steps += count.steps;
                                     iterations += count.iterations;
                                   }
                                 });
    call.work.counters.steps += steps;
    call.work.counters.nonlinear_iterations += iterations;
    return failures.take();
  }

 private:
  struct Count {
    std::uint64_t steps = 0, iterations = 0;
  };

  // The iterate lives in the State; the old values in extra columns. Outputs: next iterate, relative
  // correction.
  std::vector<Node> iteration(const OdeSystem& ode) const {
    Graph& g = *ode.graph;
    const OdeSystem frozen = with_switches_at_midpoint(ode);
    std::vector<Node> guess;
    for (std::size_t i = 0; i < ode.size(); ++i) guess.push_back(g.symbol("iterate " + std::to_string(i)));
    Step step = decide_switches(frozen, implicit_midpoint_iteration(frozen, guess));
    Node correction = g.constant(0.0);
    for (std::size_t i = 0; i < ode.size(); ++i) {
      const Node scale =
          g.add(g.constant(options_.absolute_tolerance[i] * 1e-6), g.make(Op::abs, step.states[i]));
      correction = g.make(Op::maximum, correction, g.divide(g.make(Op::abs, step.errors[i]), scale));
    }
    std::vector<Node> nodes = step.states;
    nodes.push_back(correction);
    std::unordered_map<std::uint32_t, Node> replacement;
    for (std::size_t i = 0; i < ode.size(); ++i) {
      replacement[ode.states[i].id] = g.symbol("column:" + old_column(i));
      replacement[guess[i].id] = ode.states[i];
    }
    return substitute(g, nodes, replacement);
  }

  Count advance_block(AdvanceCall& call, std::size_t begin, std::size_t end, LowestFailure& failures) const {
    const KineticsSystem& system = factory_.system();
    const std::size_t n = system.states.size();
    const SiteKernel& kernel = kernel_.get(call.binding);
    thread_local std::vector<double> buffer;
    buffer.assign((n + 1) * block_sites, 0.0);
    std::vector<const double*> columns = call.columns;
    std::vector<double*> out = state_columns(call.state, system.states);
    DrivingPolynomials driving(system, call.inputs);
    const Piece& whole = call.pieces.front();
    driving.fit(whole.begin, whole.dt(), begin, end);  // as many columns as there will be in each step
    columns.insert(columns.end(), driving.columns().begin(), driving.columns().end());
    for (std::size_t i = 0; i < n; ++i) columns.push_back(buffer.data() + i * block_sites - begin);
    out.push_back(buffer.data() + n * block_sites - begin);

    Count count;
    for (const Piece& piece : call.pieces) {
      const std::int64_t steps = steps_of(piece, options_.step);
      for (std::int64_t k = 0; k < steps; ++k) {
        const double dt = piece.dt() / static_cast<double>(steps);
        for (std::size_t i = 0; i < n; ++i) {
          std::copy(out[i] + begin, out[i] + end,
                    buffer.begin() + static_cast<std::ptrdiff_t>(i * block_sites));
        }
        SiteKernel::Call at;
        at.time = piece.begin + static_cast<double>(k) * dt;
        at.dt = dt / system.time_unit;
        if (!driving.empty()) {
          driving.fit(at.time, dt, begin, end);
          std::copy(driving.columns().begin(), driving.columns().end(),
                    columns.begin() + static_cast<std::ptrdiff_t>(call.columns.size()));
          at.uniforms = driving.uniforms();
        }
        at.columns = columns;
        ++count.steps;
        double former = std::numeric_limits<double>::infinity();
        int stagnant = 0;
        for (int i = 0;; ++i) {
          kernel.run(call.state, at, out, begin, end);
          ++count.iterations;
          const auto [worst, correction] = largest(out[n], begin, end);
          if (correction <= target || (correction >= 0.5 * former && correction <= floor_of_rounding)) break;
          // A state that passes zero is made of terms that cancel: their round-off is all that is left.
          stagnant = correction >= 0.9 * former && correction <= floor_of_cancellation ? stagnant + 1 : 0;
          if (stagnant == 2) break;
          if (i == most_iterations || !std::isfinite(correction)) {
            failures.report(
                {worst, "",
                 fmt::format("Newton's method for the implicit midpoint rule did not converge in {} "
                             "iterations (relative correction {:.1e}); a smaller step may help",
                             i + 1, correction),
                 at.time});
            return count;
          }
          former = correction;
        }
      }
    }
    return count;
  }

  struct Worst {
    std::size_t site;
    double value;
  };
  static Worst largest(const double* values, std::size_t begin, std::size_t end) {
    Worst worst{begin, values[begin]};
    for (std::size_t s = begin; s < end && !std::isnan(worst.value); ++s) {
      if (!(values[s] <= worst.value)) worst = {s, values[s]};
    }
    return worst;
  }

  const KernelFactory& factory_;
  StepOptions options_;
  LazyKernel kernel_;
};

}  // namespace

std::unique_ptr<Stepper> implicit_midpoint_stepper(const KernelFactory& factory, const StepOptions& options) {
  return std::make_unique<ImplicitMidpointStepper>(factory, options);
}

}  // namespace holon::pointwise
