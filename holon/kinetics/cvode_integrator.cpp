#include "holon/kinetics/cvode_integrator.hpp"

#include "holon/base/error.hpp"
#include "holon/kinetics/cvode_solver.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <unordered_map>

#include <fmt/format.h>

namespace holon::kinetics {

namespace {

using namespace pointwise;

constexpr std::size_t most_sites = 4096;
constexpr std::int64_t macro_steps_between_restarts = 10'000;

// What is kept in the State of the present history: when it began, the end of its first call [coherent time],
// and the states that it began with.
constexpr int kept_time = 0, kept_first = 1, kept_states = 2;

std::string state_column(std::size_t i) { return "y" + std::to_string(i); }

// What the solver of one site sees of the world while it evaluates rates.
struct View {
  const State* state = nullptr;
  const Inputs* inputs = nullptr;
  const SiteKernel* rates = nullptr;
  const SiteKernel* jacobian = nullptr;
  double switch_time = 0.0;            // a time at which switches stand as they do now [coherent time]
  std::vector<const double*> columns;  // those of the system, then one for each state
  std::vector<double*> out;
};

// What a call of advance() found at a site, or left there.
struct Moment {
  double time = 0.0;  // [coherent time]
  std::vector<double> states;
  std::vector<double> seen;  // parameters and other fields that the rates read
  bool operator==(const Moment&) const = default;
};

// One site: its solver, and how CVODE left it.
struct SiteSolver {
  std::size_t site = 0;
  View view;
  std::unique_ptr<CvodeSolver> solver;
  bool warm = false;          // the solver's history is the one described here
  double restart_time = 0.0;  // [coherent time]
  std::vector<double> restart_states;
  Moment begin, end;  // of the last call
  CvodeCounters counted;
};

struct CvodeScratch final : Scratch {
  std::vector<std::unique_ptr<SiteSolver>> sites;
};

class CvodeIntegrator final : public SystemIntegrator {
 public:
  CvodeIntegrator(const KernelFactory& factory, const DerivativeKernels& derivatives,
                  const StepOptions& options);
  std::optional<SiteFailure> advance(AdvanceCall& call, const Interval& interval) const override;
  std::vector<std::string> description() const override;

 private:
  enum class Purpose { rates, jacobian };
  SiteKernel make_kernel(Purpose purpose, ParameterBinding binding) const;
  std::unique_ptr<SiteSolver> make_solver(std::size_t site) const;
  void evaluate(const SiteKernel& kernel, View& view, std::size_t site, double t, const double* y,
                double* values, std::size_t count) const;
  std::string advance_site(SiteSolver& site, const AdvanceCall& call, const Interval& interval) const;
  SiteFailure failure_at(SiteSolver& site, const std::string& why) const;
  bool continues(SiteSolver& site, const AdvanceCall& call, const Interval& interval,
                 const Moment& now) const;
  bool replay(SiteSolver& site, const AdvanceCall& call) const;
  void restart(SiteSolver& site, State& state, const Piece& piece, std::span<const double> states) const;
  Moment moment(const State& state, std::size_t site, double time) const;
  std::vector<double> states_at(const State& state, std::size_t site) const;
  std::vector<double> kept_states_at(const State& state, std::size_t site) const;
  std::vector<double> seen_at(const State& state, std::size_t site) const;
  double solver_time(double coherent) const { return coherent / factory_.system().time_unit; }

  const KernelFactory& factory_;
  StepOptions options_;
  FieldId memory_;               // components: kept_time, kept_first, then the states at the restart
  std::vector<FieldId> others_;  // read, but not advanced here
  std::vector<JacobianPlace> pattern_;
  bool cut_at_ends_ = false;  // no interpolation, which may be negative
  LazyKernel rates_, jacobian_;
};

CvodeIntegrator::CvodeIntegrator(const KernelFactory& factory, const DerivativeKernels& derivatives,
                                 const StepOptions& options)
    : factory_(factory),
      options_(options),
      memory_(options.memory.value()),
      rates_([this](ParameterBinding binding) { return make_kernel(Purpose::rates, binding); }),
      jacobian_([this](ParameterBinding binding) { return make_kernel(Purpose::jacobian, binding); }) {
  const KineticsSystem& system = factory.system();
  if (system.space->sites() > most_sites) {
    throw InputError(
        fmt::format("integrator 'cvode' takes each of the {} sites of '{}' by itself, at most {}; rosenbrock "
                    "and dormand_prince "
                    "are for many sites",
                    system.space->sites(), system.space->name(), most_sites));
  }
  const std::size_t n = system.states.size();
  for (const auto& place : derivatives.pattern()) {
    if (place.column < n) pattern_.push_back({place.row, place.column});
  }
  const auto& variables = derivatives.variables();
  others_.assign(variables.begin() + static_cast<std::ptrdiff_t>(n), variables.end());
  cut_at_ends_ = std::find(options.positive.begin(), options.positive.end(), true) != options.positive.end();
}

std::vector<std::string> CvodeIntegrator::description() const {
  return {
      fmt::format("BDF of order 1 to 5 with the exact Jacobian ({} of {} entries), relative tolerance {:g}",
                  pattern_.size(), factory_.system().states.size() * factory_.system().states.size(),
                  options_.relative_tolerance)};
}

SiteKernel CvodeIntegrator::make_kernel(Purpose purpose, ParameterBinding binding) const {
  KernelFactory::Extras extras;
  for (std::size_t i = 0; i < factory_.system().states.size(); ++i) extras.columns.push_back(state_column(i));
  extras.uniforms = {"switch_time"};
  const std::string name = purpose == Purpose::rates ? "rates for CVODE" : "Jacobian for CVODE";
  return factory_.make(name, binding, extras, [&](const KernelFactory::Equations& equations) {
    const OdeSystem ode = with_switches_at_midpoint(equations.ode);
    expr::Graph& g = *ode.graph;
    std::vector<expr::Node> nodes = ode.rates;
    if (purpose == Purpose::jacobian) {
      std::map<std::pair<std::uint32_t, std::uint32_t>, expr::Node> values;
      for (const auto& entry : sparse_jacobian(g, ode.rates, ode.states)) {
        values[{entry.row, entry.column}] = entry.value;
      }
      nodes.clear();
      for (const JacobianPlace& place : pattern_) {
        const auto found = values.find({place.row, place.column});
        nodes.push_back(found == values.end() ? g.constant(0.0) : found->second);
      }
    }
    nodes = decide_switches_at(ode, nodes, g.symbol("uniform:switch_time"));
    std::unordered_map<std::uint32_t, expr::Node> replacement;
    for (std::size_t i = 0; i < ode.size(); ++i) {
      replacement[ode.states[i].id] = g.symbol("column:" + state_column(i));
    }
    return substitute(g, nodes, replacement);
  });
}

void CvodeIntegrator::evaluate(const SiteKernel& kernel, View& view, std::size_t site, double t,
                               const double* y, double* values, std::size_t count) const {
  const KineticsSystem& system = factory_.system();
  for (std::size_t i = 0; i < system.states.size(); ++i) {
    view.columns[system.columns.size() + i] = y + i - site;
  }
  view.out.resize(count);
  for (std::size_t k = 0; k < count; ++k) view.out[k] = values + k - site;
  SiteKernel::Call call;
  call.time = t * system.time_unit;
  call.uniforms = std::span(&view.switch_time, 1);
  call.columns = view.columns;
  call.inputs = view.inputs;
  kernel.run(*view.state, call, view.out, site, site + 1);
}

std::unique_ptr<SiteSolver> CvodeIntegrator::make_solver(std::size_t site) const {
  auto made = std::make_unique<SiteSolver>();
  made->site = site;
  View& view = made->view;
  view.columns = factory_.columns();
  view.columns.resize(view.columns.size() + factory_.system().states.size());
  const auto all_finite = [](const double* values, std::size_t count) {
    return std::all_of(values, values + count, [](double v) { return std::isfinite(v); });
  };
  CvodeProblem problem;
  problem.size = factory_.system().states.size();
  problem.pattern = pattern_;
  problem.relative_tolerance = options_.relative_tolerance;
  problem.absolute_tolerance = options_.absolute_tolerance;
  problem.positive = options_.positive;
  problem.largest_step = options_.step / factory_.system().time_unit;
  problem.rates = [this, &view, site, all_finite](double t, const double* y, double* rates) {
    evaluate(*view.rates, view, site, t, y, rates, factory_.system().states.size());
    return all_finite(rates, factory_.system().states.size());
  };
  problem.jacobian = [this, &view, site, all_finite](double t, const double* y, double* values) {
    evaluate(*view.jacobian, view, site, t, y, values, pattern_.size());
    return all_finite(values, pattern_.size());
  };
  made->solver = std::make_unique<CvodeSolver>(std::move(problem));
  return made;
}

std::optional<SiteFailure> CvodeIntegrator::advance(AdvanceCall& call, const Interval& interval) const {
  auto* scratch = dynamic_cast<CvodeScratch*>(call.work.scratch.get());
  if (scratch == nullptr) {
    auto fresh = std::make_unique<CvodeScratch>();
    fresh->sites.resize(factory_.system().space->sites());
    scratch = fresh.get();
    call.work.scratch = std::move(fresh);
  }
  const SiteKernel& rates = rates_.get(call.binding);
  const SiteKernel& jacobian = jacobian_.get(call.binding);
  LowestFailure failures;
  call.work.threads->for_range(scratch->sites.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t s = begin; s < end; ++s) {
      if (!scratch->sites[s]) scratch->sites[s] = make_solver(s);
      SiteSolver& site = *scratch->sites[s];
      site.view.state = &call.state;
      site.view.inputs = call.inputs;
      site.view.rates = &rates;
      site.view.jacobian = &jacobian;
      const std::string why = advance_site(site, call, interval);
      if (!why.empty()) failures.report(failure_at(site, why));
    }
  });
  for (const auto& site : scratch->sites) {
    const CvodeCounters now = site->solver->counters();
    Counters& sum = call.work.counters;
    sum.steps += now.steps - site->counted.steps;
    sum.rejected += now.error_test_failures - site->counted.error_test_failures;
    sum.rate_evaluations += now.rate_evaluations - site->counted.rate_evaluations;
    sum.jacobian_evaluations += now.jacobian_evaluations - site->counted.jacobian_evaluations;
    sum.nonlinear_iterations += now.nonlinear_iterations - site->counted.nonlinear_iterations;
    site->counted = now;
  }
  return failures.take();
}

std::string CvodeIntegrator::advance_site(SiteSolver& site, const AdvanceCall& call,
                                          const Interval& interval) const {
  Moment begin = moment(call.state, site.site, call.pieces.front().begin);
  std::vector<double> y = begin.states;
  for (std::size_t p = 0; p < call.pieces.size(); ++p) {
    const Piece& piece = call.pieces[p];
    const bool last = p + 1 == call.pieces.size();
    site.view.switch_time = 0.5 * (piece.begin + piece.end);
    if (p > 0 || !continues(site, call, interval, begin)) restart(site, call.state, piece, y);
    const double stop = last && !cut_at_ends_ ? call.surroundings.next : piece.end;
    const std::string why = site.solver->advance(solver_time(piece.end), solver_time(stop), y);
    if (!why.empty()) {
      site.warm = false;
      return why;
    }
  }
  const KineticsSystem& system = factory_.system();
  for (std::size_t i = 0; i < y.size(); ++i) call.state.real(system.states[i])[site.site] = y[i];
  site.begin = std::move(begin);
  site.end = moment(call.state, site.site, call.pieces.back().end);
  return "";
}

// The state whose rate is not finite where CVODE stopped, or else the one with the largest error.
SiteFailure CvodeIntegrator::failure_at(SiteSolver& site, const std::string& why) const {
  const KineticsSystem& system = factory_.system();
  const CvodeTrouble trouble = site.solver->trouble();
  std::vector<double> rates(trouble.y.size());
  evaluate(*site.view.rates, site.view, site.site, trouble.time, trouble.y.data(), rates.data(),
           rates.size());
  std::size_t worst = trouble.component;
  std::string what = "has the largest error";
  const auto bad = std::find_if(rates.begin(), rates.end(), [](double r) { return !std::isfinite(r); });
  if (bad != rates.end()) {
    worst = static_cast<std::size_t>(bad - rates.begin());
    what = fmt::format("its rate is {}", number_text(*bad));
  }
  return {site.site, (*system.fields)[system.states[worst]].name,
          fmt::format("{} at the value {} ({})", what, number_text(trouble.y[worst]), why),
          trouble.time * system.time_unit};
}

// Whether the history that the State tells of may go on, and if so, the solver is in it. The answer depends
// on the State alone, never on what happens to be in memory.
bool CvodeIntegrator::continues(SiteSolver& site, const AdvanceCall& call, const Interval& interval,
                                const Moment& now) const {
  const double restart_time = call.state.real(memory_, kept_time)[site.site];
  const double first = call.state.real(memory_, kept_first)[site.site];
  if (!(first > restart_time) || cut_at_ends_ || call.surroundings.begins_with_switch ||
      !call.inputs->empty()) {
    return false;
  }
  const auto restart_index =
      static_cast<std::int64_t>(std::floor(restart_time / interval.macro_step * (1 + 1e-12)));
  if (interval.begin.index / macro_steps_between_restarts != restart_index / macro_steps_between_restarts) {
    return false;
  }
  const bool same_history = site.warm && site.restart_time == restart_time &&
                            kept_states_at(call.state, site.site) == site.restart_states;
  if (same_history && site.end.time == now.time) return site.end == now;
  // A trial over a part of this step came before: the solver is on its way.
  if (same_history && site.begin == now && site.end.time <= call.pieces.front().end) return true;
  return restart_time < now.time && replay(site, call);
}

// Makes the history again from the State. False if it does not lead to the present states: somebody changed
// them, or what the rates read.
bool CvodeIntegrator::replay(SiteSolver& site, const AdvanceCall& call) const {
  const double t0 = call.pieces.front().begin;
  const double stop = call.pieces.size() > 1 ? call.pieces.front().end : call.surroundings.next;
  site.warm = false;
  site.restart_time = call.state.real(memory_, kept_time)[site.site];
  site.restart_states = kept_states_at(call.state, site.site);
  const double first = call.state.real(memory_, kept_first)[site.site];
  std::vector<double> y(site.restart_states.size());
  site.solver->restart(solver_time(site.restart_time), site.restart_states);
  if (first > t0 || !site.solver->advance(solver_time(first), solver_time(stop), y).empty()) return false;
  if (first < t0 && !site.solver->advance(solver_time(t0), solver_time(stop), y).empty()) return false;
  site.warm = y == states_at(call.state, site.site);
  return site.warm;
}

void CvodeIntegrator::restart(SiteSolver& site, State& state, const Piece& piece,
                              std::span<const double> states) const {
  site.restart_time = piece.begin;
  site.restart_states.assign(states.begin(), states.end());
  site.warm = true;
  state.real(memory_, kept_time)[site.site] = piece.begin;
  state.real(memory_, kept_first)[site.site] = piece.end;
  for (std::size_t i = 0; i < states.size(); ++i) {
    state.real(memory_, kept_states + static_cast<int>(i))[site.site] = states[i];
  }
  site.solver->restart(solver_time(piece.begin), states);
}

Moment CvodeIntegrator::moment(const State& state, std::size_t site, double time) const {
  return {time, states_at(state, site), seen_at(state, site)};
}

std::vector<double> CvodeIntegrator::states_at(const State& state, std::size_t site) const {
  std::vector<double> values;
  for (FieldId id : factory_.system().states) values.push_back(state.real(id)[site]);
  return values;
}

std::vector<double> CvodeIntegrator::kept_states_at(const State& state, std::size_t site) const {
  std::vector<double> values;
  for (std::size_t i = 0; i < factory_.system().states.size(); ++i) {
    values.push_back(state.real(memory_, kept_states + static_cast<int>(i))[site]);
  }
  return values;
}

std::vector<double> CvodeIntegrator::seen_at(const State& state, std::size_t site) const {
  std::vector<double> values;
  for (FieldId id : others_) {
    const auto column = state.real(id);
    values.push_back(column[column.size() == 1 ? 0 : site]);
  }
  for (ParameterId id : factory_.parameters()) values.push_back(state.parameter(id));
  return values;
}

}  // namespace

pointwise::SystemIntegratorType cvode_integrator() {
  pointwise::SystemIntegratorType type;
  type.name = "cvode";
  type.documentation =
      "Variable-order BDF of SUNDIALS (Hindmarsh et al. 2005) with the exact Jacobian, for each site by "
      "itself.";
  type.numbers_kept = kept_states;
  type.keeps_states = true;
  type.make = [](const KernelFactory& factory, const DerivativeKernels& derivatives,
                 const StepOptions& options) -> std::unique_ptr<SystemIntegrator> {
    return std::make_unique<CvodeIntegrator>(factory, derivatives, options);
  };
  return type;
}

}  // namespace holon::kinetics
