#include "holon/engine/way_back.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/site_contents.hpp"

#include <cmath>
#include <utility>

namespace holon {

namespace {

constexpr std::size_t grain = 4096;

Unit measure_unit(const Space& space) {
  Dimension measure;
  for (int a = 0; a < space.measure_power(); ++a) measure = measure * space.length_dimension();
  return Unit::coherent(measure);
}

template <class Term>
double ordered_sum(std::size_t sites, ThreadPool& threads, Term&& term) {
  return threads.sum(sites, grain, [&](std::size_t begin, std::size_t end) {
    CompensatedSum sum;
    for (std::size_t site = begin; site < end; ++site) sum.add(term(site));
    return sum.value();
  });
}

}  // namespace

Unit unit_at_site(const FieldTable& fields, const WayBack& way) {
  const Field& of = fields[way.of];
  const Space& here = *fields[way.field].space;
  Unit unit = of.unit;
  const int held = of.kind == FieldKind::amount ? 0 : of.space->measure_power();
  // Written shorter where the measures cancel.
  if (held == here.measure_power() && of.space->length_dimension() == here.length_dimension()) return unit;
  if (held > 0 && !of.space->length_dimension().dimensionless())
    unit = unit.text() == "1" ? measure_unit(*of.space) : unit * measure_unit(*of.space);
  if (here.measure_power() > 0 && !here.length_dimension().dimensionless()) unit = unit / measure_unit(here);
  return unit;
}

std::span<const double> brought_back(const State& state, const WayBack& way, std::span<const double> amounts,
                                     WayBackScratch& scratch, ThreadPool& threads) {
  const LinearMap& map = way.geometry->map(state, scratch.kept, threads);
  require(amounts.size() == map.to_sites(), "one amount for each site where a process contributes");
  scratch.column.resize(map.from_sites());
  map.apply_adjoint(amounts, scratch.column, threads);
  const auto measure = map.from_measures();
  if (state.fields()[way.of].kind == FieldKind::amount)
    for (std::size_t site = 0; site < measure.size(); ++site) scratch.column[site] *= measure[site];
  if (const SiteContents contents(state, way.of); contents.has_capacity())
    for (std::size_t site = 0; site < measure.size(); ++site) scratch.column[site] /= contents.capacity(site);
  return scratch.column;
}

std::vector<double> transposed(const State& state, const WayBack& way, std::span<const double> weights,
                               WayBackScratch& scratch, ThreadPool& threads) {
  const LinearMap& map = way.geometry->map(state, scratch.kept, threads);
  const auto here = map.to_measures(), there = map.from_measures();
  scratch.column.assign(weights.begin(), weights.end());
  if (const SiteContents contents(state, way.of); contents.has_capacity())
    for (std::size_t site = 0; site < there.size(); ++site) scratch.column[site] /= contents.capacity(site);
  if (state.fields()[way.of].kind != FieldKind::amount)
    for (std::size_t site = 0; site < there.size(); ++site)
      scratch.column[site] = there[site] > 0.0 ? scratch.column[site] / there[site] : 0.0;
  std::vector<double> result(here.size());
  map.apply(scratch.column, result, threads);
  for (std::size_t site = 0; site < here.size(); ++site) result[site] *= here[site];
  return result;
}

std::vector<LinearMap::Entry> back_entries(const State& state, const WayBack& way, WayBackScratch& scratch,
                                           ThreadPool& threads) {
  const LinearMap& map = way.geometry->map(state, scratch.kept, threads);
  const auto here = map.to_measures(), there = map.from_measures();
  const bool per_site = state.fields()[way.of].kind == FieldKind::amount;
  const SiteContents contents(state, way.of);
  std::vector<LinearMap::Entry> entries = map.entries();
  for (LinearMap::Entry& entry : entries) {
    const std::size_t from = entry.column;
    const double room = per_site ? 1.0 : there[from] > 0.0 ? there[from] : HUGE_VAL;
    entry = {from, entry.row, entry.weight * here[entry.row] / (room * contents.capacity(from))};
  }
  return entries;
}

double add_to_field(State& state, FieldId field, std::span<const double> amounts, SiteRange sites) {
  const std::span<double> values = state.receiving(field);
  const Field& described = state.fields()[field];
  if (described.conserved.empty()) {
    for (std::size_t site = sites.begin; site < sites.end; ++site) values[site] += amounts[site];
    return 0.0;
  }
  const SiteContents contents(state, field);
  CompensatedSum rounding;
  for (std::size_t site = sites.begin; site < sites.end; ++site) {
    const double before = values[site];
    values[site] += amounts[site];
    rounding.add((values[site] - before - amounts[site]) * contents(site));
  }
  return rounding.value();
}

Crossing bring_back(State& state, const WayBack& way, std::span<const double> amounts,
                    WayBackScratch& scratch, ThreadPool& threads) {
  const std::span<const double> brought = brought_back(state, way, amounts, scratch, threads);
  Crossing crossing;
  crossing.rounding = add_to_field(state, way.of, brought, {0, brought.size()});
  const LinearMap& map = way.geometry->map(state, scratch.kept, threads);
  const auto here = map.to_measures(), there = map.from_measures();
  const bool per_site = state.fields()[way.of].kind == FieldKind::amount;
  const SiteContents contents(state, way.of);
  crossing.left = ordered_sum(amounts.size(), threads, [&](std::size_t s) { return amounts[s] * here[s]; });
  crossing.moved =
      ordered_sum(amounts.size(), threads, [&](std::size_t s) { return std::abs(amounts[s]) * here[s]; });
  crossing.arrived = ordered_sum(brought.size(), threads, [&](std::size_t s) {
    return contents.capacity(s) * (per_site ? brought[s] : brought[s] * there[s]);
  });
  return crossing;
}

}  // namespace holon
