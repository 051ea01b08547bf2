// In what two resolved models differ: whether a checkpoint of the one can be gone on with by the other.
#pragma once

#include <string>
#include <string_view>

namespace holon {

/// One line for each key whose value differs, "processes.spread.diffusivity: 1 mm^2/s in the checkpoint, 2
/// mm^2/s here", at most a few. When a run ends is no part of what it is: `schedule.until`, `schedule.steps`,
/// and parameters that stand in nothing else may differ. Empty where nothing else does.
std::string model_difference(std::string_view then, std::string_view now);

}  // namespace holon
