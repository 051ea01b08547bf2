// The process types of this module, one function per file.
#pragma once

#include "holon/modelfile/registry.hpp"

namespace holon::agents {

modelfile::ProcessType birth_death_type();
modelfile::ProcessType motion_type();

}  // namespace holon::agents
