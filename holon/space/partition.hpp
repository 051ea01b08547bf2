// A partition of a space: which rank owns which of its sites.
//
// Every rank holds whole columns, but values are right on its own sites only, and on as many next to them
// (ghosts) as somebody has asked for, until a process that ranks share has advanced them. Owned are
// contiguous slabs of planes across a grid's last axis, about equally many sites inside the domain each.
#pragma once

#include "holon/base/parallel.hpp"
#include "holon/base/ranks.hpp"
#include "holon/space/space.hpp"

#include <map>
#include <memory>
#include <span>
#include <vector>

namespace holon {

class Partition {
 public:
  /// Null where the space can't be shared: one of no grid and no product over one, or with fewer planes than
  /// ranks.
  static std::unique_ptr<const Partition> make(const Space& space, Ranks& ranks);

  int rank() const { return ranks_->rank(); }
  /// Of each rank, in order: rank r owns the sites [bounds[r], bounds[r+1]).
  const std::vector<std::size_t>& bounds() const { return bounds_; }
  SiteRange own(int rank) const;
  SiteRange own() const { return own(rank()); }
  /// The sites that one rank owns at least.
  std::size_t least() const;
  /// Sites of one plane.
  std::size_t plane() const { return plane_; }

  /// Columns over the space get the values of `halo` sites before and after this rank's own (around the ends
  /// where the last axis is periodic) from their owners.
  void refresh(std::span<const std::span<double>> columns, std::size_t halo) const;
  /// All values from their owners.
  void complete(std::span<const std::span<double>> columns) const;
  /// values[k] = sum over ranks of their values[k], in their order.
  void add_up(std::span<double> values) const;
  /// Sum of term(begin, end) over blocks of the space, each taken by the rank that owns it and added in their
  /// order: the same to the last bit for any number of ranks and threads. Without a partition the same sum on
  /// this rank alone.
  static double sum(const Partition* partition, const Space& space, ThreadPool& threads,
                    const std::function<double(std::size_t, std::size_t)>& term);

  Ranks& ranks() const { return *ranks_; }

 private:
  Partition(const Space& space, Ranks& ranks);
  struct Piece {
    int rank = 0;
    SiteRange sites;
  };
  struct Plan {
    std::vector<Piece> send, receive;
  };
  const Plan& plan(std::size_t halo) const;

  Ranks* ranks_;
  std::size_t sites_ = 0, plane_ = 1;
  bool periodic_ = false;
  std::vector<std::size_t> bounds_;
  mutable std::map<std::size_t, Plan> plans_;  // made when first asked for
};

/// Planes across the last axis of a space that can be shared among ranks; nothing for others.
struct Planes {
  std::size_t count = 0;  ///< of them
  std::size_t sites = 0;  ///< of each
  bool periodic = false;  ///< the first is the last one's neighbour
  /// Sums over the space are taken in blocks of so many planes, and owned are whole blocks: a power of two.
  std::size_t block = 1;
};
std::optional<Planes> planes_of(const Space& space);

}  // namespace holon
