#include "holon/base/partition.hpp"

#include "holon/base/error.hpp"

#include <algorithm>

namespace holon {

namespace {

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

Partition::Partition(Ranks& ranks, std::size_t plane, std::vector<std::size_t> bounds, Ends ends)
    : ranks_(&ranks), plane_(plane), bounds_(std::move(bounds)), ends_(ends) {
  require(bounds_.size() == static_cast<std::size_t>(ranks.size()) + 1,
          "a partition gives each rank its sites");
  require(std::ranges::all_of(bounds_, [&](std::size_t bound) { return bound % plane_ == 0; }),
          "a partition's slabs are whole planes");
}

SiteRange Partition::own(int rank) const {
  const auto r = static_cast<std::size_t>(rank);
  return {bounds_[r], bounds_[r + 1]};
}

std::size_t Partition::least() const {
  std::size_t least = sites();
  for (int r = 0; r < ranks_->size(); ++r) least = std::min(least, own(r).size());
  return least;
}

const Partition::Plan& Partition::plan(std::size_t halo) const {
  const auto [found, first] = plans_.try_emplace(halo);
  Plan& plan = found->second;
  if (!first) return plan;
  for (int other = 0; other < ranks_->size(); ++other) {
    if (other == rank()) continue;
    for (const SiteRange& ghost : ghosts(own(), halo, sites(), ends_ == Ends::neighbours))
      if (const SiteRange sites = common(ghost, own(other)); sites.size() > 0)
        plan.receive.push_back({other, sites});
    for (const SiteRange& ghost : ghosts(own(other), halo, sites(), ends_ == Ends::neighbours))
      if (const SiteRange sites = common(ghost, own()); sites.size() > 0) plan.send.push_back({other, sites});
  }
  return plan;
}

void Partition::refresh(std::span<const std::span<double>> columns, std::size_t halo) const {
  const Plan& plan = this->plan(halo);
  std::vector<Ranks::Outgoing> out;
  std::vector<Ranks::Incoming> in;
  for (const std::span<double> column : columns) {
    require(column.size() == sites(), "a partition exchanges columns of its own");
    for (const Piece& piece : plan.send)
      out.push_back({piece.rank, column.subspan(piece.sites.begin, piece.sites.size())});
    for (const Piece& piece : plan.receive)
      in.push_back({piece.rank, column.subspan(piece.sites.begin, piece.sites.size())});
  }
  ranks_->exchange(out, in);
}

void Partition::complete(std::span<const std::span<double>> columns) const {
  for (const std::span<double> column : columns) {
    require(column.size() == sites(), "a partition exchanges columns of its own");
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

double Partition::sum(ThreadPool& threads, std::size_t block,
                      const std::function<double(std::size_t, std::size_t)>& term) const {
  const SiteRange own = this->own();
  std::vector<double> partial((sites() - 1) / block + 1);
  std::vector<std::size_t> bounds;
  for (const std::size_t bound : bounds_) {
    require(bound % block == 0 || bound == sites(), "sums are taken over blocks that one rank owns");
    bounds.push_back((bound + block - 1) / block);
  }
  threads.for_range((own.size() - 1) / block + 1, 1, [&](std::size_t first, std::size_t last) {
    for (std::size_t b = first; b < last; ++b) {
      const std::size_t begin = own.begin + b * block;
      partial[own.begin / block + b] = term(begin, std::min(own.end, begin + block));
    }
  });
  ranks_->all_gather(partial, bounds);
  double total = 0.0;
  for (const double p : partial) total += p;
  return total;
}

}  // namespace holon
