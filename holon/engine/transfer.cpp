#include "holon/engine/transfer.hpp"

#include "holon/base/error.hpp"

#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace holon {

struct Transfer::TransferScratch final : Scratch {
  std::vector<std::unique_ptr<CouplingGeometry::Kept>> kept;
  std::vector<double> column, values;
};

Transfer::Transfer(std::string name, const FieldTable& fields, FieldId to, std::vector<Source> sources,
                   std::optional<Given> given, std::vector<std::string> description, Carries carries)
    : Process(std::move(name)),
      fields_(&fields),
      to_(to),
      sources_(std::move(sources)),
      given_(given),
      carries_(carries),
      description_(std::move(description)) {
  require(!sources_.empty(), "a coupling carries something");
  require(!given_ || (sources_.size() == 1 &&
                      dynamic_cast<const PointGeometry*>(sources_.front().geometry.get()) != nullptr),
          "points that sense what they give off sense one field");
}

Ports Transfer::ports() const {
  const auto port = [&](Port::Role role, FieldId id) {
    const Field& field = (*fields_)[id];
    return Port{role, id, field.kind, field.unit};
  };
  Ports ports{port(Port::Role::determine, to_)};
  for (const FieldId id : determined_from()) ports.push_back(port(Port::Role::read, id));
  return ports;
}

std::vector<FieldId> Transfer::determined_from() const {
  std::vector<FieldId> fields;
  for (const Source& source : sources_) {
    fields.push_back(source.from);
    for (const FieldId id : source.geometry->reads()) fields.push_back(id);
  }
  if (given_) fields.push_back(given_->rate);
  return fields;
}

Outcome Transfer::advance(State&, const Interval& interval, const Inputs&, Workspace&) const {
  return {Outcome::Why::done, interval.end, std::numeric_limits<double>::infinity(), {}};
}

Transfer::TransferScratch& Transfer::scratch(Workspace& work) const {
  auto* scratch = dynamic_cast<TransferScratch*>(work.scratch.get());
  if (scratch == nullptr) {
    auto made = std::make_unique<TransferScratch>();
    made->kept.resize(sources_.size());
    scratch = made.get();
    work.scratch = std::move(made);
  }
  return *scratch;
}

void Transfer::determine(State& state, double, Workspace& work) const {
  values(state, work, state.real(to_));
}

void Transfer::values(const State& state, Workspace& work, std::span<double> to) const {
  TransferScratch& scratch = this->scratch(work);
  ThreadPool& threads = *work.threads;
  for (std::size_t s = 0; s < sources_.size(); ++s) {
    const Source& source = sources_[s];
    const auto from = state.real(source.from);
    try {
      const LinearMap& map = source.geometry->map(state, scratch.kept[s], threads);
      if (s == 0 && source.factor == 1.0) {
        map.apply(from, to, threads);
      } else {
        std::span<double> out = to;
        if (s > 0) {
          scratch.column.resize(to.size());
          out = scratch.column;
        }
        map.apply(from, out, threads);
        const double factor = source.factor;
        threads.for_range(to.size(), 16384, [&](std::size_t begin, std::size_t end) {
          for (std::size_t site = begin; site < end; ++site)
            to[site] = s == 0 ? factor * to[site] : to[site] + factor * out[site];
        });
      }
      if (given_) {
        const auto& points = static_cast<const PointGeometry&>(*source.geometry);
        const auto known = points.at(state, scratch.kept[s], threads);
        known.responses->add(state.real(given_->rate), given_->factor, to, threads);
      }
    } catch (const NumericalFailure& failure) {
      throw NumericalFailure(fmt::format("coupling '{}': {}", name(), failure.what()));
    }
  }
}

void Transfer::rate(const State& state, double, Workspace& work, Vector& rates) const {
  if (!rates.layout().contains(to_)) return;
  const auto is = state.real(to_);
  std::vector<double>& should = scratch(work).values;
  should.resize(is.size());
  values(state, work, should);
  const auto row = rates(to_);
  for (std::size_t site = 0; site < row.size(); ++site) row[site] += should[site] - is[site];
}

template <class Visit>
void Transfer::each_slope(const State& state, const Layout& layout, Workspace& work, Visit visit) const {
  if (!layout.contains(to_)) return;
  TransferScratch& scratch = this->scratch(work);
  for (std::size_t site = 0; site < layout.sites(to_); ++site) visit(site, to_, site, -1.0);
  for (std::size_t s = 0; s < sources_.size(); ++s) {
    const Source& source = sources_[s];
    for (const FieldId id : source.geometry->reads())
      if (layout.contains(id))
        throw Refused(
            fmt::format("coupling '{}' follows '{}', which moves with the unknowns: how its map "
                        "changes is not part of the derivatives",
                        name(), (*fields_)[id].name));
    const LinearMap& map = source.geometry->map(state, scratch.kept[s], *work.threads);
    if (layout.contains(source.from))
      for (const LinearMap::Entry& entry : map.entries())
        visit(entry.row, source.from, entry.column, source.factor * entry.weight);
    if (given_ && layout.contains(given_->rate)) {
      const auto& points = static_cast<const PointGeometry&>(*source.geometry);
      const auto known = points.at(state, scratch.kept[s], *work.threads);
      known.responses->each([&](std::size_t point, std::size_t other, double response) {
        visit(point, given_->rate, other, given_->factor * response);
      });
    }
  }
}

void Transfer::jvp(const State& state, double, const Vector& du, Workspace& work, Vector& out) const {
  each_slope(state, out.layout(), work,
             [&](std::size_t row, FieldId field, std::size_t column, double value) {
               out(to_)[row] += value * du(field)[column];
             });
}

void Transfer::vjp(const State& state, double, const Vector& w, Workspace& work, Vector& out) const {
  each_slope(state, out.layout(), work,
             [&](std::size_t row, FieldId field, std::size_t column, double value) {
               out(field)[column] += value * w(to_)[row];
             });
}

void Transfer::jacobian(const State& state, double, Workspace& work, SparseBuilder& entries) const {
  const Layout& layout = entries.layout();
  each_slope(state, layout, work, [&](std::size_t row, FieldId field, std::size_t column, double value) {
    entries.add(layout.offset(to_) + row, layout.offset(field) + column, value);
  });
}

std::optional<Crossing> Transfer::carries(const State& state, ThreadPool& threads) const {
  if (carries_ == Carries::values) return std::nullopt;
  const auto sum = [&](FieldId id, double (*shape)(double)) {
    const Space& space = *(*fields_)[id].space;
    const auto values = state.real(id);
    return threads.sum(values.size(), 4096, [&](std::size_t begin, std::size_t end) {
      CompensatedSum total;
      for (std::size_t site = begin; site < end; ++site) total.add(shape(values[site]) * space.measure(site));
      return total.value();
    });
  };
  const auto itself = [](double x) { return x; };
  const auto absolute = [](double x) { return std::abs(x); };
  Crossing crossing;
  for (const Source& source : sources_) {
    crossing.left += source.factor * sum(source.from, itself);
    crossing.moved += std::abs(source.factor) * sum(source.from, absolute);
  }
  crossing.arrived = sum(to_, itself);
  return crossing;
}

}  // namespace holon
