#include "verification/niederer_slab.hpp"

#include "verification/model_run.hpp"
#include <gtest/gtest.h>

namespace holon::verification {

SlabTimes slab_times(const std::string& spacing, const std::string& order, const std::string& step) {
  ModelRun run("models/heart/niederer_slab.yaml",
               {"parameters.spacing=" + spacing + " mm", "parameters.order=" + order,
                "parameters.step=" + step + " ms"});
  run.to_the_end();
  return {run.result("activation_corner_far"), run.result("activation_corner_x"),
          run.result("activation_corner_y"), run.result("activation_corner_z"),
          run.result("activation_center")};
}

void expect_within_the_eleven_codes(double time, const ElevenCodes& codes, const std::string& place) {
  EXPECT_NEAR(time, codes.mean, 2.0 * codes.deviation) << place;
}

}  // namespace holon::verification
