#include "holon/transport/grid_transport.hpp"

#include "holon/base/error.hpp"
#include "holon/transport/round_off.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

namespace holon::transport {

namespace {

std::shared_ptr<const StructuredSpace> grid_of(const Field& field, const std::string& process) {
  auto grid = std::dynamic_pointer_cast<const StructuredSpace>(field.space);
  if (!grid)
    throw InputError(fmt::format("process '{}' needs a field on a grid; '{}' lives on '{}'", process,
                                 field.name, field.space->name()));
  return grid;
}

struct FaceWeight {
  std::size_t site, face;
  double weight;
};

/// The rate at sites per unit of the datum of faces of a side. A datum acts on the lines of its own face and,
/// through cross terms, of those beside it: faces that are three apart along both axes of the side are looked
/// at together.
std::vector<FaceWeight> face_weights(const TransportOperator& op, int axis, int side, ThreadPool& threads) {
  const std::array<int, 2> along{axis == 0 ? 1 : 0, axis == 2 ? 1 : 2};
  std::array<std::size_t, 2> count{}, apart{};
  for (std::size_t d = 0; d < 2; ++d) {
    count[d] = op.count(along[d]);
    apart[d] = std::min<std::size_t>(3, count[d]);
    while (op.periodic(along[d]) && count[d] % apart[d] != 0) ++apart[d];
  }
  std::vector<FaceWeight> list;
  std::vector<double> weight;
  for (std::size_t first = 0; first < apart[0] * apart[1]; ++first) {
    const std::array<std::size_t, 2> start{first % apart[0], first / apart[0]};
    SideData unit;
    auto& datum = unit.side[static_cast<std::size_t>(axis)][static_cast<std::size_t>(side)];
    datum.assign(count[0] * count[1], 0.0);
    for (std::size_t b = start[1]; b < count[1]; b += apart[1])
      for (std::size_t a = start[0]; a < count[0]; a += apart[0]) datum[a + b * count[0]] = 1.0;
    weight.assign(op.sites(), 0.0);
    op.add_all_data(unit, 1.0, weight, threads);
    for (std::size_t site = 0; site < weight.size(); ++site) {
      if (weight[site] == 0.0) continue;
      const std::size_t line = op.face_of(axis, site);
      const std::array<std::size_t, 2> at{line % count[0], line / count[0]};
      std::array<std::size_t, 2> face{};
      for (std::size_t d = 0; d < 2; ++d)  // the one of these faces that is at most one away
        for (const std::size_t step : {count[d], count[d] + 1, count[d] - 1})
          if (const std::size_t near = (at[d] + step) % count[d]; near % apart[d] == start[d]) {
            face[d] = near;
            break;
          }
      list.push_back({site, face[0] + face[1] * count[0], weight[site]});
    }
  }
  return list;
}

template <class Visit>
void for_free_sites(const TransportOperator& op, Visit visit) {
  for (std::size_t k = op.first_free(2); k < op.end_free(2); ++k)
    for (std::size_t j = op.first_free(1); j < op.end_free(1); ++j)
      for (std::size_t i = op.first_free(0); i < op.end_free(0); ++i)
        visit(i * op.stride(0) + j * op.stride(1) + k * op.stride(2));
}

}  // namespace

void check_field(const Field& field, std::vector<OptionFault>& faults) {
  if (field.type != FieldType::real || field.components != 1)
    faults.push_back({"field", fmt::format("'{}' is not a real field of one component", field.name), "", ""});
  if (field.kind == FieldKind::amount)
    faults.push_back({"field",
                      fmt::format("'{}' is an amount per site, which depends on the grid", field.name),
                      "a field of kind density or value", ""});
}

void refuse_faults(const std::string& process, const std::vector<OptionFault>& faults) {
  std::vector<Diagnostic> problems;
  for (const OptionFault& fault : faults)
    problems.push_back({.path = "processes." + process + "." + fault.key,
                        .message = fault.message,
                        .expected = fault.expected,
                        .hint = fault.hint});
  if (!problems.empty()) throw InputError(std::move(problems));
}

GridTransport::GridTransport(std::string name, const Model& model, FieldId field, const Sides& sides,
                             const Coefficient& source, std::vector<TraceField> traces)
    : Process(std::move(name)),
      field_((*model.fields)[field]),
      id_(field),
      grid_(grid_of(field_, this->name())),
      fields_(model.fields),
      parameters_(model.parameters),
      sides_(sides),
      data_(grid_, model.fields, *parameters_, model.kernels),
      traces_(std::move(traces)) {
  for (int axis = 0; axis < grid_->dimensions(); ++axis)
    for (int side = 0; side < 2; ++side) {
      const SideCondition& condition = sides_[static_cast<std::size_t>(axis)][static_cast<std::size_t>(side)];
      const bool nothing = condition.kind == SideRule::Kind::flux && condition.datum.constant() == 0.0;
      if (!grid_->has_side(axis, side) || nothing) continue;
      const std::string what = this->name() + " boundary " + grid_->side_name(axis, side);
      if (!datum_obstacle(condition.datum, *model.fields, *grid_, axis, side))
        data_.add_side(axis, side, what, condition.datum);
    }
  if (source.constant() != 0.0 && !source_obstacle(source, *model.fields, *grid_))
    data_.add_source(this->name() + " source", source);
  for (const FieldId read : data_.reads())
    reads_of_grid_ = reads_of_grid_ || (*model.fields)[read].space == grid_;
}

Ports GridTransport::ports() const {
  Ports ports{{Port::Role::advance, id_, field_.kind, field_.unit}};
  for (const FieldId read : data_.reads()) ports.push_back({Port::Role::read, read, FieldKind::value, {}});
  if (added_) ports.push_back({Port::Role::read, added_->rate, FieldKind::value, {}});
  for (const TraceField& trace : traces_)
    ports.push_back({Port::Role::determine, trace.field, field_.kind, field_.unit});
  return ports;
}

std::vector<FieldId> GridTransport::determined_from() const {
  std::vector<FieldId> fields{id_};
  fields.insert(fields.end(), data_.reads().begin(), data_.reads().end());
  return fields;
}

std::vector<std::size_t> GridTransport::held_sites(const State& state) const {
  const auto built = build(state);
  std::vector<std::size_t> held;
  for (int axis = 0; axis < grid_->dimensions(); ++axis)
    for (int side = 0; side < 2; ++side)
      if (built.op->holds(axis, side))
        built.op->visit_side(axis, side, TransportOperator::Plane::held,
                             [&](std::size_t, std::size_t site, double) { held.push_back(site); });
  std::sort(held.begin(), held.end());
  held.erase(std::unique(held.begin(), held.end()), held.end());
  return held;
}

void GridTransport::hold(State& state, double time, Workspace& work) const {
  TransportScratch& scratch = this->scratch(state, work);
  if (const auto fault = data_.evaluate(state, nullptr, time, scratch.factors, TransportData::Sign::any,
                                        *work.threads, scratch.middle))
    throw NumericalFailure(fmt::format("process '{}': {}, {}", name(), fault->what, fault->place));
  hold(*scratch.op, scratch.middle, state.real(id_));
}

bool GridTransport::held_values_depend_on_time() const {
  for (int axis = 0; axis < grid_->dimensions(); ++axis)
    for (int side = 0; side < 2; ++side)
      if (sides_[static_cast<std::size_t>(axis)][static_cast<std::size_t>(side)].kind ==
              SideRule::Kind::value &&
          data_.side_depends_on_time(axis, side))
        return true;
  return false;
}

std::vector<LedgerAccount> GridTransport::ledger_accounts() const {
  std::vector<LedgerAccount> accounts;
  if (field_.conserved.empty()) return accounts;
  if (may_decay()) accounts.push_back({id_, name(), "decay"});
  if (has_source()) accounts.push_back({id_, name(), "source"});
  if (iterates()) accounts.push_back({id_, name(), "residual of the solver"});
  for (int axis = 0; axis < grid_->dimensions(); ++axis)
    for (int side = 0; side < 2; ++side)
      if (may_pass(axis, side)) accounts.push_back({id_, name(), "boundary " + grid_->side_name(axis, side)});
  return accounts;
}

TransportScratch& GridTransport::scratch(const State& state, Workspace& work) const {
  require(work.threads != nullptr, "a process is given threads to work with");
  auto* scratch = dynamic_cast<TransportScratch*>(work.scratch.get());
  if (scratch == nullptr) {
    auto made = make_scratch();
    scratch = made.get();
    work.scratch = std::move(made);
  } else if (std::equal(scratch->parameters.begin(), scratch->parameters.end(), state.parameters().begin(),
                        state.parameters().end()) &&
             still_holds(state, *scratch, *work.threads)) {
    return *scratch;
  } else {
    auto made = make_scratch();  // factors of the old operator go with it
    scratch = made.get();
    work.scratch = std::move(made);
  }
  Built built = build(state);
  if (work.share != nullptr) built.op->keep_to(work.share->own());
  scratch->op = std::move(built.op);
  scratch->factors = built.factors;
  scratch->largest_step = largest_step(*scratch->op);
  scratch->parameters.assign(state.parameters().begin(), state.parameters().end());
  remember(state, *scratch, *work.threads);
  return *scratch;
}

GridTransport::Step GridTransport::begin(State& state, const Interval& interval, Workspace& work) const {
  Step step{state, scratch(state, work), state.real(id_), interval.t0(), interval.dt(), *work.threads, {}};
  step.book.open = !accounts().empty();
  step.grid = grid_.get();
  step.share = work.share;
  if (step.share != nullptr) step.halo = sharing()->halo;
  return step;
}

std::optional<Sharing> GridTransport::sharing() const {
  const std::optional<Reach> reach = this->reach();
  const std::optional<Planes> planes = planes_of(*grid_);
  if (!reach || !planes || added_ || !traces_.empty()) return std::nullopt;
  // Planes are rows or whole planes of rows, and what is read of other fields is there on every rank.
  if (grid_->dimensions() > 1 && planes->sites % grid_->count(0) != 0) return std::nullopt;
  if (reads_of_grid_) return std::nullopt;
  return Sharing{.space = grid_.get(),
                 .halo = reach->planes * planes->sites,
                 .least = reach->side_planes * planes->sites};
}

GridTransport::Reach GridTransport::reach_of(const GridOperator& op) {
  int last = op.dimensions() - 1;
  while (last > 0 && op.count(last) == 1) --last;
  const AxisStencil& stencil = op.axis(last);
  Reach reach;
  for (std::size_t i = 0; i < stencil.rows.size(); ++i) {
    const StencilRow& row = stencil.rows[i];
    for (std::size_t k = 0; k < static_cast<std::size_t>(row.count); ++k)
      reach.planes = std::max(reach.planes, static_cast<std::size_t>(std::abs(row.offset[k])));
    if (row.data[0] != 0.0) reach.side_planes = std::max(reach.side_planes, i + 1);
    if (row.data[1] != 0.0) reach.side_planes = std::max(reach.side_planes, stencil.rows.size() - i);
  }
  for (const SideFlux& flux : stencil.side)
    for (std::size_t layer = 1; layer < flux.site.size(); ++layer)
      if (flux.site[layer] != 0.0) reach.planes = std::max(reach.planes, layer);
  return reach;
}

void GridTransport::refresh(const Step& step, std::span<double> column) {
  if (step.share != nullptr) step.share->refresh(column, step.halo);
}

std::shared_ptr<const Capacity> GridTransport::capacity(FieldId field) const {
  return field == id_ ? capacity_ : nullptr;
}

std::optional<std::pair<std::string, std::string>> GridTransport::capacity_obstacle(FieldId field) const {
  if (field != id_ || capacity_ != nullptr || field_.conserved.empty() ||
      !(*fields_)[field].capacity->varies())
    return std::nullopt;
  return std::pair(
      fmt::format("this process moves values, and where the capacity varies it does not keep '{}'",
                  field_.conserved.begin()->first),
      std::string("a capacity that is the same everywhere, or no 'conserved'"));
}

void GridTransport::keep_books(State& state, const Book& book) const {
  if (!book.open) return;
  // Operators know of a capacity where it varies; otherwise their contents are those of capacity 1.
  const Capacity* capacity = (*fields_)[id_].capacity.get();
  const double held =
      capacity != nullptr && !capacity->varies() ? capacity->at(state.parameters())->front() : 1.0;
  std::size_t k = 0;
  const auto enter = [&](double amount) { state.account(accounts()[k++]).add(held * amount); };
  if (may_decay()) enter(book.decay);
  if (has_source()) enter(book.source);
  if (iterates()) enter(book.residual);
  for (int axis = 0; axis < grid_->dimensions(); ++axis)
    for (int side = 0; side < 2; ++side)
      if (may_pass(axis, side))
        enter(book.side[static_cast<std::size_t>(axis)][static_cast<std::size_t>(side)]);
}

Outcome GridTransport::advance(State& state, const Interval& interval, const Inputs& inputs,
                               Workspace& work) const {
  Step step = begin(state, interval, work);
  if (!inputs.empty()) step.inputs = &inputs;
  const auto failed = [&](const std::string& message, const std::string& place) {
    return Outcome{
        Outcome::Why::failed, interval.begin, 0.0, {name(), field_.name, message, place, interval.t0()}};
  };
  const double limit = step.scratch.largest_step;
  if (interval.dt() > limit * (1.0 + 1e-9))
    return failed(fmt::format("the step {:g} is above the stability limit {:g}", interval.dt(), limit), "");
  // The data at this step's begin are those at the last one's end.
  if (step.scratch.end.time == step.t0) std::swap(step.scratch.begin, step.scratch.end);
  const double before = settles(step) ? content_of_free_sites(step) : 0.0;
  if (const auto fault = take(step)) return failed(fault->what, fault->place);
  if (settles(step)) settle(step, before);
  keep_books(state, step.book);
  ++work.counters.steps;
  work.counters.linear_iterations += step.iterations;
  return {.reached = interval.end, .seen_finite = step.seen_finite};
}

std::optional<DataFault> GridTransport::evaluate(Step& step, double time, TransportColumns& columns) const {
  if (added_) columns.time.reset();  // what is added may have changed since
  auto fault = data_.evaluate(step.state, step.inputs, time, step.scratch.factors,
                              field_.positive ? TransportData::Sign::not_negative : TransportData::Sign::any,
                              step.threads, columns);
  if (fault || !added_) return fault;
  const auto rate = step.state.real(added_->rate);
  if (!data_.has_source()) columns.source.assign(rate.size(), 0.0);
  for (std::size_t site = 0; site < rate.size(); ++site) columns.source[site] += added_->factor * rate[site];
  return std::nullopt;
}

void GridTransport::impose(Step& step, const TransportColumns& columns) const {
  for (int axis = 0; axis < grid_->dimensions(); ++axis)
    for (int side = 0; side < 2; ++side)
      if (step.op().holds(axis, side)) {
        const double brought = step.op().impose(axis, side, columns.sides, step.u);
        step.book.side[static_cast<std::size_t>(axis)][static_cast<std::size_t>(side)] += brought;
        step.book.imposed += brought;
      }
}

bool GridTransport::settles(const Step& step) const {
  constexpr double noticeable = 8.0;
  return !field_.conserved.empty() && !iterates() && step.share == nullptr &&
         step.dt * step.op().spectral_bound() > noticeable;
}

void GridTransport::settle(Step& step, double before) const {
  const TransportOperator& op = step.op();
  Book& book = step.book;
  double* open_side = nullptr;
  double expected = before + book.decay + book.source - book.imposed, volume = 1.0;
  for (int axis = 0; axis < op.dimensions(); ++axis) {
    const auto a = static_cast<std::size_t>(axis);
    double length = 0.0;
    for (std::size_t i = op.first_free(axis); i < op.end_free(axis); ++i) length += op.width(axis, i);
    volume *= length;
    for (std::size_t side = 0; side < 2; ++side) {
      expected += book.side[a][side];
      if (open_side == nullptr && sides_[a][side].kind != SideRule::Kind::flux &&
          grid_->has_side(axis, static_cast<int>(side)))
        open_side = &book.side[a][side];
    }
  }
  const double after = content_of_free_sites(step), lost = expected - after;
  if (!op.capacity().empty()) volume = op.content(std::vector<double>(op.sites(), 1.0), {}, step.threads);
  const double square = op.content(step.u, step.u, step.threads);
  const double size = std::sqrt(volume * square);  // at least sum |u| measure
  if (!is_round_off(lost, after, step.dt * op.spectral_bound(), size)) return;
  if (open_side != nullptr) {
    *open_side -= lost;
    return;
  }
  const double share = lost / square;
  const std::span<double> u = step.u;
  op.for_free_rows(step.threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t site = begin; site < end; ++site) u[site] += share * u[site] * u[site];
  });
}

void GridTransport::hold(const TransportOperator& op, const TransportColumns& columns,
                         std::span<double> u) const {
  for (int axis = 0; axis < grid_->dimensions(); ++axis)
    for (int side = 0; side < 2; ++side)
      if (op.holds(axis, side)) op.impose(axis, side, columns.sides, u);
}

void GridTransport::drive(const TransportOperator& op, const TransportColumns& columns, double factor,
                          std::span<double> out, ThreadPool& threads) const {
  op.add_all_data(columns.sides, factor, out, threads);
  if (columns.source.empty()) return;
  op.for_free_rows(threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t site = begin; site < end; ++site) out[site] += factor * columns.source[site];
  });
}

void GridTransport::book_rate(Step& step, std::span<const double> u, const TransportColumns& columns,
                              double factor) const {
  if (!step.book.open) return;
  const TransportOperator& op = step.op();
  if (op.decays())
    step.book.decay -=
        factor * (op.decay_by_site().empty() ? op.decay() * op.content(u, {}, step.threads)
                                             : op.content(u, op.decay_by_site(), step.threads));
  if (!columns.source.empty()) step.book.source += factor * op.content(columns.source, {}, step.threads);
  for (int axis = 0; axis < op.dimensions(); ++axis)
    for (int side = 0; side < 2; ++side)
      step.book.side[static_cast<std::size_t>(axis)][static_cast<std::size_t>(side)] +=
          factor * op.influx(axis, side, u, columns.sides);
}

// A field that is determined has no rate: the vectors of a System do not hold it.
void GridTransport::rate(const State& state, double time, Workspace& work, Vector& rates) const {
  if (!rates.layout().contains(id_)) return;
  TransportScratch& scratch = this->scratch(state, work);
  const TransportOperator& op = *scratch.op;
  if (const auto fault = data_.evaluate(state, nullptr, time, scratch.factors, TransportData::Sign::any,
                                        *work.threads, scratch.middle))
    throw NumericalFailure(fmt::format("process '{}': {}, {}", name(), fault->what, fault->place));
  const auto out = rates(id_);
  op.stage(state.real(id_), {.previous = 1.0, .value = 0.0, .rate = 1.0}, out, *work.threads);
  drive(op, scratch.middle, 1.0, out, *work.threads);
  if (added_) {
    const auto rate = state.real(added_->rate);
    op.for_free_rows(*work.threads, [&](std::size_t begin, std::size_t end) {
      for (std::size_t site = begin; site < end; ++site) out[site] += added_->factor * rate[site];
    });
  }
  for (int axis = 0; axis < op.dimensions(); ++axis)
    for (int side = 0; side < 2; ++side) {
      if (!op.holds(axis, side) || !data_.side_depends_on_time(axis, side)) continue;
      const auto slope = data_.side_rate(axis, side, state, time, scratch.factors, *work.threads);
      op.visit_side(axis, side, TransportOperator::Plane::held,
                    [&](std::size_t position, std::size_t site, double) { out[site] += slope[position]; });
    }
  ++work.counters.rate_evaluations;
}

std::vector<GridTransport::DataSlope> GridTransport::data_slopes(const State& state, double time,
                                                                 const Layout& layout,
                                                                 Workspace& work) const {
  TransportScratch& scratch = this->scratch(state, work);
  const TransportOperator& op = *scratch.op;
  ThreadPool& threads = *work.threads;
  std::vector<DataSlope> list;
  const auto add = [&](std::size_t site, FieldId field, int component, std::size_t column, double value) {
    if (value != 0.0) list.push_back({site, field, component, column, value});
  };
  for (const TransportData::Slope& slope : data_.slopes(state, time, scratch.factors, threads)) {
    if (!layout.contains(slope.by.field)) continue;
    if (slope.source) {
      for_free_sites(op, [&](std::size_t site) {
        add(site, slope.by.field, slope.by.component, slope.by.site(site), slope.by.value[site]);
      });
      continue;
    }
    if (op.holds(slope.axis, slope.side)) continue;  // see held_slopes
    for (const auto& [site, face, weight] : face_weights(op, slope.axis, slope.side, threads))
      add(site, slope.by.field, slope.by.component, slope.by.site(face), weight * slope.by.value[face]);
  }
  if (added_ && layout.contains(added_->rate))
    for_free_sites(op, [&](std::size_t site) { add(site, added_->rate, 0, site, added_->factor); });
  return list;
}

void GridTransport::held_slopes(const State& state, double time, Workspace& work,
                                SparseBuilder& entries) const {
  const Layout& layout = entries.layout();
  if (data_.reads().empty() || !layout.contains(id_)) return;
  TransportScratch& scratch = this->scratch(state, work);
  const auto slopes = data_.slopes(state, time, scratch.factors, *work.threads);
  for (int axis = 0; axis < grid_->dimensions(); ++axis)
    for (int side = 0; side < 2; ++side) {
      if (!scratch.op->holds(axis, side)) continue;
      scratch.op->visit_side(
          axis, side, TransportOperator::Plane::held, [&](std::size_t face, std::size_t site, double) {
            for (const TransportData::Slope& slope : slopes)
              if (!slope.source && slope.axis == axis && slope.side == side &&
                  layout.contains(slope.by.field))
                entries.add(layout.offset(id_) + site,
                            layout.offset(slope.by.field, slope.by.component) + slope.by.site(face),
                            slope.by.value[face]);
          });
    }
}

void GridTransport::jvp(const State& state, double time, const Vector& du, Workspace& work,
                        Vector& out) const {
  if (!out.layout().contains(id_)) return;
  const auto row = out(id_);
  scratch(state, work).op->stage(du(id_), {.previous = 1.0, .value = 0.0, .rate = 1.0}, row, *work.threads);
  for (const DataSlope& slope : data_slopes(state, time, du.layout(), work))
    row[slope.site] += slope.value * du(slope.field, slope.component)[slope.column];
}

void GridTransport::vjp(const State& state, double time, const Vector& w, Workspace& work,
                        Vector& out) const {
  if (!out.layout().contains(id_)) return;
  scratch(state, work).op->add_transpose(w(id_), out(id_), *work.threads);
  for (const DataSlope& slope : data_slopes(state, time, w.layout(), work))
    out(slope.field, slope.component)[slope.column] += slope.value * w(id_)[slope.site];
}

void GridTransport::jacobian(const State& state, double time, Workspace& work, SparseBuilder& entries) const {
  const Layout& layout = entries.layout();
  if (!layout.contains(id_)) return;
  const TransportOperator& op = *scratch(state, work).op;
  const std::size_t offset = layout.offset(id_);
  for (std::size_t site = 0; site < op.sites(); ++site)
    for (const Entry& entry : op.row(site)) entries.add(offset + site, offset + entry.site, entry.value);
  for (const DataSlope& slope : data_slopes(state, time, layout, work))
    entries.add(offset + slope.site, layout.offset(slope.field, slope.component) + slope.column, slope.value);
  ++work.counters.jacobian_evaluations;
}

}  // namespace holon::transport
