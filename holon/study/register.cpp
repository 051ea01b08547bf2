#include "holon/study/register.hpp"

#include "holon/study/continuation_study.hpp"
#include "holon/study/dispersion_study.hpp"
#include "holon/study/sensitivity_study.hpp"
#include "holon/study/stability_study.hpp"
#include "holon/study/steady_state_study.hpp"
#include "holon/study/sweep.hpp"

namespace holon {

void register_study(modelfile::Registry& registry) {
  registry.add(study::sweep_type());
  registry.add(study::steady_state_type());
  registry.add(study::continuation_type());
  registry.add(study::dispersion_type());
  registry.add(study::stability_type());
  registry.add(study::sensitivity_type());
}

}  // namespace holon
