// Fixed steps: each one call of a fused kernel, in place. Sites are taken in chunks that stay in cache over
// all steps of an interval.
#include "holon/base/unit.hpp"
#include "holon/pointwise/site_events.hpp"
#include "holon/pointwise/stepper.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace holon::pointwise {

namespace {

constexpr std::size_t chunk_sites = 512;

/// Nobody looks at sites outside of an irregular domain.
bool any_inside(const Space& space, std::size_t begin, std::size_t end) {
  if (space.sites_inside() == space.sites()) return true;
  while (begin < end && !space.inside(begin)) ++begin;
  return begin < end;
}

class FixedStepper final : public Stepper {
 public:
  FixedStepper(const KernelFactory& factory, const Integrator& integrator, const StepOptions& options)
      : factory_(factory),
        options_(options),
        kernel_([&factory, &integrator, this](ParameterBinding binding) {
          return factory.make(std::string(integrator.name), binding, {},
                              [&](const KernelFactory::Equations& equations) {
                                const OdeSystem frozen = with_switches_at_midpoint(equations.ode);
                                const Step step = decide_switches(frozen, integrator.step(frozen));
                                std::vector<Node> nodes = step.states;
                                if (step.pivot_growth) nodes.push_back(*step.pivot_growth);
                                return nodes;
                              });
        }) {
    factory.inspect([&](const KernelFactory::Equations& equations) {
      const Step step = integrator.step(equations.ode);
      exponential_ = step.exponential;
      has_growth_ = step.pivot_growth.has_value();
    });
  }

  const SiteKernel& kernel() const override { return kernel_.get(ParameterBinding::constants); }
  std::vector<std::size_t> exponential_states() const override { return exponential_; }

  std::optional<SiteFailure> advance(AdvanceCall& call) const override {
    const SiteKernel& kernel = kernel_.get(call.binding);
    const KineticsSystem& system = factory_.system();
    const std::vector<double*> states = state_columns(call.state, system.states);
    LowestFailure failures;
    std::vector<std::int64_t> counts;
    for (const Piece& piece : call.pieces) {
      counts.push_back(steps_of(piece, options_.step));
      call.work.counters.steps += static_cast<std::uint64_t>(counts.back());
    }
    call.work.threads->for_range(call.sites, chunk_sites, [&](std::size_t first, std::size_t last) {
      thread_local std::vector<double> growth;
      std::vector<double*> out = states;
      DrivingPolynomials driving(system, call.inputs);
      std::vector<const double*> columns;
      if (has_growth_) {
        growth.assign(chunk_sites, 0.0);
        out.push_back(nullptr);
      }
      for (std::size_t begin = first; begin < last; begin += chunk_sites) {
        const std::size_t end = std::min(last, begin + chunk_sites);
        if (!any_inside(*system.space, begin, end)) continue;
        if (has_growth_) out.back() = growth.data() - begin;
        const auto step = [&](std::size_t from, std::size_t to, double time, double dt) {
          SiteKernel::Call at;
          at.time = time;
          at.dt = dt / system.time_unit;
          at.columns = call.columns;
          if (!driving.empty()) {
            driving.fit(at.time, dt, from, to);
            columns = call.columns;
            columns.insert(columns.end(), driving.columns().begin(), driving.columns().end());
            at.columns = columns;
            at.uniforms = driving.uniforms();
          }
          kernel.run(call.state, at, out, from, to);
        };
        std::optional<EventWatch> watch;
        if (call.events != nullptr)
          watch.emplace(*call.events, call, begin, end,
                        [&](std::size_t site, double time, double dt) { step(site, site + 1, time, dt); });
        const auto failed = [&](std::optional<SiteFailure> failure) {
          if (failure) failures.report(std::move(*failure));
          return failure.has_value();
        };
        for (std::size_t p = 0; p < call.pieces.size(); ++p) {
          const Piece& piece = call.pieces[p];
          const double dt = piece.dt() / static_cast<double>(counts[p]);
          for (std::int64_t k = 0; k < counts[p]; ++k) {
            const double time = piece.begin + static_cast<double>(k) * dt;
            if (watch) watch->before(time);
            step(begin, end, time, dt);
            if (has_growth_) check_growth(growth, begin, end, time, failures);
            if (watch && failed(watch->after(time, dt))) return;
          }
        }
        if (watch && failed(watch->finish(call.pieces.back().end))) return;
        check_finite(states, begin, end, call.pieces.back(), failures);
      }
    });
    return failures.take();
  }

 private:
  static void check_growth(std::span<const double> growth, std::size_t begin, std::size_t end, double time,
                           LowestFailure& failures) {
    for (std::size_t s = begin; s < end; ++s) {
      if (growth[s - begin] < largest_pivot_growth || std::isnan(growth[s - begin])) continue;
      failures.report(
          {s, "",
           fmt::format("elimination without pivoting lost its accuracy (entries grew {:.1e} times); "
                       "a smaller step or 'integrator: cvode' may help",
                       growth[s - begin]),
           time});
      return;
    }
  }

  void check_finite(std::span<double* const> states, std::size_t begin, std::size_t end, const Piece& piece,
                    LowestFailure& failures) const {
    const auto bad = find_not_finite(states, begin, end);
    if (!bad) return;
    const Field& field = (*factory_.system().fields)[factory_.system().states[bad->state]];
    failures.report({bad->site, field.name,
                     fmt::format("became {}; a smaller step or an implicit or adaptive integrator may help",
                                 number_text(bad->value)),
                     piece.end});
  }

  const KernelFactory& factory_;
  StepOptions options_;
  std::vector<std::size_t> exponential_;
  bool has_growth_ = false;
  LazyKernel kernel_;
};

}  // namespace

std::unique_ptr<Stepper> fixed_stepper(const KernelFactory& factory, const Integrator& integrator,
                                       const StepOptions& options) {
  return std::make_unique<FixedStepper>(factory, integrator, options);
}

}  // namespace holon::pointwise
