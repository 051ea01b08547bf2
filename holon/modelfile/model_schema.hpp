// The schema of a model file's own sections; processes and observers bring theirs through the registry.
#pragma once

#include "holon/modelfile/schema.hpp"

#include <string>
#include <vector>

namespace holon::modelfile {

/// The file as a whole. Sections with free names are mappings of `anything`: each entry has a schema of its
/// own.
const Schema& model_schema();
/// A space of a type; null for an unknown type.
const Schema* space_schema(std::string_view type);
std::vector<std::string> space_types();
const Schema& field_schema();
const Schema& coupling_schema();
const Schema& connection_schema();
const Schema& schedule_schema();
const Schema& iterate_schema();
const Schema& average_schema();
const Schema& steady_schema();
const Schema& together_schema();
const Schema& event_schema();
const Schema& result_schema();

}  // namespace holon::modelfile
