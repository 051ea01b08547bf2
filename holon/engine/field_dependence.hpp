// How a coefficient depends on fields: on which, and how steeply.
#pragma once

#include "holon/engine/site_kernel.hpp"

#include <string>
#include <vector>

namespace holon {

/// The fields that a coefficient depends on, in order of their ids.
std::vector<FieldId> fields_of(const Coefficient& coefficient, const FieldTable& fields);

/// d coefficient / d field at every site of a space, symbolic and exact, for every field that a coefficient
/// depends on.
class FieldDependence {
 public:
  FieldDependence() = default;
  FieldDependence(const std::string& name, const Coefficient& coefficient, std::shared_ptr<const Space> space,
                  const FieldTable& fields, const ParameterTable& parameters,
                  const expr::KernelOptions& options);

  struct Slope {
    FieldId field = 0;
    int component = 0;
    bool single = false;        ///< the field has one site, which acts on all
    std::vector<double> value;  ///< [coherent unit of the coefficient per unit of the field]
    std::size_t site(std::size_t of_space) const { return single ? 0 : of_space; }
  };
  std::vector<Slope> slopes(const State& state, double time, ThreadPool& threads) const;
  bool none() const { return columns_.empty(); }

 private:
  struct Column {
    FieldId field = 0;
    int component = 0;
    bool single = false;
    CoefficientKernel slope;
  };
  std::shared_ptr<const Space> space_;
  std::vector<Column> columns_;
};

}  // namespace holon
