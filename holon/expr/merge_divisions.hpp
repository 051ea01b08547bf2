// Fewer divisions: sums and products of fractions are brought to one fraction before anything is divided.
//
// A division costs as much as nine other vector operations, and rates of channels are full of them: 1/tau
// with tau = a/(1 + E1) * b/(1 + E2) + c needs one, not four. Terms are carried as numerator over denominator
// through sums, products and quotients as long as every user can take them so and the denominator is known to
// stay between 10^-150 and 10^150 (value_range.hpp), so that no product of denominators overflows or loses
// digits.
#pragma once

#include "holon/expr/kernel_program.hpp"

namespace holon::expr {

KernelProgram merge_divisions(const KernelProgram& program);

}  // namespace holon::expr
