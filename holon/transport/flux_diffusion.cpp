#include "holon/transport/flux_diffusion.hpp"

#include "holon/base/error.hpp"
#include "holon/transport/diffusion.hpp"
#include "holon/transport/flux_scratch.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace holon::transport {

using enum DiffusionIntegrator;

std::unique_ptr<Process> make_diffusion(std::string name, const Model& model, DiffusionOptions options) {
  if (needs_face_fluxes(options, *(*model.fields)[options.field].space))
    return std::make_unique<FluxDiffusion>(std::move(name), model, std::move(options));
  return std::make_unique<Diffusion>(std::move(name), model, std::move(options));
}

namespace {

/// A State without fields is enough to evaluate what may depend on parameters and place.
State bare_state(const Model& model) { return State(std::make_shared<FieldTable>(), model.parameters, 0); }

}  // namespace

std::vector<OptionFault> FluxDiffusion::faults_at_sites(const DiffusionOptions& options, const Field& field,
                                                        const Model& model) {
  const auto grid = std::dynamic_pointer_cast<const StructuredSpace>(field.space);
  require(grid != nullptr, "the options' other faults are looked for first");
  return SpatialCoefficients("diffusion", options, grid, model).evaluate(bare_state(model)).faults;
}

FluxDiffusion::FluxDiffusion(std::string name, const Model& model, DiffusionOptions options)
    : GridTransport(std::move(name), model, options.field, options.sides, options.source, options.traces),
      options_(std::move(options)),
      integrator_(options_.integrator) {
  refuse_faults(this->name(), diffusion_faults(options_, field(), *model.fields));
  set_capacity(capacity_of(options_, this->name(), model));
  coefficients_ = SpatialCoefficients(this->name(), options_, grid(), model);
  slopes_ = CoefficientSlopes(this->name(), options_, grid(), model);
  decay_ = CoefficientKernel(this->name() + " decay", options_.decay, grid(), FieldTable{}, *model.parameters,
                             model.kernels);
  for (std::size_t a = 0; a < 3; ++a)
    for (std::size_t s = 0; s < 2; ++s) transfer_[a][s] = UniformCoefficient(options_.sides[a][s].transfer);
  const State start = bare_state(model);
  refuse_faults(this->name(), coefficients_.evaluate(start).faults);
  const Built built = build(start);
  const auto& op = static_cast<const FluxOperator&>(*built.op);
  crossed_at_start_ = op.has_cross_terms();
  for (std::size_t site = 0; site < op.sites(); ++site) inside_at_start_ += op.inside(site) ? 1 : 0;
  if (integrator_ == automatic) {
    const bool fits = slopes_.none() && options_.step > 0.0 &&
                      options_.step <= explicit_limit(op, heun, field().positive) * (1.0 + 1e-9);
    integrator_ = fits ? heun : field().positive ? backward_euler : implicit;
  }
}

std::unique_ptr<Process> FluxDiffusion::with_added_rate(FieldId target, FieldId rate, double factor,
                                                        const Model& model) const {
  if (target != field_id() || field().positive || options_.integrator == steady) return nullptr;
  auto made = std::make_unique<FluxDiffusion>(name(), model, options_);
  made->add_rate(rate, factor);
  return made;
}

GridTransport::Built FluxDiffusion::build(const State& state) const {
  SpatialCoefficients::Values values = coefficients_.evaluate(state);
  if (!values.faults.empty()) {
    const OptionFault& fault = values.faults.front();
    throw NumericalFailure(fmt::format("process '{}': {} {}", name(), fault.key, fault.message));
  }
  const double unit = field().unit.factor(), capacity = values.capacity;
  Built built;
  FluxOperator::SideRules rules;
  for (std::size_t a = 0; a < 3; ++a)
    for (std::size_t s = 0; s < 2; ++s) {
      const SideCondition& c = options_.sides[a][s];
      rules[a][s] = {c.kind,
                     c.kind == SideRule::Kind::exchange ? transfer_[a][s].value(state) / capacity : 0.0};
      built.factors.side[a][s] = c.kind == SideRule::Kind::flux ? 1.0 / (capacity * unit) : 1.0 / unit;
    }
  built.factors.source = 1.0 / (capacity * unit);
  auto op = std::make_unique<FluxOperator>(*grid(), values.sites, rules, 0.0);
  if (op->has_mask() || !values.sites.capacity.empty()) {
    std::vector<double> source(op->sites());
    for (std::size_t site = 0; site < source.size(); ++site)
      source[site] = op->inside(site) ? op->inverse_capacity(site) : 0.0;
    built.factors.source_by_site = std::make_shared<const std::vector<double>>(std::move(source));
  }
  if (may_decay()) {
    ThreadPool one(1);
    std::vector<double> decay(op->sites());
    decay_.evaluate(state, 0.0, decay, one);
    for (std::size_t site = 0; site < decay.size(); ++site)
      decay[site] *= op->inside(site) ? op->inverse_capacity(site) / capacity : 0.0;
    op->set_decay(std::move(decay));
  }
  built.op = std::move(op);
  return built;
}

bool FluxDiffusion::still_holds(const State& state, const TransportScratch& scratch,
                                ThreadPool& threads) const {
  return slopes_.none() ||
         static_cast<const FluxScratch&>(scratch).diffusivities == slopes_.diffusivities(state, threads);
}

void FluxDiffusion::remember(const State& state, TransportScratch& scratch, ThreadPool& threads) const {
  if (!slopes_.none())
    static_cast<FluxScratch&>(scratch).diffusivities = slopes_.diffusivities(state, threads);
}

std::vector<std::size_t> FluxDiffusion::held_sites(const State& state) const {
  std::vector<std::size_t> held = GridTransport::held_sites(state);
  if (integrator_ != steady || !options_.where) return held;
  const Built built = build(state);
  const auto& op = static_cast<const FluxOperator&>(*built.op);
  for (std::size_t site = 0; site < op.sites(); ++site)
    if (!op.inside(site)) held.push_back(site);
  std::sort(held.begin(), held.end());
  held.erase(std::unique(held.begin(), held.end()), held.end());
  return held;
}

std::unique_ptr<TransportScratch> FluxDiffusion::make_scratch() const {
  return std::make_unique<FluxScratch>();
}

double FluxDiffusion::largest_step(const TransportOperator& op) const {
  return explicit_limit(op, integrator_, field().positive);
}

bool FluxDiffusion::may_decay() const { return options_.decay.constant() != 0.0; }

bool FluxDiffusion::sweeps() const {
  if (options_.fibres) return false;
  if (!grid()->uniform()) return true;  // of one axis: Crank-Nicolson itself, whatever the sides
  bool moving = false;
  for (int axis = 0; axis < grid()->dimensions(); ++axis)
    for (int side = 0; side < 2; ++side) moving = moving || data().side_depends_on_time(axis, side);
  return integrator_ == backward_euler || !moving;
}

bool FluxDiffusion::iterates() const {
  return !is_explicit(integrator_) && (integrator_ == steady || !sweeps());
}

bool FluxDiffusion::may_pass(int axis, int side) const {
  return grid()->has_side(axis, side) &&
         !is_zero_flux(options_.sides[static_cast<std::size_t>(axis)][static_cast<std::size_t>(side)]);
}

std::optional<GridTransport::Reach> FluxDiffusion::reach() const {
  // Explicit steps, and those that conjugate gradients take; sweeps along lines know no ranks.
  if (!slopes_.none()) return std::nullopt;
  if (!is_explicit(integrator_) && (integrator_ == steady || sweeps())) return std::nullopt;
  return Reach{options_.fibres ? 2U : 1U, 1};
}

Ports FluxDiffusion::ports() const {
  Ports ports = GridTransport::ports();
  if (integrator_ == steady) ports.front().role = Port::Role::determine;
  for (const FieldId id : slopes_.reads())
    if (std::none_of(ports.begin(), ports.end(), [&](const Port& port) { return port.field == id; }))
      ports.push_back({Port::Role::read, id, (*fields())[id].kind, (*fields())[id].unit});
  return ports;
}

std::vector<FieldId> FluxDiffusion::determined_from() const {
  std::vector<FieldId> from = GridTransport::determined_from();
  from.insert(from.end(), slopes_.reads().begin(), slopes_.reads().end());
  if (integrator_ == steady) std::erase(from, field_id());
  return from;
}

void FluxDiffusion::determine(State& state, double time, Workspace& work) const {
  if (integrator_ != steady && traces().empty()) return;
  Step step{state, scratch(state, work), state.real(field_id()), time, 0.0, *work.threads, {}};
  step.grid = grid().get();
  if (integrator_ == steady) {
    const auto& reads = slopes_.reads();
    if (std::find(reads.begin(), reads.end(), field_id()) != reads.end())
      throw NumericalFailure(
          fmt::format("process '{}': the diffusivity of '{}', which is at rest, follows that field itself; a "
                      "'together' of the schedule solves for it",
                      name(), field().name));
    if (const auto fault = take_rest(step))
      throw NumericalFailure(fmt::format("process '{}', field '{}' at rest: {}{}{}", name(), field().name,
                                         fault->what, fault->place.empty() ? "" : ", ", fault->place));
    work.counters.linear_iterations += step.iterations;
  }
  if (traces().empty()) return;
  if (const auto fault = evaluate(step, time, step.scratch.middle))
    throw NumericalFailure(fmt::format("process '{}': {}, {}", name(), fault->what, fault->place));
  for (const TraceField& trace : traces()) {
    const std::span<double> faces = state.real(trace.field);
    static_cast<const FluxOperator&>(step.op()).face_values(trace.axis, trace.side, state.real(field_id()),
                                                            step.scratch.middle.sides, faces);
    for (double& value : faces) value *= trace.factor;
  }
}

// The value on a face is that of the site behind it plus what the flux through the side adds:
// alpha u_site + beta datum, both found by asking the operator for them.
void FluxDiffusion::rate(const State& state, double time, Workspace& work, Vector& rates) const {
  GridTransport::rate(state, time, work, rates);
  if (!holds_traces(rates.layout())) return;
  TransportScratch& scratch = this->scratch(state, work);
  TransportColumns columns;
  if (const auto fault = data().evaluate(state, nullptr, time, scratch.factors, TransportData::Sign::any,
                                         *work.threads, columns))
    throw NumericalFailure(fmt::format("process '{}': {}, {}", name(), fault->what, fault->place));
  for (const TraceField& trace : traces()) {
    if (!rates.layout().contains(trace.field)) continue;
    const auto is = state.real(trace.field);
    std::vector<double> face(is.size());
    static_cast<const FluxOperator&>(*scratch.op)
        .face_values(trace.axis, trace.side, state.real(field_id()), columns.sides, face);
    const auto row = rates(trace.field);
    for (std::size_t f = 0; f < face.size(); ++f) row[f] += trace.factor * face[f] - is[f];
  }
}

bool FluxDiffusion::holds_traces(const Layout& layout) const {
  return std::any_of(traces().begin(), traces().end(),
                     [&](const TraceField& trace) { return layout.contains(trace.field); });
}

template <class Visit>
void FluxDiffusion::each_trace_slope(const State& state, double time, const Layout& layout, Workspace& work,
                                     Visit visit) const {
  if (!holds_traces(layout)) return;
  TransportScratch& scratch = this->scratch(state, work);
  const auto& op = static_cast<const FluxOperator&>(*scratch.op);
  const auto slopes = data().slopes(state, time, scratch.factors, *work.threads);
  const std::vector<double> zero(op.sites(), 0.0), one(op.sites(), 1.0);
  for (const TraceField& trace : traces()) {
    if (!layout.contains(trace.field)) continue;
    const std::size_t faces = layout.sites(trace.field);
    SideData none, unit;
    unit.side[static_cast<std::size_t>(trace.axis)][static_cast<std::size_t>(trace.side)].assign(faces, 1.0);
    std::vector<double> of_site(faces), of_datum(faces);
    op.face_values(trace.axis, trace.side, one, none, of_site);
    op.face_values(trace.axis, trace.side, zero, unit, of_datum);
    const TraceSpace plane("", grid(), trace.axis, trace.side);
    for (std::size_t f = 0; f < faces; ++f) {
      visit(trace.field, f, trace.field, 0, f, -1.0);
      if (layout.contains(field_id()))
        visit(trace.field, f, field_id(), 0, plane.grid_site(f), trace.factor * of_site[f]);
      for (const TransportData::Slope& slope : slopes)
        if (!slope.source && slope.axis == trace.axis && slope.side == trace.side &&
            layout.contains(slope.by.field))
          visit(trace.field, f, slope.by.field, slope.by.component, slope.by.site(f),
                trace.factor * of_datum[f] * slope.by.value[f]);
    }
  }
}

std::vector<CoefficientSlopes::Entry> FluxDiffusion::coefficient_slopes(const State& state, double time,
                                                                        const Layout& layout,
                                                                        Workspace& work) const {
  if (slopes_.none() || !layout.contains(field_id())) return {};
  TransportScratch& scratch = this->scratch(state, work);
  const auto& op = static_cast<const FluxOperator&>(*scratch.op);
  TransportColumns columns;
  if (const auto fault = data().evaluate(state, nullptr, time, scratch.factors, TransportData::Sign::any,
                                         *work.threads, columns))
    throw NumericalFailure(fmt::format("process '{}': {}, {}", name(), fault->what, fault->place));
  const double capacity = coefficients_.uniform_capacity(state);
  std::array<std::array<double, 2>, 3> transfer{};
  for (std::size_t a = 0; a < 3; ++a)
    for (std::size_t s = 0; s < 2; ++s)
      if (options_.sides[a][s].kind == SideRule::Kind::exchange)
        transfer[a][s] = transfer_[a][s].value(state) / capacity;
  auto entries =
      slopes_.entries(state, op, state.real(field_id()), columns.sides, capacity, transfer, *work.threads);
  std::erase_if(entries, [&](const auto& entry) { return !layout.contains(entry.field); });
  return entries;
}

void FluxDiffusion::jvp(const State& state, double time, const Vector& du, Workspace& work,
                        Vector& out) const {
  GridTransport::jvp(state, time, du, work, out);
  for (const auto& entry : coefficient_slopes(state, time, out.layout(), work))
    out(field_id())[entry.site] += entry.value * du(entry.field, entry.component)[entry.column];
  each_trace_slope(state, time, out.layout(), work,
                   [&](FieldId row, std::size_t face, FieldId field, int component, std::size_t column,
                       double value) { out(row)[face] += value * du(field, component)[column]; });
}

void FluxDiffusion::vjp(const State& state, double time, const Vector& w, Workspace& work,
                        Vector& out) const {
  GridTransport::vjp(state, time, w, work, out);
  for (const auto& entry : coefficient_slopes(state, time, out.layout(), work))
    out(entry.field, entry.component)[entry.column] += entry.value * w(field_id())[entry.site];
  each_trace_slope(state, time, out.layout(), work,
                   [&](FieldId row, std::size_t face, FieldId field, int component, std::size_t column,
                       double value) { out(field, component)[column] += value * w(row)[face]; });
}

void FluxDiffusion::jacobian(const State& state, double time, Workspace& work, SparseBuilder& entries) const {
  GridTransport::jacobian(state, time, work, entries);
  const Layout& layout = entries.layout();
  for (const auto& entry : coefficient_slopes(state, time, layout, work))
    entries.add(layout.offset(field_id()) + entry.site,
                layout.offset(entry.field, entry.component) + entry.column, entry.value);
  each_trace_slope(
      state, time, layout, work,
      [&](FieldId row, std::size_t face, FieldId field, int component, std::size_t column, double value) {
        entries.add(layout.offset(row) + face, layout.offset(field, component) + column, value);
      });
}

std::optional<DataFault> FluxDiffusion::take(Step& step) const {
  if (is_explicit(integrator_)) return take_explicit(step, explicit_scheme(integrator_));
  if (integrator_ == steady) return std::nullopt;  // determined when somebody looks
  if (!grid()->uniform()) return integrator_ == backward_euler ? take_line_euler(step) : take_line(step);
  if (!sweeps()) return take_implicit(step);
  return integrator_ == backward_euler ? take_euler_sweeps(step) : take_sweeps(step);
}

bool FluxDiffusion::damps() const {
  if (integrator_ == steady) return true;
  return !is_explicit(integrator_) && (!grid()->uniform() || (integrator_ == backward_euler && !sweeps()));
}

Scales FluxDiffusion::scales(const State& state) const {
  const auto built = build(state);
  const auto& op = static_cast<const FluxOperator&>(*built.op);
  Scales scales;
  scales.space_resolution = std::numeric_limits<double>::infinity();
  for (int a = 0; a < grid()->dimensions(); ++a) {
    const double extent = grid()->extent(a);
    scales.space_resolution = std::min(scales.space_resolution, grid()->least_spacing(a));
    scales.space_extent = std::max(scales.space_extent, extent);
    double slowest = std::numeric_limits<double>::infinity();
    for (std::size_t site = 0; site < op.sites(); ++site)
      if (op.conductance(a, site) > 0.0)
        slowest =
            std::min(slowest, grid()->distance_to_next(a, op.indices(site)[static_cast<std::size_t>(a)]) *
                                  op.conductance(a, site));
    if (std::isfinite(slowest)) scales.time_extent = std::max(scales.time_extent, extent * extent / slowest);
  }
  // The largest structure fades by spreading and by decay.
  if (const double decay = op.least_decay(); decay > 0.0)
    scales.time_extent = scales.time_extent > 0.0 ? 1.0 / (1.0 / scales.time_extent + decay) : 1.0 / decay;
  // The time that the finest structure of the grid takes to fade.
  scales.time_resolution = op.spectral_bound() > 0.0 ? 2.0 / op.spectral_bound() : 0.0;
  return scales;
}

std::vector<std::string> FluxDiffusion::description() const {
  std::vector<std::string> lines;
  lines.push_back(fmt::format("space: face fluxes of order 2 on {}, {}",
                              !grid()->uniform()                                       ? "shells"
                              : grid()->arrangement() == StructuredSpace::Sites::nodes ? "nodes"
                                                                                       : "cells",
                              crossed_at_start_ ? "with cross terms of fibres off the axes"
                                                : "D between sites by their harmonic mean"));
  if (options_.where)
    lines.push_back(
        fmt::format("inside the mask: {} of {} sites, in one piece", inside_at_start_, grid()->sites()));
  const std::string solver = fmt::format(
      ", conjugate gradients with multigrid to a residual of {:g}, which the ledger shows", krylov_tolerance);
  std::string time;
  switch (integrator_) {
    case implicit:
      time = !grid()->uniform() ? "implicit: Alexander's two stages, order 2 in time, L-stable"
             : sweeps() ? "implicit: Douglas' directional scheme, order 2 in time, unconditionally stable"
                        : "implicit: Crank-Nicolson, order 2 in time, unconditionally stable" + solver;
      break;
    case backward_euler:
      time = !grid()->uniform() ? "backward Euler, order 1 in time, L-stable, keeps values positive"
             : sweeps() ? "backward Euler along each axis, order 1 in time, unconditionally stable, keeps "
                          "values positive"
                        : "backward Euler, order 1 in time, unconditionally stable" + solver;
      break;
    case steady:
      time = std::string("none: the field is at rest whenever somebody looks, by ") +
             (grid()->uniform() ? "conjugate gradients with multigrid" : "elimination");
      break;
    default:
      time = fmt::format("explicit: {}", transport::name(explicit_scheme(integrator_)));
  }
  if (!slopes_.none() && integrator_ != steady)
    time += ", with diffusivities as they are at the beginning of each step (order 1)";
  if (options_.integrator == automatic) time += " (chosen by integrator: auto)";
  lines.push_back("time: " + time);
  for (const TraceField& trace : traces())
    lines.push_back(fmt::format("at side {}: values on its faces, from the {} behind them and what passes",
                                grid()->side_name(trace.axis, trace.side),
                                grid()->uniform() ? "sites" : "shell"));
  return lines;
}

}  // namespace holon::transport
