#include "holon/report/vtk_reader.hpp"

#include "holon/base/error.hpp"
#include "holon/base/unit.hpp"
#include "holon/report/xml_text.hpp"

#include <cstring>
#include <optional>

#include <zlib.h>

namespace holon::report {

std::string xml_attribute(std::string_view name, std::string_view value) {
  return " " + std::string(name) + "=\"" + escape_xml(value) + "\"";
}

void VtkReader::damaged(const std::string& what) const {
  throw InputError(Diagnostic{Diagnostic::Severity::error,
                              {name_, 0, 0},
                              "",
                              "the file is damaged or not written by Holon: " + what,
                              "",
                              ""});
}

VtkReader::VtkReader(std::string_view text, const std::string& name) : text_(text), name_(name) {
  const std::size_t mark = text.find("<AppendedData");
  const std::size_t start = mark == std::string_view::npos ? mark : text.find('_', mark);
  if (start == std::string_view::npos) damaged("no appended data");
  head_ = text.substr(0, mark);
  data_ = text.substr(start + 1);
}

std::string_view VtkReader::tag(std::string_view name, std::size_t& position) const {
  const std::size_t begin = head_.find("<" + std::string(name) + " ", position);
  const std::size_t end = begin == std::string_view::npos ? begin : head_.find('>', begin);
  if (end == std::string_view::npos) return {};
  position = end;
  return head_.substr(begin, end - begin);
}

std::string VtkReader::attribute_of(std::string_view tag, std::string_view name) const {
  const std::string key = " " + std::string(name) + "=\"";
  const std::size_t begin = tag.find(key);
  if (begin == std::string_view::npos) damaged("attribute '" + std::string(name) + "' is missing");
  const std::size_t end = tag.find('"', begin + key.size());
  return unescape_xml(tag.substr(begin + key.size(), end - begin - key.size()));
}

std::vector<double> VtkReader::numbers(std::string_view tag, std::string_view name, std::size_t count) const {
  std::vector<double> out;
  const std::string text = attribute_of(tag, name);
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::optional<double> value = parse_number(text.substr(begin, end - begin));
    if (!value) damaged("attribute '" + std::string(name) + "' holds no numbers");
    out.push_back(*value);
    begin = end + 1;
  }
  if (out.size() != count) damaged("attribute '" + std::string(name) + "' has a wrong length");
  return out;
}

std::vector<double> VtkReader::array(std::size_t offset, std::size_t sites) const {
  const std::size_t blocks = count_at(offset), block = count_at(offset + 8), rest = count_at(offset + 16);
  const std::size_t expected = sites * sizeof(double);
  if (blocks > expected / 8 + 1 || block == 0 || block > (std::size_t{1} << 30)) damaged("an array's header");
  std::vector<double> values(sites);
  auto* bytes = reinterpret_cast<Bytef*>(values.data());
  std::size_t position = offset + 24 + 8 * blocks, filled = 0;
  for (std::size_t b = 0; b < blocks; ++b) {
    const std::size_t length = count_at(offset + 24 + 8 * b);
    const std::size_t size = b + 1 == blocks && rest > 0 ? rest : block;
    uLongf got = size;
    if (position + length > data_.size() || filled + size > expected) damaged("an array is cut off");
    const int status =
        uncompress(bytes + filled, &got, reinterpret_cast<const Bytef*>(data_.data() + position), length);
    if (status != Z_OK || got != size) damaged("an array does not unpack");
    position += length;
    filled += size;
  }
  if (filled != expected) damaged("an array has not one value per site");
  return values;
}

std::string VtkReader::text_between(std::string_view opening, std::string_view closing) const {
  const std::size_t begin = head_.find(opening);
  if (begin == std::string_view::npos) damaged(std::string(opening) + " is missing");
  const std::size_t end = head_.find(closing, begin);
  return unescape_xml(head_.substr(begin + opening.size(), end - begin - opening.size()));
}

std::size_t VtkReader::count_at(std::size_t offset) const {
  std::uint64_t count = 0;
  if (offset + sizeof count > data_.size()) damaged("an array is cut off");
  std::memcpy(&count, data_.data() + offset, sizeof count);
  return count;
}

}  // namespace holon::report
