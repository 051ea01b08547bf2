// VTK ImageData files (.vti): one frame of fields on a Cartesian grid, as ParaView and VisIt read it. Radial
// grids, whose shells differ in width, are RectilinearGrid files (.vtr) along x = r.
//
// Format: VTK XML, version 1.0, little-endian, arrays appended raw and compressed block by block with zlib
// (VTK user's guide, "XML file formats"). Nodes become point data, cell centres cell data. Lengths are in the
// coherent unit, which stands in the field data beside the time and its unit.
#pragma once

#include "holon/engine/observer.hpp"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace holon::report {

/// A frame on a grid: what a .vti file holds.
struct Image {
  std::array<std::size_t, 3> count{1, 1, 1};                ///< sites along each axis
  std::array<double, 3> spacing{1, 1, 1}, origin{0, 0, 0};  ///< of the first site; coherent
  int dimensions = 1;
  bool cells = false;  ///< sites are cell centres: origin is the first cell's centre
  /// Of radial grids: the radii of the faces between shells, one more than shells; `spacing` is the first
  /// width.
  std::vector<double> radii;
  std::string length_unit, time_unit;
  double time = 0.0;  ///< in time_unit
  struct Column {
    std::string name, unit;
    std::vector<double> values;
  };
  std::vector<Column> columns;
};

/// Only grids and radial grids are images: throws InputError for other spaces, with the way out.
Image image_of(const FieldFrame& frame, const Unit& time_unit);

std::string vti_text(const Image& image);
/// ".vti", or ".vtr" of radial grids.
std::string file_extension(const Image& image);
/// Reads what vti_text wrote. Throws InputError when it is damaged; `name` is the file's, for messages.
Image read_vti(std::string_view text, const std::string& name);

}  // namespace holon::report
