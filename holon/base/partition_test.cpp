#include "holon/base/partition.hpp"

#include "holon/base/ranks_in_threads.hpp"

#include <cmath>
#include <mutex>

#include <gtest/gtest.h>

namespace holon {
namespace {

/// What each site is worth on its owner.
double worth(std::size_t site) { return 10.0 + static_cast<double>(site); }

/// A column as a rank has it: right on its own sites alone.
std::vector<double> own_values(const Partition& partition) {
  std::vector<double> column(partition.sites(), -1.0);
  for (std::size_t site = partition.own().begin; site < partition.own().end; ++site)
    column[site] = worth(site);
  return column;
}

TEST(PartitionThreads, FetchesTheGhostsNextToItsOwnSitesFromWhoeverOwnsThem) {
  // The middle rank owns less than the halo, so that its neighbours need sites of two others.
  run_ranks(4, [](Ranks& ranks) {
    for (const std::size_t halo : {0u, 2u, 6u, 40u}) {
      const Partition partition(ranks, 2, {0, 8, 10, 16, 24}, Partition::Ends::apart);
      std::vector<double> column = own_values(partition);
      partition.refresh(column, halo);
      const SiteRange own = partition.own();
      for (std::size_t site = 0; site < column.size(); ++site) {
        const bool known = site + halo >= own.begin && site < own.end + halo;
        EXPECT_EQ(column[site], known ? worth(site) : -1.0) << "site " << site << ", halo " << halo;
      }
    }
  });
}

TEST(PartitionThreads, FetchesAroundTheEndsWhereTheyAreNeighbours) {
  run_ranks(3, [](Ranks& ranks) {
    const Partition partition(ranks, 1, {0, 4, 6, 12}, Partition::Ends::neighbours);
    std::vector<double> column = own_values(partition);
    partition.refresh(column, 2);
    const SiteRange own = partition.own();
    for (std::size_t site = 0; site < column.size(); ++site) {
      bool known = site >= own.begin && site < own.end;
      for (std::size_t k = 1; k <= 2; ++k)
        known = known || site == (own.begin + 12 - k) % 12 || site == (own.end - 1 + k) % 12;
      EXPECT_EQ(column[site], known ? worth(site) : -1.0) << "site " << site << ", rank " << ranks.rank();
    }
  });
}

TEST(PartitionThreads, CompletesSeveralColumns) {
  run_ranks(3, [](Ranks& ranks) {
    const Partition partition(ranks, 1, {0, 3, 4, 9}, Partition::Ends::apart);
    std::vector<double> one = own_values(partition), two = own_values(partition);
    for (double& value : two) value *= 2.0;
    const std::vector<std::span<double>> columns{one, two};
    partition.complete(columns);
    for (std::size_t site = 0; site < 9; ++site) {
      EXPECT_EQ(one[site], worth(site));
      EXPECT_EQ(two[site], 2.0 * worth(site));
    }
  });
}

TEST(PartitionThreads, SumsAreTheSameNumberForAnyNumberOfRanksAndThreads) {
  constexpr std::size_t sites = 103, block = 4;
  const auto term = [](std::size_t begin, std::size_t end) {
    double sum = 0.0;
    for (std::size_t site = begin; site < end; ++site) sum += std::sin(static_cast<double>(site)) / 3.0;
    return sum;
  };
  ThreadPool alone(1);
  const double expected = alone.sum(sites, block, term);
  for (const int count : {1, 2, 5})
    run_ranks(count, [&](Ranks& ranks) {
      std::vector<std::size_t> bounds{0};
      for (int r = 1; r < count; ++r) bounds.push_back(block * static_cast<std::size_t>(2 * r + r * r));
      bounds.push_back(sites);
      const Partition partition(ranks, 1, bounds, Partition::Ends::apart);
      ThreadPool threads(2);
      EXPECT_EQ(partition.sum(threads, block, term), expected) << count << " ranks";
    });
}

TEST(PartitionThreads, AddsUpWhatTheRanksSay) {
  run_ranks(3, [](Ranks& ranks) {
    const Partition partition(ranks, 1, {0, 1, 2, 3}, Partition::Ends::apart);
    std::vector<double> values{static_cast<double>(ranks.rank()), 0.25};
    partition.add_up(values);
    EXPECT_EQ(values, (std::vector<double>{3.0, 0.75}));
  });
}

}  // namespace
}  // namespace holon
