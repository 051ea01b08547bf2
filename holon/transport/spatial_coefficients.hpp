// The coefficients of diffusion at every site of a grid, from what a model says about them, and what is wrong
// with them where.
#pragma once

#include "holon/engine/model.hpp"
#include "holon/transport/diffusion_options.hpp"
#include "holon/transport/flux_operator.hpp"

#include <memory>
#include <string>
#include <vector>

namespace holon::transport {

class SpatialCoefficients {
 public:
  SpatialCoefficients() = default;
  SpatialCoefficients(const std::string& process, const DiffusionOptions& options,
                      std::shared_ptr<const StructuredSpace> grid, const Model& model);

  struct Values {
    /// D and capacity; where the capacity is the same everywhere, D is divided by it and `capacity` is empty.
    SiteCoefficients sites;
    double capacity = 1.0;            ///< what D has been divided by
    std::vector<OptionFault> faults;  ///< with the place of the first site concerned
  };
  /// For the parameters of a state, and for its fields where diffusivities follow them; these count as 1 for
  /// a state without fields.
  Values evaluate(const State& state) const;
  /// What diffusivities are divided by.
  double uniform_capacity(const State& state) const;

 private:
  /// One coefficient and how the model calls it.
  struct Named {
    std::string key;
    Coefficient coefficient;
    CoefficientKernel kernel;
    bool varies = false;   ///< from place to place
    bool follows = false;  ///< fields
  };
  Named named(const std::string& process, const std::string& key, const Coefficient& coefficient,
              const Model& model) const;
  std::vector<double> column(const Named& named, const State& state) const;
  void set_inside(const State& state, Values& values) const;
  void set_axes(const State& state, Values& values) const;
  void set_fibres(const State& state, Values& values) const;
  void set_capacity(const State& state, Values& values) const;
  /// D between neighbours along an axis where it depends on the place along that axis alone.
  std::vector<double> layered_faces(const Named& named, int axis, const State& state) const;
  /// The first inside site where the condition holds, as a text; empty if it holds nowhere.
  template <class Condition>
  std::string where(const Values& values, Condition condition) const;

  std::shared_ptr<const StructuredSpace> grid_;
  std::vector<Named> diffusivity_, fibre_, sheet_direction_;
  std::vector<Named> strength_;           ///< along, across, sheet
  std::vector<Named> capacity_, inside_;  ///< none or one
};

}  // namespace holon::transport
