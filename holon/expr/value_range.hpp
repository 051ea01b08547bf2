// Bounds of the values that terms can take, by interval arithmetic (Moore 1966) from the ranges of symbols
// and of terms that are promised or checked. Infinities stand for "no bound"; that a value is NaN is never
// ruled out.
#pragma once

#include "holon/expr/kernel_program.hpp"

#include <limits>
#include <vector>

namespace holon::expr {

struct ValueRange {
  double lower = -std::numeric_limits<double>::infinity();
  double upper = std::numeric_limits<double>::infinity();
};

ValueRange operator+(const ValueRange& a, const ValueRange& b);
ValueRange operator-(const ValueRange& a, const ValueRange& b);
ValueRange operator*(const ValueRange& a, const ValueRange& b);
ValueRange operator/(const ValueRange& a, const ValueRange& b);
ValueRange intersection(const ValueRange& a, const ValueRange& b);

/// The range of a term from those of its arguments. `same` tells that a product is a square.
ValueRange range_of_term(Op op, const ValueRange& a, const ValueRange& b, const ValueRange& c, bool same);

/// The ranges of all nodes of the program that its outputs need, by node id.
std::vector<ValueRange> value_ranges(const KernelProgram& program);

}  // namespace holon::expr
