// Couplings from a field to a side of its grid, where a process of type diffusion spreads the field: that
// process knows what passes the side, so it determines the values there.
#include "holon/modelfile/trace_couplings.hpp"

#include "holon/modelfile/build.hpp"
#include "holon/space/side_trace.hpp"
#include "holon/space/trace_space.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

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

/// Which end of the micro space's axis a coupling names; an error where it names none.
std::optional<int> micro_side(Loader& loader, const Value::Member& entry, const ProductSpace& product) {
  const auto* micro = dynamic_cast<const StructuredSpace*>(&product.micro());
  std::vector<std::string> names;
  if (micro != nullptr && micro->dimensions() == 1)
    for (int side = 0; side < 2; ++side)
      if (micro->has_side(0, side)) names.push_back(micro->side_name(0, side));
  const Value* stated = entry.value.find("side");
  const std::string path = "couplings." + entry.key + ".side";
  if (stated != nullptr && std::find(names.begin(), names.end(), text_of(stated)) != names.end())
    return text_of(stated) == micro->side_name(0, 0) ? 0 : 1;
  const std::string expected =
      names.empty() ? "a micro space with one axis and sides" : fmt::format("{}", fmt::join(names, " or "));
  if (stated == nullptr)
    loader.error(entry.value.place, path,
                 fmt::format("does not say which side of '{}'", product.micro().name()), expected);
  else
    loader.error(stated->place, path,
                 fmt::format("'{}' has no side '{}'", product.micro().name(), text_of(stated)), expected,
                 suggestion(text_of(stated), names));
  return std::nullopt;
}

}  // namespace

bool declare_trace(Loader& loader, const Value& root, const Value::Member& entry) {
  if (entry.value.kind != Value::Kind::mapping) return false;
  const std::string from = text_of(entry.value.find("from")), to = text_of(entry.value.find("to"));
  Model& model = loader.model();
  if (!model.fields->contains(from) || !model.spaces.contains(to) || !spreads(root, from)) return false;
  const FieldId of = model.fields->id(from);
  const auto space = model.spaces.at(to);
  const Field& spread = (*model.fields)[of];
  const std::string path = "couplings." + entry.key;
  const auto* side = dynamic_cast<const TraceSpace*>(space.get());
  const auto* product = dynamic_cast<const ProductSpace*>(spread.space.get());
  const bool of_micro_spaces =
      product != nullptr && &product->macro() == space.get() && text_of(entry.value.find("type")) == "trace";
  if (!of_micro_spaces && (side == nullptr || spread.space.get() != side->grid().get())) return false;
  int axis = 0, end = 0;
  if (of_micro_spaces) {
    const auto found = micro_side(loader, entry, *product);
    if (!found) return true;
    end = *found;
  } else {
    axis = side->axis();
    end = side->side();
  }
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
  if (of_micro_spaces)
    model.ways_back.push_back(
        {id, of, nullptr,
         "what passes the side of a micro space is its `boundary`: {neumann: ...} of the "
         "diffusion"});
  else
    model.ways_back.push_back(
        {id, of, std::make_shared<FixedGeometry>(std::make_shared<SideTrace>(*side->grid(), axis, end)), ""});
  model.traces.push_back({id, of, axis, end, factor});
  return true;
}

}  // namespace holon::modelfile
