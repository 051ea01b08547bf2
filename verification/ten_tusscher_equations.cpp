#include "verification/ten_tusscher_equations.hpp"

#include "holon/modelfile/document.hpp"

#include <algorithm>
#include <filesystem>
#include <unordered_map>

namespace holon::verification {

CellEquations ten_tusscher_equations() {
  const auto file = std::filesystem::path(HOLON_SOURCE_DIR) / "models/heart/cells/ten_tusscher_2006_epi.yaml";
  Diagnostics found;
  const auto document = modelfile::Document::read(file, found);
  const auto& text = *document.find("equations");
  const auto statements = expr::parse_block(text.scalar, {text.place, "equations", text.indent}, found);
  CellEquations cell;
  expr::Graph& g = cell.graph;
  std::vector<std::string> symbols{"time", "stimulus"};
  std::unordered_map<std::uint32_t, expr::Node> constants{{g.symbol("stimulus").id, g.constant(0.0)}};
  for (const auto& parameter : document.find("parameters")->mapping) {
    symbols.push_back(parameter.key);
    constants[g.symbol(parameter.key).id] = g.constant(parse_number(parameter.value.scalar).value());
  }
  const auto lowered = expr::lower_block(g, statements, symbols, "equations", found);
  found.throw_if_errors();
  cell.names = lowered->states;
  cell.rates = substitute(g, lowered->rates, constants);
  for (const std::string& name : cell.names) {
    cell.states.push_back(g.symbol(name));
    cell.initial.push_back(parse_number(document.find("states")->find(name)->scalar).value());
  }
  return cell;
}

}  // namespace holon::verification
