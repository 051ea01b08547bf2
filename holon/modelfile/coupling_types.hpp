// Which coupling joins two spaces.
#pragma once

#include "holon/engine/coupling_geometry.hpp"
#include "holon/modelfile/section.hpp"

#include <memory>
#include <string>
#include <vector>

namespace holon::modelfile {

/// One way from a field to a space, before it is chosen.
struct CouplingRequest {
  const Section& section;  ///< of the coupling
  const FieldTable& fields;
  FieldId from;
  std::shared_ptr<const Space> to;
  Place place;  ///< where `from` names the field
  std::string path;
};

struct CouplingChoice {
  std::string type, reason;
  std::vector<std::string> details;  ///< kernel, radius, response
  Unit unit;                         ///< of what arrives
  FieldKind kind = FieldKind::value;
  std::shared_ptr<const CouplingGeometry> geometry;
  std::shared_ptr<const PointGeometry> response;     ///< where the points' own rates are to be added
  std::shared_ptr<const CouplingGeometry> way_back;  ///< WayBack::geometry
  std::string no_way_back;                           ///< why there is none
};

/// Chooses by the two spaces and the kind of the field, or takes the section's `type:` if it is possible.
/// Mistakes are reported, and Abandoned thrown.
CouplingChoice choose_coupling(const CouplingRequest& request);

/// "a grid", "a population" ...
std::string space_words(const Space& space);

}  // namespace holon::modelfile
