#include "holon/transport/transport_data.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/coupling_line.hpp"

#include <cmath>

#include <fmt/format.h>

namespace holon::transport {

std::optional<std::string> UniformCoefficient::obstacle(const Coefficient& coefficient) {
  if (coefficient.values_per_site() != nullptr || coefficient.depends_on("position.*"))
    return "varies from place to place";
  if (coefficient.depends_on("time")) return "depends on time";
  if (coefficient.depends_on("field:*")) return "depends on a field";
  return std::nullopt;
}

namespace {

bool is_side(const Space& space, const StructuredSpace& grid, int axis, int side) {
  const auto* trace = dynamic_cast<const TraceSpace*>(&space);
  return trace != nullptr && trace->grid().get() == &grid && trace->axis() == axis && trace->side() == side;
}

}  // namespace

std::optional<std::string> datum_obstacle(const Coefficient& coefficient, const FieldTable& fields,
                                          const StructuredSpace& grid, int axis, int side) {
  for (const FieldId id : fields_of(coefficient, fields)) {
    const Space& space = *fields[id].space;
    if (!space.single() && !is_side(space, grid, axis, side))
      return fmt::format("this depends on '{}', which lives on '{}'", fields[id].name, space.name());
  }
  if (coefficient.values_per_site() != nullptr) return "values per site belong to the grid, not to a side";
  return std::nullopt;
}

std::optional<std::string> source_obstacle(const Coefficient& source, const FieldTable& fields,
                                           const StructuredSpace& grid) {
  for (const FieldId id : fields_of(source, fields)) {
    const Space& space = *fields[id].space;
    if (&space != &grid && !space.single())
      return fmt::format("this depends on '{}', which lives on '{}'; it takes {}", fields[id].name,
                         space.name(), coupling_line(fields[id], grid));
  }
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

TransportData::TransportData(std::shared_ptr<const StructuredSpace> grid,
                             std::shared_ptr<const FieldTable> fields, const ParameterTable& parameters,
                             const expr::KernelOptions& options)
    : grid_(std::move(grid)), fields_(std::move(fields)), parameters_(&parameters), options_(options) {}

void TransportData::add_side(int axis, int side, const std::string& name, const Coefficient& datum) {
  // A side has few sites: compiling for them would cost more than it saves.
  expr::KernelOptions options = options_;
  options.tier = expr::Tier::interpreter;
  Side made;
  made.plane =
      std::make_shared<TraceSpace>(grid_->name() + "." + grid_->side_name(axis, side), grid_, axis, side);
  for (const FieldId id : fields_of(datum, *fields_)) {
    reads_.push_back(id);
    // Columns are those of the space on which the field lives: the side that the model has named.
    const Space& space = *(*fields_)[id].space;
    if (is_side(space, *grid_, axis, side))
      made.plane = std::dynamic_pointer_cast<const TraceSpace>((*fields_)[id].space);
  }
  made.value = CoefficientKernel(name, datum, made.plane, *fields_, *parameters_, options);
  made.dependence = FieldDependence(name, datum, made.plane, *fields_, *parameters_, options);
  if (made.value.depends_on_time()) {
    time_ = true;
    made.rate = CoefficientKernel(name + " rate", Coefficient::equation([datum](expr::Graph& graph) {
                                    return expr::derivative(graph, datum.lower(graph), graph.symbol("time"));
                                  }),
                                  made.plane, *fields_, *parameters_, options);
  }
  sides_[static_cast<std::size_t>(axis)][static_cast<std::size_t>(side)] = std::move(made);
}

void TransportData::add_source(const std::string& name, const Coefficient& source) {
  source_.emplace(name, source, grid_, *fields_, *parameters_, options_);
  source_dependence_ = FieldDependence(name, source, grid_, *fields_, *parameters_, options_);
  for (const FieldId id : fields_of(source, *fields_)) reads_.push_back(id);
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

std::optional<DataFault> TransportData::evaluate(const State& state, const Inputs* inputs, double time,
                                                 const Factors& factors, Sign sign, ThreadPool& threads,
                                                 TransportColumns& columns) const {
  if (columns.time && (*columns.time == time || !time_) && reads_.empty()) return std::nullopt;
  columns.time = time;
  for (int axis = 0; axis < 3; ++axis)
    for (int side = 0; side < 2; ++side) {
      const auto a = static_cast<std::size_t>(axis), s = static_cast<std::size_t>(side);
      if (!sides_[a][s]) continue;
      std::vector<double>& column = columns.sides.side[a][s];
      column.resize(sides_[a][s]->plane->sites());
      sides_[a][s]->value.evaluate(state, time, column, threads, inputs);
      if (auto fault = scale_and_check(column, factors.side[a][s], sign, *sides_[a][s]->plane,
                                       "the datum of side " + grid_->side_name(axis, side))) {
        columns.time.reset();
        return fault;
      }
    }
  if (source_) {
    columns.source.resize(grid_->sites());
    source_->evaluate(state, time, columns.source, threads, inputs);
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

std::vector<TransportData::Slope> TransportData::slopes(const State& state, double time,
                                                        const Factors& factors, ThreadPool& threads) const {
  std::vector<Slope> slopes;
  for (int axis = 0; axis < 3; ++axis)
    for (int side = 0; side < 2; ++side) {
      const auto a = static_cast<std::size_t>(axis), s = static_cast<std::size_t>(side);
      if (!sides_[a][s]) continue;
      for (FieldDependence::Slope& by : sides_[a][s]->dependence.slopes(state, time, threads)) {
        for (double& value : by.value) value *= factors.side[a][s];
        slopes.push_back({axis, side, false, std::move(by)});
      }
    }
  for (FieldDependence::Slope& by : source_dependence_.slopes(state, time, threads)) {
    for (std::size_t site = 0; site < by.value.size(); ++site)
      by.value[site] *= factors.source * (factors.source_by_site ? (*factors.source_by_site)[site] : 1.0);
    slopes.push_back({0, 0, true, std::move(by)});
  }
  return slopes;
}

}  // namespace holon::transport
