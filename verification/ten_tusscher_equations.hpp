// The equations of the ten Tusscher-Panfilov cell as a graph, read from the cell file without the engine, for
// tests that evaluate them in long double.
#pragma once

#include "holon/expr/language.hpp"

#include <string>
#include <vector>

namespace holon::verification {

struct CellEquations {
  expr::Graph graph;
  std::vector<std::string> names;         ///< of the states
  std::vector<double> initial;            ///< in the file's units
  std::vector<expr::Node> states, rates;  ///< without stimulus; rates per ms
};

/// models/heart/cells/ten_tusscher_2006_epi.yaml with its parameters as constants.
CellEquations ten_tusscher_equations();

}  // namespace holon::verification
