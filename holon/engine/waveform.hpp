// Fields as functions of time inside an interval: what one mechanism gives to another while both advance over
// the same window.
#pragma once

#include "holon/space/field.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <vector>

namespace holon {

/// A piecewise polynomial in time through samples of a field:
///   degree 0     the last sample, throughout
///   degree 1..3  between two samples the polynomial (Lagrange) through the degree + 1 samples around them,
///   or
///                through all where there are no more. A sample's own time gives the sample.
/// The error for smooth fields is O(spacing of the samples ^ (degree + 1)).
struct Waveform {
  int degree = 3;
  std::vector<double> times;                ///< coherent, increasing, at least one
  std::vector<std::vector<double>> values;  ///< per time, a column of all components, one after the other

  /// Writes the values of sites [begin, end) of a component at `time` to out[0 ...].
  void evaluate(double time, int component, std::size_t begin, std::size_t end, std::span<double> out) const;
  int components = 1;
};

/// Values of read fields inside an interval where they differ from what the State holds.
class Inputs {
 public:
  void set(FieldId field, Waveform waveform) {
    waveforms_[field] = std::make_shared<const Waveform>(std::move(waveform));
  }
  /// Shared with whoever goes on to change it between intervals.
  void set(FieldId field, std::shared_ptr<const Waveform> waveform) {
    waveforms_[field] = std::move(waveform);
  }
  const Waveform* find(FieldId field) const;
  bool empty() const { return waveforms_.empty(); }
  const std::map<FieldId, std::shared_ptr<const Waveform>>& all() const { return waveforms_; }

 private:
  std::map<FieldId, std::shared_ptr<const Waveform>> waveforms_;
};

}  // namespace holon
