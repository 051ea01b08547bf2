// Options of a type that acts on several fields alike: `fields: [a, b]` beside options that may be one value
// for all of them, `decay: 0.1 1/s`, or a mapping by field, `decay: {a: 0.1 1/s, b: 0.2 1/s}`.
#pragma once

#include "holon/modelfile/document.hpp"
#include "holon/modelfile/schema.hpp"

#include <string>
#include <vector>

namespace holon::modelfile {

/// The names under the key `fields` of a mapping, in their order; none if there is no such list.
std::vector<std::string> listed_fields(const Document::Value& mapping);

/// Whether the value of an option that may be given by field is: a mapping with one of the fields as a key.
bool given_by_field(const Option& option, const Document::Value& value,
                    const std::vector<std::string>& fields);

/// The mapping as it would be for one of its fields alone: `field: NAME` instead of `fields`, and that
/// field's values of what is given by field.
Document::Value for_field(const Document::Value& mapping, const Schema& schema, const std::string& field);

}  // namespace holon::modelfile
