// What fields of populations say about division, in the section `fields` and in processes.
#pragma once

#include "holon/modelfile/loader.hpp"
#include "holon/space/field.hpp"

#include <string>

namespace holon::modelfile {

/// The rule stated for a field of this space and kind; null where none is: amounts are shared then and all
/// else is copied. Reports a rule where the space is no population.
OnDivision read_on_division(Loader& loader, const Document::Value* stated, const std::string& path,
                            const Field& field);

/// Holds the initial value against the rule: what is to be drawn anew has to be drawn at all, and so on.
void check_drawn(Loader& loader, const Document::Value& initial, const std::string& initial_path,
                 const Coefficient& coefficient, const Document::Value* rule, const std::string& rule_path,
                 const Field& field);

}  // namespace holon::modelfile
