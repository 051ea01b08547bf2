#include "holon/solve/sparsity.hpp"

#include <algorithm>
#include <numeric>

namespace holon::solve {

Sparsity::Sparsity(std::size_t n, std::span<const MatrixPlace> places) : begin_(n + 1, 0) {
  for (const MatrixPlace& place : places)
    if (place.row != place.column) ++begin_[place.row + 1], ++begin_[place.column + 1];
  std::partial_sum(begin_.begin(), begin_.end(), begin_.begin());
  std::vector<std::size_t> all(begin_.back()), next(begin_.begin(), begin_.end() - 1);
  for (const MatrixPlace& place : places)
    if (place.row != place.column) {
      all[next[place.row]++] = place.column;
      all[next[place.column]++] = place.row;
    }
  std::size_t from = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(from),
               last = all.begin() + static_cast<std::ptrdiff_t>(begin_[i + 1]);
    from = begin_[i + 1];
    std::sort(first, last);
    neighbour_.insert(neighbour_.end(), first, std::unique(first, last));
    begin_[i + 1] = neighbour_.size();
  }
}

std::vector<std::size_t> narrow_order(const Sparsity& sparsity) {
  const std::size_t n = sparsity.size();
  const auto degree = [&](std::size_t i) { return sparsity.neighbours(i).size(); };
  const auto fewer = [&](std::size_t a, std::size_t b) { return degree(a) < degree(b); };
  std::vector<std::size_t> starts(n), order;
  std::iota(starts.begin(), starts.end(), std::size_t{0});
  std::stable_sort(starts.begin(), starts.end(), fewer);
  std::vector<bool> seen(n, false);
  order.reserve(n);
  for (const std::size_t start : starts) {
    if (seen[start]) continue;
    seen[start] = true;
    order.push_back(start);
    for (std::size_t k = order.size() - 1; k < order.size(); ++k) {
      const std::size_t before = order.size();
      for (const std::size_t other : sparsity.neighbours(order[k]))
        if (!seen[other]) {
          seen[other] = true;
          order.push_back(other);
        }
      std::stable_sort(order.begin() + static_cast<std::ptrdiff_t>(before), order.end(), fewer);
    }
  }
  std::reverse(order.begin(), order.end());
  return order;
}

}  // namespace holon::solve
