#include "holon/engine/coupling_line.hpp"

#include <fmt/format.h>

namespace holon {

std::string coupling_line(const Field& field, const Space& space) {
  const std::string name = field.name.substr(field.name.rfind('.') + 1) + "_here";
  return fmt::format("couplings: {{{}: {{from: {}, to: {}}}}}, and '{}' in its place", name, field.name,
                     space.name(), name);
}

}  // namespace holon
