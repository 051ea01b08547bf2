#include "holon/modelfile/on_division.hpp"

namespace holon::modelfile {

using Value = Document::Value;

OnDivision read_on_division(Loader& loader, const Value* stated, const std::string& path,
                            const Field& field) {
  const OnDivision by_kind = field.kind == FieldKind::amount ? OnDivision::share : OnDivision::copy;
  if (stated == nullptr) return by_kind;
  const auto text = loader.text(*stated, path);
  if (!field.space->varies())
    loader.error(stated->place, path, "is stated, but '" + field.space->name() + "' is no population",
                 "a field of a population", "leave it out");
  for (const OnDivision rule : {OnDivision::copy, OnDivision::share, OnDivision::reset, OnDivision::draw})
    if (text && *text == name(rule)) return rule;
  return by_kind;  // a wrong word is reported by the schema
}

void check_drawn(Loader& loader, const Value& initial, const std::string& initial_path,
                 const Coefficient& coefficient, const Value* rule, const std::string& rule_path,
                 const Field& field) {
  const bool drawn = coefficient.depends_on("random:*");
  if (drawn && !field.space->varies())
    loader.error(initial.place, initial_path,
                 "draws numbers for agents, and '" + field.space->name() + "' is no population");
  if (rule == nullptr || !field.space->varies()) return;
  const bool anew = field.on_division == OnDivision::reset || field.on_division == OnDivision::draw;
  if (anew && coefficient.values_per_site() != nullptr)
    loader.error(rule->place, rule_path,
                 "is " + std::string(name(field.on_division)) +
                     ", but each agent of the start has an initial value of its own",
                 "copy or share, or an initial value that is an equation");
  else if (field.on_division == OnDivision::draw && !drawn)
    loader.error(rule->place, rule_path,
                 "is draw, but nothing is drawn: all agents have the same initial value",
                 "an initial value with random.uniform or random.normal", "or reset");
  else if (field.on_division == OnDivision::reset && drawn)
    loader.error(rule->place, rule_path, "is reset, but the initial value is drawn", "draw");
}

}  // namespace holon::modelfile
