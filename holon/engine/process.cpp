#include "holon/engine/process.hpp"

#include "holon/base/error.hpp"
#include "holon/base/finite.hpp"

#include <algorithm>
#include <cmath>

namespace holon {

std::string_view name(Port::Role role) {
  switch (role) {
    case Port::Role::read:
      return "reads";
    case Port::Role::advance:
      return "advances";
    case Port::Role::determine:
      return "determines";
    case Port::Role::contribute:
      return "contributes to";
    case Port::Role::emit:
      return "emits";
    case Port::Role::receive:
      return "receives";
  }
  return "";
}

Layout::Layout(const FieldTable& fields, std::vector<FieldId> unknowns) : unknowns_(std::move(unknowns)) {
  for (const FieldId id : unknowns_) {
    offset_[id] = size_;
    sites_[id] = fields[id].space->sites();
    size_ += sites_[id] * static_cast<std::size_t>(fields[id].components);
  }
}

bool Layout::contains(FieldId field) const { return offset_.contains(field); }

std::size_t Layout::offset(FieldId field, int component) const {
  const auto found = offset_.find(field);
  require(found != offset_.end(), "a vector holds the fields that its layout lists");
  return found->second + sites_.at(field) * static_cast<std::size_t>(component);
}

std::size_t Layout::sites(FieldId field) const { return sites_.at(field); }

std::span<double> Vector::operator()(FieldId field, int component) {
  return {values_.data() + layout_->offset(field, component), layout_->sites(field)};
}

std::span<const double> Vector::operator()(FieldId field, int component) const {
  return {values_.data() + layout_->offset(field, component), layout_->sites(field)};
}

std::vector<FieldId> fields_changed_by(const Process& process, const FieldTable& fields) {
  std::vector<FieldId> changed;
  for (const Port& port : process.ports())
    if (port.role == Port::Role::advance || port.role == Port::Role::determine ||
        port.role == Port::Role::contribute || port.role == Port::Role::emit ||
        port.role == Port::Role::receive)
      changed.push_back(port.field);
  for (FieldId id = 0; id < fields.size(); ++id)
    if (fields[id].name.starts_with(process.name() + ":")) changed.push_back(id);
  return changed;
}

std::optional<std::size_t> first_not_finite(std::span<const double> values, ThreadPool& threads) {
  const double blocks = threads.sum(values.size(), 4096, [&](std::size_t begin, std::size_t end) {
    return all_finite(values.subspan(begin, end - begin)) ? 0.0 : 1.0;
  });
  if (blocks == 0.0) return std::nullopt;
  const auto found = std::find_if(values.begin(), values.end(), [](double x) { return !std::isfinite(x); });
  return static_cast<std::size_t>(found - values.begin());
}

std::vector<SparseBuilder::Entry> SparseBuilder::compressed() const {
  std::vector<Entry> sorted = entries_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Entry& a, const Entry& b) {
    return a.row != b.row ? a.row < b.row : a.column < b.column;
  });
  std::vector<Entry> merged;
  for (const Entry& entry : sorted) {
    if (!merged.empty() && merged.back().row == entry.row && merged.back().column == entry.column)
      merged.back().value += entry.value;
    else
      merged.push_back(entry);
  }
  return merged;
}

}  // namespace holon
