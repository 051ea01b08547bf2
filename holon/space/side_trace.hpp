// Between a grid and one of its sides.
#pragma once

#include "holon/space/sparse_map.hpp"

namespace holon {

/// The field at the faces of a side: (T f)_j is the value of the site at face j (the node on the side, or the
/// cell behind it), measures of faces being their lengths or areas (1 for a side of one point). The adjoint
/// lets a flux density in: (T* g)_k = area_j g_j / volume_k, so that what crosses the side arrives. With a
/// known flux density g into the domain the value on the face itself is (T f)_j + g half_distance() / D.
class SideTrace final : public SparseMap {
 public:
  /// `axis` 0 to 2; `side` 0 for the lower end and 1 for the upper one. Throws InputError on a periodic axis.
  SideTrace(const StructuredSpace& grid, int axis, int side);
  /// From the site to the face: zero for nodes, half a spacing for cells, of a radial grid the length in
  /// which a field without sources changes as much at the slope that it has on the face.
  double half_distance() const { return half_distance_; }

 private:
  double half_distance_;
};

}  // namespace holon
