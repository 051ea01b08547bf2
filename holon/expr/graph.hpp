// The equation graph: scalars, hash-consed, simplified as they are made.
//
// Every equation of a model becomes nodes of one Graph: the same sub-expression is the same node, so common
// sub-expressions, also across the stages of an integrator, cost nothing to find. Vectors and tensors are
// expanded to scalars by the language (language.hpp). Derivatives, integrators and Jacobians are functions
// from nodes to nodes.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace holon::expr {

enum class Op : std::uint8_t {
  constant,
  symbol,
  add,
  subtract,
  multiply,
  divide,
  negate,
  power,
  exp,
  expm1,
  log,
  log1p,
  sqrt,
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  atan2,
  sinh,
  cosh,
  tanh,
  erf,
  abs,
  sign,
  floor,
  ceil,
  modulo,  // modulo(a, b) = a - b floor(a/b)
  minimum,
  maximum,
  less,
  less_equal,
  equal,
  logical_and,
  logical_or,
  logical_not,  // truth values: 1.0 or 0.0
  select,       // select(condition, a, b)
};
int arity(Op op);
std::string_view name(Op op);

/// A node of a Graph: an index, cheap to copy. Valid only with the Graph that made it.
struct Node {
  std::uint32_t id = 0;
  bool operator==(const Node&) const = default;
  auto operator<=>(const Node&) const = default;
};

struct Term {
  Op op = Op::constant;
  std::array<Node, 3> argument{};  ///< as many as arity(op)
  double value = 0.0;              ///< of a constant
  std::uint32_t symbol = 0;        ///< of a symbol: index into Graph::symbol_name
};

/// An arena of terms. Arguments always have smaller ids than the term that uses them, so id order is a
/// topological order.
///
/// Values of terms at special arguments, the same in every back-end: minimum and maximum are NaN if either
/// argument is; sign(NaN) is NaN; comparisons with NaN are 0; select takes the first branch where the
/// condition is not 0; modulo(a, b) = a - b floor(a/b) with a true division; x^0 = 1.
///
/// Rules at construction (all exact in real arithmetic, and none that turns a defined value into an undefined
/// one): constant folding (double precision); x+0, x*1, x/1; 0*x, 0/x and x-x are 0 even where x is infinite
/// or NaN, x/x is left alone; c*(c'*x); division by a constant becomes multiplication by its reciprocal where
/// that is a normal number; (a/b)*(c/d), (a/b)/c, a/(b/c) to one division where no numerator can overflow;
/// small integer powers (to 8) by squaring, x^0.5 to sqrt, negative ones to a division; -(a-b); log(exp x);
/// double negation; signs are drawn out of products and sums; select with a constant condition or equal
/// branches; commutative arguments sorted.
class Graph {
 public:
  Graph();
  Node constant(double value);
  /// The symbol of that name (made on first use). What it stands for is decided when a kernel binds it.
  Node symbol(std::string_view name);
  Node make(Op op, Node a, Node b = {}, Node c = {});
  /// The term as it stands, not simplified: for rewriting that simplification would undo.
  Node plain(Op op, Node a, Node b = {}, Node c = {}) { return intern(Term{op, {a, b, c}}); }

  Node add(Node a, Node b) { return make(Op::add, a, b); }
  Node subtract(Node a, Node b) { return make(Op::subtract, a, b); }
  Node multiply(Node a, Node b) { return make(Op::multiply, a, b); }
  Node divide(Node a, Node b) { return make(Op::divide, a, b); }
  Node negate(Node a) { return make(Op::negate, a); }
  Node power(Node a, Node b) { return make(Op::power, a, b); }
  Node select(Node condition, Node a, Node b) { return make(Op::select, condition, a, b); }

  const Term& operator[](Node n) const { return terms_[n.id]; }
  std::size_t size() const { return terms_.size(); }
  bool is_constant(Node n) const { return terms_[n.id].op == Op::constant; }
  bool is_constant(Node n, double value) const { return is_constant(n) && terms_[n.id].value == value; }
  double value(Node n) const { return terms_[n.id].value; }
  const std::string& symbol_name(Node n) const { return symbol_names_[terms_[n.id].symbol]; }
  std::string text(Node n) const;  ///< in the equation language, for messages and tests

 private:
  Node intern(const Term& term);
  Node fold(Op op, Node a, Node b, Node c);  // all arguments constant
  Node make_sum(Node a, Node b);
  Node make_difference(Node a, Node b);
  Node make_product(Node a, Node b);
  Node make_quotient(Node a, Node b);
  Node make_negative(Node a);
  Node make_power(Node a, Node b);
  Node make_function(Op op, Node a);
  Node make_choice(Op op, Node a, Node b, Node c);
  bool grows(Node n) const {
    return grows_[n.id];
  }  // contains something that may overflow for moderate symbols
  void rehash(std::size_t slots);

  std::vector<Term> terms_;
  std::vector<bool> grows_;
  std::vector<std::string> symbol_names_;
  std::unordered_map<std::string, Node> symbols_;
  std::vector<std::uint32_t> table_;  // open addressing over terms_: id + 1, 0 where free
};

/// The terms that the roots need, in topological (id) order.
std::vector<Node> reachable(const Graph& graph, std::span<const Node> roots);

/// The symbols that the roots depend on, in order of id.
std::vector<Node> free_symbols(const Graph& graph, std::span<const Node> roots);

/// Replaces nodes (usually symbols) by others and rebuilds what depends on them, simplifying anew.
/// Work is linear in the number of reachable terms.
std::vector<Node> substitute(Graph& graph, std::span<const Node> roots,
                             const std::unordered_map<std::uint32_t, Node>& replacement);

/// d roots[i] / d x by forward differentiation with memo; the derivative of select is taken branch by branch,
/// that of floor, ceil, sign and truth values is 0, that of p^n with constant n > 1 is n p^(n-1), finite at p
/// = 0.
std::vector<Node> derivative(Graph& graph, std::span<const Node> roots, Node x);
Node derivative(Graph& graph, Node root, Node x);

/// sum_i direction[i] d roots / d x[i] (Jacobian times vector) in one forward sweep.
std::vector<Node> jacobian_vector(Graph& graph, std::span<const Node> roots, std::span<const Node> x,
                                  std::span<const Node> direction);

/// sum_i weight[i] d roots[i] / d x[j] for all j (transposed Jacobian times vector) in one reverse sweep.
std::vector<Node> vector_jacobian(Graph& graph, std::span<const Node> roots, std::span<const Node> weight,
                                  std::span<const Node> x);

/// One structurally non-zero entry d roots[row] / d x[column].
struct JacobianEntry {
  std::uint32_t row = 0, column = 0;
  Node value;
};
std::vector<JacobianEntry> sparse_jacobian(Graph& graph, std::span<const Node> roots,
                                           std::span<const Node> x);

/// Evaluates nodes at one point by walking the graph; `value_of` gives each symbol. For set-up work and as
/// the reference that kernels are tested against (long double inside).
std::vector<long double> evaluate(const Graph& graph, std::span<const Node> roots,
                                  const std::function<long double(std::string_view)>& value_of);

}  // namespace holon::expr
