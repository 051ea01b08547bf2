// One division for several quotients.
//
// 1/a and 1/b from one division: t = 1/(a b), 1/a = t b, 1/b = t a (Montgomery 1987, for any number of
// divisors with three products each). Quotients that do not depend on each other and whose divisors are known
// to stay between 10^-60 and 10^60 (value_range.hpp) share divisions in groups; equal divisors share one in
// any case. Division by a uniform becomes multiplication by its reciprocal, which is computed once per call.
#pragma once

#include "holon/expr/kernel_program.hpp"

namespace holon::expr {

KernelProgram share_reciprocals(const KernelProgram& program);

}  // namespace holon::expr
