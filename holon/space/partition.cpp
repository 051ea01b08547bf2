#include "holon/space/partition.hpp"

#include "holon/base/error.hpp"

#include <algorithm>

namespace holon {

namespace {

constexpr std::size_t largest_block = 8192;  // sites
constexpr std::size_t least_blocks = 32;     // where there are so many planes

/// The sites that a range and another have in common.
SiteRange common(const SiteRange& a, const SiteRange& b) {
  const std::size_t begin = std::max(a.begin, b.begin), end = std::min(a.end, b.end);
  return {begin, std::max(begin, end)};
}

/// The `halo` sites before and after a range, as ranges that don't meet and leave out the range itself.
std::vector<SiteRange> ghosts(const SiteRange& own, std::size_t halo, std::size_t sites, bool periodic) {
  std::vector<SiteRange> around;
  const std::size_t others = sites - own.size();
  if (periodic && 2 * halo >= others) {
    around = {{0, own.begin}, {own.end, sites}};
  } else {
    const std::size_t before = std::min(halo, own.begin), after = std::min(halo, sites - own.end);
    around = {{own.begin - before, own.begin}, {own.end, own.end + after}};
    if (periodic && before < halo) around.push_back({sites - (halo - before), sites});
    if (periodic && after < halo) around.push_back({0, halo - after});
  }
  std::erase_if(around, [](const SiteRange& range) { return range.size() == 0; });
  return around;
}

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

std::unique_ptr<const Partition> Partition::make(const Space& space, Ranks& ranks) {
  const auto planes = planes_of(space);
  if (!planes || planes->count / planes->block < static_cast<std::size_t>(ranks.size())) return nullptr;
  return std::unique_ptr<const Partition>(new Partition(space, ranks));
}

Partition::Partition(const Space& space, Ranks& ranks) : ranks_(&ranks), sites_(space.sites()) {
  const Planes planes = *planes_of(space);
  plane_ = planes.sites;
  periodic_ = planes.periodic;
  const auto parts = static_cast<std::size_t>(ranks.size());
  const std::size_t blocks = (planes.count - 1) / planes.block + 1, block = planes.block * planes.sites;
  // How many sites inside the domain lie before each block.
  std::vector<std::size_t> before(blocks + 1, 0);
  const bool all = space.sites_inside() == sites_;
  for (std::size_t b = 0; b < blocks; ++b) {
    const std::size_t begin = b * block, end = std::min(sites_, begin + block);
    before[b + 1] = before[b] + (all ? end - begin : 0);
    for (std::size_t site = begin; !all && site < end; ++site) before[b + 1] += space.inside(site) ? 1 : 0;
  }
  bounds_.push_back(0);
  std::size_t at = 0;
  for (std::size_t r = 1; r < parts; ++r) {
    // The boundary nearest to the equal share that leaves a block for every rank.
    const std::size_t lowest = at + 1, highest = blocks - (parts - r);
    const auto share =
        static_cast<double>(before[blocks]) * static_cast<double>(r) / static_cast<double>(parts);
    at = lowest;
    while (at < highest && static_cast<double>(before[at] + before[at + 1]) <= 2.0 * share) ++at;
    bounds_.push_back(at * block);
  }
  bounds_.push_back(sites_);
}

SiteRange Partition::own(int rank) const {
  const auto r = static_cast<std::size_t>(rank);
  return {bounds_[r], bounds_[r + 1]};
}

std::size_t Partition::least() const {
  std::size_t least = sites_;
  for (int r = 0; r < ranks_->size(); ++r) least = std::min(least, own(r).size());
  return least;
}

const Partition::Plan& Partition::plan(std::size_t halo) const {
  const auto [found, first] = plans_.try_emplace(halo);
  Plan& plan = found->second;
  if (!first) return plan;
  for (int other = 0; other < ranks_->size(); ++other) {
    if (other == rank()) continue;
    for (const SiteRange& ghost : ghosts(own(), halo, sites_, periodic_))
      if (const SiteRange sites = common(ghost, own(other)); sites.size() > 0)
        plan.receive.push_back({other, sites});
    for (const SiteRange& ghost : ghosts(own(other), halo, sites_, periodic_))
      if (const SiteRange sites = common(ghost, own()); sites.size() > 0) plan.send.push_back({other, sites});
  }
  return plan;
}

void Partition::refresh(std::span<const std::span<double>> columns, std::size_t halo) const {
  const Plan& plan = this->plan(halo);
  std::vector<Ranks::Outgoing> out;
  std::vector<Ranks::Incoming> in;
  for (const std::span<double> column : columns) {
    require(column.size() == sites_, "a partition exchanges columns of its own space");
    for (const Piece& piece : plan.send)
      out.push_back({piece.rank, column.subspan(piece.sites.begin, piece.sites.size())});
    for (const Piece& piece : plan.receive)
      in.push_back({piece.rank, column.subspan(piece.sites.begin, piece.sites.size())});
  }
  ranks_->exchange(out, in);
}

void Partition::complete(std::span<const std::span<double>> columns) const {
  for (const std::span<double> column : columns) {
    require(column.size() == sites_, "a partition exchanges columns of its own space");
    ranks_->all_gather(column, bounds_);
  }
}

void Partition::add_up(std::span<double> values) const {
  const auto parts = static_cast<std::size_t>(ranks_->size());
  const std::size_t n = values.size();
  std::vector<double> all(parts * n);
  std::vector<std::size_t> bounds;
  for (std::size_t r = 0; r <= parts; ++r) bounds.push_back(r * n);
  std::ranges::copy(values,
                    all.begin() + static_cast<std::ptrdiff_t>(bounds[static_cast<std::size_t>(rank())]));
  ranks_->all_gather(all, bounds);
  std::ranges::fill(values, 0.0);
  for (std::size_t r = 0; r < parts; ++r)
    for (std::size_t k = 0; k < n; ++k) values[k] += all[r * n + k];
}

double Partition::sum(const Partition* partition, const Space& space, ThreadPool& threads,
                      const std::function<double(std::size_t, std::size_t)>& term) {
  const auto planes = planes_of(space);
  const std::size_t block = planes ? planes->block * planes->sites : largest_block;
  if (partition == nullptr) return threads.sum(space.sites(), block, term);
  const SiteRange own = partition->own();
  std::vector<double> partial((partition->sites_ - 1) / block + 1);
  std::vector<std::size_t> bounds;
  for (const std::size_t bound : partition->bounds_) bounds.push_back((bound + block - 1) / block);
  threads.for_range((own.size() - 1) / block + 1, 1, [&](std::size_t first, std::size_t last) {
    for (std::size_t b = first; b < last; ++b) {
      const std::size_t begin = own.begin + b * block;
      partial[own.begin / block + b] = term(begin, std::min(own.end, begin + block));
    }
  });
  partition->ranks_->all_gather(partial, bounds);
  double total = 0.0;
  for (const double p : partial) total += p;
  return total;
}

}  // namespace holon
