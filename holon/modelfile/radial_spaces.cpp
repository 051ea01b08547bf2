// Spaces of type radial and trace.
#include "holon/modelfile/build.hpp"
#include "holon/space/radial_space.hpp"
#include "holon/space/trace_space.hpp"

#include <cmath>

#include <fmt/format.h>

namespace holon::modelfile {

using Value = Document::Value;

namespace {

class RadialReader {
 public:
  RadialReader(Loader& loader, std::string name, const Value& value)
      : loader_(loader), name_(std::move(name)), value_(value) {}

  std::shared_ptr<const Space> read() {
    const Value *outer_value = value_.find("outer"), *spacing_value = value_.find("spacing");
    if (outer_value == nullptr || spacing_value == nullptr) return nullptr;  // reported by validate_model
    const auto outer = radius("outer"), spacing = radius("spacing"), inner = radius("inner");
    const Value* growth_value = value_.find("growth");
    const auto growth = growth_value != nullptr ? loader_.quantity(*growth_value, path("growth"), Dimension{})
                                                : std::optional(1.0);
    const Value* symmetry = value_.find("symmetry");
    const auto kind = symmetry != nullptr ? loader_.text(*symmetry, path("symmetry"))
                                          : std::optional<std::string>("sphere");
    if (!outer || !spacing || !inner || !growth || !kind || (*kind != "sphere" && *kind != "cylinder"))
      return nullptr;
    if (!(*spacing > 0.0) || !std::isfinite(*spacing))
      return fault("spacing", found("spacing"), "a finite, positive length", "");
    if (!(*inner >= 0.0) || !std::isfinite(*inner))
      return fault("inner", found("inner"), "a radius: zero or a positive length", "");
    if (!(*outer > *inner) || !std::isfinite(*outer))
      return fault("outer",
                   found("outer") + ", which is not above the inner radius" +
                       (value_.find("inner") != nullptr ? " (" + found("inner") + ")" : ""),
                   "a finite length above 'inner'", "");
    if (!(*growth >= 1.0) || !std::isfinite(*growth))
      return fault("growth", found("growth"), "1 or a number above it",
                   "shells are counted outwards, so that the finest lie at r_min");
    auto radii = graded_radii(*inner, *outer, *spacing, *growth);
    if (!radii) return misfit(*outer - *inner, *spacing, *growth);
    return std::make_shared<RadialSpace>(
        name_, *kind == "sphere" ? RadialSpace::Symmetry::sphere : RadialSpace::Symmetry::cylinder,
        std::move(*radii), loader_.dimensions().at("length"));
  }

 private:
  std::string path(const std::string& key) const { return "spaces." + name_ + '.' + key; }
  std::string found(const std::string& key) { return found_text(loader_, *value_.find(key), path(key)); }
  std::nullptr_t fault(const std::string& key, const std::string& what, const std::string& expected,
                       const std::string& hint) {
    loader_.error(value_.find(key)->place, path(key), what, expected, hint);
    return nullptr;
  }
  /// Zero is a length in every unit.
  std::optional<double> radius(const std::string& key) {
    const Value* given = value_.find(key);
    if (given == nullptr || (given->kind == Value::Kind::scalar && given->scalar == "0")) return 0.0;
    return loader_.quantity(*given, path(key), loader_.dimensions().at("length"));
  }
  std::nullptr_t misfit(double extent, double spacing, double growth) {
    const double ratio = extent / spacing;
    const Value& value = *value_.find("spacing");
    const auto quantity = loader_.constant(value, path("spacing"));
    const Unit unit = quantity ? quantity->unit : Unit{};
    const auto text = [&](double length) { return rounded_text({length / unit.factor(), unit}); };
    if (ratio < 1.0)
      return fault("spacing",
                   "the first shell, " + text(spacing) + ", is wider than the whole grid, " + text(extent),
                   "", "choose a smaller spacing");
    const double below = std::floor(ratio);
    const std::string nearest = text(extent / below) + " or " + text(extent / (below + 1.0));
    return fault(
        "spacing",
        growth == 1.0 ? "the extent " + text(extent) + " is no multiple of the spacing " + text(spacing) +
                            ": it holds " + fmt::format("{:.9g} shells", ratio)
                      : "no shells that widen from " + text(spacing) + " fill the extent " + text(extent),
        "", "the nearest spacings that fit are " + nearest + ", or a growth above 1 with finer shells");
  }

  Loader& loader_;
  std::string name_;
  const Value& value_;
};

}  // namespace

std::shared_ptr<const Space> radial_space(Loader& loader, const std::string& name, const Value& value) {
  return RadialReader(loader, name, value).read();
}

std::shared_ptr<const Space> trace_space(Loader& loader, const std::string& name, const Value& value) {
  const std::string path = "spaces." + name;
  const Value *of = value.find("of"), *side_value = value.find("side");
  if (of == nullptr || side_value == nullptr) return nullptr;  // reported by validate_model
  const auto owner = loader.text(*of, path + ".of");
  const auto side = loader.text(*side_value, path + ".side");
  if (!owner || !side) return nullptr;
  const auto space = loader.space(*owner, of->place, path + ".of");
  if (!space) return nullptr;
  const auto grid = std::dynamic_pointer_cast<const StructuredSpace>(space);
  if (!grid) {
    loader.error(of->place, path + ".of", "'" + *owner + "' has no sides", "a space of type grid or radial");
    return nullptr;
  }
  std::vector<std::string> sides;
  for (int axis = 0; axis < grid->dimensions(); ++axis)
    for (int end = 0; end < 2; ++end) {
      if (!grid->has_side(axis, end)) continue;
      sides.push_back(grid->side_name(axis, end));
      if (sides.back() == *side) return std::make_shared<TraceSpace>(name, grid, axis, end);
    }
  loader.error(side_value->place, path + ".side", "'" + *owner + "' has no side '" + *side + "'", "",
               suggestion(*side, sides));
  return nullptr;
}

}  // namespace holon::modelfile
