// The capacity of a field: what a site holds is capacity * value * measure. It is 1 for most fields; the
// porosity for a concentration in the pores of a medium, capacitance per volume for a potential.
#pragma once

#include "holon/base/unit.hpp"

#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace holon {

class Capacity {
 public:
  explicit Capacity(Unit unit) : unit_(std::move(unit)) {}
  virtual ~Capacity() = default;
  /// The coherent unit of its numbers.
  const Unit& unit() const { return unit_; }
  /// Whether it differs from place to place.
  virtual bool varies() const = 0;
  /// A number for each site, or one for all where it does not vary, for values of a model's run-time
  /// parameters (State::parameters).
  virtual std::shared_ptr<const std::vector<double>> at(std::span<const double> parameters) const = 0;

 private:
  Unit unit_;
};

}  // namespace holon
