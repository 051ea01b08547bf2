// How the sites of a space are divided among ranks: slabs of planes across a grid's last axis, about equally
// many sites inside the domain each.
#pragma once

#include "holon/base/partition.hpp"
#include "holon/space/space.hpp"

#include <functional>
#include <memory>
#include <optional>

namespace holon {

/// Planes across the last axis of a space that can be shared among ranks; nothing for others.
struct Planes {
  std::size_t count = 0;  ///< of them
  std::size_t sites = 0;  ///< of each
  bool periodic = false;  ///< the first is the last one's neighbour
  /// Sums over the space are taken in blocks of so many planes, and owned are whole blocks: a power of two.
  std::size_t block = 1;
};
std::optional<Planes> planes_of(const Space& space);

/// Null where the space can't be shared: one of no grid and no product over one, or with fewer blocks of
/// planes than ranks.
std::unique_ptr<const Partition> partition_of(const Space& space, Ranks& ranks);

/// Sum of term(begin, end) over blocks of the space: the same to the last bit for any number of ranks and
/// threads. Without a partition the same sum on this rank alone.
double sum_over(const Space& space, const Partition* partition, ThreadPool& threads,
                const std::function<double(std::size_t, std::size_t)>& term);

}  // namespace holon
