// What a model's structure tells about its conserved quantities before it runs: doubts, and contributions
// that can't be.
#pragma once

namespace holon {

class Model;

/// Refuses contributions to fields that follow from others. Adds warnings to the model where
///  - nobody changes a field that holds something conserved;
///  - a process that holds a quantity reads, through a coupling, a field that holds the same one, and nobody
///    takes there what it gains: what it makes of it has no source.
void look_at_conservation(Model& model);

}  // namespace holon
