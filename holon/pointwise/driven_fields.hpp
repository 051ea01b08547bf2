// Fields of other mechanisms that drive equations from outside while they are advanced: functions of time in
// the kernels themselves, so that every stage of a method sees them at its own time.
#pragma once

#include "holon/engine/waveform.hpp"
#include "holon/pointwise/kinetics_system.hpp"

#include <span>
#include <string>
#include <vector>

namespace holon::pointwise {

/// The same equations with each of these fields replaced by a polynomial of degree 3 in
/// s = (time - begin) / length, whose coefficients are columns (or uniforms, where the field lives on a
/// single site) that KernelFactory::make() binds after the system's own.
KineticsSystem driven_by(const KineticsSystem& system, const std::vector<FieldId>& fields);

/// The coefficients of these polynomials for some sites and one step. The polynomial equals the waveform at
/// the beginning, at a quarter, in the middle and at the end of the step: exact where the waveform is one
/// polynomial of degree at most 3 there.
class DrivingPolynomials {
 public:
  DrivingPolynomials(const KineticsSystem& system, const Inputs* inputs);
  bool empty() const { return fields_.empty(); }
  /// For sites [first, last) and the step [begin, begin + length] [coherent time].
  void fit(double begin, double length, std::size_t first, std::size_t last);
  /// Pointers to be appended to the system's columns; valid until the next fit.
  const std::vector<const double*>& columns() const { return columns_; }
  std::span<const double> uniforms() const { return uniforms_; }

 private:
  struct Driven {
    const Waveform* waveform;
    int component;
    bool uniform;
  };
  std::vector<Driven> fields_;
  std::vector<std::vector<double>> values_;  // per field and power
  std::vector<const double*> columns_;
  std::vector<double> uniforms_;
};

}  // namespace holon::pointwise
