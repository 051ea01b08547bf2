// An equation of the model file with what its names stand for, so that it can be lowered into any graph at
// any time, also when the loading is over.
#pragma once

#include "holon/expr/language.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace holon::modelfile {

/// What an equation may refer to.
enum class Scope {
  constant,     ///< parameters, as numbers
  coefficient,  ///< parameters that can be set at run time, time, place and fields
  geometry,     ///< parameters, as numbers, and place
  result,       ///< parameters and results
};

/// What a name stands for in an equation: nodes in coherent units.
struct Meaning {
  Dimension dimension;
  std::vector<int> shape;
  std::function<expr::Value(expr::Graph&)> lower;
};

/// Dimension, and nodes in coherent units.
class Equation {
 public:
  using Names = std::map<std::string, Meaning>;
  Equation(expr::SyntaxPtr syntax, std::shared_ptr<const Names> names, const Dimension& dimension);
  const Dimension& dimension() const { return dimension_; }
  const expr::Syntax& syntax() const { return *syntax_; }
  const Names& names() const { return *names_; }
  expr::Value lower(expr::Graph& graph) const;

 private:
  expr::SyntaxPtr syntax_;
  std::shared_ptr<const Names> names_;
  Dimension dimension_;
};

/// The name that an equation consists of ("=spacing"), or an empty text.
std::string single_name(std::string_view equation);

}  // namespace holon::modelfile
