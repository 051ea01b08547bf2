// SWC: the format in which traced neurons are exchanged (Cannon et al. 1998). A line is
//   id type x y z radius parent
// with lengths in um, parent -1 at the root, and '#' before remarks. Types: 1 soma, 2 axon, 3 basal and 4
// apical dendrite.
#pragma once

#include "holon/space/tree_space.hpp"

#include <filesystem>
#include <vector>

namespace holon {

/// Reads a traced tree as branches: runs of samples between places where it divides. A soma of one sample is
/// a tube as long and wide as its diameter, which has the area of the sphere; so is one of three samples, of
/// which two are beside the first (NeuroMorpho.org). What leaves a soma begins with its own first sample, at
/// the soma's end. Names are those of the types with the id of the first sample, "apical_17". Throws
/// InputError with the line where a number is missing or malformed, an id stands twice, a parent is missing
/// or comes later, a radius is not positive, or there are two roots. Lengths are in um, times `um`.
std::vector<TreeBranch> read_swc(const std::filesystem::path& file, double um);

}  // namespace holon
