// holon scales: the scale-separation map of a model and the schedule that follows from it.
#include "holon/analysis/scale_map.hpp"
#include "holon/base/error.hpp"
#include "holon/base/file.hpp"
#include "holon/base/progress.hpp"
#include "holon/report/scale_map_page.hpp"

#include <cstdio>
#include <filesystem>
#include <memory>

#include "command.hpp"
#include "output_folder.hpp"
#include <fmt/format.h>

namespace holon::cli {

namespace {

struct ScalesOptions {
  std::string model, folder;
  std::vector<std::string> settings;
  bool force = false;
};

int scales(const ScalesOptions& options) {
  if (!options.folder.empty())
    check_output_folder(options.folder, options.force ? FolderUse::overwrite : FolderUse::fresh,
                        "--force writes scales.json and scales.html beside what it holds");
  modelfile::LoadOptions load;
  for (const std::string& setting : options.settings)
    load.overrides.push_back(modelfile::parse_override(setting));
  load.foresee = check_memory;
  load.studies = modelfile::LoadOptions::Studies::leave_out;
  const modelfile::Loaded loaded = modelfile::load(find_model(options.model), registry(), load);
  print(loaded.warnings);
  ThreadPool threads(1);
  const analysis::ScaleMap map =
      analysis::scale_map(*loaded.model, analysis::looks_along(loaded.model, 1), threads);
  for (const std::string& warning : map.warnings) log_warning(warning);
  fmt::print("{}", analysis::text(map));
  if (options.folder.empty()) return 0;
  const std::filesystem::path folder = options.folder;
  make_output_folder(options.folder);
  write_file(folder / "scales.json", analysis::json(map));
  report::write_scale_map_page(folder);
  fmt::print("{}\n", (folder / "scales.html").string());
  return 0;
}

}  // namespace

void add_scales(CLI::App& program, Action& action) {
  auto* command = program.add_subcommand(
      "scales", "Compute the scale-separation map of a model, and the schedule that follows from it");
  auto options = std::make_shared<ScalesOptions>();
  command->add_option("MODEL", options->model, "Model file, or the name of a cookbook model")->required();
  command->add_option("-o,--output", options->folder,
                      "Folder for scales.json and the map as a page, scales.html");
  command->add_flag("--force", options->force, "Write into a folder that is not empty");
  command->add_option("--set", options->settings, "PATH=VALUE, as for holon run")->allow_extra_args(false);
  command->callback([options, &action] { action = [options] { return scales(*options); }; });
}

}  // namespace holon::cli
