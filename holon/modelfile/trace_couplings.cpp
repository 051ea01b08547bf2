// Couplings from a field to a side of its grid, where a process of type diffusion spreads the field: that
// process knows what passes the side, so it determines the values there.
#include "holon/modelfile/trace_couplings.hpp"

#include "holon/modelfile/build.hpp"
#include "holon/space/side_trace.hpp"
#include "holon/space/trace_space.hpp"

#include <fmt/format.h>

namespace holon::modelfile {

using Value = Document::Value;

namespace {

std::string text_of(const Value* value) {
  return value != nullptr && value->kind == Value::Kind::scalar ? value->scalar : "";
}

bool spreads(const Value& root, const std::string& field) {
  for (const auto* entry : entries(root, "processes"))
    if (text_of(entry->value.find("type")) == "diffusion" && text_of(entry->value.find("field")) == field)
      return true;
  return false;
}

}  // namespace

bool declare_trace(Loader& loader, const Value& root, const Value::Member& entry) {
  if (entry.value.kind != Value::Kind::mapping) return false;
  const std::string from = text_of(entry.value.find("from")), to = text_of(entry.value.find("to"));
  Model& model = loader.model();
  if (!model.fields->contains(from) || !model.spaces.contains(to) || !spreads(root, from)) return false;
  const FieldId of = model.fields->id(from);
  const auto space = model.spaces.at(to);
  const auto* side = dynamic_cast<const TraceSpace*>(space.get());
  const Field& spread = (*model.fields)[of];
  if (side == nullptr || spread.space.get() != side->grid().get()) return false;
  const std::string path = "couplings." + entry.key;
  Field field{.name = entry.key, .space = space, .unit = spread.unit};
  if (const Value* stated = entry.value.find("unit")) {
    const auto unit = read_unit(loader, *stated, path + ".unit");
    if (!unit) return true;
    if (!unit->compatible(spread.unit)) {
      loader.error(
          stated->place, path + ".unit",
          fmt::format("'{}' is in {}, which can't be given in {}", from, spread.unit.text(), unit->text()),
          "a unit of the same dimension");
      return true;
    }
    field.unit = *unit;
  }
  if (const Value* text = entry.value.find("description"))
    field.description = loader.text(*text, path + ".description").value_or("");
  const double factor = conversion_factor(spread.unit, field.unit);
  const FieldId id = model.fields->add(std::move(field));
  model.ways_back.push_back({id, of,
                             std::make_shared<FixedGeometry>(
                                 std::make_shared<SideTrace>(*side->grid(), side->axis(), side->side())),
                             ""});
  model.traces.push_back({id, of, side->axis(), side->side(), factor});
  return true;
}

}  // namespace holon::modelfile
