#include "holon/space/whole_space_maps.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace holon {

namespace {

constexpr std::size_t grain = 16384;  // sites of one part, and of one partial sum

void copy(std::span<const double> from, std::span<double> to, ThreadPool& threads) {
  threads.for_range(from.size(), grain, [&](std::size_t begin, std::size_t end) {
    std::memcpy(to.data() + begin, from.data() + begin, (end - begin) * sizeof(double));
  });
}

void fill(std::span<double> to, double value, ThreadPool& threads) {
  threads.for_range(to.size(), grain, [&](std::size_t begin, std::size_t end) {
    std::fill(to.begin() + static_cast<std::ptrdiff_t>(begin), to.begin() + static_cast<std::ptrdiff_t>(end),
              value);
  });
}

double integral(std::span<const double> measures, std::span<const double> values, ThreadPool& threads) {
  return threads.sum(values.size(), grain, [&](std::size_t begin, std::size_t end) {
    double sum = 0.0;
    for (std::size_t site = begin; site < end; ++site) sum += measures[site] * values[site];
    return sum;
  });
}

}  // namespace

std::vector<double> measures_of(const Space& space) {
  std::vector<double> measures(space.sites());
  for (std::size_t site = 0; site < measures.size(); ++site) measures[site] = space.measure(site);
  return measures;
}

IdentityMap::IdentityMap(const Space& space) : IdentityMap(measures_of(space)) {}

IdentityMap::IdentityMap(std::vector<double> measures)
    : IdentityMap(std::make_shared<const std::vector<double>>(std::move(measures))) {}

void IdentityMap::apply(std::span<const double> from, std::span<double> to, ThreadPool& threads) const {
  copy(from, to, threads);
}

void IdentityMap::apply_adjoint(std::span<const double> to, std::span<double> from,
                                ThreadPool& threads) const {
  copy(to, from, threads);
}

std::vector<LinearMap::Entry> IdentityMap::entries() const {
  std::vector<Entry> entries;
  for (std::size_t site = 0; site < to_sites(); ++site) entries.push_back({site, site, 1.0});
  return entries;
}

BroadcastMap::BroadcastMap(const Space& space) : LinearMap({1.0}, measures_of(space)) {}

void BroadcastMap::apply(std::span<const double> from, std::span<double> to, ThreadPool& threads) const {
  fill(to, from[0], threads);
}

void BroadcastMap::apply_adjoint(std::span<const double> to, std::span<double> from,
                                 ThreadPool& threads) const {
  from[0] = integral(to_measures(), to, threads);
}

std::vector<LinearMap::Entry> BroadcastMap::entries() const {
  std::vector<Entry> entries;
  for (std::size_t site = 0; site < to_sites(); ++site) entries.push_back({site, 0, 1.0});
  return entries;
}

AverageMap::AverageMap(const Space& space) : AverageMap(measures_of(space)) {}

AverageMap::AverageMap(std::vector<double> measures) : LinearMap(std::move(measures), {1.0}) {
  whole_ = std::accumulate(from_measures().begin(), from_measures().end(), 0.0);
}

void AverageMap::apply(std::span<const double> from, std::span<double> to, ThreadPool& threads) const {
  to[0] = integral(from_measures(), from, threads) / whole_;
}

void AverageMap::apply_adjoint(std::span<const double> to, std::span<double> from,
                               ThreadPool& threads) const {
  fill(from, to[0] / whole_, threads);
}

std::vector<LinearMap::Entry> AverageMap::entries() const {
  std::vector<Entry> entries;
  for (std::size_t site = 0; site < from_sites(); ++site)
    entries.push_back({0, site, from_measures()[site] / whole_});
  return entries;
}

}  // namespace holon
