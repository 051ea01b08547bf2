#include "holon/agents/register.hpp"
#include "holon/analysis/register.hpp"
#include "holon/base/error.hpp"
#include "holon/base/file.hpp"
#include "holon/kinetics/register.hpp"
#include "holon/modelfile/document.hpp"
#include "holon/observe/register.hpp"
#include "holon/pointwise/register.hpp"
#include "holon/study/register.hpp"
#include "holon/transport/register.hpp"

#include <algorithm>

#include "command.hpp"

namespace holon::cli {

const modelfile::Registry& registry() {
  static const modelfile::Registry all = [] {
    modelfile::Registry made;
    register_pointwise(made);
    register_kinetics(made);
    register_agents(made);
    register_transport(made);
    register_observe(made);
    register_analysis(made);
    register_study(made);
    return made;
  }();
  return all;
}

std::vector<CookbookModel> cookbook() {
  std::vector<CookbookModel> models;
  const std::filesystem::path folder = program_data("models");
  if (folder.empty()) return models;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".yaml") continue;
    Diagnostics ignored;
    const auto document = modelfile::Document::read(entry.path(), ignored);
    if (document.find("processes") == nullptr) continue;  // a component, not a model
    const auto* title = document.find("title");
    std::filesystem::path name = std::filesystem::relative(entry.path(), folder);
    models.push_back(
        {name.replace_extension().generic_string(), title != nullptr ? title->scalar : "", entry.path()});
  }
  std::sort(models.begin(), models.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return models;
}

std::string model_suggestion(const std::string& text, const std::vector<std::string>& names) {
  if (!nearest_name(text, names).empty()) return suggestion(text, names);
  std::vector<std::string> last_parts;
  for (const std::string& name : names) last_parts.push_back(name.substr(name.rfind('/') + 1));
  const std::string nearest = nearest_name(text, last_parts);
  const auto found = std::find(last_parts.begin(), last_parts.end(), nearest);
  return found == last_parts.end()
             ? suggestion(text, names)
             : "did you mean '" + names[static_cast<std::size_t>(found - last_parts.begin())] + "'?";
}

std::filesystem::path find_model(const std::string& text) {
  if (std::filesystem::is_regular_file(text)) return text;
  std::vector<std::string> names;
  for (const CookbookModel& model : cookbook()) {
    if (model.name == text) return model.file;
    names.push_back(model.name);
  }
  const std::string hint = model_suggestion(text, names);
  throw InputError(
      Diagnostic{.place = {text, 0, 0},
                 .message = "there is no such model file, and no model of that name in the cookbook",
                 .hint = hint});
}

}  // namespace holon::cli
