// A capacity of given numbers, for tests.
#pragma once

#include "holon/space/capacity.hpp"

#include <utility>

namespace holon::test {

class GivenCapacity final : public Capacity {
 public:
  explicit GivenCapacity(std::vector<double> values)
      : Capacity(Unit()), values_(std::make_shared<const std::vector<double>>(std::move(values))) {}
  bool varies() const override { return values_->size() > 1; }
  std::shared_ptr<const std::vector<double>> at(std::span<const double>) const override { return values_; }

 private:
  std::shared_ptr<const std::vector<double>> values_;
};

/// 0.2 to 1, differently at every site.
inline std::shared_ptr<const Capacity> porosity(std::size_t sites) {
  std::vector<double> values(sites);
  for (std::size_t s = 0; s < sites; ++s) values[s] = 0.2 + 0.8 * static_cast<double>(s * 7 % 11) / 10.0;
  return std::make_shared<GivenCapacity>(std::move(values));
}

}  // namespace holon::test
