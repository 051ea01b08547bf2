// Coefficients: numbers, equations of place, time, fields and parameters, or values per site (from a file).
// Fibres, conductivities, stimuli, sources, initial and boundary values are all this.
#pragma once

#include "holon/expr/graph.hpp"
#include "holon/space/space.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace holon {

/// A scalar coefficient whose value is in the coherent unit of the dimension that it was read for.
///
/// As an equation it is a node of whatever graph it is lowered into, over these symbols (see SiteKernel):
///   time                      coherent time
///   position.x, .y, .z, .r    coherent coordinates
///   field:NAME                a field's number in its own unit
///   parameter:PATH            a run-time parameter's number in its own unit
class Coefficient {
 public:
  Coefficient(double coherent_value = 0.0)
      : constant_(coherent_value) {}  // NOLINT(google-explicit-constructor): a number is a coefficient
  /// `lower` makes the node in a given graph; it is called whenever a kernel is built from the coefficient.
  static Coefficient equation(std::function<expr::Node(expr::Graph&)> lower);
  /// One value per site of the space that it will be used on.
  static Coefficient per_site(std::vector<double> values);

  /// The value if it is a plain number (an equation that folds to a constant counts).
  std::optional<double> constant() const;
  /// True if it depends on the symbol ("time", "position.x", "field:membrane.V") or, with a trailing '*', on
  /// any that begins so ("field:*").
  bool depends_on(std::string_view symbol) const;
  const std::vector<double>* values_per_site() const { return per_site_.get(); }
  /// Its node in `graph`. Not for values per site: bind those as a column.
  expr::Node lower(expr::Graph& graph) const;

 private:
  std::optional<double> constant_;
  std::function<expr::Node(expr::Graph&)> lower_;
  std::shared_ptr<const std::vector<double>> per_site_;
};

}  // namespace holon
