// The functions of the equation language: names and numbers of arguments.
#pragma once

#include "holon/expr/graph.hpp"

#include <optional>
#include <string_view>

namespace holon::expr {

struct Function {
  /// What decides how it is lowered and how dimensions pass through it.
  enum class Kind {
    operation,  // one Op of numbers
    pure,       // as operation, of dimensionless numbers to a dimensionless number, by a formula
    root,       // cbrt
    extremum,   // min, max of two or more
    step,       // heaviside
    choice,     // if, piecewise
    pulse,
    tensor
  };
  std::string_view name;
  Kind kind = Kind::operation;
  int least = 1, most = 1;  ///< numbers of arguments; most < 0: any
  Op op = Op::constant;     ///< of an operation or extremum
};

/// The built-in function of that name, or nothing.
std::optional<Function> find_function(std::string_view name);

}  // namespace holon::expr
