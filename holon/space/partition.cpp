#include "holon/space/partition.hpp"

#include <algorithm>

namespace holon {

namespace {

constexpr std::size_t largest_block = 8192;  // sites
constexpr std::size_t least_blocks = 32;     // where there are so many planes

}  // namespace

std::optional<Planes> planes_of(const Space& space) {
  if (const auto* product = dynamic_cast<const ProductSpace*>(&space)) {
    auto planes = planes_of(product->macro());
    if (planes) planes->sites *= product->micro().sites();
    return planes;
  }
  const auto* grid = dynamic_cast<const StructuredSpace*>(&space);
  if (grid == nullptr) return std::nullopt;
  int last = grid->dimensions() - 1;
  while (last > 0 && grid->count(last) == 1) --last;
  Planes planes;
  planes.count = grid->count(last);
  planes.sites = grid->sites() / planes.count;
  planes.periodic = grid->periodic(last);
  while (2 * planes.block * planes.sites <= largest_block && 2 * planes.block * least_blocks <= planes.count)
    planes.block *= 2;
  return planes;
}

std::unique_ptr<const Partition> partition_of(const Space& space, Ranks& ranks) {
  const auto planes = planes_of(space);
  const auto parts = static_cast<std::size_t>(ranks.size());
  if (!planes || planes->count / planes->block < parts) return nullptr;
  const std::size_t sites = space.sites(), block = planes->block * planes->sites;
  const std::size_t blocks = (sites - 1) / block + 1;
  // How many sites inside the domain lie before each block.
  std::vector<std::size_t> before(blocks + 1, 0);
  const bool all = space.sites_inside() == sites;
  for (std::size_t b = 0; b < blocks; ++b) {
    const std::size_t begin = b * block, end = std::min(sites, begin + block);
    before[b + 1] = before[b] + (all ? end - begin : 0);
    for (std::size_t site = begin; !all && site < end; ++site) before[b + 1] += space.inside(site) ? 1 : 0;
  }
  std::vector<std::size_t> bounds{0};
  std::size_t at = 0;
  for (std::size_t r = 1; r < parts; ++r) {
    // The boundary nearest to the equal share that leaves a block for every rank.
    const std::size_t highest = blocks - (parts - r);
    const double share =
        static_cast<double>(before[blocks]) * static_cast<double>(r) / static_cast<double>(parts);
    ++at;
    while (at < highest && static_cast<double>(before[at] + before[at + 1]) <= 2.0 * share) ++at;
    bounds.push_back(at * block);
  }
  bounds.push_back(sites);
  return std::make_unique<const Partition>(
      ranks, planes->sites, std::move(bounds),
      planes->periodic ? Partition::Ends::neighbours : Partition::Ends::apart);
}

double sum_over(const Space& space, const Partition* partition, ThreadPool& threads,
                const std::function<double(std::size_t, std::size_t)>& term) {
  const auto planes = planes_of(space);
  const std::size_t block = planes ? planes->block * planes->sites : largest_block;
  return partition != nullptr ? partition->sum(threads, block, term)
                              : threads.sum(space.sites(), block, term);
}

}  // namespace holon
