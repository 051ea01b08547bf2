// What a field is: a named, typed array on one space, with unit, kind and owner. The arrays themselves are in
// a State.
#pragma once

#include "holon/base/unit.hpp"
#include "holon/space/capacity.hpp"
#include "holon/space/space.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace holon {

/// Index of a field in a FieldTable.
using FieldId = std::uint32_t;

enum class FieldType { real, integer };
/// How a field is integrated and transferred: an intensive value (potential), an amount per measure
/// (concentration), or an amount per site.
enum class FieldKind { value, density, amount };
std::string_view name(FieldKind kind);
/// What becomes of a value when the agent that holds it divides: both daughters have it; each has half; both
/// begin with the initial value; both begin with an initial value drawn anew.
enum class OnDivision { copy, share, reset, draw };
std::string_view name(OnDivision rule);

/// What one unit of a field's content holds of a conserved quantity, as a number in a unit.
struct ConservedWeight {
  ConservedWeight(double number = 1.0) : value(number) {}  // NOLINT(google-explicit-constructor): a number
  double value = 1.0;
  Unit unit;  ///< coherent
};

struct Field {
  std::string name;  ///< "membrane.V": owner's name, dot, own name; or a name from the model's `fields:`
  std::shared_ptr<const Space> space;
  FieldType type = FieldType::real;
  int components = 1;
  Unit unit;  ///< the array's numbers are in this unit (never one with an offset)
  FieldKind kind = FieldKind::value;
  bool positive = false;
  OnDivision on_division = OnDivision::copy;  ///< where the space is a population
  /// What of conserved quantities one unit of its content (capacity * value * measure) holds: {"calcium": 1}.
  std::map<std::string, ConservedWeight> conserved;
  /// Null where it is 1. Model::finish() sets it: the process that spreads the field knows it.
  std::shared_ptr<const Capacity> capacity;
  std::string description;
};

/// All fields of a model, in order of declaration.
class FieldTable {
 public:
  FieldId add(Field field);  ///< throws InputError if the name is taken
  const Field& operator[](FieldId id) const { return fields_[id]; }
  std::size_t size() const { return fields_.size(); }
  void set_capacity(FieldId id, std::shared_ptr<const Capacity> capacity) {
    fields_[id].capacity = std::move(capacity);
  }
  bool contains(std::string_view name) const;
  FieldId id(std::string_view name) const;  ///< throws InputError with the nearest name
  std::vector<std::string> names() const;

 private:
  std::vector<Field> fields_;
  std::map<std::string, FieldId, std::less<>> by_name_;
};

}  // namespace holon
