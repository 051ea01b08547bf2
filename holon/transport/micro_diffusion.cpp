#include "holon/transport/micro_diffusion.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/coupling_line.hpp"
#include "holon/expr/graph.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace holon::transport {

namespace {

constexpr int most_iterations = 40;
constexpr double converged =
    1e-12;  // of Newton's corrections, relative to the largest value of the micro space

}  // namespace

struct MicroDiffusion::MicroScratch final : Scratch {
  std::array<std::vector<double>, 2> datum;  // by macro site, in the field's numbers
  std::vector<double> source, slope;         // by site of the product
  std::vector<double> before, right, pivot;
};

std::vector<OptionFault> MicroDiffusion::faults(const MicroDiffusionOptions& options, const Model& model) {
  std::vector<OptionFault> faults;
  const Field& field = (*model.fields)[options.field];
  const auto& product = dynamic_cast<const ProductSpace&>(*field.space);
  const auto* micro = dynamic_cast<const StructuredSpace*>(&product.micro());
  if (micro == nullptr || micro->dimensions() != 1 || micro->periodic(0) ||
      micro->arrangement() != StructuredSpace::Sites::cells) {
    faults.push_back({"field",
                      fmt::format("'{}' lives on '{}', whose micro space '{}' is no line of cells",
                                  field.name, product.name(), product.micro().name()),
                      "a micro space of type radial, or grid with one axis and sites: cells", ""});
    return faults;
  }
  for (const auto& [key, c] : {std::pair("diffusivity", &options.diffusivity), {"decay", &options.decay}})
    if (const auto obstacle = UniformCoefficient::obstacle(*c))
      faults.push_back({key, "this " + *obstacle, "a number or an equation of parameters", ""});
  for (const FieldId id : fields_of(options.source, *model.fields)) {
    const Field& read = (*model.fields)[id];
    if (read.space == field.space || read.space->single()) continue;
    faults.push_back({"source",
                      fmt::format("this depends on '{}', which lives on '{}'", read.name, read.space->name()),
                      "fields of '" + product.name() + "' or of one site", coupling_line(read, product)});
  }
  for (int side = 0; side < 2; ++side)
    for (const FieldId id : fields_of(options.sides[static_cast<std::size_t>(side)].datum, *model.fields)) {
      const Field& read = (*model.fields)[id];
      if (read.space.get() == &product.macro() || read.space->single()) continue;
      faults.push_back(
          {"boundary." + micro->side_name(0, side),
           fmt::format("this depends on '{}', which lives on '{}'", read.name, read.space->name()),
           "fields of '" + product.macro().name() + "' or of one site", ""});
    }
  return faults;
}

MicroDiffusion::MicroDiffusion(std::string name, const Model& model, MicroDiffusionOptions options)
    : Process(std::move(name)),
      options_(std::move(options)),
      fields_(model.fields),
      product_(std::dynamic_pointer_cast<const ProductSpace>((*model.fields)[options_.field].space)),
      micro_(product_ ? dynamic_cast<const StructuredSpace*>(&product_->micro()) : nullptr),
      diffusivity_(options_.diffusivity),
      decay_(options_.decay) {
  require(micro_ != nullptr, "the micro space is a line of cells");
  const auto macro = std::find_if(model.spaces.begin(), model.spaces.end(), [&](const auto& entry) {
    return entry.second.get() == &product_->macro();
  });
  require(macro != model.spaces.end(), "the macro space belongs to the model");
  const auto kernel = [&](const std::string& what, const Coefficient& c, std::shared_ptr<const Space> space) {
    for (const FieldId id : fields_of(c, *fields_))
      if (id != options_.field) reads_.push_back(id);
    return CoefficientKernel(this->name() + ' ' + what, c, std::move(space), *model.fields, *model.parameters,
                             model.kernels);
  };
  for (std::size_t side = 0; side < 2; ++side) {
    transfer_[side] = UniformCoefficient(options_.sides[side].transfer);
    const std::string side_name = micro_->side_name(0, static_cast<int>(side));
    datum_[side] = kernel(side_name, options_.sides[side].datum, macro->second);
    datum_dependence_[side] = FieldDependence(this->name() + ' ' + side_name, options_.sides[side].datum,
                                              macro->second, *fields_, *model.parameters, model.kernels);
  }
  source_ = kernel("source", options_.source, product_);
  source_dependence_ = FieldDependence(this->name() + " source", options_.source, product_, *fields_,
                                       *model.parameters, model.kernels);
  reacts_ = options_.source.constant() != 0.0;
  const std::string own = "field:" + (*fields_)[options_.field].name;
  slope_ = kernel("slope of the source",
                  Coefficient::equation([source = options_.source, own](expr::Graph& graph) {
                    return expr::derivative(graph, source.lower(graph), graph.symbol(own));
                  }),
                  product_);
  std::sort(reads_.begin(), reads_.end());
  reads_.erase(std::unique(reads_.begin(), reads_.end()), reads_.end());
}

Ports MicroDiffusion::ports() const {
  const auto port = [&](Port::Role role, FieldId id) {
    return Port{role, id, (*fields_)[id].kind, (*fields_)[id].unit};
  };
  Ports ports{port(Port::Role::advance, options_.field)};
  for (const FieldId id : reads_) ports.push_back(port(Port::Role::read, id));
  for (const TraceField& trace : options_.traces) ports.push_back(port(Port::Role::determine, trace.field));
  return ports;
}

std::vector<LedgerAccount> MicroDiffusion::ledger_accounts() const {
  if ((*fields_)[options_.field].conserved.empty()) return {};
  return {{options_.field, name(), "decay"},
          {options_.field, name(), "source"},
          {options_.field, name(), "boundary " + micro_->side_name(0, 0)},
          {options_.field, name(), "boundary " + micro_->side_name(0, 1)}};
}

MicroDiffusion::MicroScratch& MicroDiffusion::scratch(Workspace& work) const {
  auto* scratch = dynamic_cast<MicroScratch*>(work.scratch.get());
  if (scratch != nullptr) return *scratch;
  auto made = std::make_unique<MicroScratch>();
  for (auto& datum : made->datum) datum.resize(product_->macro().sites());
  made->source.assign(product_->sites(), 0.0);
  made->slope.assign(product_->sites(), 0.0);
  made->right.resize(micro_->sites());
  made->pivot.resize(micro_->sites());
  scratch = made.get();
  work.scratch = std::move(made);
  return *scratch;
}

MicroDiffusion::Line MicroDiffusion::line(const State& state) const {
  const double d = diffusivity_.value(state), decay = decay_.value(state);
  if (!(d >= 0.0) || !(decay >= 0.0))
    throw NumericalFailure(
        fmt::format("process '{}': the diffusivity is {:g} and the decay {:g}", name(), d, decay));
  const std::size_t n = micro_->sites();
  Line line;
  line.decay = decay;
  line.below.assign(n, 0.0);
  line.above.assign(n, 0.0);
  line.diagonal.assign(n, -decay);
  for (std::size_t i = 0; i + 1 < n; ++i) {
    const double conductance = d / micro_->distance_to_next(0, i);
    line.above[i] = conductance / micro_->width(0, i);
    line.below[i + 1] = conductance / micro_->width(0, i + 1);
    line.diagonal[i] -= line.above[i];
    line.diagonal[i + 1] -= line.below[i + 1];
  }
  line.face_of_cell = {1.0, 1.0};
  for (std::size_t side = 0; side < 2; ++side) {
    const int s = static_cast<int>(side);
    if (!micro_->has_side(0, s)) continue;
    const std::size_t cell = side == 0 ? 0 : n - 1;
    const double volume = micro_->width(0, cell), area = micro_->side_area(0, s),
                 half = micro_->distance_to_side(0, s);
    switch (options_.sides[side].kind) {
      case SideRule::Kind::flux:
        line.of_datum[side] = area / volume;
        line.face_of_datum[side] = d > 0.0 ? area * half / d : 0.0;
        break;
      case SideRule::Kind::value:
        line.of_datum[side] = d / half / volume;
        line.diagonal[cell] -= line.of_datum[side];
        line.face_of_cell[side] = 0.0;
        line.face_of_datum[side] = 1.0;
        break;
      case SideRule::Kind::exchange: {
        const double outer = transfer_[side].value(state) * area;
        line.of_datum[side] = outer > 0.0 && d > 0.0 ? 1.0 / (half / d + 1.0 / outer) / volume : 0.0;
        line.diagonal[cell] -= line.of_datum[side];
        // Through the half of the cell and the outside in series.
        const double share = d > 0.0 ? half * outer / (d + half * outer) : 0.0;
        line.face_of_cell[side] = 1.0 - share;
        line.face_of_datum[side] = share;
        break;
      }
    }
  }
  return line;
}

double MicroDiffusion::face(const Line& line, const TraceField& trace, std::span<const double> u,
                            std::size_t macro, const MicroScratch& scratch) const {
  const auto side = static_cast<std::size_t>(trace.side);
  const std::size_t n = micro_->sites(), site = macro * n + (side == 0 ? 0 : n - 1);
  return trace.factor *
         (line.face_of_cell[side] * u[site] + line.face_of_datum[side] * scratch.datum[side][macro]);
}

std::vector<FieldId> MicroDiffusion::determined_from() const {
  std::vector<FieldId> from;
  if (options_.traces.empty()) return from;
  from.push_back(options_.field);
  for (const TraceField& trace : options_.traces)
    for (const FieldId id : fields_of(options_.sides[static_cast<std::size_t>(trace.side)].datum, *fields_))
      from.push_back(id);
  return from;
}

void MicroDiffusion::determine(State& state, double time, Workspace& work) const {
  if (options_.traces.empty()) return;
  MicroScratch& scratch = this->scratch(work);
  const Line line = this->line(state);
  data_at(state, time, scratch, *work.threads);
  for (const TraceField& trace : options_.traces) {
    const auto u = std::as_const(state).real(options_.field);
    const auto faces = state.real(trace.field);
    for (std::size_t m = 0; m < faces.size(); ++m) faces[m] = face(line, trace, u, m, scratch);
  }
}

void MicroDiffusion::data_at(const State& state, double time, MicroScratch& scratch,
                             ThreadPool& threads) const {
  const double unit = 1.0 / (*fields_)[options_.field].unit.factor();
  for (std::size_t side = 0; side < 2; ++side) {
    datum_[side].evaluate(state, time, scratch.datum[side], threads);
    for (double& value : scratch.datum[side]) value *= unit;
  }
}

void MicroDiffusion::reaction(const State& state, double time, MicroScratch& scratch,
                              ThreadPool& threads) const {
  if (!reacts_) return;
  const double unit = 1.0 / (*fields_)[options_.field].unit.factor();
  source_.evaluate(state, time, scratch.source, threads);
  slope_.evaluate(state, time, scratch.slope, threads);
  for (double& value : scratch.source) value *= unit;
  for (double& value : scratch.slope) value *= unit;
}

double MicroDiffusion::linear(const Line& line, std::span<const double> u, std::size_t macro,
                              std::size_t cell, const MicroScratch& scratch) const {
  const std::size_t n = line.diagonal.size(), site = macro * n + cell;
  double rate = line.diagonal[cell] * u[site];
  if (cell > 0) rate += line.below[cell] * u[site - 1];
  if (cell + 1 < n) rate += line.above[cell] * u[site + 1];
  if (cell == 0) rate += line.of_datum[0] * scratch.datum[0][macro];
  if (cell + 1 == n) rate += line.of_datum[1] * scratch.datum[1][macro];
  return rate;
}

Outcome MicroDiffusion::advance(State& state, const Interval& interval, const Inputs&,
                                Workspace& work) const {
  MicroScratch& scratch = this->scratch(work);
  const Line line = this->line(state);
  const double dt = interval.dt(), time = interval.t1();
  const std::span<double> u = state.real(options_.field);
  const std::size_t n = micro_->sites(), macros = product_->macro().sites();
  data_at(state, time, scratch, *work.threads);
  scratch.before.assign(u.begin(), u.end());
  const auto failed = [&](std::size_t macro, const std::string& message) {
    return Outcome{
        Outcome::Why::failed,
        interval.begin,
        0.0,
        {name(), (*fields_)[options_.field].name, message, state.site_text(product_->macro(), macro), time}};
  };
  // (u - before)/dt = rate(u), all macro sites in one go: the reaction is one kernel.
  std::size_t slowest = 0;
  for (int iteration = 0;; ++iteration) {
    reaction(state, time, scratch, *work.threads);
    double largest = 0.0;
    for (std::size_t m = 0; m < macros; ++m) {
      double size = 0.0, correction = 0.0;
      for (std::size_t c = 0; c < n; ++c) {
        const std::size_t site = m * n + c;
        scratch.right[c] =
            scratch.before[site] - u[site] + dt * (linear(line, u, m, c, scratch) + scratch.source[site]);
        scratch.pivot[c] = 1.0 - dt * (line.diagonal[c] + scratch.slope[site]);
        size = std::max(size, std::abs(u[site]));
      }
      for (std::size_t c = 1; c < n; ++c) {
        const double share = dt * line.below[c] / scratch.pivot[c - 1];
        scratch.pivot[c] -= share * dt * line.above[c - 1];
        scratch.right[c] += share * scratch.right[c - 1];
      }
      for (std::size_t c = n; c-- > 0;) {
        if (c + 1 < n) scratch.right[c] += dt * line.above[c] * scratch.right[c + 1];
        scratch.right[c] /= scratch.pivot[c];
        u[m * n + c] += scratch.right[c];
        correction = std::max(correction, std::abs(scratch.right[c]));
      }
      if (!std::isfinite(correction)) return failed(m, "Newton's method left the numbers");
      const double relative = correction / std::max(size, 1e-300);
      if (correction > 0.0 && relative > largest) {
        largest = relative;
        slowest = m;
      }
    }
    work.counters.nonlinear_iterations += 1;
    if (largest <= converged || (!reacts_ && iteration > 0)) break;
    if (iteration == most_iterations)
      return failed(slowest,
                    fmt::format("Newton's method did not converge in {} iterations", most_iterations));
  }
  if (!accounts().empty()) {
    reaction(state, time, scratch, *work.threads);
    std::array<CompensatedSum, 4> sums;
    for (std::size_t m = 0; m < macros; ++m)
      for (std::size_t c = 0; c < n; ++c) {
        const std::size_t site = m * n + c;
        const double measure = dt * product_->measure(site);
        sums[0].add(-measure * line.decay * u[site]);
        sums[1].add(measure * scratch.source[site]);
        for (std::size_t side = 0; side < 2; ++side)
          if (c == (side == 0 ? 0 : n - 1)) {
            const bool flux = options_.sides[side].kind == SideRule::Kind::flux;
            sums[2 + side].add(measure * line.of_datum[side] *
                               (scratch.datum[side][m] - (flux ? 0.0 : u[site])));
          }
      }
    for (std::size_t k = 0; k < 4; ++k) state.account(accounts()[k]).add(sums[k].value());
  }
  ++work.counters.steps;
  return {.reached = interval.end};
}

void MicroDiffusion::rate(const State& state, double time, Workspace& work, Vector& rates) const {
  const Layout& layout = rates.layout();
  MicroScratch& scratch = this->scratch(work);
  const Line line = this->line(state);
  data_at(state, time, scratch, *work.threads);
  const auto u = state.real(options_.field);
  for (const TraceField& trace : options_.traces) {
    if (!layout.contains(trace.field)) continue;
    const auto is = state.real(trace.field);
    const auto row = rates(trace.field);
    for (std::size_t m = 0; m < row.size(); ++m) row[m] += face(line, trace, u, m, scratch) - is[m];
  }
  if (!layout.contains(options_.field)) return;
  reaction(state, time, scratch, *work.threads);
  const auto out = rates(options_.field);
  const std::size_t n = micro_->sites();
  for (std::size_t site = 0; site < out.size(); ++site)
    out[site] += linear(line, u, site / n, site % n, scratch) + scratch.source[site];
}

std::vector<MicroDiffusion::Slope> MicroDiffusion::slopes(const State& state, double time,
                                                          const Layout& layout, Workspace& work) const {
  std::vector<Slope> list;
  MicroScratch& scratch = this->scratch(work);
  const Line line = this->line(state);
  const std::size_t n = micro_->sites(), macros = product_->macro().sites();
  const double unit = 1.0 / (*fields_)[options_.field].unit.factor();
  const bool own = layout.contains(options_.field);
  const std::size_t offset = own ? layout.offset(options_.field) : 0;
  std::array<std::vector<FieldDependence::Slope>, 2> data;
  for (std::size_t side = 0; side < 2; ++side)
    for (auto& slope : datum_dependence_[side].slopes(state, time, *work.threads))
      if (layout.contains(slope.field)) data[side].push_back(std::move(slope));
  if (own) {
    reaction(state, time, scratch, *work.threads);
    for (std::size_t site = 0; site < product_->sites(); ++site) {
      const std::size_t c = site % n;
      list.push_back({offset + site, offset + site, line.diagonal[c] + scratch.slope[site]});
      if (c > 0) list.push_back({offset + site, offset + site - 1, line.below[c]});
      if (c + 1 < n) list.push_back({offset + site, offset + site + 1, line.above[c]});
    }
    for (const auto& slope : source_dependence_.slopes(state, time, *work.threads)) {
      if (!layout.contains(slope.field) || slope.field == options_.field) continue;
      const std::size_t column = layout.offset(slope.field, slope.component);
      for (std::size_t site = 0; site < product_->sites(); ++site)
        list.push_back({offset + site, column + slope.site(site), unit * slope.value[site]});
    }
    for (std::size_t side = 0; side < 2; ++side)
      for (const auto& slope : data[side]) {
        const std::size_t column = layout.offset(slope.field, slope.component);
        for (std::size_t m = 0; m < macros; ++m)
          list.push_back({offset + m * n + (side == 0 ? 0 : n - 1), column + slope.site(m),
                          unit * line.of_datum[side] * slope.value[m]});
      }
  }
  for (const TraceField& trace : options_.traces) {
    if (!layout.contains(trace.field)) continue;
    const auto side = static_cast<std::size_t>(trace.side);
    const std::size_t row = layout.offset(trace.field);
    for (std::size_t m = 0; m < macros; ++m) {
      list.push_back({row + m, row + m, -1.0});
      if (own)
        list.push_back(
            {row + m, offset + m * n + (side == 0 ? 0 : n - 1), trace.factor * line.face_of_cell[side]});
      for (const auto& slope : data[side])
        list.push_back({row + m, layout.offset(slope.field, slope.component) + slope.site(m),
                        trace.factor * unit * line.face_of_datum[side] * slope.value[m]});
    }
  }
  return list;
}

void MicroDiffusion::jacobian(const State& state, double time, Workspace& work,
                              SparseBuilder& entries) const {
  for (const Slope& slope : slopes(state, time, entries.layout(), work))
    entries.add(slope.row, slope.column, slope.value);
  ++work.counters.jacobian_evaluations;
}

void MicroDiffusion::jvp(const State& state, double time, const Vector& du, Workspace& work,
                         Vector& out) const {
  for (const Slope& slope : slopes(state, time, out.layout(), work))
    out.values()[slope.row] += slope.value * du.values()[slope.column];
}

void MicroDiffusion::vjp(const State& state, double time, const Vector& w, Workspace& work,
                         Vector& out) const {
  for (const Slope& slope : slopes(state, time, out.layout(), work))
    out.values()[slope.column] += slope.value * w.values()[slope.row];
}

Scales MicroDiffusion::scales(const State& state) const {
  Scales scales;
  const double d = diffusivity_.value(state), extent = micro_->extent(0), step = micro_->least_spacing(0);
  scales.space_resolution = step;
  scales.space_extent = extent;
  if (d > 0.0) {
    scales.time_resolution = step * step / d;
    scales.time_extent = 1.0 / (d / (extent * extent) + std::max(0.0, decay_.value(state)));
  }
  return scales;
}

std::vector<std::string> MicroDiffusion::description() const {
  return {fmt::format("space: order 2 on the {} cells of '{}' at each of the {} sites of '{}'",
                      micro_->sites(), micro_->name(), product_->macro().sites(), product_->macro().name()),
          "time: backward Euler, order 1; at rest where the schedule says steady"};
}

}  // namespace holon::transport
