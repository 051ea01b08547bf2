// Vectors and matrices of the equation language, component by component.
#pragma once

#include "holon/expr/language.hpp"

#include <stdexcept>
#include <string>

namespace holon::expr {

/// Shapes that do not fit together, in words.
struct ShapeMistake {
  std::string message, hint;
};

std::string shape_text(const std::vector<int>& shape);  ///< "a number", "a vector of 3", "a 2x3 matrix"

/// Component-wise sums and differences (equal shapes), products and quotients as the language defines them.
/// All throw ShapeMistake.
Value tensor_sum(Graph& graph, Op op, const Value& a, const Value& b);
Value tensor_product(Graph& graph, const Value& a, const Value& b);
Value tensor_quotient(Graph& graph, const Value& a, const Value& b);
Value tensor_select(Graph& graph, Node condition, const Value& a, const Value& b);
Value tensor_array(const std::vector<Value>& rows);
/// Component or row; indices count from 0.
Value tensor_index(const Value& a, int index);
/// dot cross norm transpose inverse det trace outer; determinant and inverse up to 4x4.
Value tensor_function(Graph& graph, std::string_view name, const std::vector<Value>& arguments);
Value tensor_identity(Graph& graph, int size);

/// Work that a product of these shapes takes, for refusing texts that would expand without end.
std::size_t tensor_work(const Value& a, const Value& b);

}  // namespace holon::expr
