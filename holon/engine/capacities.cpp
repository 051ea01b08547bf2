#include "holon/engine/capacities.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/model.hpp"

#include <fmt/format.h>

namespace holon {

namespace {

[[noreturn]] void refuse(const Process& process, const std::string& key, std::string message,
                         std::string expected) {
  throw InputError(Diagnostic{.path = "processes." + process.name() + key,
                              .message = std::move(message),
                              .expected = std::move(expected)});
}

bool same(const Capacity& a, const Capacity& b, std::span<const double> parameters) {
  return a.unit().compatible(b.unit()) && *a.at(parameters) == *b.at(parameters);
}

}  // namespace

void gather_capacities(Model& model) {
  FieldTable& fields = *model.fields;
  const State bare(std::make_shared<FieldTable>(), model.parameters, 0);
  for (FieldId id = 0; id < fields.size(); ++id) {
    const Process* first = nullptr;
    for (const auto& process : model.processes) {
      auto capacity = process->capacity(id);
      if (capacity == nullptr) continue;
      if (first == nullptr) {
        first = process.get();
        fields.set_capacity(id, std::move(capacity));
      } else if (!same(*fields[id].capacity, *capacity, bare.parameters())) {
        refuse(*process, ".capacity",
               fmt::format("'{}' has another capacity here than in process '{}'", fields[id].name,
                           first->name()),
               "one capacity for a field");
      }
    }
    if (first == nullptr) continue;
    for (const auto& process : model.processes)
      if (const auto obstacle = process->capacity_obstacle(id))
        refuse(*process, "",
               fmt::format("what '{}' holds is its capacity (process '{}') times its value: {}",
                           fields[id].name, first->name(), obstacle->first),
               obstacle->second);
  }
}

}  // namespace holon
