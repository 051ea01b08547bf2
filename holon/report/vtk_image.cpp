#include "holon/report/vtk_image.hpp"

#include "holon/base/error.hpp"
#include "holon/report/vtk_array.hpp"
#include "holon/report/vtk_reader.hpp"
#include "holon/report/xml_text.hpp"
#include "holon/space/radial_space.hpp"

#include <bit>

namespace holon::report {

namespace {

static_assert(std::endian::native == std::endian::little, "arrays are written in the machine's order");

std::string triple(const std::array<double, 3>& values) {
  return number_text(values[0]) + " " + number_text(values[1]) + " " + number_text(values[2]);
}

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
  head += "<!-- holon" + xml_attribute("dimensions", std::to_string(image.dimensions)) +
          xml_attribute("length_unit", image.length_unit) + xml_attribute("time_unit", image.time_unit) +
          " -->\n";
  head += "<" + type + xml_attribute("WholeExtent", extent);
  if (image.radii.empty())
    head += xml_attribute("Origin", triple(origin)) + xml_attribute("Spacing", triple(image.spacing));
  head += ">\n";
  head +=
      "<FieldData>\n<DataArray type=\"Float64\" Name=\"TimeValue\" NumberOfTuples=\"1\" "
      "format=\"ascii\">" +
      number_text(image.time) + "</DataArray>\n</FieldData>\n";
  head += "<Piece" + xml_attribute("Extent", extent) + ">\n<" + section + ">\n";
  std::string data;
  for (const Image::Column& column : image.columns) {
    head += "<DataArray type=\"Float64\"" + xml_attribute("Name", column.name + " [" + column.unit + "]") +
            " format=\"appended\"" + xml_attribute("offset", std::to_string(data.size())) + "/>\n";
    data += compressed_array(std::as_bytes(std::span(column.values)));
  }
  head += "</" + section + ">\n";
  if (!image.radii.empty()) {
    head += "<Coordinates>\n";
    const std::vector<double> none{0.0};
    for (const char* axis : {"r", "y", "z"}) {
      head += "<DataArray type=\"Float64\"" + xml_attribute("Name", axis) + " format=\"appended\"" +
              xml_attribute("offset", std::to_string(data.size())) + "/>\n";
      data += compressed_array(std::as_bytes(std::span(*axis == 'r' ? image.radii : none)));
    }
    head += "</Coordinates>\n";
  }
  head += "</Piece>\n</" + type + ">\n<AppendedData encoding=\"raw\">\n_";
  return head + data + "\n</AppendedData>\n</VTKFile>\n";
}

Image read_vti(std::string_view text, const std::string& name) {
  const VtkReader reader(text, name);
  Image image;
  std::size_t position = 0;
  const std::string_view note = reader.tag("!-- holon", position);
  if (note.empty()) reader.damaged("not Holon's");
  image.dimensions = static_cast<int>(reader.numbers(note, "dimensions", 1)[0]);
  if (image.dimensions < 1 || image.dimensions > 3) reader.damaged("number of dimensions");
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
    if (!(extent[2 * a + 1] >= 0 && extent[2 * a + 1] < 1e9)) reader.damaged("the extent");
    image.count[a] = static_cast<std::size_t>(extent[2 * a + 1]) + (cell_axis ? 0 : 1);
    image.spacing[a] = spacing[a];
    image.origin[a] = origin[a] + (cell_axis ? 0.5 * spacing[a] : 0.0);
    sites *= image.count[a];
  }
  if (sites > text.size() * 1100) reader.damaged("fewer values than sites");  // zlib packs at most 1:1032
  const std::optional<double> time = parse_number(reader.text_between("format=\"ascii\">", "</DataArray>"));
  if (!time) reader.damaged("the time");
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
    if (open == std::string::npos) reader.damaged("an array has no unit");
    image.columns.push_back({label.substr(0, open), label.substr(open + 2, label.size() - open - 3),
                             reader.array(static_cast<std::size_t>(offset), sites)});
  }
  if (radial) {
    if (image.radii.empty()) reader.damaged("the radii");
    image.spacing[0] = image.radii[1] - image.radii[0];
    image.origin[0] = 0.5 * (image.radii[0] + image.radii[1]);
  }
  return image;
}

}  // namespace holon::report
