// What observers have in common: they look at each time once, many of them in a rhythm of their own.
#pragma once

#include "holon/engine/model.hpp"
#include "holon/engine/observer.hpp"
#include "holon/observe/sampling.hpp"

#include <limits>
#include <string>

namespace holon::observe {

/// Sees each time once: the last state of a run may be shown again as the last.
class TimedObserver : public Observer {
 public:
  void observe(const Observation& observation) final;
  void save(Archive& archive) const final;
  void load(const Archive& archive) final;

 protected:
  virtual void look(const Observation& observation) = 0;
  /// The end of the run, after the last state was looked at.
  virtual void end(const Observation&) {}
  virtual void save_more(Archive& archive) const = 0;
  virtual void load_more(const Archive& archive) = 0;

 private:
  double seen_ = -std::numeric_limits<double>::infinity();
};

/// Looks in a rhythm of its own, and at the last state.
class SampledObserver : public TimedObserver {
 public:
  explicit SampledObserver(const Sampling& sampling) : sampling_(sampling) {}
  bool wants(std::int64_t index) const override { return sampling_.takes(index); }
  std::vector<Fraction> between(std::int64_t index) const override { return sampling_.between(index); }

 private:
  Sampling sampling_;
};

/// Looks at the last state alone.
class FinalObserver : public TimedObserver {
 public:
  bool wants(std::int64_t) const override { return false; }
};

/// A result in a unit, from a number in it; not a number means nothing, with the reason.
ResultValue result_or(double value, const Unit& unit, const std::string& why);
ResultValue missing(const std::string& why, const Unit& unit = {});

/// Reads an array that must have a length; throws InputError when a checkpoint does not fit.
void load_array(const Archive& archive, const std::string& path, std::vector<double>& into);

}  // namespace holon::observe
