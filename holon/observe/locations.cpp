#include "holon/observe/locations.hpp"

#include "holon/modelfile/loader.hpp"
#include "holon/space/network.hpp"

#include <algorithm>

namespace holon::observe {

namespace {

using modelfile::Document;
using modelfile::Option;
using modelfile::Section;
using Value = Document::Value;

constexpr const char* ways =
    "a place such as [5 mm, 2 mm], several as {name: [..], ...}, or the name of a space of named points";

/// Reads one `at` and makes places of one space of it.
class LocationReader {
 public:
  LocationReader(const Section& section, const std::string& key, const Space& space)
      : section_(section), key_(key), space_(space) {}

  std::vector<Location> read(const Value& value) {
    if (space_.varies()) return agents(value);
    if (in_network()) return nodes(value);
    switch (value.kind) {
      case Value::Kind::list:
        return {coordinates("", value)};
      case Value::Kind::mapping: {
        std::vector<Location> places;
        for (const auto& member : value.mapping) places.push_back(coordinates(member.key, member.value));
        if (places.empty()) fail("holds no place");
        return places;
      }
      case Value::Kind::scalar:
        return named(value.scalar);
      case Value::Kind::null:
        break;
    }
    fail("is empty");
  }

  [[noreturn]] void fail(const std::string& message) const {
    section_.error(key_, message,
                   space_.varies() ? ids()
                   : in_network()
                       ? "nodes of '" + space_.name() + "' (or numbers of its edges): a, [a, b] or {first: a}"
                       : ways);
    throw modelfile::Abandoned{};
  }

 private:
  /// Examples are ids that there are at the start.
  std::string ids() const {
    const std::size_t count = space_.sites();
    const std::string one = std::to_string(std::min<std::size_t>(3, count > 1 ? count - 1 : 0)),
                      other = std::to_string(std::min<std::size_t>(5, count > 1 ? count - 1 : 0));
    return "ids of agents of '" + space_.name() + "'" +
           (count > 1 ? " (at the start 0 to " + std::to_string(count - 1) + ")"
            : count   ? " (at the start 0)"
                      : "") +
           ": " + one + (one == other ? "" : ", [" + one + ", " + other + "]") + " or {mother: " + one + "}";
  }
  bool in_network() const {
    return space_.type() == Space::Type::network || space_.type() == Space::Type::edges;
  }

  std::vector<Location> nodes(const Value& value) const {
    const auto* network = dynamic_cast<const NetworkSpace*>(&space_);
    std::vector<std::string> known;
    if (network != nullptr) known = network->names();
    for (std::size_t edge = 0; network == nullptr && edge < space_.sites(); ++edge)
      known.push_back(std::to_string(edge));
    std::vector<Location> found;
    const auto add = [&](const std::string& name, const Value& node, const std::string& path) {
      const auto text = section_.loader().text(node, path);
      if (!text) throw modelfile::Abandoned{};
      const auto site = std::find(known.begin(), known.end(), *text);
      if (site == known.end()) {
        section_.loader().error(node.place, path, "'" + space_.name() + "' has no site '" + *text + "'", "",
                                suggestion(*text, known));
        throw modelfile::Abandoned{};
      }
      found.push_back({name.empty() ? *text : name,
                       {},
                       Stencil{{static_cast<std::size_t>(site - known.begin())}, {1.0}}});
    };
    const std::string path = section_.path() + "." + key_;
    if (value.kind == Value::Kind::scalar) add("", value, path);
    for (std::size_t k = 0; k < value.list.size(); ++k)
      add("", value.list[k], path + "[" + std::to_string(k) + "]");
    for (const auto& member : value.mapping) add(member.key, member.value, path + "." + member.key);
    if (found.empty()) fail("names no site");
    return found;
  }

  std::vector<Location> agents(const Value& value) const {
    std::vector<Location> found;
    const auto add = [&](const std::string& name, const Value& id, const std::string& path) {
      const auto number = section_.loader().integer(id, path);
      if (!number) throw modelfile::Abandoned{};
      if (*number < 0) fail("holds the id " + std::to_string(*number));
      found.push_back({name.empty() ? std::to_string(*number) : name, {}, {}, *number});
    };
    const std::string path = section_.path() + "." + key_;
    if (value.kind == Value::Kind::scalar) add("", value, path);
    for (std::size_t k = 0; k < value.list.size(); ++k)
      add("", value.list[k], path + "[" + std::to_string(k) + "]");
    for (const auto& member : value.mapping) add(member.key, member.value, path + "." + member.key);
    if (found.empty()) fail("names no agent");
    return found;
  }

  Location coordinates(const std::string& name, const Value& value) const {
    const std::string path = section_.path() + "." + key_ + (name.empty() ? "" : "." + name);
    const auto position = section_.loader().position(value, path, space_.dimensions());
    if (!position) throw modelfile::Abandoned{};
    return located(name, *position);
  }

  Location located(const std::string& name, const Position& position) const {
    const auto stencil = stencil_at(space_, position);
    if (!stencil) fail(outside_text(space_, name));
    return {name, position, *stencil};
  }

  std::vector<Location> named(const std::string& text) const {
    const std::size_t dot = text.find('.');
    const std::string owner = text.substr(0, dot);
    const auto& spaces = section_.loader().model().spaces;
    const auto found = spaces.find(owner);
    const auto* points =
        found == spaces.end() ? nullptr : dynamic_cast<const NamedPoints*>(found->second.get());
    if (points == nullptr) {
      std::vector<std::string> candidates;
      for (const auto& [name, space] : spaces)
        if (space->type() == Space::Type::named_points) candidates.push_back(name);
      section_.error(key_, "'" + owner + "' is no space of named points", ways,
                     suggestion(owner, candidates));
      throw modelfile::Abandoned{};
    }
    std::vector<Location> places;
    for (std::size_t p = 0; p < points->sites(); ++p)
      if (dot == std::string::npos || points->names()[p] == text.substr(dot + 1))
        places.push_back(located(points->names()[p], points->position(p)));
    if (places.empty()) {
      section_.error(key_, "'" + owner + "' has no point '" + text.substr(dot + 1) + "'", "",
                     suggestion(text.substr(dot + 1), points->names()));
      throw modelfile::Abandoned{};
    }
    return places;
  }

  const Section& section_;
  std::string key_;
  const Space& space_;
};

}  // namespace

void add_locations_option(modelfile::Schema& schema, const std::string& key) {
  schema
      .add(key, Option::Type::anything,
           "where: " + std::string(ways) + "; values between sites are interpolated; not needed on one site")
      .make_optional();
}

std::vector<Location> read_locations(const Section& section, const std::string& key, const Space& space) {
  LocationReader reader(section, key, space);
  const Value* value = section.raw(key);
  if (value != nullptr) return reader.read(*value);
  if (!space.single())
    reader.fail("is missing: the space '" + space.name() + "' " +
                (space.varies() ? "is a population, whose agents come and go"
                                : "has " + std::to_string(space.sites()) + " sites"));
  return {Location{"", space.position(0), Stencil{{0}, {1.0}}}};
}

Location read_location(const Section& section, const std::string& key, const Space& space) {
  std::vector<Location> places = read_locations(section, key, space);
  if (places.size() != 1)
    LocationReader(section, key, space)
        .fail("names " + std::to_string(places.size()) + " places; one is needed");
  return places.front();
}

std::string outside_text(const Space& space, const std::string& name) {
  return "the place " + (name.empty() ? "" : "'" + name + "' ") + "lies outside the space '" + space.name() +
         "', which goes from " + space.site_text(0) + " to " + space.site_text(space.sites() - 1) +
         (space.sites_inside() < space.sites() ? ", where its 'where' holds" : "");
}

std::optional<Stencil> stencil_at(const Space& space, const Position& position) {
  if (auto stencil = space.interpolation(position)) return stencil;
  const auto site = space.nearest(position);
  if (!site) return std::nullopt;
  return Stencil{{*site}, {1.0}};
}

std::string location_name(const Position& position, int dimensions) {
  std::string text = "at";
  for (int a = 0; a < dimensions; ++a) text += " " + number_text(position[static_cast<std::size_t>(a)]);
  return text;
}

}  // namespace holon::observe
