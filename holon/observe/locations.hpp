// Where an observer looks: places in the coordinates of a space.
#pragma once

#include "holon/modelfile/registry.hpp"

#include <string>
#include <vector>

namespace holon::observe {

/// A place of one space, ready to be read: its value is sum weight[k] f[site[k]].
struct Location {
  std::string name;  ///< empty where it is the only one
  Position position{};
  Stencil stencil;
  std::optional<std::int64_t> agent = std::nullopt;  ///< on a population: the id of the one looked at
};

/// The option `at`: one place [5 mm, 2 mm], several {corner: [0 mm, 0 mm], ...}, the name of a space of named
/// points, or of one of them (probes.corner); on a population the ids of agents: 3, [3, 5] or
/// {mother: 3}; on a network the names of nodes: a, [a, b] or {first: a}, or the numbers of edges.
void add_locations_option(modelfile::Schema& schema, const std::string& key = "at");

/// Reads it. On a space of one site it may be left out. Reports what is wrong and throws
/// modelfile::Abandoned.
std::vector<Location> read_locations(const modelfile::Section& section, const std::string& key,
                                     const Space& space);

/// Exactly one place.
Location read_location(const modelfile::Section& section, const std::string& key, const Space& space);

/// "the place lies outside the space 'fibre', which goes from node (0) ... to node (100) ..."
std::string outside_text(const Space& space, const std::string& name);

/// The stencil of a place of a space; the nearest site where the space does not interpolate. Nothing outside.
std::optional<Stencil> stencil_at(const Space& space, const Position& position);

/// The name of a place without a name, from its coherent coordinates.
std::string location_name(const Position& position, int dimensions);

}  // namespace holon::observe
