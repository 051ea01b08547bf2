// Holding a mapping of the model file against its schema.
#pragma once

#include "holon/modelfile/loader.hpp"

#include <map>
#include <string>

namespace holon::modelfile {

enum class Phase {
  keys,      ///< unknown and missing keys, kinds, numbers, quantities, choices, texts, files
  contents,  ///< when all fields are declared: coefficients, names of spaces, fields and processes
};

/// Reports everything that is wrong with a section. A dimension name that is not known yet is not checked.
void validate(Loader& loader, const Document::Value& value, const Schema& schema, const std::string& path,
              const std::map<std::string, Dimension>& dimensions, Phase phase);

/// The same for one value.
void validate(Loader& loader, const Document::Value& value, const Option& option, const std::string& path,
              const std::map<std::string, Dimension>& dimensions, Phase phase);

}  // namespace holon::modelfile
