// How two processes of a model stand to each other, as results.
#pragma once

#include "holon/modelfile/registry.hpp"

namespace holon::analysis {

modelfile::ObserverType scales_type();

}  // namespace holon::analysis
