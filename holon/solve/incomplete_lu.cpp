#include "holon/solve/incomplete_lu.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <queue>
#include <utility>

namespace holon::solve {

namespace {

constexpr std::size_t none = static_cast<std::size_t>(-1);

/// What is kept of one part of a row, by column.
struct Part {
  std::vector<std::pair<std::size_t, double>> entries;
  void cut(double least, std::size_t most) {
    std::erase_if(entries, [&](const auto& entry) { return std::abs(entry.second) < least; });
    if (entries.size() > most) {
      std::nth_element(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(most), entries.end(),
                       [](const auto& a, const auto& b) {
                         return std::pair(-std::abs(a.second), a.first) <
                                std::pair(-std::abs(b.second), b.first);
                       });
      entries.resize(most);
    }
    std::sort(entries.begin(), entries.end());
  }
};

}  // namespace

bool SparseRows::fill(std::span<const MatrixEntry> entries, std::span<const double> sizes) {
  const std::size_t n = sizes.size();
  const bool known = n == size() && listed_at(entries, places_);
  if (!known) {
    places_ = places_of(entries);
    std::vector<std::size_t> order(entries.size()), first(n + 1, 0);
    for (const MatrixEntry& entry : entries) ++first[entry.row + 1];
    std::partial_sum(first.begin(), first.end(), first.begin());
    std::vector<std::size_t> next(first.begin(), first.end() - 1);
    for (std::size_t e = 0; e < entries.size(); ++e) order[next[entries[e].row]++] = e;
    slot_.resize(entries.size());
    begin_.assign(1, 0);
    column_.clear();
    for (std::size_t row = 0; row < n; ++row) {
      const auto from = order.begin() + static_cast<std::ptrdiff_t>(first[row]),
                 to = order.begin() + static_cast<std::ptrdiff_t>(first[row + 1]);
      std::stable_sort(from, to,
                       [&](std::size_t a, std::size_t b) { return entries[a].column < entries[b].column; });
      for (auto at = from; at != to; ++at) {
        if (column_.size() == begin_.back() || column_.back() != entries[*at].column)
          column_.push_back(entries[*at].column);
        slot_[*at] = column_.size() - 1;
      }
      begin_.push_back(column_.size());
    }
  }
  value_.assign(column_.size(), 0.0);
  for (std::size_t e = 0; e < entries.size(); ++e)
    value_[slot_[e]] += entries[e].value * sizes[entries[e].column];
  return !known;
}

void SparseRows::multiply(std::span<const double> x, std::span<double> out) const {
  for (std::size_t row = 0; row + 1 < begin_.size(); ++row) {
    double sum = 0.0;
    for (std::size_t k = begin_[row]; k < begin_[row + 1]; ++k) sum += value_[k] * x[column_[k]];
    out[row] = sum;
  }
}

bool IncompleteLu::factor(const SparseRows& matrix, std::vector<std::size_t> order, const Limits& limits) {
  const std::size_t n = matrix.size();
  order_ = std::move(order);
  std::vector<std::size_t> position(n);
  for (std::size_t k = 0; k < n; ++k) position[order_[k]] = k;
  lower_ = upper_ = Rows{};
  reciprocal_.assign(n, 0.0);
  sign_ = 1;
  std::vector<double> row(n, 0.0);
  std::vector<std::size_t> filled(n, none);  // the row that last had something at a column
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> before;
  Part left, right;
  for (std::size_t i = 0; i < n; ++i) {
    left.entries.clear();
    right.entries.clear();
    std::vector<std::size_t> beyond;
    const auto put = [&](std::size_t column, double value) {
      if (filled[column] != i) {
        filled[column] = i;
        row[column] = 0.0;
        if (column < i)
          before.push(column);
        else if (column > i)
          beyond.push_back(column);
      }
      row[column] += value;
    };
    put(i, 0.0);
    double sum = 0.0;
    std::size_t below = 0, above = 0;
    const std::size_t original = order_[i], first = matrix.begin(original), end = matrix.begin(original + 1);
    for (std::size_t k = first; k < end; ++k) {
      const std::size_t column = position[matrix.column(k)];
      put(column, matrix.value(k));
      sum += std::abs(matrix.value(k));
      ++(column < i ? below : above);
    }
    if (!(sum > 0.0) || !std::isfinite(sum)) return false;
    const double mean = sum / static_cast<double>(end - first), least = limits.drop * mean;
    while (!before.empty()) {
      const std::size_t k = before.top();
      before.pop();
      const double factor = row[k] * reciprocal_[k];
      if (std::abs(row[k]) < least) continue;
      left.entries.emplace_back(k, factor);
      for (std::size_t u = upper_.begin[k]; u < upper_.begin[k + 1]; ++u)
        put(upper_.column[u], -factor * upper_.value[u]);
    }
    for (const std::size_t column : beyond) right.entries.emplace_back(column, row[column]);
    left.cut(0.0, below + limits.fill);
    right.cut(least, above + limits.fill);
    const double pivot = std::abs(row[i]) > 1e-8 * mean ? row[i] : std::copysign(1e-4 * mean, row[i]);
    if (!std::isfinite(pivot)) return false;
    if (pivot < 0.0) sign_ = -sign_;
    reciprocal_[i] = 1.0 / pivot;
    const auto keep = [](Rows& rows, const Part& part) {
      for (const auto& [column, value] : part.entries) {
        rows.column.push_back(column);
        rows.value.push_back(value);
      }
      rows.begin.push_back(rows.column.size());
    };
    keep(lower_, left);
    keep(upper_, right);
  }
  return true;
}

void IncompleteLu::solve(std::span<double> b) const {
  const std::size_t n = order_.size();
  work_.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    double value = b[order_[i]];
    for (std::size_t k = lower_.begin[i]; k < lower_.begin[i + 1]; ++k)
      value -= lower_.value[k] * work_[lower_.column[k]];
    work_[i] = value;
  }
  for (std::size_t i = n; i-- > 0;) {
    double value = work_[i];
    for (std::size_t k = upper_.begin[i]; k < upper_.begin[i + 1]; ++k)
      value -= upper_.value[k] * work_[upper_.column[k]];
    work_[i] = value * reciprocal_[i];
  }
  for (std::size_t i = 0; i < n; ++i) b[order_[i]] = work_[i];
}

}  // namespace holon::solve
