// When an observer looks: at multiples of a time that need not be a multiple of the schedule's step.
#pragma once

#include "holon/engine/time.hpp"
#include "holon/modelfile/registry.hpp"

#include <cstdint>
#include <vector>

namespace holon::observe {

/// A rhythm of looks at k p/q macro steps, k = 0, 1, 2 ... Times are exact fractions of macro steps, as all
/// times of a run are.
class Sampling {
 public:
  Sampling() = default;  ///< every macro step
  /// Every `steps` macro steps (positive): the simplest fraction within 1e-12 of it.
  static Sampling every(double steps);
  /// Every macro step and, where a step is longer than `longest` (a part of it), in equal parts between.
  static Sampling at_least_every(double longest);
  /// No look but the last.
  static Sampling never();

  bool takes(std::int64_t index) const;
  /// The moments inside the macro step that begins at `index`, as fractions of it.
  std::vector<Fraction> between(std::int64_t index) const;

 private:
  Sampling(std::int64_t p, std::int64_t q) : p_(p), q_(q) {}
  /// Since the last look before or at the beginning of the macro step, in q-ths of a macro step.
  std::int64_t phase(std::int64_t index) const { return ((index % p_) * (q_ % p_)) % p_; }

  std::int64_t p_ = 1, q_ = 1;  // p q < 2^62; p = 0: never
};

/// The option `every`: a positive time.
void add_sampling_option(modelfile::Schema& schema);
/// Reads it; every macro step where it is left out.
Sampling read_sampling(const modelfile::ObserverContext& context);

}  // namespace holon::observe
