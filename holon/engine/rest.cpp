#include "holon/engine/rest.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace holon {

namespace {

/// A ceiling that was met is tried again after so many steps.
constexpr int patience = 50;

}  // namespace

WayToRest::WayToRest(const Model& model) : model_(&model) {
  for (const auto& process : model.processes) {
    bool advances = false;
    for (const Port& port : process->ports()) {
      if (port.role != Port::Role::advance) continue;
      advances = true;
      if ((*model.fields)[port.field].type != FieldType::real) continue;
      if (std::find(fields_.begin(), fields_.end(), port.field) != fields_.end())
        obstacle_ = fmt::format("several processes advance '{}'", (*model.fields)[port.field].name);
      else
        fields_.push_back(port.field);
    }
    if (advances && !process->damps())
      obstacle_ = fmt::format("process '{}' takes steps of a limited length", process->name());
  }
  if (!obstacle_.empty()) ceiling_ = 0;
}

double WayToRest::change(const State& before, const State& after) {
  double most = 0.0;
  std::size_t column = 0;
  for (const FieldId field : fields_)
    for (int c = 0; c < (*model_->fields)[field].components; ++c) {
      const auto a = before.real(field, c), b = after.real(field, c);
      double difference = 0.0, size = 0.0;
      for (std::size_t i = 0; i < a.size(); ++i) {
        difference = std::max(difference, std::abs(b[i] - a[i]));
        size = std::max({size, std::abs(a[i]), std::abs(b[i])});
      }
      if (column == largest_.size()) largest_.push_back(0.0);
      double& largest = largest_[column++];
      largest = std::max(largest, size);
      if (difference > 0.0 && size > nothing * largest) most = std::max(most, difference / size);
    }
  return most;
}

void WayToRest::look(const State& before, const State& after) {
  const double now = change(before, after), ratio = last_ > 0.0 ? now / last_ : 2.0;
  ++taken_;
  // Nothing moves but the last digits, or the changes add up to little more.
  const double round_off = 8.0 * std::numeric_limits<double>::epsilon();
  left_ = now <= round_off ? now
          : ratio < 1.0    ? now * ratio / (1.0 - ratio)
                           : std::numeric_limits<double>::infinity();
  calm_ = left_ < tolerance ? calm_ + 1 : 0;
  last_ = now;
  if (taken_ == most_steps && !arrived())
    throw NumericalFailure(fmt::format(
        "the model does not come to rest: after {} steps, at t = {:g} {}, a field still changes by "
        "{:.2g} of its size in {} steps of the schedule{}",
        taken_, after.time.value(model_->schedule.step) / model_->schedule.time_unit.factor(),
        model_->schedule.time_unit.text(), now, steps(),
        obstacle_.empty() ? "" : "; steps can't grow, since " + obstacle_));
  if (!obstacle_.empty()) return;
  if (now > largest_change) {
    if (exponent_ > 0) {
      --exponent_;
      if (ratio > 1.0) ceiling_ = exponent_, since_ceiling_ = 0;
    }
  } else if (exponent_ < ceiling_) {
    ++exponent_;
  } else if (ceiling_ < longest && ++since_ceiling_ >= patience) {
    ++ceiling_;
    since_ceiling_ = 0;
  }
}

double WayToRest::fraction_done() const {
  if (arrived()) return 1.0;
  if (!(last_ > 0.0)) return 0.0;
  return std::clamp(std::log(last_) / std::log(tolerance), 0.0, 0.99);
}

void WayToRest::write(Archive& archive) const {
  const std::array<std::int64_t, 5> counts{exponent_, ceiling_, calm_, taken_, since_ceiling_};
  const std::array<double, 2> numbers{last_, left_};
  archive.put("counts", std::span<const std::int64_t>(counts));
  archive.put("numbers", std::span<const double>(numbers));
  archive.put("largest", std::span<const double>(largest_));
}

void WayToRest::read(const Archive& archive) {
  const auto& counts = archive.integers("counts");
  exponent_ = static_cast<int>(counts.at(0));
  ceiling_ = static_cast<int>(counts.at(1));
  calm_ = static_cast<int>(counts.at(2));
  taken_ = static_cast<int>(counts.at(3));
  since_ceiling_ = static_cast<int>(counts.at(4));
  const auto& numbers = archive.reals("numbers");
  largest_ = archive.reals("largest");
  last_ = numbers.at(0);
  left_ = numbers.at(1);
}

}  // namespace holon
