#include "holon/engine/field_dependence.hpp"

#include <fmt/format.h>

namespace holon {

std::vector<FieldId> fields_of(const Coefficient& coefficient, const FieldTable& fields) {
  std::vector<FieldId> list;
  if (!coefficient.depends_on("field:*")) return list;
  for (FieldId id = 0; id < fields.size(); ++id) {
    const std::string symbol = "field:" + fields[id].name;
    if (coefficient.depends_on(symbol) || coefficient.depends_on(symbol + "[*")) list.push_back(id);
  }
  return list;
}

FieldDependence::FieldDependence(const std::string& name, const Coefficient& coefficient,
                                 std::shared_ptr<const Space> space, const FieldTable& fields,
                                 const ParameterTable& parameters, const expr::KernelOptions& options)
    : space_(std::move(space)) {
  for (const FieldId id : fields_of(coefficient, fields)) {
    const Field& field = fields[id];
    for (int c = 0; c < field.components; ++c) {
      const std::string symbol =
          field.components == 1 ? "field:" + field.name : fmt::format("field:{}[{}]", field.name, c);
      if (!coefficient.depends_on(symbol)) continue;
      const auto slope = Coefficient::equation([coefficient, symbol](expr::Graph& graph) {
        return expr::derivative(graph, coefficient.lower(graph), graph.symbol(symbol));
      });
      columns_.push_back({id, c, field.space != space_ && field.space->single(),
                          CoefficientKernel(fmt::format("{} by {}", name, field.name), slope, space_, fields,
                                            parameters, options)});
    }
  }
}

std::vector<FieldDependence::Slope> FieldDependence::slopes(const State& state, double time,
                                                            ThreadPool& threads) const {
  std::vector<Slope> slopes;
  for (const Column& column : columns_) {
    Slope slope{column.field, column.component, column.single, std::vector<double>(state.sites(*space_))};
    column.slope.evaluate(state, time, slope.value, threads);
    slopes.push_back(std::move(slope));
  }
  return slopes;
}

}  // namespace holon
