// Threshold events: a scalar function of the state that crosses zero at a time inside a step.
#pragma once

#include "holon/engine/site_kernel.hpp"

#include <memory>
#include <optional>
#include <string>

namespace holon {

/// g(state, t) = reduction over sites of a coefficient. The event fires where g crosses zero in the given
/// direction; its time is located to 1e-12 of a macro step by advancing copies of the state over shorter
/// intervals (Illinois method on the fraction of the step).
struct EventRecipe {
  enum class Direction { rising, falling, either };
  enum class Reduction {
    site,
    any,
    every
  };  ///< one site's value; the maximum (any site rising); the minimum (every site)
  enum class Action { record, stop };
  std::string name;
  Coefficient function;
  std::shared_ptr<const Space> space;
  Direction direction = Direction::rising;
  Reduction reduction = Reduction::any;
  std::size_t site = 0;
  Action action = Action::record;
};

}  // namespace holon
