#include "holon/space/product_maps.hpp"

#include <algorithm>
#include <numeric>

namespace holon {

namespace {

constexpr std::size_t grain = 256;  // macro sites

/// macro_m = sum_s weight_s micro_ms.
void gather(std::span<const double> weights, std::span<const double> product, std::span<double> macro,
            ThreadPool& threads) {
  threads.for_range(macro.size(), grain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t m = begin; m < end; ++m)
      macro[m] = std::inner_product(weights.begin(), weights.end(), product.data() + m * weights.size(), 0.0);
  });
}

/// product_ms = factor macro_m.
void spread(std::span<const double> macro, double factor, std::size_t micro_sites, std::span<double> product,
            ThreadPool& threads) {
  threads.for_range(macro.size(), grain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t m = begin; m < end; ++m)
      std::fill_n(product.data() + m * micro_sites, micro_sites, factor * macro[m]);
  });
}

}  // namespace

LiftMap::LiftMap(const ProductSpace& product)
    : LinearMap(measures_of(product.macro()), measures_of(product)), micro_(measures_of(product.micro())) {}

void LiftMap::apply(std::span<const double> from, std::span<double> to, ThreadPool& threads) const {
  spread(from, 1.0, micro_.size(), to, threads);
}

void LiftMap::apply_adjoint(std::span<const double> to, std::span<double> from, ThreadPool& threads) const {
  gather(micro_, to, from, threads);
}

MicroAverageMap::MicroAverageMap(const ProductSpace& product)
    : LinearMap(measures_of(product), measures_of(product.macro())), share_(measures_of(product.micro())) {
  whole_ = std::accumulate(share_.begin(), share_.end(), 0.0);
  for (double& share : share_) share /= whole_;
}

void MicroAverageMap::apply(std::span<const double> from, std::span<double> to, ThreadPool& threads) const {
  gather(share_, from, to, threads);
}

void MicroAverageMap::apply_adjoint(std::span<const double> to, std::span<double> from,
                                    ThreadPool& threads) const {
  // (T* g)_ms measure_m measure_s = measure_m g_m share_s.
  spread(to, 1.0 / whole_, share_.size(), from, threads);
}

std::vector<LinearMap::Entry> LiftMap::entries() const {
  std::vector<Entry> entries;
  for (std::size_t site = 0; site < to_sites(); ++site) entries.push_back({site, site / micro_.size(), 1.0});
  return entries;
}

std::vector<LinearMap::Entry> MicroAverageMap::entries() const {
  std::vector<Entry> entries;
  for (std::size_t site = 0; site < from_sites(); ++site)
    entries.push_back({site / share_.size(), site, share_[site % share_.size()]});
  return entries;
}

}  // namespace holon
