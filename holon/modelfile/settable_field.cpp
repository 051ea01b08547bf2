#include "holon/modelfile/settable_field.hpp"

#include "holon/space/population.hpp"

namespace holon::modelfile {

namespace {

/// What sets it instead.
std::string way_out(const Field& field) {
  if (dynamic_cast<const Population*>(field.space.get()) == nullptr)
    return field.type == FieldType::integer ? "it counts events, which its own process does" : "";
  const std::string own = field.name.substr(field.name.find('.') + 1);
  if (own == "position")
    return "agents are moved by a process of type motion: {type: motion, space: " + field.space->name() +
           ", velocity: [=..., =...]}";
  if (own == "fate")
    return "agents divide and die by a process of type birth_death: its options divide_when and die_when are "
           "equations that are true or false";
  return field.type == FieldType::integer
             ? "{restructure: " + field.space->name() + "} in the schedule sets it"
             : "";
}

}  // namespace

bool settable_by_equation(Loader& loader, const Field& field, const Place& place, const std::string& path) {
  std::string found;
  if (field.type != FieldType::real)
    found = "holds integers";
  else if (field.components != 1)
    found = "has " + std::to_string(field.components) + " components";
  else
    return true;
  loader.error(place, path, "'" + field.name + "' " + found + ", and an equation can't set it",
               "a field with one real number per site", way_out(field));
  return false;
}

}  // namespace holon::modelfile
