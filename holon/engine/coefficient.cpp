#include "holon/engine/coefficient.hpp"

#include "holon/base/error.hpp"

#include <algorithm>

namespace holon {

Coefficient Coefficient::equation(std::function<expr::Node(expr::Graph&)> lower) {
  Coefficient coefficient;
  expr::Graph graph;
  const expr::Node node = lower(graph);
  if (graph.is_constant(node)) return Coefficient(graph.value(node));
  coefficient.constant_.reset();
  coefficient.lower_ = std::move(lower);
  return coefficient;
}

Coefficient Coefficient::per_site(std::vector<double> values) {
  Coefficient coefficient;
  coefficient.constant_.reset();
  coefficient.per_site_ = std::make_shared<const std::vector<double>>(std::move(values));
  return coefficient;
}

std::optional<double> Coefficient::constant() const { return constant_; }

bool Coefficient::depends_on(std::string_view symbol) const {
  if (!lower_) return false;
  expr::Graph graph;
  const expr::Node root = lower_(graph);
  const bool prefix = symbol.ends_with('*');
  if (prefix) symbol.remove_suffix(1);
  const auto symbols = expr::free_symbols(graph, std::span(&root, 1));
  return std::any_of(symbols.begin(), symbols.end(), [&](expr::Node n) {
    const std::string& name = graph.symbol_name(n);
    return prefix ? name.starts_with(symbol) : name == symbol;
  });
}

expr::Node Coefficient::lower(expr::Graph& graph) const {
  require(per_site_ == nullptr, "values per site are bound as a column, not lowered");
  return lower_ ? lower_(graph) : graph.constant(*constant_);
}

}  // namespace holon
