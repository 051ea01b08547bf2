#include "holon/study/register.hpp"

#include "holon/study/sweep.hpp"

namespace holon {

void register_study(modelfile::Registry& registry) { registry.add(study::sweep_type()); }

}  // namespace holon
