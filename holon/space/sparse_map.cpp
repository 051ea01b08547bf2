#include "holon/space/sparse_map.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <numeric>

namespace holon {

namespace {

constexpr std::size_t grain = 2048;

SparseMap::Columns by_columns(const SparseMap::Rows& rows, std::size_t from_sites,
                              std::span<const std::size_t> order) {
  std::vector<std::size_t> next(from_sites + 1, 0);
  for (const std::uint32_t site : rows.site) ++next[site + 1];
  SparseMap::Columns columns;
  columns.begin.push_back(0);
  for (std::size_t site = 0; site < from_sites; ++site) {
    const std::size_t entries = next[site + 1];
    if (entries != 0) {
      columns.touched.push_back(static_cast<std::uint32_t>(site));
      columns.begin.push_back(columns.begin.back() + entries);
    }
    next[site + 1] += next[site];
  }
  columns.row.resize(rows.site.size());
  columns.weight.resize(rows.site.size());
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    const std::size_t row = order.empty() ? r : order[r];
    for (std::size_t e = rows.begin[row]; e < rows.begin[row + 1]; ++e) {
      const std::size_t at = next[rows.site[e]]++;
      columns.row[at] = static_cast<std::uint32_t>(row);
      columns.weight[at] = rows.weight[e];
    }
  }
  return columns;
}

}  // namespace

SparseMap::SparseMap(Rows rows, Measures from_measures, Measures to_measures, Order order)
    : LinearMap(std::move(from_measures), std::move(to_measures)),
      order_(std::move(order)),
      rows_(std::move(rows)) {
  require(rows_.rows() == to_sites(), "a sparse map has one row per site that it maps to");
  require(!order_ || order_->size() == rows_.rows(), "an order of rows lists all of them");
}

SparseMap::SparseMap(std::function<Rows()> make_rows, Measures from_measures, Measures to_measures,
                     Order order)
    : LinearMap(std::move(from_measures), std::move(to_measures)),
      make_rows_(std::move(make_rows)),
      order_(std::move(order)) {}

const SparseMap::Rows& SparseMap::rows() const {
  if (make_rows_) std::call_once(rows_made_, [this] { rows_ = make_rows_(); });
  return rows_;
}

const SparseMap::Columns& SparseMap::columns() const {
  std::call_once(columns_made_, [this] {
    columns_ = by_columns(rows(), from_sites(), order_ ? std::span(*order_) : std::span<const std::size_t>());
  });
  return columns_;
}

void SparseMap::apply(std::span<const double> from, std::span<double> to, ThreadPool& threads) const {
  const Rows& rows = this->rows();
  threads.for_range(to.size(), grain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t row = begin; row < end; ++row) {
      double sum = 0.0;
      for (std::size_t e = rows.begin[row]; e < rows.begin[row + 1]; ++e)
        sum += rows.weight[e] * from[rows.site[e]];
      to[row] = sum;
    }
  });
}

void SparseMap::apply_adjoint(std::span<const double> to, std::span<double> from, ThreadPool& threads) const {
  threads.for_range(from.size(), 8 * grain, [&](std::size_t begin, std::size_t end) {
    std::fill(from.begin() + static_cast<std::ptrdiff_t>(begin),
              from.begin() + static_cast<std::ptrdiff_t>(end), 0.0);
  });
  const auto measure = to_measures(), volume = from_measures();
  const Columns& columns = this->columns();
  threads.for_range(columns.touched.size(), grain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t c = begin; c < end; ++c) {
      double sum = 0.0;
      for (std::size_t e = columns.begin[c]; e < columns.begin[c + 1]; ++e)
        sum += columns.weight[e] * measure[columns.row[e]] * to[columns.row[e]];
      from[columns.touched[c]] = sum / volume[columns.touched[c]];
    }
  });
}

std::vector<LinearMap::Entry> SparseMap::entries() const {
  std::vector<Entry> entries;
  const Rows& rows = this->rows();
  for (std::size_t row = 0; row < rows.rows(); ++row)
    for (std::size_t e = rows.begin[row]; e < rows.begin[row + 1]; ++e)
      entries.push_back({row, rows.site[e], rows.weight[e]});
  return entries;
}

}  // namespace holon
