#include "holon/transport/transport_data.hpp"

#include "holon/base/error.hpp"

#include <cmath>

#include <fmt/format.h>

namespace holon::transport {

std::string side_name(int axis, int side) {
  return fmt::format("{}_{}", "xyz"[axis], side == 0 ? "min" : "max");
}

SidePlane::SidePlane(std::shared_ptr<const GridSpace> grid, int axis, int side)
    : Space(grid->name() + "." + side_name(axis, side), grid->length_dimension()),
      grid_(std::move(grid)),
      axis_(axis),
      side_(side),
      sites_(grid_->sites() / grid_->count(axis)) {}

std::size_t SidePlane::grid_site(std::size_t site) const {
  const int low = axis_ == 0 ? 1 : 0;
  std::array<std::size_t, 3> index{};
  index[static_cast<std::size_t>(axis_)] = side_ == 0 ? 0 : grid_->count(axis_) - 1;
  index[static_cast<std::size_t>(low)] = site % grid_->count(low);
  index[static_cast<std::size_t>(3 - axis_ - low)] = site / grid_->count(low);
  return grid_->index(index[0], index[1], index[2]);
}

Position SidePlane::position(std::size_t site) const {
  Position place = grid_->position(grid_site(site));
  place[static_cast<std::size_t>(axis_)] =
      grid_->axis(axis_).origin + (side_ == 0 ? 0.0 : grid_->extent(axis_));
  return place;
}

std::string SidePlane::site_text(std::size_t site) const {
  return fmt::format("side {} of {}", side_name(axis_, side_), grid_->site_text(grid_site(site)));
}

std::optional<std::string> UniformCoefficient::obstacle(const Coefficient& coefficient) {
  if (coefficient.values_per_site() != nullptr || coefficient.depends_on("position.*"))
    return "varies from place to place";
  if (coefficient.depends_on("time")) return "depends on time";
  if (coefficient.depends_on("field:*")) return "depends on a field";
  return std::nullopt;
}

std::optional<std::string> datum_obstacle(const Coefficient& coefficient) {
  if (coefficient.depends_on("field:*")) return "this depends on a field";
  if (coefficient.values_per_site() != nullptr) return "values per site belong to the grid, not to a side";
  return std::nullopt;
}

double UniformCoefficient::value(const State& state) const {
  if (const auto constant = coefficient_.constant()) return *constant;
  expr::Graph graph;
  const expr::Node node = coefficient_.lower(graph);
  const auto value_of = [&state](std::string_view symbol) -> long double {
    require(symbol.starts_with("parameter:"), "a uniform coefficient depends on parameters alone");
    return state.parameter(state.parameter_table().id(symbol.substr(10)));
  };
  return static_cast<double>(expr::evaluate(graph, std::span(&node, 1), value_of).front());
}

TransportData::TransportData(std::shared_ptr<const GridSpace> grid, const ParameterTable& parameters,
                             const expr::KernelOptions& options)
    : grid_(std::move(grid)), parameters_(&parameters), options_(options) {}

void TransportData::add_side(int axis, int side, const std::string& name, const Coefficient& datum) {
  // A side has few sites: compiling for them would cost more than it saves.
  expr::KernelOptions options = options_;
  options.tier = expr::Tier::interpreter;
  Side made;
  made.plane = std::make_shared<SidePlane>(grid_, axis, side);
  made.value = CoefficientKernel(name, datum, made.plane, FieldTable{}, *parameters_, options);
  if (made.value.depends_on_time()) {
    time_ = true;
    made.rate = CoefficientKernel(name + " rate", Coefficient::equation([datum](expr::Graph& graph) {
                                    return expr::derivative(graph, datum.lower(graph), graph.symbol("time"));
                                  }),
                                  made.plane, FieldTable{}, *parameters_, options);
  }
  sides_[static_cast<std::size_t>(axis)][static_cast<std::size_t>(side)] = std::move(made);
}

void TransportData::add_source(const std::string& name, const Coefficient& source) {
  source_.emplace(name, source, grid_, FieldTable{}, *parameters_, options_);
  time_ = time_ || source_->depends_on_time();
}

bool TransportData::has_side(int axis, int side) const {
  return sides_[static_cast<std::size_t>(axis)][static_cast<std::size_t>(side)].has_value();
}

bool TransportData::side_depends_on_time(int axis, int side) const {
  return has_side(axis, side) &&
         sides_[static_cast<std::size_t>(axis)][static_cast<std::size_t>(side)]->value.depends_on_time();
}

bool TransportData::empty() const {
  for (const auto& axis : sides_)
    for (const auto& side : axis)
      if (side) return false;
  return !source_;
}

namespace {

std::optional<DataFault> scale_and_check(std::vector<double>& values, double factor, TransportData::Sign sign,
                                         const Space& space, const std::string& what) {
  for (std::size_t site = 0; site < values.size(); ++site) {
    values[site] *= factor;
    if (!std::isfinite(values[site]))
      return DataFault{fmt::format("{} is {}", what, values[site]), space.site_text(site)};
    if (sign == TransportData::Sign::not_negative && values[site] < 0.0)
      return DataFault{
          fmt::format("{} is negative ({:g}), which can't keep a field positive", what, values[site]),
          space.site_text(site)};
  }
  return std::nullopt;
}

}  // namespace

std::optional<DataFault> TransportData::evaluate(const State& state, double time, const Factors& factors,
                                                 Sign sign, ThreadPool& threads,
                                                 TransportColumns& columns) const {
  if (columns.time && (*columns.time == time || !time_)) return std::nullopt;
  columns.time = time;
  for (int axis = 0; axis < 3; ++axis)
    for (int side = 0; side < 2; ++side) {
      const auto a = static_cast<std::size_t>(axis), s = static_cast<std::size_t>(side);
      if (!sides_[a][s]) continue;
      std::vector<double>& column = columns.sides.side[a][s];
      column.resize(sides_[a][s]->plane->sites());
      sides_[a][s]->value.evaluate(state, time, column, threads);
      if (auto fault = scale_and_check(column, factors.side[a][s], sign, *sides_[a][s]->plane,
                                       "the datum of side " + side_name(axis, side))) {
        columns.time.reset();
        return fault;
      }
    }
  if (source_) {
    columns.source.resize(grid_->sites());
    source_->evaluate(state, time, columns.source, threads);
    if (auto fault = scale_and_check(columns.source, factors.source, sign, *grid_, "the source")) {
      columns.time.reset();
      return fault;
    }
    if (factors.source_by_site != nullptr)
      for (std::size_t site = 0; site < columns.source.size(); ++site)
        columns.source[site] *= (*factors.source_by_site)[site];
  }
  return std::nullopt;
}

std::vector<double> TransportData::side_rate(int axis, int side, const State& state, double time,
                                             const Factors& factors, ThreadPool& threads) const {
  const auto a = static_cast<std::size_t>(axis), s = static_cast<std::size_t>(side);
  std::vector<double> column(sides_[a][s]->plane->sites(), 0.0);
  if (!side_depends_on_time(axis, side)) return column;
  sides_[a][s]->rate.evaluate(state, time, column, threads);
  for (double& value : column) value *= factors.side[a][s];
  return column;
}

}  // namespace holon::transport
