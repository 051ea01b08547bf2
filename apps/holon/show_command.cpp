// holon show: a model's page, or the reference of a component type.
#include "holon/base/error.hpp"
#include "holon/base/file.hpp"

#include <cstdio>
#include <memory>

#include "command.hpp"

namespace holon::cli {

namespace {

std::string page_of(const std::string& name) {
  if (const auto* type = registry().process(name)) return modelfile::reference(*type);
  if (const auto* type = registry().observer(name)) return modelfile::reference(*type);
  if (const auto* type = registry().study(name)) return modelfile::reference(*type);
  std::vector<std::string> names = registry().process_names();
  for (const std::string& observer : registry().observer_names()) names.push_back(observer);
  for (const std::string& study : registry().study_names()) names.push_back(study);
  for (const CookbookModel& model : cookbook()) {
    if (model.name == name) {
      std::filesystem::path page = model.file;
      page.replace_extension(".md");
      return (std::filesystem::exists(page) ? read_file(page) + "\n" : "") + "```yaml\n" +
             read_file(model.file) + "```\n";
    }
    names.push_back(model.name);
  }
  throw InputError("there is no model and no component type '" + name + "'; " +
                   model_suggestion(name, names));
}

int write_all(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw SystemError("cannot make the folder '" + folder.string() + "': " + error.message());
  std::string index = "# Reference of component types\n\nMade from the schemas by `./dev docs`.\n";
  const auto write = [&](const std::string& name, const std::string& text) {
    write_file(folder / (name + ".md"), text);
    index += "- [" + name + "](" + name + ".md)\n";
  };
  index += "\n## Processes\n\n";
  for (const std::string& name : registry().process_names())
    write(name, modelfile::reference(*registry().process(name)));
  index += "\n## Observers\n\n";
  for (const std::string& name : registry().observer_names())
    write(name, modelfile::reference(*registry().observer(name)));
  index += "\n## Studies\n\n";
  for (const std::string& name : registry().study_names())
    write(name, modelfile::reference(*registry().study(name)));
  write_file(folder / "index.md", index);
  return 0;
}

}  // namespace

void add_show(CLI::App& program, Action& action) {
  auto* command = program.add_subcommand("show", "Show a model's page or the reference of a component type");
  auto name = std::make_shared<std::string>();
  auto folder = std::make_shared<std::string>();
  auto* which =
      command->add_option("NAME", *name, "A cookbook model, or the type of a process, observer or study");
  command->add_option("--all", *folder, "Write the reference of every type to this folder")->excludes(which);
  command->callback([name, folder, &action] {
    action = [name, folder] {
      if (!folder->empty()) return write_all(*folder);
      if (name->empty()) throw InputError("show what? `holon list` names the models and types");
      std::printf("%s", page_of(*name).c_str());
      return 0;
    };
  });
}

}  // namespace holon::cli
