#include "holon/modelfile/load.hpp"

#include "holon/base/hash.hpp"
#include "holon/modelfile/build.hpp"
#include "holon/modelfile/model_schema.hpp"
#include "holon/modelfile/study.hpp"
#include "holon/space/network.hpp"
#include "holon/space/population.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>

namespace holon::modelfile {

using Value = Document::Value;

namespace {

/// Throws everything found so far, in the order of the file.
void stop_if_errors(const Loader& loader) {
  if (!loader.has_errors()) return;
  std::vector<Diagnostic> list = loader.diagnostics().list();
  std::stable_sort(list.begin(), list.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.place.file, a.place.line, a.place.column) <
           std::tie(b.place.file, b.place.line, b.place.column);
  });
  throw InputError(std::move(list));
}

/// What is declared before any process is made.
struct Parts {
  std::vector<ProcessPlan> processes;
  std::vector<std::unique_ptr<Process>> couplings;
};

/// Everything that does not need the processes themselves, so that all mistakes are seen at once.
Parts build_parts(Loader& loader, Value& root) {
  loader.parameters().check();
  for (Value::Member& section : root.mapping)
    if (section.key != "parameters") complete(loader, section.value, section.key);
  for (const char* section : {"fields", "processes", "couplings"})
    for (const auto* entry : entries(root, section)) loader.announce(entry->key, entry->key_place);
  for (const auto* entry : entries(root, "spaces"))
    if (const Value* type = entry->value.find("type"); type != nullptr && type->scalar == "population")
      loader.announce(entry->key, entry->key_place);
  check_untaken(loader);
  find_time_dimension(loader, root);
  find_length_dimension(loader, root);
  validate_model(loader, root);
  build_spaces(loader, root);
  build_fields(loader, root);
  Parts parts;
  parts.processes = declare_processes(loader, root);
  parts.couplings = declare_couplings(loader, root);
  check_processes(loader, parts.processes);
  if (loader.options().foresee && !loader.has_errors()) loader.options().foresee(loader.model());
  build_initial_values(loader, root);
  build_schedule(loader, root);
  validate_observers(loader, root);
  build_events(loader, root);
  build_scales(loader, root);
  return parts;
}

/// A section under a name that is nearly right is reported, and read as what it is meant to be: that its
/// content is not found is no mistake of its own.
void correct_sections(Loader& loader, Value& root) {
  const std::vector<std::string> known = model_schema().keys();
  for (Value::Member& section : root.mapping) {
    if (std::find(known.begin(), known.end(), section.key) != known.end()) continue;
    const std::string meant = nearest_name(section.key, known);
    if (meant.empty() || root.find(meant) != nullptr) continue;
    loader.error(section.key_place, section.key, "unknown key '" + section.key + "'", "",
                 suggestion(section.key, known));
    section.key = meant;
  }
}

/// Where the file states what a path leads to, as far as it does.
Place place_of(const Value& root, const std::string& path) {
  Place place;
  const Value* value = &root;
  for (std::size_t begin = 0; value != nullptr && begin < path.size();) {
    const std::size_t dot = std::min(path.find('.', begin), path.size());
    const std::string key = path.substr(begin, dot - begin);
    const Value* next = nullptr;
    for (const Value::Member& member : value->mapping)
      if (member.key == key) {
        place = member.key_place;
        next = &member.value;
      }
    value = next;
    begin = dot + 1;
  }
  return place;
}

/// Division changes what daughters don't get a copy of, of what is conserved the books tell, and what edges
/// have is mostly data.
bool may_be_forgotten(const Field& field) {
  const bool divides = dynamic_cast<const Population*>(field.space.get()) != nullptr;
  return field.conserved.empty() && !(divides && field.on_division != OnDivision::copy) &&
         dynamic_cast<const EdgeSpace*>(field.space.get()) == nullptr;
}

/// Fields that stay as they are without a word that this is meant, and those that don't although it is.
void look_for_idle_fields(Loader& loader, const Value& root) {
  const Model& model = loader.model();
  std::map<FieldId, std::string> changed;
  for (const auto& process : model.processes)
    for (const Port& port : process->ports())
      if (port.role == Port::Role::advance || port.role == Port::Role::determine ||
          port.role == Port::Role::contribute)
        changed.emplace(port.field, process->name());
  for (const auto* entry : entries(root, "fields")) {
    if (!model.fields->contains(entry->key)) continue;
    const FieldId id = model.fields->id(entry->key);
    const std::string path = "fields." + entry->key;
    const Value* stated = entry->value.find("constant");
    const bool constant = stated != nullptr && loader.flag(*stated, path + ".constant").value_or(false);
    const auto found = changed.find(id);
    if (constant && found != changed.end())
      loader.error(
          stated->place, path + ".constant",
          fmt::format("'{}' is said to be constant, and '{}' changes it", entry->key, found->second));
    else if (!constant && found == changed.end() && may_be_forgotten((*model.fields)[id]))
      loader.warning(
          entry->key_place, path,
          fmt::format("no process advances '{}' or contributes to it: it stays as it is at the start",
                      entry->key),
          "if that is meant: constant: true");
  }
}

/// From the tree of the whole file on.
Loaded build(Loader& loader, Value root, const std::filesystem::path& folder) {
  stop_if_errors(loader);
  correct_sections(loader, root);
  const Value* stated = root.find("parameters");
  const Value before = stated != nullptr ? *stated : Value{};
  apply_overrides(loader, root, loader.options().overrides, folder);
  output_to_observer(loader, root);
  if (const Value* parameters = root.find("parameters")) loader.parameters().read(*parameters, before);
  Parts parts = build_parts(loader, root);
  stop_if_errors(loader);
  make_processes(loader, parts.processes);
  stop_if_errors(loader);
  make_restructures(loader, root);
  build_connections(loader, root);
  stop_if_errors(loader);
  complete_schedule(loader, root);
  // Couplings are in no schedule: their fields follow whenever somebody looks.
  for (auto& coupling : parts.couplings) loader.model().processes.push_back(std::move(coupling));
  look_for_idle_fields(loader, root);
  build_observers(loader, root);
  build_results(loader, root);
  Loaded loaded;
  if (loader.options().studies == LoadOptions::Studies::build) loaded.studies = build_studies(loader, root);
  stop_if_errors(loader);
  Model& model = loader.model();
  if (const Value* title = root.find("title")) model.title = loader.text(*title, "title").value_or("");
  if (const Value* ledger = root.find("ledger"))
    model.ledger_rule = ledger->scalar == "closed"   ? LedgerRule::closed
                        : ledger->scalar == "strict" ? LedgerRule::strict
                                                     : LedgerRule::report;
  model.resolved = resolved_text(loader, root);
  model.hash = sha256(model.resolved);
  try {
    model.finish();
  } catch (const InputError& problem) {
    std::vector<Diagnostic> list = problem.diagnostics();
    for (Diagnostic& d : list)
      if (d.place.file.empty() && !d.path.empty()) d.place = place_of(root, d.path);
    loader.take(InputError(std::move(list)), root.find("schedule")->place, "schedule");
  } catch (const NumericalFailure& problem) {  // a coefficient's value at the start
    loader.error(root.find("processes")->place, "processes", problem.what());
  }
  stop_if_errors(loader);
  for (const Diagnostic& d : model.warnings)
    loader.warning(!d.place.file.empty() ? d.place : place_of(root, d.path), d.path, d.message, d.hint);
  for (const Diagnostic& d : loader.diagnostics().list()) loaded.warnings.push_back(d);
  loaded.conversions = loader.conversions();
  loaded.model = loader.release_model();
  return loaded;
}

}  // namespace

Loaded::Loaded() = default;
Loaded::Loaded(Loaded&&) noexcept = default;
Loaded::~Loaded() = default;

Loaded load(const std::filesystem::path& file, const Registry& registry, const LoadOptions& options) {
  Loader loader(registry, options);
  Value root = read_model(loader, file);
  return build(loader, std::move(root), file.parent_path());
}

Loaded load_text(std::string_view text, const std::string& name, const std::filesystem::path& folder,
                 const Registry& registry, const LoadOptions& options) {
  Loader loader(registry, options);
  Value root = read_model_text(loader, text, name, folder);
  return build(loader, std::move(root), folder);
}

}  // namespace holon::modelfile
