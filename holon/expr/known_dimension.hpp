// Dimensions inside a component's equations, where numbers are plain numbers in units of their own.
#pragma once

#include "holon/expr/language.hpp"

namespace holon::expr {

/// The dimension of an expression as far as its names tell: a number may stand for a quantity of any unit
/// (the 80 of V + 80 is in the unit of V), and so may a name that `names` does not know. Nothing where it is
/// not known. Sums and comparisons of parts that are known to differ, and functions such as exp of a known
/// dimension, are mistakes.
std::optional<Dimension> known_dimension(const Syntax& syntax, const NameToDimension& names,
                                         const std::string& path, Diagnostics& diagnostics);

}  // namespace holon::expr
