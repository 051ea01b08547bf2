// Couplings from a field to a side of its grid.
#pragma once

#include "holon/modelfile/loader.hpp"

namespace holon::modelfile {

/// Declares the field of a coupling from a field that a process of type diffusion spreads to a side of the
/// field's grid (Model::traces), which that process will determine. False, and nothing done, if the coupling
/// is another.
bool declare_trace(Loader& loader, const Document::Value& root, const Document::Value::Member& entry);

}  // namespace holon::modelfile
