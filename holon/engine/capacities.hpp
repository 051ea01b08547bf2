// The capacities of a model's fields (space/capacity.hpp), as their processes say.
#pragma once

namespace holon {

class Model;

/// Tells every field its capacity. Throws InputError where two processes say different ones, and where a
/// process can't act on a field with a capacity (Process::capacity_obstacle).
void gather_capacities(Model& model);

}  // namespace holon
