// Reads VTK's XML files with an appended part, as vtk_image.hpp and vtk_points.hpp write them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace holon::report {

/// Takes the file apart: tags by name in the head, arrays in the appended part. All throw InputError where
/// the file is damaged.
class VtkReader {
 public:
  /// `name` is the file's, for messages. Both must outlive the reader.
  VtkReader(std::string_view text, const std::string& name);

  /// The next tag with this name from `position` on, without its brackets; empty when there is none.
  std::string_view tag(std::string_view name, std::size_t& position) const;
  std::string attribute_of(std::string_view tag, std::string_view name) const;
  std::vector<double> numbers(std::string_view tag, std::string_view name, std::size_t count) const;
  std::vector<double> array(std::size_t offset, std::size_t values) const;
  std::string text_between(std::string_view opening, std::string_view closing) const;
  [[noreturn]] void damaged(const std::string& what) const;

 private:
  std::size_t count_at(std::size_t offset) const;

  std::string_view text_, head_, data_;
  std::string name_;
};

/// " name=\"value\"", escaped.
std::string xml_attribute(std::string_view name, std::string_view value);

}  // namespace holon::report
