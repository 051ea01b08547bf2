// From process sections of a model file to transport processes.
#pragma once

#include "holon/modelfile/registry.hpp"
#include "holon/transport/grid_transport.hpp"

#include <memory>
#include <string>
#include <vector>

namespace holon::transport {

std::unique_ptr<modelfile::ProcessRecipe> diffusion_recipe();
/// From a section of type diffusion whose field lives on a product; null where it is wrong, which was
/// reported.
std::unique_ptr<Process> make_micro_diffusion(modelfile::ProcessContext& context);
std::unique_ptr<modelfile::ProcessRecipe> advection_recipe();
std::unique_ptr<modelfile::ProcessRecipe> exchange_recipe();
modelfile::Schema diffusion_schema();
modelfile::Schema advection_schema();
modelfile::Schema exchange_schema();

/// What sides may be told, for the schema of `boundary`: the option's key and its kind.
modelfile::Schema boundary_schema(modelfile::Schema side);
/// Reads the sides of a grid; mistakes go to the section's diagnostics.
Sides read_sides(const modelfile::Section& process, const StructuredSpace& grid);

/// Reports faults of options at the places where they were written; `names` says under which key an option
/// was given
/// ({"diffusivity", "conductivity"}).
void report(const modelfile::Section& process, const std::vector<OptionFault>& faults,
            const std::map<std::string, std::string>& names);

}  // namespace holon::transport
