// What the sites of a field hold per value: measure times capacity; 1 for amounts.
#pragma once

#include "holon/engine/state.hpp"

#include <memory>
#include <vector>

namespace holon {

/// For the parameters of a state. Valid while the field's space has the sites that it has now.
class SiteContents {
 public:
  SiteContents(const State& state, FieldId field) : SiteContents(state, state.fields()[field]) {}
  SiteContents(const State& state, const Field& field)
      : space_(field.space.get()),
        per_site_(field.kind == FieldKind::amount),
        capacity_(field.capacity != nullptr ? field.capacity->at(state.parameters()) : nullptr) {}

  double operator()(std::size_t site) const {
    const double measure = per_site_ ? 1.0 : space_->measure(site);
    return capacity_ == nullptr ? measure : capacity(site) * measure;
  }
  /// What a site holds per value and measure.
  double capacity(std::size_t site) const {
    return capacity_ == nullptr ? 1.0 : (*capacity_)[capacity_->size() == 1 ? 0 : site];
  }
  bool has_capacity() const { return capacity_ != nullptr; }

 private:
  const Space* space_;
  bool per_site_;
  std::shared_ptr<const std::vector<double>> capacity_;
};

}  // namespace holon
