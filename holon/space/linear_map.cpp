#include "holon/space/linear_map.hpp"

#include <algorithm>

namespace holon {

std::vector<LinearMap::Entry> AdjointMap::entries() const {
  std::vector<Entry> entries = map_->entries();
  for (Entry& entry : entries) {
    entry.weight *= map_->to_measures()[entry.row] / map_->from_measures()[entry.column];
    std::swap(entry.row, entry.column);
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.row < b.row; });
  return entries;
}

}  // namespace holon
