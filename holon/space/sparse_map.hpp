// A linear map stored entry by entry, in both directions.
#pragma once

#include "holon/space/linear_map.hpp"

#include <cstdint>
#include <functional>
#include <mutex>

namespace holon {

/// (T f)_i = sum_k weight_ik f_k, rows i being sites of `to`. Held by rows for T, and by columns for T*, the
/// entries of a column in the order of `order` (below): both directions are sums of their own for every site,
/// which threads share out freely.
class SparseMap : public LinearMap {
 public:
  struct Rows {
    std::vector<std::size_t> begin{0};  ///< of row i's entries; one more than there are rows
    std::vector<std::uint32_t> site;    ///< in `from`
    std::vector<double> weight;
    std::size_t rows() const { return begin.size() - 1; }
    void add(std::uint32_t from, double w) {
      site.push_back(from);
      weight.push_back(w);
    }
    void end_row() { begin.push_back(site.size()); }
  };
  /// `order`, where it is not null, lists the rows in the order in which they are added up in T*: by the ids
  /// of cells, so that sums don't depend on how the cells lie in memory.
  using Order = std::shared_ptr<const std::vector<std::size_t>>;
  SparseMap(Rows rows, Measures from_measures, Measures to_measures, Order order = nullptr);

  void apply(std::span<const double> from, std::span<double> to, ThreadPool& threads) const override;
  void apply_adjoint(std::span<const double> to, std::span<double> from, ThreadPool& threads) const override;

  std::vector<Entry> entries() const override;
  const Rows& rows() const;
  const Order& order() const { return order_; }
  /// The same entries by sites of `from` that have any: column c is that of site touched[c]. Made when first
  /// asked for, by any thread.
  struct Columns {
    std::vector<std::uint32_t> touched;
    std::vector<std::size_t> begin;  ///< of a touched site's entries; one more than there are touched sites
    std::vector<std::uint32_t> row;
    std::vector<double> weight;
  };
  const Columns& columns() const;

 protected:
  /// A map that knows another way: `make_rows` is called when somebody asks for them, by any thread.
  SparseMap(std::function<Rows()> make_rows, Measures from_measures, Measures to_measures, Order order);

 private:
  std::function<Rows()> make_rows_;  ///< null: they are there
  Order order_;
  mutable std::once_flag rows_made_, columns_made_;
  mutable Rows rows_;
  mutable Columns columns_;
};

}  // namespace holon
