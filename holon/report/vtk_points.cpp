#include "holon/report/vtk_points.hpp"

#include "holon/base/error.hpp"
#include "holon/report/vtk_array.hpp"
#include "holon/report/xml_text.hpp"

#include <numeric>
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
      "header_type=\"UInt64\" compressor=\"vtkZLibDataCompressor\">\n<PolyData>\n<FieldData>\n"
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

}  // namespace holon::report
