// A partition: which rank owns which sites of something that is made of planes of sites (a grid, across its
// last axis).
//
// Every rank holds whole columns, but values are right on its own sites only, and on as many next to them
// (ghosts) as somebody has asked for. Owned are contiguous slabs of planes.
#pragma once

#include "holon/base/parallel.hpp"
#include "holon/base/ranks.hpp"

#include <functional>
#include <map>
#include <span>
#include <vector>

namespace holon {

class Partition {
 public:
  enum class Ends { apart, neighbours };  ///< the first and the last plane
  /// Rank r owns the sites [bounds[r], bounds[r+1]), which are whole planes of `plane` sites.
  Partition(Ranks& ranks, std::size_t plane, std::vector<std::size_t> bounds, Ends ends);

  Ranks& ranks() const { return *ranks_; }
  int rank() const { return ranks_->rank(); }
  std::size_t sites() const { return bounds_.back(); }
  std::size_t plane() const { return plane_; }
  Ends ends() const { return ends_; }
  const std::vector<std::size_t>& bounds() const { return bounds_; }
  SiteRange own(int rank) const;
  SiteRange own() const { return own(rank()); }
  /// The sites that one rank owns at least.
  std::size_t least() const;

  /// Columns get the values of `halo` sites before and after this rank's own (around the ends where they are
  /// neighbours) from their owners.
  void refresh(std::span<const std::span<double>> columns, std::size_t halo) const;
  void refresh(std::span<double> column, std::size_t halo) const { refresh(std::span(&column, 1), halo); }
  /// All values from their owners.
  void complete(std::span<const std::span<double>> columns) const;
  void complete(std::span<double> column) const { complete(std::span(&column, 1)); }
  /// values[k] = sum over ranks of their values[k], in their order.
  void add_up(std::span<double> values) const;
  /// Sum of term(begin, end) over blocks of so many sites, each taken by the rank that owns it and added in
  /// their order: the same to the last bit for any number of ranks and threads. Bounds are multiples of
  /// `block`.
  double sum(ThreadPool& threads, std::size_t block,
             const std::function<double(std::size_t, std::size_t)>& term) const;

 private:
  struct Piece {
    int rank = 0;
    SiteRange sites;
  };
  struct Plan {
    std::vector<Piece> send, receive;
  };
  const Plan& plan(std::size_t halo) const;

  Ranks* ranks_;
  std::size_t plane_ = 1;
  std::vector<std::size_t> bounds_;
  Ends ends_;
  mutable std::map<std::size_t, Plan> plans_;  // made when first asked for
};

}  // namespace holon
