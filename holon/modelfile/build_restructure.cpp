// The processes behind `restructure` nodes of a schedule.
#include "holon/engine/restructure.hpp"
#include "holon/modelfile/build.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace holon::modelfile {

using Value = Document::Value;

namespace {

void processes_below(const ScheduleNode& node, std::set<ProcessId>& found) {
  if (node.children.empty()) found.insert(node.process);
  for (const ScheduleNode& child : node.children) processes_below(child, found);
}

void renumber(ScheduleNode& node, const std::map<ProcessId, ProcessId>& numbers) {
  if (const auto found = numbers.find(node.process); node.children.empty() && found != numbers.end())
    node.process = found->second;
  for (ScheduleNode& child : node.children) renumber(child, numbers);
}

bool advances(const Model& model, FieldId field) {
  return std::any_of(model.processes.begin(), model.processes.end(), [&](const auto& process) {
    const Ports ports = process->ports();
    return std::any_of(ports.begin(), ports.end(), [&](const Port& port) {
      return port.role == Port::Role::advance && port.field == field;
    });
  });
}

}  // namespace

void make_restructures(Loader& loader, const Value& root) {
  Model& model = loader.model();
  const bool stated = model.schedule.root.place.line > 0;  // else complete_schedule() makes it
  std::set<ProcessId> scheduled;
  if (stated) processes_below(model.schedule.root, scheduled);
  // The schedule's reader has numbered all populations after the processes; those that stay move together.
  auto number = static_cast<ProcessId>(model.processes.size());
  std::map<ProcessId, ProcessId> numbers;
  for (const auto* entry : entries(root, "spaces")) {
    const auto population = std::dynamic_pointer_cast<const Population>(model.spaces.at(entry->key));
    if (!population) continue;
    const ProcessId planned = number++;
    const PopulationFields fields = population_fields(*model.fields, *population);
    const bool needed = stated ? scheduled.contains(planned) : advances(model, fields.fate);
    if (!needed) continue;
    const Section section(loader, &entry->value, nullptr, "spaces." + entry->key, loader.dimensions());
    Restructure::Options options;
    options.share_volume = fields.radius && advances(model, *fields.radius);
    if (const Value* rule = entry->value.find("radius_on_division"))
      options.share_volume = loader.text(*rule, section.path() + ".radius_on_division") == "share";
    if (const Value* often = entry->value.find("sort_every"))
      options.commits_per_sort = loader.integer(*often, section.path() + ".sort_every").value_or(0);
    try {
      numbers[planned] = static_cast<ProcessId>(model.processes.size());
      model.processes.push_back(std::make_unique<Restructure>(population, *model.fields, *model.parameters,
                                                              model.at_birth, model.kernels, options));
    } catch (const InputError& error) { loader.take(error, entry->value.place, section.path()); }
  }
  renumber(model.schedule.root, numbers);
}

}  // namespace holon::modelfile
