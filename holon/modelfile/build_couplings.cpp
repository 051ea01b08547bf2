// The section `couplings:`: what joins two spaces, chosen from the spaces and the kind of the field.
#include "holon/engine/delayed_transfer.hpp"
#include "holon/engine/transfer.hpp"
#include "holon/modelfile/build.hpp"
#include "holon/modelfile/coupling_types.hpp"
#include "holon/modelfile/model_schema.hpp"
#include "holon/modelfile/trace_couplings.hpp"
#include "holon/space/network.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace holon::modelfile {

using Value = Document::Value;

namespace {

/// Where a field's unit is stated: for messages about units.
Place stated_place(const Value& root, const std::string& field) {
  const auto member = [](const Value* section, const std::string& key) -> const Value::Member* {
    if (section == nullptr) return nullptr;
    for (const Value::Member& m : section->mapping)
      if (m.key == key) return &m;
    return nullptr;
  };
  if (const auto* stated = member(root.find("fields"), field)) {
    const auto* unit = member(&stated->value, "unit");
    return unit != nullptr ? unit->value.place : stated->key_place;
  }
  if (const auto* stated = member(root.find("couplings"), field)) return stated->key_place;
  const std::string owner = field.substr(0, field.find('.'));
  for (const char* section : {"processes", "spaces"})
    if (const auto* stated = member(root.find(section), owner)) {
      // A component that stands in the process states its units there.
      const auto* units = member(&stated->value, "units");
      const auto* unit = units != nullptr && field.size() > owner.size()
                             ? member(&units->value, field.substr(owner.size() + 1))
                             : nullptr;
      return unit != nullptr ? unit->value.place : stated->key_place;
    }
  return root.place;
}

std::string unit_text(const Unit& unit) {
  return '[' + unit.text() + "] (" + dimension_words(unit.dimension()) + ')';
}

class CouplingReader {
 public:
  CouplingReader(Loader& loader, const Value& root) : loader_(loader), root_(root) {}

  std::vector<std::unique_ptr<Process>> read() {
    for (const auto* entry : entries(root_, "couplings")) declare(*entry);
    return std::move(made_);
  }

 private:
  struct From {
    FieldId field = 0;
    Place place;
    std::string path;
  };

  static std::string path_of(const std::string& name) { return "couplings." + name; }

  void declare(const Value::Member& entry) {
    if (!declared_.insert(entry.key).second) return;
    open_.push_back(entry.key);
    const auto& list = loader_.diagnostics().list();
    const std::size_t before = list.size();
    try {
      if (!declare_trace(loader_, root_, entry)) read(entry);
    } catch (const Abandoned&) { loader_.mark_broken(entry.key); } catch (const InputError& problem) {
      loader_.take(problem, entry.value.place, path_of(entry.key));
      loader_.mark_broken(entry.key);
    }
    if (list.size() > before) loader_.mark_broken(entry.key);
    open_.pop_back();
  }

  void read(const Value::Member& entry) {
    const std::string path = path_of(entry.key);
    if (entry.value.kind != Value::Kind::mapping) throw Abandoned{};  // reported by validate_model
    Section section(loader_, &entry.value, &coupling_schema(), path, loader_.dimensions());
    if (loader_.parameters().contains(entry.key))
      loader_.error(entry.key_place, path, "'" + entry.key + "' is also the name of a parameter", "",
                    "give one of them another name");
    if (loader_.model().fields->contains(entry.key)) {
      loader_.error(entry.key_place, path, "there is a field '" + entry.key + "' already", "",
                    "a coupling makes a field of its own name: give one of them another name");
      throw Abandoned{};
    }
    const std::vector<From> from = sources(section);
    if (!section.has("to")) throw Abandoned{};
    const auto to = section.space("to");
    const FieldTable& fields = *loader_.model().fields;

    std::vector<CouplingChoice> chosen;
    for (const From& source : from)
      chosen.push_back(choose_coupling({section, fields, source.field, to, source.place, source.path}));
    Field field;
    field.name = entry.key;
    field.space = to;
    field.kind = chosen.front().kind;
    field.unit = chosen.front().unit;
    if (section.has("description")) field.description = section.text("description");
    if (section.has("unit")) field.unit = wanted_unit(section, from, chosen);
    hold_units_together(from, chosen, field.unit);

    std::optional<Transfer::Given> given;
    if (const auto& geometry = chosen.front().response) given = given_rate(section, from, *geometry, field);
    std::vector<Transfer::Source> transfers;
    std::vector<std::string> description;
    for (std::size_t s = 0; s < from.size(); ++s) {
      const double factor = conversion_factor(chosen[s].unit, field.unit);
      transfers.push_back({from[s].field, chosen[s].geometry, factor});
      description.push_back(fmt::format("{} {} ({}) -> {} ({}): {}{}", chosen[s].type,
                                        fields[from[s].field].name, fields[from[s].field].space->name(),
                                        entry.key, to->name(), chosen[s].reason,
                                        factor == 1.0 ? "" : fmt::format("; times {:.17g}", factor)));
    }
    for (const std::string& line : chosen.front().details) description.push_back(line);
    if (from.size() > 1) description.push_back("the contributions add up");
    const FieldId id = loader_.model().fields->add(field);
    note_way_back(id, from, chosen.front(), section.has("delay"));
    if (section.has("delay")) {
      if (from.size() > 1)
        section.error("delay", "belongs to one field, and several arrive here", "one coupling for each");
      else
        delayed(section, id, transfers.front(), std::move(description));
      return;
    }
    const bool amounts = chosen.front().type == "deposit" || chosen.front().type == "flux";
    made_.push_back(std::make_unique<Transfer>(
        entry.key, *loader_.model().fields, id, std::move(transfers), given, std::move(description),
        amounts ? Transfer::Carries::amounts : Transfer::Carries::values));
  }

  /// What processes contribute to the coupling's field.
  void note_way_back(FieldId field, const std::vector<From>& from, const CouplingChoice& chosen,
                     bool has_delay) {
    std::vector<WayBack>& known = loader_.model().ways_back;
    WayBack way{field, from.front().field, chosen.way_back, chosen.no_way_back};
    const bool chained =
        std::any_of(known.begin(), known.end(), [&](const WayBack& other) { return other.field == way.of; });
    if (from.size() > 1)
      way.obstacle = "it adds up several fields; make one coupling for each that takes contributions";
    else if (has_delay)
      way.obstacle = "it carries values of the past; make another one without a delay";
    else if (chained)
      way.obstacle = fmt::format("'{}' is itself made by a coupling; contribute through that one",
                                 name_of(from.front()));
    if (!way.obstacle.empty()) way.geometry = nullptr;
    known.push_back(std::move(way));
  }

  void delayed(const Section& section, FieldId to, const Transfer::Source& source,
               std::vector<std::string> description) {
    Model& model = loader_.model();
    const Space& space = *(*model.fields)[to].space;
    if (space.varies()) {
      section.error("delay", "'" + space.name() + "' is a population, whose agents come and go",
                    "a space that stays as it is");
      return;
    }
    DelayedTransfer::Setup setup{.from = source.from, .to = to, .factor = source.factor};
    const auto* edges = dynamic_cast<const EdgeSpace*>(&space);
    const bool gathers =
        edges != nullptr && (*model.fields)[source.from].space.get() == edges->network().get();
    for (std::size_t site = 0; site < space.sites(); ++site) {
      if (!gathers) {
        setup.site.push_back(static_cast<std::uint32_t>(site));
        continue;
      }
      const NetworkSpace::Edge& edge = edges->network()->edges()[site];
      setup.site.push_back(section.text("end") == "target" ? edge.to : edge.from);
    }
    setup.delay = section.coefficient("delay");
    if (const auto* values = setup.delay.values_per_site(); values && values->size() != space.sites()) {
      section.error("delay", fmt::format("has {} values, and '{}' has {} sites", values->size(), space.name(),
                                         space.sites()));
      return;
    }
    const std::int64_t degree = section.integer("degree");
    if (degree < 1 || degree > 3) {
      section.error("degree", fmt::format("is {}", degree), "1 to 3");
      return;
    }
    setup.degree = static_cast<int>(degree);
    description.push_back(fmt::format(
        "as it was a delay ago; between the values of the past polynomials of degree {}", degree));
    setup.description = std::move(description);
    made_.push_back(std::make_unique<DelayedTransfer>((*model.fields)[to].name, model.fields,
                                                      *model.parameters, model.kernels, std::move(setup)));
  }

  /// The fields of `from:`, one or a list.
  std::vector<From> sources(const Section& section) {
    const Value* value = section.raw("from");
    if (value == nullptr) throw Abandoned{};  // reported by validate_model
    std::vector<From> result;
    const bool list = value->kind == Value::Kind::list;
    const std::vector<Value> names = list ? value->list : std::vector<Value>{*value};
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::string path = section.path_of("from") + (list ? '[' + std::to_string(i) + ']' : "");
      const auto name = loader_.text(names[i], path);
      if (!name) throw Abandoned{};
      const auto field = this->field(*name, names[i].place, path);
      if (!field) throw Abandoned{};
      result.push_back({*field, names[i].place, path});
    }
    if (result.empty()) {
      loader_.error(value->place, section.path_of("from"), "is an empty list", "at least one field");
      throw Abandoned{};
    }
    return result;
  }

  /// A field, which may be another coupling's that is declared further down.
  std::optional<FieldId> field(const std::string& name, const Place& place, const std::string& path) {
    if (std::find(open_.begin(), open_.end(), name) != open_.end()) {
      std::string circle;
      for (const std::string& each : open_) circle += each + " <- ";
      loader_.error(place, path, "the coupling '" + name + "' depends on itself: " + circle + name, "",
                    "what depends on itself needs a process that advances it in time");
      return std::nullopt;
    }
    for (const auto* entry : entries(root_, "couplings"))
      if (entry->key == name) declare(*entry);
    return loader_.field(name, place, path);
  }

  Unit wanted_unit(const Section& section, const std::vector<From>& from,
                   const std::vector<CouplingChoice>& chosen) {
    const auto unit = read_unit(loader_, *section.raw("unit"), section.path_of("unit"));
    if (!unit) throw Abandoned{};
    if (unit->offset() != 0.0) {
      section.error("unit", "'" + unit->text() + "' has an offset", "a unit whose zero is zero", "use K");
      throw Abandoned{};
    }
    if (!unit->compatible(chosen.front().unit)) {
      section.error(
          "unit",
          fmt::format("{} and can't be given in {}", story(from.front(), chosen.front()), unit_text(*unit)),
          "a unit of " + dimension_words(chosen.front().unit.dimension()));
      throw Abandoned{};
    }
    return *unit;
  }

  /// What unit a field has, where that is stated, and in which one it arrives.
  std::string story(const From& from, const CouplingChoice& chosen) const {
    const Unit& own = (*loader_.model().fields)[from.field].unit;
    return fmt::format("'{}' is in [{}] (stated at {}) and arrives in {}", name_of(from), own.text(),
                       stated_place(root_, name_of(from)).text(), unit_text(chosen.unit));
  }

  void hold_units_together(const std::vector<From>& from, const std::vector<CouplingChoice>& chosen,
                           const Unit& unit) const {
    for (std::size_t s = 0; s < from.size(); ++s)
      if (!chosen[s].unit.compatible(unit)) {
        loader_.error(from[s].place, from[s].path,
                      fmt::format("{}; {}: they can't add up", story(from[s], chosen[s]),
                                  story(from.front(), chosen.front())),
                      "fields of one dimension");
        throw Abandoned{};
      }
  }

  /// `source: FIELD`: what the points give off per time.
  Transfer::Given given_rate(const Section& section, const std::vector<From>& from,
                             const PointGeometry& geometry, const Field& sensed) {
    const Value* value = section.raw("source");
    const auto name = loader_.text(*value, section.path_of("source"));
    const auto id = name ? field(*name, value->place, section.path_of("source")) : std::nullopt;
    if (!id) throw Abandoned{};
    const Field& rate = (*loader_.model().fields)[*id];
    if (rate.space != sensed.space) {
      section.error(
          "source",
          fmt::format("'{}' lives on '{}', not on '{}'", rate.name, rate.space->name(), sensed.space->name()),
          "what each point of '" + sensed.space->name() + "' gives off per time");
      throw Abandoned{};
    }
    // Concentration = R q, R in time / length^d.
    Dimension response = loader_.dimensions().at("time");
    for (int a = 0; a < geometry.grid().dimensions(); ++a)
      response = response / loader_.dimensions().at("length");
    if (!(rate.unit.dimension() * response == sensed.unit.dimension())) {
      section.error(
          "source",
          fmt::format("'{}' is in {} (stated at {}), while '{}' [{}] (stated at {}) near a point comes from "
                      "what is given off in a unit of [{}]",
                      rate.name, unit_text(rate.unit), stated_place(root_, rate.name).text(),
                      name_of(from.front()), sensed.unit.text(),
                      stated_place(root_, name_of(from.front())).text(),
                      (sensed.unit.dimension() / response).text()),
          "an amount of '" + name_of(from.front()) + "' per time");
      throw Abandoned{};
    }
    return {*id, rate.unit.factor() / sensed.unit.factor()};
  }

  const std::string& name_of(const From& from) const { return (*loader_.model().fields)[from.field].name; }

  Loader& loader_;
  const Value& root_;
  std::set<std::string> declared_;
  std::vector<std::string> open_;
  std::vector<std::unique_ptr<Process>> made_;
};

}  // namespace

std::vector<std::unique_ptr<Process>> declare_couplings(Loader& loader, const Value& root) {
  return CouplingReader(loader, root).read();
}

}  // namespace holon::modelfile
