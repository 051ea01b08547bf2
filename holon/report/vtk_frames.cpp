#include "holon/report/vtk_frames.hpp"

#include "holon/base/error.hpp"
#include "holon/base/file.hpp"
#include "holon/report/vtk_image.hpp"
#include "holon/report/vtk_points.hpp"
#include "holon/report/xml_text.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

namespace holon::report {

namespace {

std::string frame_file(const std::string& name, std::int64_t number, const std::string& extension) {
  char digits[24];
  std::snprintf(digits, sizeof digits, "_%06lld", static_cast<long long>(number));
  return name + digits + extension;
}

std::string pvd_text(const std::vector<FrameEntry>& entries) {
  std::string text = "<?xml version=\"1.0\"?>\n<VTKFile type=\"Collection\" version=\"0.1\">\n<Collection>\n";
  for (const FrameEntry& entry : entries)
    text +=
        "<DataSet timestep=\"" + number_text(entry.time) + "\" file=\"" + escape_xml(entry.file) + "\"/>\n";
  return text + "</Collection>\n</VTKFile>\n";
}

/// Without waiting for the disk: a frame counts once it is listed, and the list is written with care.
void write_frame(const std::filesystem::path& file, const std::string& content) {
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  stream.write(content.data(), static_cast<std::streamsize>(content.size()));
  stream.close();
  if (!stream) throw SystemError("cannot write '" + file.string() + "': " + std::strerror(errno));
}

}  // namespace

std::vector<FrameEntry> read_pvd(std::string_view text, const std::string& name) {
  std::vector<FrameEntry> entries;
  constexpr std::string_view begin = "<DataSet timestep=\"", middle = "\" file=\"", end = "\"/>";
  for (std::size_t at = text.find(begin); at != std::string_view::npos; at = text.find(begin, at)) {
    at += begin.size();
    const std::size_t between = text.find(middle, at), last = text.find(end, at);
    if (between >= last || last == std::string_view::npos)
      throw InputError(name + ": the list of frames is damaged");
    const std::optional<double> time = parse_number(text.substr(at, between - at));
    const std::size_t file = between + middle.size();
    if (!time) throw InputError(name + ": a frame has no time");
    entries.push_back({*time, unescape_xml(text.substr(file, last - file))});
    at = last;
  }
  return entries;
}

VtkFrames::VtkFrames(std::filesystem::path folder, Unit time_unit)
    : folder_(std::move(folder)), time_unit_(std::move(time_unit)) {}

std::vector<FrameEntry>& VtkFrames::entries(const std::string& name) {
  const auto known = entries_.find(name);
  if (known != entries_.end()) return known->second;
  std::vector<FrameEntry>& list = entries_[name];
  const std::filesystem::path file = folder_ / (name + ".pvd");
  std::error_code error;
  if (std::filesystem::exists(file, error)) list = read_pvd(read_file(file), file.string());
  return list;
}

void VtkFrames::write(const FieldFrame& frame) {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) throw SystemError("cannot make the folder '" + folder_.string() + "': " + error.message());
  std::vector<FrameEntry>& list = entries(frame.name);
  const auto number = static_cast<std::size_t>(frame.number);
  if (list.size() > number) list.resize(number);
  if (frame.space->varies()) {
    const std::string file = frame_file(frame.name, frame.number, ".vtp");
    write_frame(folder_ / file, vtp_text(frame, time_unit_));
    list.push_back({frame.time / time_unit_.factor(), file});
  } else {
    const Image image = image_of(frame, time_unit_);
    const std::string file = frame_file(frame.name, frame.number, file_extension(image));
    write_frame(folder_ / file, vti_text(image));
    list.push_back({image.time, file});
  }
  changed_[frame.name] = true;
  if (list.size() == 1) flush();
}

void VtkFrames::flush() {
  for (auto& [name, changed] : changed_) {
    if (!changed) continue;
    write_file(folder_ / (name + ".pvd"), pvd_text(entries_.at(name)));
    changed = false;
  }
}

}  // namespace holon::report
