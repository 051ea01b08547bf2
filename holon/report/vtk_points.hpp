// VTK PolyData files (.vtp): one frame of the agents of a population as points, as ParaView and VisIt read
// it.
//
// Format: VTK XML, version 1.0, as in vtk_image.hpp. Every agent is a vertex; its fields are point data, so
// that a glyph filter scaled by the radius draws the cells.
#pragma once

#include "holon/engine/observer.hpp"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace holon::report {

/// The text of a .vtp file. Throws InputError where the frame has no points.
std::string vtp_text(const FieldFrame& frame, const Unit& time_unit);

/// A frame of agents: what a .vtp file holds.
struct AgentImage {
  int dimensions = 0;
  std::array<double, 3> low{}, high{};  ///< the box of the space in which they are; coherent
  std::string length_unit, time_unit;
  double time = 0.0;             ///< in time_unit
  std::vector<Position> places;  ///< coherent
  struct Column {
    std::string name, unit;
    std::vector<double> values;
  };
  std::vector<Column> columns;  ///< id and radius (coherent), then what was asked for
};

/// Reads what vtp_text wrote. Throws InputError when it is damaged; `name` is the file's, for messages.
AgentImage read_vtp(std::string_view text, const std::string& name);

}  // namespace holon::report
