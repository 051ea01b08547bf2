// Field output of a run: fields/NAME_000000.vti (agents: .vtp), ... and fields/NAME.pvd, which lists them
// with their times.
#pragma once

#include "holon/engine/observer.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace holon::report {

/// One line of a .pvd file.
struct FrameEntry {
  double time = 0.0;  ///< in the schedule's time unit
  std::string file;   ///< relative to the .pvd
};

std::vector<FrameEntry> read_pvd(std::string_view text, const std::string& name);

/// Writes frames as they come. The list is written anew when `flush` is called (at checkpoints and at the
/// end) and after the first frame, so that what is on disk can always be opened.
class VtkFrames final : public FrameWriter {
 public:
  /// `folder` is made on the first frame. When a run is resumed, the lists that are there are continued:
  /// entries from the first frame that is written anew are dropped.
  VtkFrames(std::filesystem::path folder, Unit time_unit);
  void write(const FieldFrame& frame) override;
  void flush();

 private:
  std::vector<FrameEntry>& entries(const std::string& name);

  std::filesystem::path folder_;
  Unit time_unit_;
  std::map<std::string, std::vector<FrameEntry>> entries_;
  std::map<std::string, bool> changed_;
};

}  // namespace holon::report
