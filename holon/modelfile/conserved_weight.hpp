// How much of a conserved quantity one unit of a field's content holds, as a file states it.
#pragma once

#include "holon/modelfile/loader.hpp"
#include "holon/space/field.hpp"

#include <string>

namespace holon::modelfile {

/// A number, or a quantity of whatever dimension; 1 where the statement was wrong, which is reported.
ConservedWeight read_conserved_weight(Loader& loader, const Document::Value& stated, const std::string& path);

}  // namespace holon::modelfile
