// CVODE as an integrator of the process type `kinetics`.
#pragma once

namespace holon::modelfile {
class Registry;
}

namespace holon {
void register_kinetics(modelfile::Registry& registry);
}
