// The `boundary:` section of transport processes.
#include "holon/modelfile/loader.hpp"
#include "holon/transport/transport_recipe.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

namespace holon::transport {

using modelfile::Schema;
using modelfile::Section;

namespace {

struct SidePlace {
  int axis, side;
};

constexpr std::array<std::string_view, 4> axis_names{"x", "y", "z", "r"};

/// The sides of a space that a key of `boundary` stands for: "all", "x", "x_min".
std::vector<SidePlace> sides_of(const std::string& key, const StructuredSpace& grid) {
  std::vector<SidePlace> places;
  for (int axis = 0; axis < grid.dimensions(); ++axis)
    for (int side = 0; side < 2; ++side)
      if (key == "all" || key == grid.side_name(axis, side) || key == grid.axis_name(axis))
        places.push_back({axis, side});
  return places;
}

/// Keys from the most general to the most particular: later ones replace earlier ones.
std::vector<std::string> boundary_keys() {
  std::vector<std::string> keys{"all"};
  for (const std::string_view axis : axis_names) keys.emplace_back(axis);
  for (const std::string_view axis : axis_names)
    for (const char* side : {"_min", "_max"}) keys.push_back(std::string(axis) + side);
  return keys;
}

SideCondition read_side(const Section& boundary, const std::string& key) {
  const Section side = boundary.section(key);
  SideCondition condition;
  std::vector<std::string> given;
  for (const char* kind : {"dirichlet", "neumann", "robin"})
    if (side.schema()->find(kind) != nullptr && side.has(kind)) given.emplace_back(kind);
  if (given.size() != 1) {
    boundary.error(key,
                   given.empty() ? "nothing is said about this side"
                                 : fmt::format("'{}' and '{}' can't both hold", given[0], given[1]),
                   "one of dirichlet, neumann, robin");
    return condition;
  }
  if (given[0] == "dirichlet") {
    condition.kind = SideRule::Kind::value;
    condition.datum = side.coefficient("dirichlet");
  } else if (given[0] == "neumann") {
    condition.datum = side.coefficient("neumann");
  } else {
    const Section robin = side.section("robin");
    condition.kind = SideRule::Kind::exchange;
    condition.transfer = robin.coefficient("transfer");
    condition.datum = robin.coefficient("outside");
  }
  return condition;
}

}  // namespace

Schema boundary_schema(Schema side) {
  Schema schema("boundary",
                "Sides of the grid. x_min and its like go before x (both sides), and that before all.");
  for (const std::string& key : boundary_keys())
    schema
        .section(key, side,
                 key == "all"       ? "All sides."
                 : key.size() == 1u ? fmt::format("Both sides of axis {}.", key)
                 : key == "r_min"   ? "The inner side of a radial grid."
                 : key == "r_max"   ? "The outer side of a radial grid."
                                    : fmt::format("The {} side of axis {}.",
                                                key.ends_with("min") ? "low" : "high", key.front()))
        .make_optional();
  return schema;
}

namespace {

/// Why a space has no such side.
std::string missing_side(const StructuredSpace& grid, const std::string& key, int axis) {
  if (axis >= 0 && grid.periodic(axis))
    return fmt::format("'{}' is periodic along {}, so it has no side '{}'", grid.name(), grid.axis_name(axis),
                       key);
  if (axis >= 0) return fmt::format("'{}' begins at its centre, so it has no side '{}'", grid.name(), key);
  if (grid.type() == Space::Type::radial)
    return fmt::format("'{}' has no side '{}': its sides are r_min and r_max", grid.name(), key);
  return fmt::format("'{}' has no side '{}': it has {} {}", grid.name(), key, grid.dimensions(),
                     grid.dimensions() == 1 ? "axis" : "axes");
}

}  // namespace

Sides read_sides(const Section& process, const StructuredSpace& grid) {
  Sides sides;
  if (!process.has("boundary")) return sides;
  const Section boundary = process.section("boundary");
  for (const std::string& key : boundary_keys()) {
    if (!boundary.has(key)) continue;
    const SideCondition condition = read_side(boundary, key);
    const auto named = sides_of(key, grid);
    const auto missing =
        std::find_if(named.begin(), named.end(), [&](SidePlace p) { return !grid.has_side(p.axis, p.side); });
    if (key != "all" && (named.empty() || missing != named.end()))
      process.loader().error(boundary.key_place(key), boundary.path() + "." + key,
                             missing_side(grid, key, named.empty() ? -1 : missing->axis), "", "leave it out");
    for (const auto [axis, side] : named)
      if (grid.has_side(axis, side))
        sides[static_cast<std::size_t>(axis)][static_cast<std::size_t>(side)] = condition;
  }
  return sides;
}

namespace {

/// The place of what stands under a key: ".fibre", "[1]", or of the key's value if that does not exist.
Place nested_place(const Section& process, const std::string& key, std::string_view rest) {
  const modelfile::Document::Value* value = process.raw(key);
  if (value == nullptr) return process.place(key);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find_first_of(".[", 1), rest.size());
    const std::string_view step = rest.substr(1, end - 1);
    if (rest.front() == '.') {
      const auto* member = value->find(step);
      if (member == nullptr) break;
      value = member;
    } else {
      const auto index = static_cast<std::size_t>(step.front() - '0');
      if (value->kind != modelfile::Document::Value::Kind::list || index >= value->list.size()) break;
      value = &value->list[index];
    }
    rest.remove_prefix(end);
  }
  return value->place;
}

}  // namespace

void report(const Section& process, const std::vector<OptionFault>& faults,
            const std::map<std::string, std::string>& names) {
  for (const OptionFault& fault : faults) {
    const std::size_t end = std::min(fault.key.find_first_of(".["), fault.key.size());
    std::string key = fault.key.substr(0, end);
    const std::string rest = fault.key.substr(end);
    if (const auto other = names.find(key); other != names.end()) key = other->second;
    Place place = process.place(key);
    std::string path = process.path() + "." + key + rest;
    if (key != "boundary") place = nested_place(process, key, rest);
    if (key == "boundary" && rest.size() > 1 && process.has("boundary")) {
      // The side may have been given as itself, as its axis or among all.
      const std::string side = rest.substr(1, 5);
      const Section boundary = process.section("boundary");
      for (const std::string& given : {side, side.substr(0, 1), std::string("all")})
        if (boundary.has(given)) {
          place = boundary.place(given);
          path = boundary.path() + "." + given + rest.substr(6);
          break;
        }
    }
    process.loader().error(place, path, fault.message, fault.expected, fault.hint);
  }
}

}  // namespace holon::transport
