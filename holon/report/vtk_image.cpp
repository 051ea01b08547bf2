#include "holon/report/vtk_image.hpp"

#include "holon/base/error.hpp"
#include "holon/report/vtk_array.hpp"
#include "holon/report/xml_text.hpp"
#include "holon/space/radial_space.hpp"

#include <bit>
#include <cstring>

#include <zlib.h>

namespace holon::report {

namespace {

static_assert(std::endian::native == std::endian::little, "arrays are written in the machine's order");

std::string triple(const std::array<double, 3>& values) {
  return number_text(values[0]) + " " + number_text(values[1]) + " " + number_text(values[2]);
}

std::string attribute(std::string_view name, std::string_view value) {
  return " " + std::string(name) + "=\"" + escape_xml(value) + "\"";
}

[[noreturn]] void damaged(const std::string& name, const std::string& what) {
  throw InputError(Diagnostic{Diagnostic::Severity::error,
                              {name, 0, 0},
                              "",
                              "the file is damaged or not written by Holon: " + what,
                              "",
                              ""});
}

/// Takes the file apart: tags by name in the head, arrays in the appended part.
class Reader {
 public:
  Reader(std::string_view text, const std::string& name) : text_(text), name_(name) {
    const std::size_t mark = text.find("<AppendedData");
    const std::size_t start = mark == std::string_view::npos ? mark : text.find('_', mark);
    if (start == std::string_view::npos) damaged(name_, "no appended data");
    head_ = text.substr(0, mark);
    data_ = text.substr(start + 1);
  }

  /// The next tag with this name from `position` on, without its brackets; empty when there is none.
  std::string_view tag(std::string_view name, std::size_t& position) const {
    const std::size_t begin = head_.find("<" + std::string(name) + " ", position);
    const std::size_t end = begin == std::string_view::npos ? begin : head_.find('>', begin);
    if (end == std::string_view::npos) return {};
    position = end;
    return head_.substr(begin, end - begin);
  }

  std::string attribute_of(std::string_view tag, std::string_view name) const {
    const std::string key = " " + std::string(name) + "=\"";
    const std::size_t begin = tag.find(key);
    if (begin == std::string_view::npos) damaged(name_, "attribute '" + std::string(name) + "' is missing");
    const std::size_t end = tag.find('"', begin + key.size());
    return unescape_xml(tag.substr(begin + key.size(), end - begin - key.size()));
  }

  std::vector<double> numbers(std::string_view tag, std::string_view name, std::size_t count) const {
    std::vector<double> out;
    const std::string text = attribute_of(tag, name);
    std::size_t begin = 0;
    while (begin < text.size()) {
      const std::size_t end = std::min(text.find(' ', begin), text.size());
      const std::optional<double> value = parse_number(text.substr(begin, end - begin));
      if (!value) damaged(name_, "attribute '" + std::string(name) + "' holds no numbers");
      out.push_back(*value);
      begin = end + 1;
    }
    if (out.size() != count) damaged(name_, "attribute '" + std::string(name) + "' has a wrong length");
    return out;
  }

  std::vector<double> array(std::size_t offset, std::size_t sites) const {
    const std::size_t blocks = count_at(offset), block = count_at(offset + 8), rest = count_at(offset + 16);
    const std::size_t expected = sites * sizeof(double);
    if (blocks > expected / 8 + 1 || block == 0 || block > (std::size_t{1} << 30))
      damaged(name_, "an array's header");
    std::vector<double> values(sites);
    auto* bytes = reinterpret_cast<Bytef*>(values.data());
    std::size_t position = offset + 24 + 8 * blocks, filled = 0;
    for (std::size_t b = 0; b < blocks; ++b) {
      const std::size_t length = count_at(offset + 24 + 8 * b);
      const std::size_t size = b + 1 == blocks && rest > 0 ? rest : block;
      uLongf got = size;
      if (position + length > data_.size() || filled + size > expected) damaged(name_, "an array is cut off");
      const int status =
          uncompress(bytes + filled, &got, reinterpret_cast<const Bytef*>(data_.data() + position), length);
      if (status != Z_OK || got != size) damaged(name_, "an array does not unpack");
      position += length;
      filled += size;
    }
    if (filled != expected) damaged(name_, "an array has not one value per site");
    return values;
  }

  std::string text_between(std::string_view opening, std::string_view closing) const {
    const std::size_t begin = head_.find(opening);
    if (begin == std::string_view::npos) damaged(name_, std::string(opening) + " is missing");
    const std::size_t end = head_.find(closing, begin);
    return unescape_xml(head_.substr(begin + opening.size(), end - begin - opening.size()));
  }

 private:
  std::size_t count_at(std::size_t offset) const {
    std::uint64_t count = 0;
    if (offset + sizeof count > data_.size()) damaged(name_, "an array is cut off");
    std::memcpy(&count, data_.data() + offset, sizeof count);
    return count;
  }

  std::string_view text_, head_, data_;
  std::string name_;
};

}  // namespace

Image image_of(const FieldFrame& frame, const Unit& time_unit) {
  const auto* grid = dynamic_cast<const StructuredSpace*>(frame.space.get());
  if (grid == nullptr)
    throw InputError("observe." + frame.name + ": frames are written of grids and radial grids, and '" +
                     frame.space->name() +
                     "' is none; use an observer of type 'probe', which gives a series");
  Image image;
  image.dimensions = grid->dimensions();
  image.cells = grid->arrangement() == StructuredSpace::Sites::cells;
  if (const auto* shells = dynamic_cast<const RadialSpace*>(grid)) image.radii = shells->faces();
  const Position first = grid->position(0);
  for (int a = 0; a < grid->dimensions(); ++a) {
    const auto k = static_cast<std::size_t>(a);
    image.count[k] = grid->count(a);
    image.spacing[k] = grid->least_spacing(a);
    image.origin[k] = first[k];
  }
  image.length_unit = Unit::coherent(grid->length_dimension()).text();
  image.time_unit = time_unit.text();
  image.time = frame.time / time_unit.factor();
  for (const FieldFrame::Column& column : frame.columns)
    image.columns.push_back({column.name, column.unit.text(), column.values});
  return image;
}

std::string file_extension(const Image& image) { return image.radii.empty() ? ".vti" : ".vtr"; }

std::string vti_text(const Image& image) {
  std::array<double, 3> origin = image.origin;
  std::string extent;
  for (std::size_t a = 0; a < 3; ++a) {
    const bool cell_axis = image.cells && a < static_cast<std::size_t>(image.dimensions);
    if (cell_axis) origin[a] -= 0.5 * image.spacing[a];  // VTK wants the first corner
    extent += (a == 0 ? "0 " : " 0 ") + std::to_string(cell_axis ? image.count[a] : image.count[a] - 1);
  }
  const std::string type = image.radii.empty() ? "ImageData" : "RectilinearGrid";
  const std::string section = image.cells ? "CellData" : "PointData";
  std::string head = "<?xml version=\"1.0\"?>\n<VTKFile type=\"" + type +
                     "\" version=\"1.0\" "
                     "byte_order=\"LittleEndian\" header_type=\"UInt64\" "
                     "compressor=\"vtkZLibDataCompressor\">\n";
  head += "<!-- holon" + attribute("dimensions", std::to_string(image.dimensions)) +
          attribute("length_unit", image.length_unit) + attribute("time_unit", image.time_unit) + " -->\n";
  head += "<" + type + attribute("WholeExtent", extent);
  if (image.radii.empty())
    head += attribute("Origin", triple(origin)) + attribute("Spacing", triple(image.spacing));
  head += ">\n";
  head +=
      "<FieldData>\n<DataArray type=\"Float64\" Name=\"TimeValue\" NumberOfTuples=\"1\" "
      "format=\"ascii\">" +
      number_text(image.time) + "</DataArray>\n</FieldData>\n";
  head += "<Piece" + attribute("Extent", extent) + ">\n<" + section + ">\n";
  std::string data;
  for (const Image::Column& column : image.columns) {
    head += "<DataArray type=\"Float64\"" + attribute("Name", column.name + " [" + column.unit + "]") +
            " format=\"appended\"" + attribute("offset", std::to_string(data.size())) + "/>\n";
    data += compressed_array(std::as_bytes(std::span(column.values)));
  }
  head += "</" + section + ">\n";
  if (!image.radii.empty()) {
    head += "<Coordinates>\n";
    const std::vector<double> none{0.0};
    for (const char* axis : {"r", "y", "z"}) {
      head += "<DataArray type=\"Float64\"" + attribute("Name", axis) + " format=\"appended\"" +
              attribute("offset", std::to_string(data.size())) + "/>\n";
      data += compressed_array(std::as_bytes(std::span(*axis == 'r' ? image.radii : none)));
    }
    head += "</Coordinates>\n";
  }
  head += "</Piece>\n</" + type + ">\n<AppendedData encoding=\"raw\">\n_";
  return head + data + "\n</AppendedData>\n</VTKFile>\n";
}

Image read_vti(std::string_view text, const std::string& name) {
  const Reader reader(text, name);
  Image image;
  std::size_t position = 0;
  const std::string_view note = reader.tag("!-- holon", position);
  if (note.empty()) damaged(name, "not Holon's");
  image.dimensions = static_cast<int>(reader.numbers(note, "dimensions", 1)[0]);
  if (image.dimensions < 1 || image.dimensions > 3) damaged(name, "number of dimensions");
  image.length_unit = reader.attribute_of(note, "length_unit");
  image.time_unit = reader.attribute_of(note, "time_unit");
  std::string_view head = reader.tag("ImageData", position);
  const bool radial = head.empty();
  if (radial) head = reader.tag("RectilinearGrid", position);
  const std::vector<double> extent = reader.numbers(head, "WholeExtent", 6);
  std::vector<double> origin(3, 0.0), spacing(3, 1.0);
  if (!radial) {
    origin = reader.numbers(head, "Origin", 3);
    spacing = reader.numbers(head, "Spacing", 3);
  }
  image.cells = text.find("<CellData>") < text.find("<AppendedData");
  std::size_t sites = 1;
  for (std::size_t a = 0; a < 3; ++a) {
    const bool cell_axis = image.cells && a < static_cast<std::size_t>(image.dimensions);
    if (!(extent[2 * a + 1] >= 0 && extent[2 * a + 1] < 1e9)) damaged(name, "the extent");
    image.count[a] = static_cast<std::size_t>(extent[2 * a + 1]) + (cell_axis ? 0 : 1);
    image.spacing[a] = spacing[a];
    image.origin[a] = origin[a] + (cell_axis ? 0.5 * spacing[a] : 0.0);
    sites *= image.count[a];
  }
  if (sites > text.size() * 1100) damaged(name, "fewer values than sites");  // zlib packs at most 1:1032
  const std::optional<double> time = parse_number(reader.text_between("format=\"ascii\">", "</DataArray>"));
  if (!time) damaged(name, "the time");
  image.time = *time;
  std::string_view tag = reader.tag("DataArray", position);  // the time
  for (tag = reader.tag("DataArray", position); !tag.empty(); tag = reader.tag("DataArray", position)) {
    const std::string label = reader.attribute_of(tag, "Name");
    const std::size_t open = label.rfind(" [");
    const double offset = reader.numbers(tag, "offset", 1)[0];
    if (radial && open == std::string::npos) {
      if (label == "r") image.radii = reader.array(static_cast<std::size_t>(offset), sites + 1);
      continue;
    }
    if (open == std::string::npos) damaged(name, "an array has no unit");
    image.columns.push_back({label.substr(0, open), label.substr(open + 2, label.size() - open - 3),
                             reader.array(static_cast<std::size_t>(offset), sites)});
  }
  if (radial) {
    if (image.radii.empty()) damaged(name, "the radii");
    image.spacing[0] = image.radii[1] - image.radii[0];
    image.origin[0] = 0.5 * (image.radii[0] + image.radii[1]);
  }
  return image;
}

}  // namespace holon::report
