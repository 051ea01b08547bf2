#include "holon/analysis/register.hpp"

#include "holon/analysis/scales_observer.hpp"

namespace holon {

void register_analysis(modelfile::Registry& registry) { registry.add(analysis::scales_type()); }

}  // namespace holon
