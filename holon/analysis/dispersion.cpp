#include "holon/analysis/dispersion.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include <Eigen/Dense>
#include <fmt/format.h>

namespace holon::analysis {

namespace {

/// The grid whose axis the cells lie along: the one with most sites.
const GridSpace& grid_of(const System& system, int axis) {
  const GridSpace* found = nullptr;
  for (const FieldId id : system.layout().fields())
    if (const auto* grid = dynamic_cast<const GridSpace*>((*system.model().fields)[id].space.get());
        grid != nullptr && axis < grid->dimensions() && (found == nullptr || grid->sites() > found->sites()))
      found = grid;
  if (found == nullptr) throw Refused("waves need a field on a grid that has this axis");
  return *found;
}

double place_of(const State& state, const Space& space, std::size_t site, int axis) {
  if (!space.varies()) return space.position(site)[static_cast<std::size_t>(axis)];
  const FieldId position = state.fields().id(space.name() + ".position");
  return state.real(position, axis)[site] * state.fields()[position].unit.factor();
}

}  // namespace

RepeatingCells::RepeatingCells(const System& system, const State& state, int axis, double length)
    : system_(&system) {
  const GridSpace& grid = grid_of(system, axis);
  if (!grid.periodic(axis))
    throw Refused(fmt::format(
        "waves without ends need a periodic axis: grid '{}' has periodic: [] without it", grid.name()));
  const double spacing = grid.axis(axis).spacing, extent = grid.extent(axis), low = grid.low(axis);
  length_ = length > 0.0 ? length : spacing;
  const double cells = extent / length_;
  cells_ = static_cast<std::size_t>(std::llround(cells));
  if (cells_ == 0 || std::abs(cells - static_cast<double>(cells_)) > 1e-9 * cells)
    throw Refused(
        fmt::format("the domain is {:.9g} times the length of a repeating cell, no whole number", cells));
  // Kinds by field, component and place within the cell, to a fine fraction of a spacing.
  using Key = std::tuple<FieldId, int, std::int64_t>;
  std::map<Key, std::size_t> known;
  std::map<Key, std::size_t> count;
  const Layout& layout = system.layout();
  kind_.resize(layout.size());
  cell_.resize(layout.size());
  for (const FieldId id : layout.fields()) {
    const Field& field = (*system.model().fields)[id];
    if (field.space->dimensions() <= axis)
      throw Refused(fmt::format("'{}' has no place along the axis, so that it can't repeat", field.name));
    for (int c = 0; c < field.components; ++c)
      for (std::size_t site = 0; site < layout.sites(id); ++site) {
        const std::size_t unknown = layout.offset(id, c) + site;
        const double place = (place_of(state, *field.space, site, axis) - low) / length_;
        double cell = std::floor(place + 1e-9);
        const auto within =
            static_cast<std::int64_t>(std::llround((place - cell) * length_ / spacing * 1024.0));
        cell_[unknown] = static_cast<std::size_t>(cell) % cells_;
        const Key key{id, c, within};
        const auto [found, fresh] = known.try_emplace(key, kinds_.size());
        if (fresh) kinds_.push_back(unknown);
        kind_[unknown] = found->second;
        ++count[key];
      }
  }
  for (const auto& [key, times] : count)
    if (times % cells_ != 0)
      throw Refused(
          fmt::format("'{}' does not repeat along the axis: something stands at a place in one cell and "
                      "not in another",
                      (*system.model().fields)[std::get<0>(key)].name));
}

void RepeatingCells::make_uniform(State& state) const {
  Vector x = system_->unknowns(state);
  std::vector<double> sum(kinds_.size(), 0.0);
  std::vector<double> number(kinds_.size(), 0.0);
  for (std::size_t i = 0; i < kind_.size(); ++i) {
    sum[kind_[i]] += x.values()[i];
    number[kind_[i]] += 1.0;
  }
  for (std::size_t i = 0; i < kind_.size(); ++i) x.values()[i] = sum[kind_[i]] / number[kind_[i]];
  system_->set_unknowns(state, x);
}

RepeatingCells::Linearised RepeatingCells::linearise(const State& state, double time) const {
  Linearised linearised;
  linearised.length_ = length_;
  for (const std::size_t unknown : kinds_) linearised.mass_.push_back(system_->mass()[unknown]);
  const auto n = static_cast<double>(cells_);
  // What acts on each kind of unknown, from which kind and how many cells away; one row of each kind stands
  // for all, so they have to be alike.
  using Row = std::map<std::pair<std::size_t, double>, double>;
  std::vector<Row> rows(system_->size());
  for (const auto& entry : system_->jacobian(state, time).compressed()) {
    double away = static_cast<double>(cell_[entry.column]) - static_cast<double>(cell_[entry.row]);
    away -= n * std::round(away / n);                      // the nearest image
    if (2.0 * std::abs(away) == n) away = std::abs(away);  // of two that are as near, one
    rows[entry.row][{kind_[entry.column], away}] += entry.value;
  }
  constexpr double alike = 1e-7;
  for (std::size_t unknown = 0; unknown < rows.size(); ++unknown) {
    const Row &own = rows[unknown], &standing = rows[kinds_[kind_[unknown]]];
    double size = 0.0;
    for (const auto& [from, value] : standing) size = std::max(size, std::abs(value));
    const auto differs = [&](const Row& one, const Row& other) {
      return std::any_of(one.begin(), one.end(), [&](const auto& entry) {
        const auto found = other.find(entry.first);
        return std::abs(entry.second - (found != other.end() ? found->second : 0.0)) > alike * size;
      });
    };
    if (differs(own, standing) || differs(standing, own))
      throw Refused(
          fmt::format("waves are modes where everything repeats along the axis, and what acts on {} is not "
                      "what acts on {}",
                      system_->unknown_text(unknown), system_->unknown_text(kinds_[kind_[unknown]])));
  }
  for (std::size_t kind = 0; kind < kinds_.size(); ++kind)
    for (const auto& [from, value] : rows[kinds_[kind]])
      linearised.entries_.push_back({kind, from.first, from.second, value});
  return linearised;
}

std::vector<std::complex<double>> RepeatingCells::Linearised::eigenvalues(double q) const {
  const auto n = static_cast<Eigen::Index>(mass_.size());
  Eigen::MatrixXcd j = Eigen::MatrixXcd::Zero(n, n);
  for (const Entry& entry : entries_)
    j(static_cast<Eigen::Index>(entry.row), static_cast<Eigen::Index>(entry.column)) +=
        entry.value * std::polar(1.0, q * entry.cells * length_);
  std::vector<Eigen::Index> rates, residuals;
  for (Eigen::Index i = 0; i < n; ++i)
    (mass_[static_cast<std::size_t>(i)] != 0.0 ? rates : residuals).push_back(i);
  Eigen::MatrixXcd a = j(rates, rates);
  if (!residuals.empty())
    a -=
        j(rates, residuals) *
        Eigen::MatrixXcd(j(residuals, residuals)).partialPivLu().solve(Eigen::MatrixXcd(j(residuals, rates)));
  const Eigen::ComplexEigenSolver<Eigen::MatrixXcd> solver(a, false);
  std::vector<std::complex<double>> values(solver.eigenvalues().begin(), solver.eigenvalues().end());
  std::stable_sort(values.begin(), values.end(),
                   [](const auto& x, const auto& y) { return x.real() > y.real(); });
  return values;
}

FastestWave fastest_wave(const RepeatingCells::Linearised& linearised, double from, double to,
                         std::size_t points) {
  FastestWave best{from, linearised.growth(from)};
  std::size_t at = 0;
  const auto wavenumber = [&](double k) {
    return from + (to - from) * k / static_cast<double>(std::max<std::size_t>(1, points - 1));
  };
  for (std::size_t k = 1; k < points; ++k) {
    const double q = wavenumber(static_cast<double>(k)), growth = linearised.growth(q);
    if (growth > best.growth) {
      best = {q, growth};
      at = k;
    }
  }
  // Golden section between the neighbours of the best point.
  double low = wavenumber(at == 0 ? 0.0 : static_cast<double>(at) - 1.0);
  double high = wavenumber(std::min(static_cast<double>(at) + 1.0, static_cast<double>(points) - 1.0));
  const double ratio = 0.5 * (std::sqrt(5.0) - 1.0);
  double x = high - ratio * (high - low), y = low + ratio * (high - low);
  double fx = linearised.growth(x), fy = linearised.growth(y);
  while (high - low > 1e-9 * std::max(std::abs(low), std::abs(high))) {
    if (fx > fy) {
      high = y;
      y = x;
      fy = fx;
      x = high - ratio * (high - low);
      fx = linearised.growth(x);
    } else {
      low = x;
      x = y;
      fx = fy;
      y = low + ratio * (high - low);
      fy = linearised.growth(y);
    }
  }
  if (std::max(fx, fy) >= best.growth) best = fx > fy ? FastestWave{x, fx} : FastestWave{y, fy};
  return best;
}

}  // namespace holon::analysis
