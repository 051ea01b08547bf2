// What an output folder holds, read back from its files: all that a report is made from.
#pragma once

#include "holon/engine/observer.hpp"
#include "holon/report/vtk_image.hpp"
#include "holon/report/vtk_points.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace holon::report {

/// A field animation: the frames of one .pvd, in order of time.
struct FrameList {
  std::string name;
  std::vector<std::filesystem::path> files;
};

/// Throws InputError when the folder is no output folder or a file in it is damaged, SystemError when one
/// cannot be read.
class OutputFolder {
 public:
  explicit OutputFolder(std::filesystem::path folder);
  const nlohmann::ordered_json& run() const { return run_; }
  const nlohmann::ordered_json& results() const { return results_; }
  std::vector<std::string> series_names() const;
  Series series(const std::string& name) const;
  std::vector<FrameList> frame_lists() const;
  Image frame(const std::filesystem::path& file) const;
  AgentImage agents(const std::filesystem::path& file) const;

 private:
  std::filesystem::path folder_;
  nlohmann::ordered_json run_, results_;
};

}  // namespace holon::report
