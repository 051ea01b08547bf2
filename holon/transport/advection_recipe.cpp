// The process type `advection` in model files.
#include "holon/modelfile/loader.hpp"
#include "holon/transport/advection.hpp"
#include "holon/transport/transport_recipe.hpp"

namespace holon::transport {

using modelfile::Option;
using modelfile::ProcessContext;
using modelfile::Schema;
using modelfile::Section;

namespace {

class AdvectionRecipe final : public modelfile::ProcessRecipe {
 public:
  void declare(ProcessContext&) override {}
  std::unique_ptr<Process> make(ProcessContext& context) override {
    Section& section = context.section;
    AdvectionOptions options;
    options.field = section.field("field");
    const Field& field = (*context.model.fields)[options.field];
    section.set_dimension("field", field.unit.dimension());
    options.velocity = section.coefficients("velocity");
    if (const auto* grid = dynamic_cast<const GridSpace*>(field.space.get()))
      options.sides = read_sides(section, *grid);
    const auto faults = Advection::faults(options, field, *context.model.fields);
    report(section, faults, {});
    if (!faults.empty() || section.loader().has_errors()) return nullptr;
    return std::make_unique<Advection>(context.name, context.model, std::move(options));
  }
};

}  // namespace

std::unique_ptr<modelfile::ProcessRecipe> advection_recipe() { return std::make_unique<AdvectionRecipe>(); }

Schema advection_schema() {
  Schema schema("advection", "Transport of a field by a flow on a grid.");
  schema.add("field", Option::Type::field, "The field that is carried: real, on a space of type grid.");
  Option velocity;
  velocity.type = Option::Type::coefficient;
  velocity.dimension = "length/time";
  Option& list = schema.list("velocity", velocity,
                             "One component per axis: numbers and parameters, the same everywhere.");
  list.least = 1;
  list.most = 3;
  Schema side("side", "What the flow carries in where it enters; where it leaves nothing is needed.");
  side.coefficient("dirichlet", "field", "The value carried in.");
  schema
      .section("boundary", boundary_schema(side),
               "Sides through which the flow enters; periodic axes have none.")
      .make_optional();
  return schema;
}

}  // namespace holon::transport
