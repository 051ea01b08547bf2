// Exponentials of integer multiples of one argument, computed from one exponential.
//
// Voltage-dependent rates are full of exp((V + a)/5), exp(-(V + b)/10), exp((V - c)/20): all are e^c E^m with
// E = exp(V/20). One exponential (a dozen vector instructions) and a few products replace them; where m < 0,
// a quotient that merge_divisions.hpp joins with the division that usually follows, 1/(1 + e^c/E) = E/(E +
// e^c). Powers of E overflow sooner than the exponentials that they replace. So each argument gets a range in
// which nothing can overflow or lose digits (e^138 = 10^60, which leaves room for products), and where
// nothing promises that range the kernel checks it (RangeGuard). The same is done for exponentials in
// denominators, so that merge_divisions.hpp may multiply them.
#pragma once

#include "holon/expr/kernel_program.hpp"

namespace holon::expr {

KernelProgram merge_exponentials(const KernelProgram& program);

}  // namespace holon::expr
