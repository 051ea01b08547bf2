// The equation language: text to syntax tree, checked for dimensions, lowered to graph nodes.
//
// Grammar (docs/equations.md is the user's page):
//   block       { statement (line end | ';') }; '#' starts a comment; a line goes on inside brackets, and
//               where it ends or the next begins with an operator
//   statement   NAME' = expression               rate of a state: V' = -(I_Na + I_K)
//               NAME = expression                named intermediate or output; order does not matter
//               NAME(NAME {, NAME}) = expression function
//   expression  if c then a else b | c ? a : b | operators
//   precedence  loosest first: || or; && and; ! not; < <= > >= == != (0 < x < 1 means both); + -; * /;
//               unary + -; ^ (from the right, tighter than a sign on its left: -x^2 = -(x^2),
//               a^b^c = a^(b^c); 2^-x is allowed); .x .y .z and [index]
//   quantity    a number and a unit, 0.2 mm or 3 1/(uM s): only where units are allowed (model-file
//               expressions, not equation blocks). The unit is the longest product of known unit names
//               (tokens.hpp: unit_extent).
//   array       [a, b, c], [[a, b], [c, d]]; '*' is the matrix product, or scales
//   functions   exp expm1 exprel log ln log10 log2 log1p sqrt cbrt sin cos tan asin acos atan atan2 sinh
//               cosh tanh erf abs sign floor ceil mod min max pow heaviside if piecewise pulse
//               dot cross norm transpose inverse det trace outer identity
//   constants   pi true false inf
// Conditions are comparisons and what is made of them; as numbers they are 1 and 0. A number is no condition.
#pragma once

#include "holon/base/error.hpp"
#include "holon/base/unit.hpp"
#include "holon/expr/graph.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holon::expr {

/// A syntax tree. Immutable; every part knows its place (of an operation: its operator's).
/// A binary has two parts; a chain is a run of operators of equal precedence, read from the left, with one
/// part more than operators, which `text` lists with spaces between ("+ - +", "< <="). So the tree is no
/// deeper than the brackets and signs of the text are nested. A conditional has condition, value, other
/// value; an index has base and indices.
struct Syntax {
  enum class Kind { number, quantity, name, call, unary, binary, chain, conditional, array, index, member };
  Kind kind = Kind::number;
  Place place;
  std::string text;     ///< name, function or operators
  double number = 0.0;  ///< of a number or quantity (in its unit)
  Unit unit;            ///< of a quantity
  std::vector<std::shared_ptr<const Syntax>> parts;
};
using SyntaxPtr = std::shared_ptr<const Syntax>;

struct Statement {
  enum class Kind { rate, assignment, function };
  Kind kind = Kind::assignment;
  std::string name;
  std::vector<std::string> arguments;  ///< of a function
  SyntaxPtr value;
  Place place;
};

/// Where a text stands in a file, for messages.
struct TextOrigin {
  Place start;       ///< place of the text's first character
  std::string path;  ///< key path in the model file
  int indent = 0;    ///< columns that each further line is indented by in the file
};

/// Parses one expression / a block of statements. Mistakes go to `diagnostics` (all of them, with place, what
/// was found and what was expected); the result is null / leaves out the broken statements. Nesting deeper
/// than 200 and texts over 4 MiB are refused.
SyntaxPtr parse_expression(std::string_view text, const TextOrigin& origin, bool units_allowed,
                           Diagnostics& diagnostics);
std::vector<Statement> parse_block(std::string_view text, const TextOrigin& origin, Diagnostics& diagnostics);

/// Names that an expression uses and that it does not define itself (dotted names such as membrane.V are one
/// name).
std::vector<std::string> names_used(const Syntax& syntax);

/// A value of the language: a scalar (shape {}), vector (shape {n}) or matrix (shape {m, n}); row-major
/// nodes.
struct Value {
  std::vector<int> shape;
  std::vector<Node> nodes;
  static Value scalar(Node n) { return {{}, {n}}; }
};

/// Gives the value of a name, or nothing when it is unknown.
using NameToValue = std::function<std::optional<Value>(const std::string&)>;
/// Gives the dimension of a name (of each component), or nothing when it is unknown.
using NameToDimension = std::function<std::optional<Dimension>(const std::string&)>;

/// Lowers a syntax tree to nodes. Quantities become their coherent SI value. Unknown names, wrong shapes and
/// argument counts go to `diagnostics` with the nearest of `candidates`.
std::optional<Value> lower(Graph& graph, const Syntax& syntax, const NameToValue& names,
                           const std::vector<std::string>& candidates, const std::string& path,
                           Diagnostics& diagnostics);

/// The dimension of an expression in which numbers may carry units: sums and comparisons need equal
/// dimensions, exp and its kin need none, sqrt and constant powers scale it. Mistakes name both sides with
/// their dimensions. The number 0 fits any dimension.
std::optional<Dimension> dimension_of(const Syntax& syntax, const NameToDimension& names,
                                      const std::string& path, Diagnostics& diagnostics);

/// A component's equations, lowered: what it computes from its symbols.
/// States, inputs, parameters and `time` are symbols of the graph by their own names.
struct Component {
  std::vector<std::string> states;  ///< in order of their rate statements
  std::vector<Node> rates;          ///< one per state
  std::map<std::string, Node>
      assignments;  ///< every scalar named intermediate and output (vectors: "name.x" or "name[0]")
};

/// Lowers a block. `symbols` are the names that exist from outside (inputs, parameters, time, position.x
/// ...). Errors: a name used but not defined (nearest name), defined twice, cycles among assignments
/// (printed), a reserved name redefined.
std::optional<Component> lower_block(Graph& graph, const std::vector<Statement>& statements,
                                     const std::vector<std::string>& symbols, const std::string& path,
                                     Diagnostics& diagnostics);

/// Reserved: time, position, pi, true, false, inf and the functions' names.
bool is_reserved(std::string_view name);
std::vector<std::string> function_names();

}  // namespace holon::expr
