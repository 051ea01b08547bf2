// What `diffusion` does on a product space: inside the micro space at every macro site.
#include "holon/modelfile/loader.hpp"
#include "holon/transport/micro_diffusion.hpp"
#include "holon/transport/transport_recipe.hpp"

#include <fmt/format.h>

namespace holon::transport {

std::unique_ptr<Process> make_micro_diffusion(modelfile::ProcessContext& context) {
  modelfile::Section& section = context.section;
  MicroDiffusionOptions options;
  options.field = section.field("field");
  const Field& field = (*context.model.fields)[options.field];
  section.set_dimension("field", field.unit.dimension());
  for (const char* key : {"where", "conductivity", "capacity"})
    if (section.has(key)) {
      section.error(key, fmt::format("'{}' means nothing in a micro space", key), "", "leave it out");
      return nullptr;
    }
  const std::string integrator = section.text("integrator");
  if (integrator != "auto" && integrator != "backward_euler") {
    section.error(
        "integrator", "'" + integrator + "' does not work in micro spaces",
        "backward_euler; for a field at rest say {steady: {do: " + context.name + "}} in the schedule");
    return nullptr;
  }
  const auto diffusivity = section.coefficients("diffusivity");
  if (diffusivity.size() != 1) {
    section.error("diffusivity", "the micro space has one axis", "one number");
    return nullptr;
  }
  options.diffusivity = diffusivity.front();
  options.decay = section.coefficient("decay");
  options.source = section.coefficient("source");
  const auto& product = dynamic_cast<const ProductSpace&>(*field.space);
  if (const auto* micro = dynamic_cast<const StructuredSpace*>(&product.micro()))
    options.sides = read_sides(section, *micro)[0];
  for (const TraceField& trace : context.model.traces)
    if (trace.of == options.field) options.traces.push_back(trace);
  const auto faults = MicroDiffusion::faults(options, context.model);
  report(section, faults, {});
  if (!faults.empty() || section.loader().has_errors()) return nullptr;
  return std::make_unique<MicroDiffusion>(context.name, context.model, std::move(options));
}

}  // namespace holon::transport
