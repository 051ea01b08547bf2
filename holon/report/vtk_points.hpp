// VTK PolyData files (.vtp): one frame of the agents of a population as points, as ParaView and VisIt read
// it.
//
// Format: VTK XML, version 1.0, as in vtk_image.hpp. Every agent is a vertex; its fields are point data, so
// that a glyph filter scaled by the radius draws the cells.
#pragma once

#include "holon/engine/observer.hpp"

#include <string>

namespace holon::report {

/// The text of a .vtp file. Throws InputError where the frame has no points.
std::string vtp_text(const FieldFrame& frame, const Unit& time_unit);

}  // namespace holon::report
