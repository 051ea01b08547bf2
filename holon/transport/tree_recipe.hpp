// Diffusion on trees in model files: what `diffusion` does on a tree, and the process type `cable`.
#pragma once

#include "holon/modelfile/registry.hpp"

namespace holon::transport {

/// From a section of type diffusion whose field lives on a tree; null where it is wrong, which was reported.
std::unique_ptr<Process> make_diffusion_on_tree(modelfile::ProcessContext& context);
modelfile::ProcessType cable_type();

}  // namespace holon::transport
