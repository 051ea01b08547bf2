#include "holon/report/output_folder.hpp"

#include "holon/base/error.hpp"
#include "holon/base/file.hpp"
#include "holon/report/series_csv.hpp"
#include "holon/report/vtk_frames.hpp"

#include <algorithm>

namespace holon::report {

namespace {

namespace fs = std::filesystem;

nlohmann::ordered_json read_json(const fs::path& file) {
  nlohmann::ordered_json json = nlohmann::ordered_json::parse(read_file(file), nullptr, false);
  if (!json.is_object()) throw InputError("'" + file.string() + "' is damaged: it is no JSON object");
  return json;
}

/// Names of the files with an extension, without it, sorted; none if the folder is absent.
std::vector<std::string> stems(const fs::path& folder, const std::string& extension) {
  std::vector<std::string> names;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error))
    if (entry.path().extension() == extension) names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

OutputFolder::OutputFolder(fs::path folder) : folder_(std::move(folder)) {
  std::error_code error;
  if (!fs::exists(folder_ / "run.json", error))
    throw InputError("'" + folder_.string() +
                     "' holds no run.json: it is no output folder of 'holon run MODEL -o DIR'");
  run_ = read_json(folder_ / "run.json");
  results_ = fs::exists(folder_ / "results.json", error) ? read_json(folder_ / "results.json")
                                                         : nlohmann::ordered_json::object();
}

std::vector<std::string> OutputFolder::series_names() const { return stems(folder_ / "series", ".csv"); }

Series OutputFolder::series(const std::string& name) const {
  const fs::path file = folder_ / "series" / (name + ".csv");
  return read_series_csv(read_file(file), file.string());
}

std::vector<FrameList> OutputFolder::frame_lists() const {
  std::vector<FrameList> lists;
  for (const std::string& name : stems(folder_ / "fields", ".pvd")) {
    const fs::path file = folder_ / "fields" / (name + ".pvd");
    FrameList list{name, {}};
    for (const FrameEntry& entry : read_pvd(read_file(file), file.string()))
      list.files.push_back(folder_ / "fields" / fs::path(entry.file).filename());
    lists.push_back(std::move(list));
  }
  return lists;
}

AgentImage OutputFolder::agents(const fs::path& file) const {
  return read_vtp(read_file(file), file.string());
}

Image OutputFolder::frame(const fs::path& file) const { return read_vti(read_file(file), file.string()); }

}  // namespace holon::report
