#include "holon/report/vtk_points.hpp"

#include "holon/base/error.hpp"
#include "holon/report/vtk_array.hpp"
#include "holon/report/vtk_reader.hpp"
#include "holon/report/xml_text.hpp"
#include "holon/space/population.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <vector>

namespace holon::report {

namespace {

/// One array after the other in the appended part of a file, with the tag that names it.
class Appended {
 public:
  template <class T>
  std::string tag(const std::string& type, const std::string& attributes, const std::vector<T>& values) {
    const std::string text = "<DataArray type=\"" + type + "\"" + attributes +
                             " format=\"appended\" offset=\"" + std::to_string(data_.size()) + "\"/>\n";
    data_ += compressed_array(std::as_bytes(std::span(values)));
    return text;
  }
  const std::string& data() const { return data_; }

 private:
  std::string data_;
};

/// What a picture needs besides the points: the box in which they are, and units.
std::string note(const Space& space, const Unit& time_unit) {
  const auto& population = dynamic_cast<const Population&>(space);
  std::string low, high;
  for (const Population::Side& side : population.box()) {
    low += (low.empty() ? "" : " ") + number_text(side.low);
    high += (high.empty() ? "" : " ") + number_text(side.high);
  }
  return "<!-- holon" + xml_attribute("dimensions", std::to_string(population.dimensions())) +
         xml_attribute("low", low) + xml_attribute("high", high) +
         xml_attribute("length_unit", Unit::coherent(population.length_dimension()).text()) +
         xml_attribute("time_unit", time_unit.text()) + " -->\n";
}

}  // namespace

std::string vtp_text(const FieldFrame& frame, const Unit& time_unit) {
  const std::size_t agents = frame.points.size();
  std::vector<double> coordinates;
  coordinates.reserve(3 * agents);
  for (const Position& at : frame.points) coordinates.insert(coordinates.end(), at.begin(), at.end());
  std::vector<std::int64_t> vertices(agents), ends(agents);
  std::iota(vertices.begin(), vertices.end(), std::int64_t{0});
  std::iota(ends.begin(), ends.end(), std::int64_t{1});

  Appended appended;
  std::string head =
      "<?xml version=\"1.0\"?>\n<VTKFile type=\"PolyData\" version=\"1.0\" byte_order=\"LittleEndian\" "
      "header_type=\"UInt64\" compressor=\"vtkZLibDataCompressor\">\n" +
      note(*frame.space, time_unit) +
      "<PolyData>\n<FieldData>\n"
      "<DataArray type=\"Float64\" Name=\"TimeValue\" NumberOfTuples=\"1\" format=\"ascii\">" +
      number_text(frame.time / time_unit.factor()) + "</DataArray>\n</FieldData>\n<Piece NumberOfPoints=\"" +
      std::to_string(agents) + "\" NumberOfVerts=\"" + std::to_string(agents) +
      "\" NumberOfLines=\"0\" NumberOfStrips=\"0\" NumberOfPolys=\"0\">\n<PointData>\n";
  for (const FieldFrame::Column& column : frame.columns) {
    require(column.values.size() == agents, "a frame of agents has one value per agent");
    head +=
        appended.tag("Float64", " Name=\"" + escape_xml(column.name + " [" + column.unit.text() + "]") + "\"",
                     column.values);
  }
  head += "</PointData>\n<Points>\n" +
          appended.tag("Float64", " Name=\"Points\" NumberOfComponents=\"3\"", coordinates) +
          "</Points>\n<Verts>\n" + appended.tag("Int64", " Name=\"connectivity\"", vertices) +
          appended.tag("Int64", " Name=\"offsets\"", ends) +
          "</Verts>\n</Piece>\n</PolyData>\n<AppendedData encoding=\"raw\">\n_";
  return head + appended.data() + "\n</AppendedData>\n</VTKFile>\n";
}

AgentImage read_vtp(std::string_view text, const std::string& name) {
  const VtkReader reader(text, name);
  AgentImage image;
  std::size_t position = 0;
  const std::string_view note = reader.tag("!-- holon", position);
  if (note.empty()) reader.damaged("not Holon's");
  image.dimensions = static_cast<int>(reader.numbers(note, "dimensions", 1)[0]);
  if (image.dimensions < 1 || image.dimensions > 3) reader.damaged("number of dimensions");
  const auto axes = static_cast<std::size_t>(image.dimensions);
  const auto low = reader.numbers(note, "low", axes), high = reader.numbers(note, "high", axes);
  std::copy(low.begin(), low.end(), image.low.begin());
  std::copy(high.begin(), high.end(), image.high.begin());
  image.length_unit = reader.attribute_of(note, "length_unit");
  image.time_unit = reader.attribute_of(note, "time_unit");
  const std::optional<double> time = parse_number(reader.text_between("format=\"ascii\">", "</DataArray>"));
  if (!time) reader.damaged("the time");
  image.time = *time;
  const double count = reader.numbers(reader.tag("Piece", position), "NumberOfPoints", 1)[0];
  if (!(count >= 0.0 && count < static_cast<double>(text.size()) * 1100.0))  // zlib packs at most 1:1032
    reader.damaged("the number of points");
  const auto agents = static_cast<std::size_t>(count);
  image.places.resize(agents);
  const auto array = [&](std::string_view tag, std::size_t values) {
    if (values == 0) return std::vector<double>{};
    return reader.array(static_cast<std::size_t>(reader.numbers(tag, "offset", 1)[0]), values);
  };
  for (auto tag = reader.tag("DataArray", position); !tag.empty(); tag = reader.tag("DataArray", position)) {
    const std::string label = reader.attribute_of(tag, "Name");
    const std::size_t open = label.rfind(" [");
    if (open != std::string::npos) {
      image.columns.push_back(
          {label.substr(0, open), label.substr(open + 2, label.size() - open - 3), array(tag, agents)});
    } else if (label == "Points") {
      const std::vector<double> coordinates = array(tag, 3 * agents);
      for (std::size_t k = 0; k < agents; ++k)
        image.places[k] = {coordinates[3 * k], coordinates[3 * k + 1], coordinates[3 * k + 2]};
      break;
    }
  }
  return image;
}

}  // namespace holon::report
