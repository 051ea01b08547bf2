#include "holon/pointwise/laws_process.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace holon::pointwise {

Laws::Laws(KineticsSystem system)
    : Process(system.name),
      factory_(std::move(system)),
      derivatives_(factory_, DerivativeKernels::Of::outputs),
      values_([this](ParameterBinding binding) {
        return factory_.make("outputs", binding, {},
                             [](const KernelFactory::Equations& e) { return e.outputs; });
      }) {
  require(factory_.system().states.empty(), "laws have no states");
  std::vector<Node> values;
  for (const auto& output : factory_.system().outputs) values.push_back(output.value);
  reads_ = fields_in(*factory_.system().graph, values, *factory_.system().fields);
}

Ports Laws::ports() const {
  const FieldTable& fields = *factory_.system().fields;
  Ports ports;
  for (const auto& output : factory_.system().outputs)
    ports.push_back(
        {Port::Role::determine, output.field, fields[output.field].kind, fields[output.field].unit});
  for (const FieldId id : reads_) ports.push_back({Port::Role::read, id, fields[id].kind, fields[id].unit});
  return ports;
}

void Laws::determine(State& state, double time, Workspace& work) const {
  std::vector<double*> out;
  for (const auto& output : factory_.system().outputs) out.push_back(state.real(output.field).data());
  const std::vector<const double*> columns = factory_.columns();
  SiteKernel::Call call;
  call.time = time;
  call.columns = columns;
  values_.get(factory_.binding(state)).run(state, call, out, *work.threads);
  require_numbers(state);
}

void Laws::require_numbers(const State& state) const {
  const FieldTable& fields = *factory_.system().fields;
  for (const auto& output : factory_.system().outputs) {
    const Field& field = fields[output.field];
    const auto values = std::as_const(state).real(output.field);
    const auto bad =
        std::find_if(values.begin(), values.end(), [](double value) { return std::isnan(value); });
    if (bad == values.end()) continue;
    const auto site = static_cast<std::size_t>(bad - values.begin());
    if (!field.space->varies() && !field.space->inside(site)) continue;
    std::string there;
    for (const FieldId id : reads_) {
      const Field& read = fields[id];
      if (read.type != FieldType::real || read.components != 1) continue;
      if (read.space != field.space && !read.space->single()) continue;
      const double value = state.real(id)[read.space == field.space ? site : 0];
      there += fmt::format("{}{} = {:.6g}{}", there.empty() ? "" : ", ", read.name, value,
                           read.unit.text() == "1" ? "" : " " + read.unit.text());
    }
    const std::string place = field.space->single() ? "" : " at " + field.space->site_text(site);
    throw NumericalFailure(fmt::format(
        "process '{}': '{}' is not a number{}{}{}: an equation leaves its domain, such as a root or a "
        "logarithm of something negative",
        name(), field.name, place, there.empty() ? "" : ", with ", there));
  }
}

Outcome Laws::advance(State&, const Interval& interval, const Inputs&, Workspace&) const {
  Outcome outcome;
  outcome.reached = interval.end;
  outcome.seen_finite = true;
  return outcome;
}

bool Laws::concerns(const Layout& layout) const {
  const auto& outputs = factory_.system().outputs;
  return std::any_of(outputs.begin(), outputs.end(),
                     [&](const auto& output) { return layout.contains(output.field); });
}

void Laws::rate(const State& state, double time, Workspace& work, Vector& rates) const {
  if (!concerns(rates.layout())) return;
  ++work.counters.rate_evaluations;
  derivatives_.value(state, time, *work.threads, rates);
  for (const auto& output : factory_.system().outputs) {
    if (!rates.layout().contains(output.field)) continue;
    const auto is = state.real(output.field);
    const auto row = rates(output.field);
    for (std::size_t s = 0; s < row.size(); ++s) row[s] -= is[s];
  }
}

void Laws::jvp(const State& state, double time, const Vector& du, Workspace& work, Vector& out) const {
  if (!concerns(out.layout())) return;
  derivatives_.jvp(state, time, du, *work.threads, out);
  for (const auto& output : factory_.system().outputs) {
    if (!out.layout().contains(output.field)) continue;
    const auto own = du(output.field);
    const auto row = out(output.field);
    for (std::size_t s = 0; s < row.size(); ++s) row[s] -= own[s];
  }
}

void Laws::vjp(const State& state, double time, const Vector& w, Workspace& work, Vector& out) const {
  if (!concerns(w.layout())) return;
  derivatives_.vjp(state, time, w, *work.threads, out);
  for (const auto& output : factory_.system().outputs) {
    if (!w.layout().contains(output.field)) continue;
    const auto row = w(output.field);
    const auto own = out(output.field);
    for (std::size_t s = 0; s < row.size(); ++s) own[s] -= row[s];
  }
}

void Laws::jacobian(const State& state, double time, Workspace& work, SparseBuilder& entries) const {
  const Layout& layout = entries.layout();
  if (!concerns(layout)) return;
  ++work.counters.jacobian_evaluations;
  derivatives_.jacobian(state, time, *work.threads, entries);
  for (const auto& output : factory_.system().outputs) {
    if (!layout.contains(output.field)) continue;
    const std::size_t own = layout.offset(output.field);
    for (std::size_t s = 0; s < layout.sites(output.field); ++s) entries.add(own + s, own + s, -1.0);
  }
}

std::vector<std::string> Laws::description() const {
  return {fmt::format("{} laws without states, determined when somebody looks",
                      factory_.system().outputs.size())};
}

}  // namespace holon::pointwise
