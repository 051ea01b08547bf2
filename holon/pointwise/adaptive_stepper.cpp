// Adaptive steps of embedded methods. The sites of a block take the same steps, which the site with the
// largest error decides; the error is measured in the kernel as
//   e^2 = mean over states of (error_i / (absolute_i + relative max(|old_i|, |new_i|)))^2.
// Step-size control as in Hairer, Norsett & Wanner I, II.4; the size of the next step is kept in a field, so
// that a resumed run goes on with the same steps.
#include "holon/base/unit.hpp"
#include "holon/pointwise/site_events.hpp"
#include "holon/pointwise/stepper.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>

#include <fmt/format.h>

namespace holon::pointwise {

using expr::Op;

namespace {

constexpr double safety = 0.9, smallest_factor = 0.2, largest_factor = 5.0;
constexpr int most_halvings = 40;                 // of a part of a step that one site takes by itself
constexpr std::uint64_t most_steps = 20'000'000;  // of one block in one interval

// Sum over states of (value_i / scale_i)^2 / n.
Node mean_square(Graph& g, std::span<const Node> values, std::span<const Node> scales) {
  Node sum = g.constant(0.0);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Node ratio = g.divide(values[i], scales[i]);
    sum = g.add(sum, g.multiply(ratio, ratio));
  }
  return g.multiply(g.constant(1.0 / static_cast<double>(values.size())), sum);
}

std::vector<Node> scales(const OdeSystem& ode, std::span<const Node> other, const StepOptions& options) {
  Graph& g = *ode.graph;
  std::vector<Node> result;
  for (std::size_t i = 0; i < ode.size(); ++i) {
    const Node size = g.make(Op::maximum, g.make(Op::abs, ode.states[i]), g.make(Op::abs, other[i]));
    const Node relative = g.multiply(g.constant(options.relative_tolerance), size);
    result.push_back(g.add(g.constant(options.absolute_tolerance[i]), relative));
  }
  return result;
}

// One block of sites on its way through an interval.
struct Block {
  std::size_t begin, end;
  std::vector<double>& buffer;  // one row per output of the kernel
  DrivingPolynomials driving;
  std::vector<double*> rows = {};  // rows[k][site]
  std::vector<const double*> columns = {};
  std::uint64_t steps = 0, rejected = 0;
  double next_step = 0.0;  // [coherent time]

  double largest(std::size_t row) const {
    double most = 0.0;
    for (std::size_t s = begin; s < end; ++s) {
      const double value = rows[row][s];
      if (!(value <= most)) most = value;
      if (std::isnan(value)) return std::numeric_limits<double>::infinity();
    }
    return most;
  }
};

class AdaptiveStepper final : public Stepper {
 public:
  AdaptiveStepper(const KernelFactory& factory, const Integrator& integrator, const StepOptions& options)
      : factory_(factory),
        options_(options),
        exponent_(1.0 / integrator.order),
        kernel_([&factory, &integrator, this](ParameterBinding binding) {
          return factory.make(
              std::string(integrator.name), binding, {}, [&](const KernelFactory::Equations& equations) {
                const OdeSystem frozen = with_switches_at_midpoint(equations.ode);
                const Step step = decide_switches(frozen, integrator.step(frozen));
                std::vector<Node> nodes = step.states;
                nodes.push_back(
                    mean_square(*frozen.graph, step.errors, scales(frozen, step.states, options_)));
                return nodes;
              });
        }),
        start_kernel_([&factory, this](ParameterBinding binding) {
          return factory.make("first step", binding, {}, [&](const KernelFactory::Equations& equations) {
            const OdeSystem& ode = equations.ode;
            const auto scale = scales(ode, ode.states, options_);
            return std::vector<Node>{mean_square(*ode.graph, ode.states, scale),
                                     mean_square(*ode.graph, ode.rates, scale)};
          });
        }) {}

  const SiteKernel& kernel() const override { return kernel_.get(ParameterBinding::constants); }

  std::size_t together() const override { return block_sites; }

  std::optional<SiteFailure> advance(AdvanceCall& call) const override {
    LowestFailure failures;
    std::atomic<std::uint64_t> steps = 0, rejected = 0;
    call.work.threads->for_range(whole_blocks(call.sites, call.state.sites(*factory_.system().space)),
                                 block_sites, [&](std::size_t first, std::size_t last) {
                                   thread_local std::vector<double> buffer;
                                   for (std::size_t begin = first; begin < last; begin += block_sites) {
                                     Block block{begin, std::min(last, begin + block_sites), buffer,
                                                 DrivingPolynomials(factory_.system(), call.inputs)};
                                     advance_block(call, block, failures);
                                     steps += block.steps;
                                     rejected += block.rejected;
                                   }
                                 });
    call.work.counters.steps += steps;
    call.work.counters.rejected += rejected;
    return failures.take();
  }

 private:
  void advance_block(AdvanceCall& call, Block& block, LowestFailure& failures) const {
    const std::size_t n = factory_.system().states.size();
    block.buffer.assign((n + 1) * block_sites, 0.0);
    for (std::size_t k = 0; k <= n; ++k) {
      block.rows.push_back(block.buffer.data() + k * block_sites - block.begin);
    }
    const std::span<double> memory = call.state.real(*options_.memory);
    block.next_step = memory[block.begin];
    std::optional<EventWatch> watch;
    if (call.events != nullptr)
      watch.emplace(*call.events, call, block.begin, block.end,
                    [&](std::size_t site, double time, double dt) { flow(call, block, site, time, dt); });
    for (const Piece& piece : call.pieces) {
      if (!advance_piece(call, piece, block, watch, failures)) return;
    }
    if (watch)
      if (auto failure = watch->finish(call.pieces.back().end)) failures.report(std::move(*failure));
    std::fill(memory.begin() + static_cast<std::ptrdiff_t>(block.begin),
              memory.begin() + static_cast<std::ptrdiff_t>(block.end), block.next_step);
  }

  SiteKernel::Call at(const Block& block, double time, double dt) const {
    SiteKernel::Call result;
    result.time = time;
    result.dt = dt / factory_.system().time_unit;
    result.columns = block.columns;
    result.uniforms = block.driving.uniforms();
    return result;
  }

  // Hairer, Norsett & Wanner I, II.4: a hundredth of the time in which the states would change by their size.
  double first_step(const AdvanceCall& call, const Piece& piece, Block& block) const {
    start_kernel_.get(call.binding)
        .run(call.state, at(block, piece.begin, 0.0), std::span(block.rows).first(2), block.begin, block.end);
    const double size = std::sqrt(block.largest(0)), slope = std::sqrt(block.largest(1));
    const double guess = size < 1e-5 || slope < 1e-5 ? 1e-6 : 0.01 * size / slope;
    return guess * factory_.system().time_unit;
  }

  /// One site over a part of an accepted step, in as many parts as its own error asks for.
  void flow(const AdvanceCall& call, const Block& block, std::size_t site, double time, double dt) const {
    const SiteKernel& kernel = kernel_.get(call.binding);
    const auto& states = factory_.system().states;
    const std::size_t n = states.size();
    double done = 0.0, part = dt;
    for (int halvings = 0; done < dt;) {
      kernel.run(call.state, at(block, time + done, part), block.rows, site, site + 1);
      if (!(block.rows[n][site] <= 1.0) && halvings < most_halvings) {
        part *= 0.5;
        ++halvings;
        continue;
      }
      for (std::size_t i = 0; i < n; ++i) call.state.real(states[i])[site] = block.rows[i][site];
      done += part;
      part = std::min(part, dt - done);
    }
  }

  bool advance_piece(const AdvanceCall& call, const Piece& piece, Block& block,
                     std::optional<EventWatch>& watch, LowestFailure& failures) const {
    const SiteKernel& kernel = kernel_.get(call.binding);
    const std::size_t n = factory_.system().states.size();
    block.columns = call.columns;
    if (!block.driving.empty()) {
      block.driving.fit(piece.begin, piece.dt(), block.begin, block.end);
      block.columns.insert(block.columns.end(), block.driving.columns().begin(),
                           block.driving.columns().end());
    }
    if (!(block.next_step > 0.0)) block.next_step = first_step(call, piece, block);
    double done = 0.0;  // of the piece
    bool was_rejected = false;
    while (done < piece.dt()) {
      const double left = piece.dt() - done;
      // A step that would leave a sliver is stretched or halved.
      double dt = std::min(block.next_step, options_.step > 0.0 ? options_.step : block.next_step);
      const bool last = dt >= left * (1.0 - 1e-12);
      if (last)
        dt = left;
      else if (2.0 * dt > left)
        dt = 0.5 * left;
      const double time = piece.begin + done;
      if (!(dt > 4e-16 * std::fabs(time)) || ++block.steps > most_steps) {
        report_stall(call, block, dt / piece.dt(), time, failures);
        return false;
      }
      kernel.run(call.state, at(block, time, dt), block.rows, block.begin, block.end);
      const double error = std::sqrt(block.largest(n));
      const bool accepted = error <= 1.0 && acceptable(block);
      double factor = error > 0.0 ? safety * std::pow(error, -exponent_) : largest_factor;
      if (!std::isfinite(error)) factor = 0.1;
      factor = std::clamp(factor, std::isfinite(error) ? smallest_factor : 0.1,
                          was_rejected ? 1.0 : largest_factor);
      if (!accepted) {
        block.next_step = dt * (error <= 1.0 ? 0.25 : std::min(factor, safety));
        ++block.rejected;
        was_rejected = true;
        continue;
      }
      // A step cut short at the end of the piece says nothing against the longer one that was planned.
      const bool shortened = dt < block.next_step;
      block.next_step = shortened ? std::max(block.next_step, dt * factor) : dt * factor;
      was_rejected = false;
      if (watch) watch->before(time);
      commit(call, block);
      if (watch)
        if (auto failure = watch->after(time, dt)) {
          failures.report(std::move(*failure));
          return false;
        }
      done = last ? piece.dt() : done + dt;
    }
    return true;
  }

  // Finite, and not negative where that was promised.
  bool acceptable(const Block& block) const {
    const std::size_t n = factory_.system().states.size();
    if (find_not_finite(std::span(block.rows).first(n), block.begin, block.end)) return false;
    for (std::size_t i = 0; i < n; ++i) {
      if (!options_.positive[i]) continue;
      for (std::size_t s = block.begin; s < block.end; ++s) {
        if (block.rows[i][s] < 0.0) return false;
      }
    }
    return true;
  }

  void commit(const AdvanceCall& call, const Block& block) const {
    const auto& states = factory_.system().states;
    for (std::size_t i = 0; i < states.size(); ++i) {
      double* const column = call.state.real(states[i]).data();
      std::copy(block.rows[i] + block.begin, block.rows[i] + block.end, column + block.begin);
    }
  }

  /// `part`: the last step as a part of what was to be taken.
  void report_stall(const AdvanceCall& call, const Block& block, double part, double time,
                    LowestFailure& failures) const {
    const KineticsSystem& system = factory_.system();
    const std::size_t n = system.states.size();
    std::size_t worst = block.begin;
    for (std::size_t s = block.begin; s < block.end; ++s) {
      if (!(block.rows[n][s] <= block.rows[n][worst])) worst = s;
    }
    std::string field;
    const std::vector<double*> states = state_columns(call.state, system.states);
    if (const auto bad = find_not_finite(states, block.begin, block.end)) {
      worst = bad->site;
      field = (*system.fields)[system.states[bad->state]].name;
    } else if (const auto next = find_not_finite(std::span(block.rows).first(n), block.begin, block.end)) {
      worst = next->site;
      field = (*system.fields)[system.states[next->state]].name;
    } else {
      // The state that the step would have changed most, measured by its tolerance.
      double most = -1.0;
      for (std::size_t i = 0; i < n; ++i) {
        const double now = states[i][worst], then = block.rows[i][worst];
        const double scale = options_.absolute_tolerance[i] +
                             options_.relative_tolerance * std::max(std::fabs(now), std::fabs(then));
        if (std::fabs(then - now) / scale <= most) continue;
        most = std::fabs(then - now) / scale;
        field = (*system.fields)[system.states[i]].name;
      }
    }
    std::string message =
        block.steps > most_steps
            ? fmt::format("more than {} steps in one interval (the last was {:.3g} of it)", most_steps, part)
            : fmt::format("the step fell to {:.3g} of the interval and the tolerance is still not met", part);
    failures.report({worst, field,
                     message + "; the equations may be singular there, or too stiff for this integrator "
                               "(rosenbrock and cvode are for stiff ones)",
                     time});
  }

  const KernelFactory& factory_;
  StepOptions options_;
  double exponent_;
  LazyKernel kernel_, start_kernel_;
};

}  // namespace

std::unique_ptr<Stepper> adaptive_stepper(const KernelFactory& factory, const Integrator& integrator,
                                          const StepOptions& options) {
  return std::make_unique<AdaptiveStepper>(factory, integrator, options);
}

}  // namespace holon::pointwise
