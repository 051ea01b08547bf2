#include "holon/engine/transfer.hpp"

#include "holon/base/error.hpp"

#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace holon {

struct Transfer::TransferScratch final : Scratch {
  std::vector<std::unique_ptr<CouplingGeometry::Kept>> kept;
  std::vector<double> column;
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

void Transfer::determine(State& state, double, Workspace& work) const {
  auto* scratch = dynamic_cast<TransferScratch*>(work.scratch.get());
  if (scratch == nullptr) {
    auto made = std::make_unique<TransferScratch>();
    made->kept.resize(sources_.size());
    scratch = made.get();
    work.scratch = std::move(made);
  }
  ThreadPool& threads = *work.threads;
  const std::span<double> to = state.real(to_);
  for (std::size_t s = 0; s < sources_.size(); ++s) {
    const Source& source = sources_[s];
    const auto from = std::as_const(state).real(source.from);
    try {
      const LinearMap& map = source.geometry->map(state, scratch->kept[s], threads);
      if (s == 0 && source.factor == 1.0) {
        map.apply(from, to, threads);
      } else {
        std::span<double> out = to;
        if (s > 0) {
          scratch->column.resize(to.size());
          out = scratch->column;
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
        const auto known = points.at(state, scratch->kept[s], threads);
        known.responses->add(std::as_const(state).real(given_->rate), given_->factor, to, threads);
      }
    } catch (const NumericalFailure& failure) {
      throw NumericalFailure(fmt::format("coupling '{}': {}", name(), failure.what()));
    }
  }
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
