#include "holon/expr/kernel_program.hpp"

#include "holon/base/error.hpp"

#include <cstring>
#include <unordered_map>

namespace holon::expr {

namespace {

std::unordered_map<std::string_view, const Binding*> by_symbol(const KernelSource& source) {
  std::unordered_map<std::string_view, const Binding*> bindings;
  for (const Binding& b : source.bindings) bindings.emplace(b.symbol, &b);
  return bindings;
}

[[noreturn]] void throw_unbound(const KernelSource& source, const std::string& symbol) {
  std::vector<std::string> known;
  for (const Binding& b : source.bindings) known.push_back(b.symbol);
  throw InputError(Diagnostic{.path = source.name,
                              .message = "nothing gives a value to the symbol '" + symbol + "'",
                              .expected = "a column or a uniform bound to it",
                              .hint = suggestion(symbol, known)});
}

template <class T>
void append(std::string& bytes, const T& value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

}  // namespace

KernelProgram kernel_program(const KernelSource& source) {
  const Graph& from = *source.graph;
  const auto bindings = by_symbol(source);
  KernelProgram program;
  std::unordered_map<std::uint32_t, Node> copy;
  for (const Node n : reachable(from, source.outputs)) {
    const Term& term = from[n];
    if (term.op == Op::constant) {
      copy[n.id] = program.graph.constant(term.value);
    } else if (term.op == Op::symbol) {
      const std::string& symbol = from.symbol_name(n);
      const auto found = bindings.find(symbol);
      if (found == bindings.end()) throw_unbound(source, symbol);
      copy[n.id] = program.graph.symbol(symbol);
      program.bindings.push_back(*found->second);
    } else {
      Node argument[3]{};
      for (int k = 0; k < arity(term.op); ++k)
        argument[k] = copy.at(term.argument[static_cast<std::size_t>(k)].id);
      copy[n.id] = program.graph.make(term.op, argument[0], argument[1], argument[2]);
    }
  }
  for (const Node n : source.outputs) program.outputs.push_back(copy.at(n.id));
  return program;
}

std::string serialise(const KernelSource& source) {
  const Graph& graph = *source.graph;
  const auto bindings = by_symbol(source);
  const std::vector<Node> nodes = reachable(graph, source.outputs);
  std::unordered_map<std::uint32_t, std::uint32_t> position;
  std::string bytes;
  bytes.reserve(nodes.size() * 16);
  for (const Node n : nodes) {
    const Term& term = graph[n];
    append(bytes, term.op);
    if (term.op == Op::constant) {
      append(bytes, term.value);
    } else if (term.op == Op::symbol) {
      const auto found = bindings.find(graph.symbol_name(n));
      if (found == bindings.end()) throw_unbound(source, graph.symbol_name(n));
      append(bytes, found->second->source);
      append(bytes, found->second->index);
      append(bytes, found->second->lower);
      append(bytes, found->second->upper);
    } else {
      for (int k = 0; k < arity(term.op); ++k)
        append(bytes, position.at(term.argument[static_cast<std::size_t>(k)].id));
    }
    position.emplace(n.id, static_cast<std::uint32_t>(position.size()));
  }
  for (const Node n : source.outputs) append(bytes, position.at(n.id));
  return bytes;
}

}  // namespace holon::expr
