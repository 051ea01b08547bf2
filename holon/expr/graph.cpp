#include "holon/expr/graph.hpp"

#include "holon/base/error.hpp"
#include "holon/expr/term_value.hpp"

#include <algorithm>
#include <bit>

namespace holon::expr {

namespace {

std::size_t mix(std::size_t h, std::uint64_t v) {
  h ^= v + 0x9e3779b97f4a7c15ULL + (h << 6) + (h >> 2);
  h *= 0xff51afd7ed558ccdULL;
  return h ^ (h >> 32);
}

std::size_t hash(const Term& t) {
  std::size_t h = static_cast<std::size_t>(t.op);
  for (const Node& a : t.argument) h = mix(h, a.id);
  h = mix(h, std::bit_cast<std::uint64_t>(t.value));
  return mix(h, t.symbol);
}

// Bit patterns, so that NaN equals itself and 0 differs from -0.
bool same(const Term& a, const Term& b) {
  return a.op == b.op && a.argument == b.argument && a.symbol == b.symbol &&
         std::bit_cast<std::uint64_t>(a.value) == std::bit_cast<std::uint64_t>(b.value);
}

bool bounded_by_itself(Op op) {
  switch (op) {
    case Op::sin:
    case Op::cos:
    case Op::asin:
    case Op::acos:
    case Op::atan:
    case Op::atan2:
    case Op::tanh:
    case Op::erf:
    case Op::sign:
    case Op::log:
    case Op::log1p:
    case Op::less:
    case Op::less_equal:
    case Op::equal:
    case Op::logical_and:
    case Op::logical_or:
    case Op::logical_not:
      return true;
    default:
      return false;
  }
}

bool fast_growing(Op op) {
  switch (op) {
    case Op::exp:
    case Op::expm1:
    case Op::sinh:
    case Op::cosh:
    case Op::tan:
    case Op::power:
      return true;
    default:
      return false;
  }
}

}  // namespace

int arity(Op op) {
  switch (op) {
    case Op::constant:
    case Op::symbol:
      return 0;
    case Op::add:
    case Op::subtract:
    case Op::multiply:
    case Op::divide:
    case Op::power:
    case Op::atan2:
    case Op::modulo:
    case Op::minimum:
    case Op::maximum:
    case Op::less:
    case Op::less_equal:
    case Op::equal:
    case Op::logical_and:
    case Op::logical_or:
      return 2;
    case Op::select:
      return 3;
    default:
      return 1;
  }
}

std::string_view name(Op op) {
  static constexpr std::array<std::string_view, 38> names{
      "constant",   "symbol", "add",         "subtract",   "multiply",    "divide",  "negate",  "power",
      "exp",        "expm1",  "log",         "log1p",      "sqrt",        "sin",     "cos",     "tan",
      "asin",       "acos",   "atan",        "atan2",      "sinh",        "cosh",    "tanh",    "erf",
      "abs",        "sign",   "floor",       "ceil",       "modulo",      "minimum", "maximum", "less",
      "less_equal", "equal",  "logical_and", "logical_or", "logical_not", "select"};
  static_assert(names.size() == static_cast<std::size_t>(Op::select) + 1);
  return names[static_cast<std::size_t>(op)];
}

Graph::Graph() { rehash(1024); }

void Graph::rehash(std::size_t slots) {
  table_.assign(slots, 0);
  for (std::uint32_t id = 0; id < terms_.size(); ++id) {
    std::size_t slot = hash(terms_[id]) & (slots - 1);
    while (table_[slot] != 0) slot = (slot + 1) & (slots - 1);
    table_[slot] = id + 1;
  }
}

Node Graph::intern(const Term& term) {
  if (terms_.size() * 2 >= table_.size()) rehash(table_.size() * 2);
  std::size_t slot = hash(term) & (table_.size() - 1);
  while (table_[slot] != 0) {
    if (same(terms_[table_[slot] - 1], term)) return Node{table_[slot] - 1};
    slot = (slot + 1) & (table_.size() - 1);
  }
  require(terms_.size() < 0xffffffffULL, "an equation graph holds at most 2^32 - 1 terms");
  bool large = fast_growing(term.op);
  if (!bounded_by_itself(term.op)) {
    for (int k = 0; k < arity(term.op); ++k)
      large = large || grows_[term.argument[static_cast<std::size_t>(k)].id];
  }
  const auto id = static_cast<std::uint32_t>(terms_.size());
  terms_.push_back(term);
  grows_.push_back(large);
  table_[slot] = id + 1;
  return Node{id};
}

Node Graph::constant(double value) {
  Term t;
  t.value = value;
  return intern(t);
}

Node Graph::symbol(std::string_view name) {
  const auto found = symbols_.find(std::string(name));
  if (found != symbols_.end()) return found->second;
  Term t;
  t.op = Op::symbol;
  t.symbol = static_cast<std::uint32_t>(symbol_names_.size());
  symbol_names_.emplace_back(name);
  const Node n = intern(t);
  symbols_.emplace(name, n);
  return n;
}

std::vector<Node> reachable(const Graph& graph, std::span<const Node> roots) {
  std::uint32_t last = 0;
  for (const Node r : roots) last = std::max(last, r.id);
  std::vector<std::uint64_t> marked(last / 64 + 1, 0);
  const auto mark = [&](Node n) { marked[n.id / 64] |= std::uint64_t{1} << (n.id % 64); };
  for (const Node r : roots) mark(r);
  std::vector<Node> result;
  for (std::size_t word = marked.size(); word-- > 0;) {
    std::uint64_t done =
        0;  // arguments may set bits of the word that is being read, always below the current one
    while (const std::uint64_t left = marked[word] & ~done) {
      const int bit = 63 - std::countl_zero(left);
      done |= std::uint64_t{1} << bit;
      const Node n{static_cast<std::uint32_t>(word * 64 + static_cast<std::size_t>(bit))};
      result.push_back(n);
      const Term& t = graph[n];
      for (int k = 0; k < arity(t.op); ++k) mark(t.argument[static_cast<std::size_t>(k)]);
    }
  }
  std::reverse(result.begin(), result.end());
  return result;
}

std::vector<Node> free_symbols(const Graph& graph, std::span<const Node> roots) {
  std::vector<Node> result;
  for (const Node n : reachable(graph, roots)) {
    if (graph[n].op == Op::symbol) result.push_back(n);
  }
  return result;
}

std::vector<long double> evaluate(const Graph& graph, std::span<const Node> roots,
                                  const std::function<long double(std::string_view)>& value_of) {
  const std::vector<Node> order = reachable(graph, roots);
  std::unordered_map<std::uint32_t, long double> value;
  value.reserve(order.size());
  for (const Node n : order) {
    const Term& t = graph[n];
    if (t.op == Op::constant) {
      value[n.id] = t.value;
    } else if (t.op == Op::symbol) {
      value[n.id] = value_of(graph.symbol_name(n));
    } else {
      std::array<long double, 3> a{};
      for (std::size_t k = 0; k < static_cast<std::size_t>(arity(t.op)); ++k)
        a[k] = value.at(t.argument[k].id);
      value[n.id] = term_value<long double>(t.op, a[0], a[1], a[2]);
    }
  }
  std::vector<long double> result;
  result.reserve(roots.size());
  for (const Node r : roots) result.push_back(value.at(r.id));
  return result;
}

}  // namespace holon::expr
