// Spaces of type `population`: how many agents there are at the start, and where.
#include "holon/modelfile/build.hpp"
#include "holon/modelfile/model_schema.hpp"
#include "holon/space/population.hpp"

#include <algorithm>

namespace holon::modelfile {

using Value = Document::Value;

namespace {

constexpr std::int64_t most_agents = std::int64_t{1} << 31;

/// The words of a line of a file of places: numbers between blanks or commas.
std::vector<Value> words_of(const Value& line) {
  std::vector<Value> words;
  const std::string separators = " \t,;";
  for (std::size_t at = line.scalar.find_first_not_of(separators); at != std::string::npos;
       at = line.scalar.find_first_not_of(separators, at)) {
    const std::size_t end = std::min(line.scalar.find_first_of(separators, at), line.scalar.size());
    Value word;
    word.kind = Value::Kind::scalar;
    word.place = line.place;
    word.place.column += static_cast<int>(at);
    word.scalar = line.scalar.substr(at, end - at);
    words.push_back(std::move(word));
    at = end;
  }
  return words;
}

class PopulationReader {
 public:
  PopulationReader(Loader& loader, const std::string& name, const Value& value)
      : loader_(loader),
        name_(name),
        value_(value),
        path_("spaces." + name),
        section_(loader, &value, space_schema("population"), path_, loader.dimensions()) {}

  std::shared_ptr<const Space> read() {
    const Dimension length = loader_.dimensions().at("length");
    const auto frame = section_.has("in") ? section_.space("in") : nullptr;
    if (!frame)
      for (const char* key : {"place", "radius"})
        if (is_stated(section_, key))
          section_.error(key, "is stated for a population without places", "'in: GRID' beside it");
    Population::Placement placement;
    const Value* place = section_.raw("place");
    if (frame && place != nullptr) read_place(*place, *frame, placement);
    const auto count = this->count(placement);
    if (loader_.has_errors() || !count) return nullptr;
    try {
      return std::make_shared<Population>(name_, frame, *count, std::move(placement), length);
    } catch (const InputError& error) {
      loader_.take(error, place != nullptr ? place->place : value_.place,
                   path_ + (place != nullptr ? ".place" : ""));
      return nullptr;
    }
  }

 private:
  std::optional<std::size_t> count(const Population::Placement& placement) {
    const bool listed = placement.rule == Population::Placement::Rule::listed;
    if (!section_.has("count")) {
      if (!listed)
        section_.error("count", "the key 'count' is missing", "how many agents there are at the start");
      return listed ? std::optional(placement.listed.size()) : std::nullopt;
    }
    const Value& value = *section_.raw("count");
    const auto number = loader_.integer(value, path_ + ".count");
    if (!number) return std::nullopt;
    if (*number < 0 || *number > most_agents) {
      loader_.error(value.place, path_ + ".count", "is " + std::to_string(*number),
                    "a number of agents from 0 to 2^31");
      return std::nullopt;
    }
    if (listed && static_cast<std::size_t>(*number) != placement.listed.size()) {
      loader_.error(value.place, path_ + ".count", "is " + std::to_string(*number),
                    "as many as there are places: " + std::to_string(placement.listed.size()),
                    "'count' can be left out");
      return std::nullopt;
    }
    return static_cast<std::size_t>(*number);
  }

  void read_place(const Value& place, const Space& frame, Population::Placement& placement) {
    const std::string path = path_ + ".place";
    if (place.kind == Value::Kind::scalar) {
      const auto rule = loader_.text(place, path);
      if (!rule) return;
      if (*rule == "lattice")
        placement.rule = Population::Placement::Rule::lattice;
      else if (*rule == "ball")
        placement.rule = Population::Placement::Rule::ball;
      else if (*rule != "random")
        loader_.error(place.place, path, "'" + *rule + "' is no way to place agents",
                      "random, ball, lattice, {positions: [...]} or {file: ...}",
                      suggestion(*rule, {"random", "ball", "lattice"}));
      return;
    }
    const Value* positions = place.find("positions");
    const Value* file = place.find("file");
    for (const Value::Member& member : place.mapping)
      if (member.key != "positions" && member.key != "file" && member.key != "unit")
        loader_.error(member.key_place, path + '.' + member.key, "unknown key '" + member.key + "'", "",
                      suggestion(member.key, {"positions", "file", "unit"}));
    if ((positions == nullptr) == (file == nullptr)) {
      loader_.error(place.place, path, "is " + place.description(),
                    "random, lattice, {positions: [...]} or {file: ...}");
      return;
    }
    placement.rule = Population::Placement::Rule::listed;
    if (positions != nullptr)
      read_list(*positions, path + ".positions", frame.dimensions(), placement);
    else
      read_file(place, *file, path, frame.dimensions(), placement);
  }

  void read_list(const Value& list, const std::string& path, int axes, Population::Placement& placement) {
    if (list.kind != Value::Kind::list) {
      loader_.error(list.place, path, "is " + list.description(), "a list of places [x, y, ...]");
      return;
    }
    for (std::size_t k = 0; k < list.list.size(); ++k)
      if (const auto at = loader_.position(list.list[k], path + '[' + std::to_string(k) + ']', axes))
        placement.listed.push_back(*at);
  }

  void read_file(const Value& place, const Value& file, const std::string& path, int axes,
                 Population::Placement& placement) {
    const Value* unit_text = place.find("unit");
    const auto unit =
        unit_text != nullptr ? read_unit(loader_, *unit_text, path + ".unit") : std::optional(Unit{});
    const auto name = loader_.file(file, path + ".file");
    if (!unit || !name) return;
    if (!loader_.fits(unit_text != nullptr ? *unit_text : place, path + ".unit", unit->dimension(),
                      loader_.dimensions().at("length")))
      return;
    for (const Value& line : read_values(*name)) {
      const std::vector<Value> words = words_of(line);
      if (words.size() != static_cast<std::size_t>(axes)) {
        loader_.error(line.place, path + ".file", "the line has " + std::to_string(words.size()) + " words",
                      "a place of " + std::to_string(axes) + " numbers in each line");
        return;
      }
      Position at{};
      for (std::size_t a = 0; a < words.size(); ++a) {
        const auto number = parse_number(words[a].scalar);
        if (!number) {
          loader_.error(words[a].place, path + ".file", "'" + words[a].scalar + "' is no number");
          return;
        }
        at[a] = *number * unit->factor();
      }
      placement.listed.push_back(at);
    }
  }

  Loader& loader_;
  std::string name_;
  const Value& value_;
  std::string path_;
  Section section_;
};

}  // namespace

std::shared_ptr<const Space> read_population(Loader& loader, const std::string& name, const Value& value) {
  try {
    return PopulationReader(loader, name, value).read();
  } catch (const Abandoned&) { return nullptr; }
}

}  // namespace holon::modelfile
