#include "holon/observe/sampling.hpp"

#include "holon/base/error.hpp"

#include <cmath>

namespace holon::observe {

namespace {

constexpr double same_rhythm = 1e-12;                       // relative difference that rounding explains
constexpr double most_per_step = 1e6, most_steps = 0x1p53;  // of one sample
constexpr double largest_product = 0x1p62;

}  // namespace

Sampling Sampling::every(double steps) {
  // Continued fractions: each convergent p/q is the best approximation with a denominator up to q.
  double rest = steps;
  std::int64_t p_before = 1, q_before = 0;
  auto p = static_cast<std::int64_t>(std::floor(rest));
  std::int64_t q = 1;
  while (std::fabs(static_cast<double>(p) / static_cast<double>(q) - steps) > same_rhythm * steps) {
    rest = 1.0 / (rest - std::floor(rest));
    const double next_p = std::floor(rest) * static_cast<double>(p) + static_cast<double>(p_before);
    const double next_q = std::floor(rest) * static_cast<double>(q) + static_cast<double>(q_before);
    if (!std::isfinite(rest) || next_p * next_q > largest_product) break;
    p_before = p;
    q_before = q;
    p = static_cast<std::int64_t>(next_p);
    q = static_cast<std::int64_t>(next_q);
  }
  require(p > 0, "samples have a positive distance");
  return {p, q};
}

Sampling Sampling::at_least_every(double longest) {
  const double parts = std::ceil(1.0 / longest * (1.0 - same_rhythm));
  return {1, std::max<std::int64_t>(1, static_cast<std::int64_t>(parts))};
}

Sampling Sampling::never() { return {0, 1}; }

bool Sampling::takes(std::int64_t index) const { return p_ > 0 && index >= 0 && phase(index) == 0; }

std::vector<Fraction> Sampling::between(std::int64_t index) const {
  std::vector<Fraction> moments;
  if (q_ == 1) return moments;
  for (std::int64_t at = p_ - phase(index); at < q_; at += p_) moments.push_back(Fraction::of(at, q_));
  return moments;
}

void add_sampling_option(modelfile::Schema& schema) {
  schema
      .quantity(
          "every", "time",
          "time between samples; every step of the schedule if left out. Samples between steps are taken "
          "from a copy that is advanced by a part of a step")
      .make_optional();
}

Sampling read_sampling(const modelfile::ObserverContext& context) {
  const modelfile::Section& section = context.section;
  if (!section.has("every")) return {};
  const Schedule& schedule = context.model.schedule;
  const double every = section.quantity("every"), steps = every / schedule.step;
  const double factor = schedule.time_unit.factor();
  const auto in_unit = [&](double time) {
    const std::string unit = schedule.time_unit.text();
    return number_text(time / factor) + (unit == "1" ? "" : " " + unit);
  };
  if (!(every > 0.0) || !std::isfinite(every)) {
    section.error("every", "is " + in_unit(every), "a positive, finite time");
    return {};
  }
  if (!(steps * most_per_step >= 1.0) || steps > most_steps) {
    section.error("every", in_unit(every) + " can't be held against the step of " + in_unit(schedule.step),
                  "at most a million samples in a step");
    return {};
  }
  return Sampling::every(steps);
}

}  // namespace holon::observe
