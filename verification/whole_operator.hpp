// A model as one operator: whether its derivatives are those of its residual.
#pragma once

#include "verification/model_run.hpp"

namespace holon::verification {

/// Where the run stands now, within a step: the product with the Jacobian, its entries and its transpose
/// against each other and against central differences of the residual, along one direction that has all
/// unknowns in it. Fails the test with the field and the site.
void expect_derivatives_of_the_residual(ModelRun& run, ThreadPool& threads);

}  // namespace holon::verification
