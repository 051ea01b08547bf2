// libFuzzer: any bytes as a block of equations and as an expression with units must be read or refused, never
// crash.
#include "holon/expr/language.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holon;
  using namespace holon::expr;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const TextOrigin origin{{"fuzz.yaml", 3, 5}, "equations", 4};
  {
    Diagnostics diagnostics;
    Graph graph;
    const std::vector<Statement> statements = parse_block(text, origin, diagnostics);
    if (lower_block(graph, statements, {"time", "position.x", "position.y", "k"}, "equations", diagnostics)) {
      for (std::uint32_t id = 0; id < graph.size() && id < 100; ++id) graph.text(Node{id});
    }
  }
  Diagnostics diagnostics;
  if (const SyntaxPtr syntax = parse_expression(text, origin, true, diagnostics)) {
    Graph graph;
    const auto value = [&](const std::string& name) -> std::optional<Value> {
      if (name.size() > 1) return std::nullopt;
      return Value::scalar(graph.symbol(name));
    };
    const auto dimension = [](const std::string& name) -> std::optional<Dimension> {
      if (name.size() > 1) return std::nullopt;
      return name < "m" ? Dimension::length() : Dimension{};
    };
    lower(graph, *syntax, value, {"k", "length"}, "expression", diagnostics);
    dimension_of(*syntax, dimension, "expression", diagnostics);
    names_used(*syntax);
  }
  return 0;
}
