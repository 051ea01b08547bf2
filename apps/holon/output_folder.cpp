#include "output_folder.hpp"

#include "holon/base/error.hpp"
#include "holon/base/file.hpp"

#include <filesystem>

#include <fmt/format.h>

namespace holon::cli {

namespace fs = std::filesystem;

void check_output_folder(const std::string& name, FolderUse use, const std::string& way_out) {
  const fs::path folder = name;
  if (fs::exists(folder) && !fs::is_directory(folder))
    throw InputError(fmt::format("'{}' is a file; -o names a folder", name));
  if (use == FolderUse::resume && !fs::exists(folder / "checkpoint.h5"))
    throw InputError(fmt::format("'{}' holds no checkpoint.h5 to resume from", name));
  if (use == FolderUse::fresh && fs::exists(folder) && !fs::is_empty(folder))
    throw InputError(fmt::format("the folder '{}' is not empty; {}", name, way_out));
}

void make_output_folder(const std::string& name) {
  std::error_code error;
  fs::create_directories(name, error);
  if (error) throw SystemError(fmt::format("cannot make the folder '{}': {}", name, error.message()));
  for (const char* part : {"", "series", "fields"}) remove_abandoned_writes(fs::path(name) / part);
}

void clear_output_folder(const std::string& name) {
  const fs::path folder = name;
  std::error_code error;
  for (const char* file :
       {"run.json", "results.json", "model.resolved.yaml", "checkpoint.h5", "report.html", "scales.json"})
    fs::remove(folder / file, error);
  for (const char* part : {"series", "fields"}) fs::remove_all(folder / part, error);
}

}  // namespace holon::cli
