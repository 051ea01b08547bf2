#include "holon/engine/fast_blocks.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include <fmt/format.h>

namespace holon {

namespace {

constexpr std::size_t largest_block = 400;
constexpr int powers = 400;

/// Solves in place by Gaussian elimination with partial pivoting; false where the matrix is singular.
bool eliminate(std::vector<double> a, std::vector<double>& b) {
  const std::size_t n = b.size();
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t pivot = k;
    for (std::size_t i = k + 1; i < n; ++i)
      if (std::abs(a[i * n + k]) > std::abs(a[pivot * n + k])) pivot = i;
    if (!(std::abs(a[pivot * n + k]) > 0.0) || !std::isfinite(a[pivot * n + k])) return false;
    if (pivot != k) {
      for (std::size_t j = 0; j < n; ++j) std::swap(a[k * n + j], a[pivot * n + j]);
      std::swap(b[k], b[pivot]);
    }
    for (std::size_t i = k + 1; i < n; ++i) {
      const double factor = a[i * n + k] / a[k * n + k];
      if (factor == 0.0) continue;
      for (std::size_t j = k; j < n; ++j) a[i * n + j] -= factor * a[k * n + j];
      b[i] -= factor * b[k];
    }
  }
  for (std::size_t k = n; k-- > 0;) {
    for (std::size_t j = k + 1; j < n; ++j) b[k] -= a[k * n + j] * b[j];
    b[k] /= a[k * n + k];
  }
  return std::all_of(b.begin(), b.end(), [](double x) { return std::isfinite(x); });
}

bool stable_block(const std::vector<double>& a, std::size_t n) {
  if (n == 1) return a[0] < 0.0;
  if (n == 2) return a[0] + a[3] < 0.0 && a[0] * a[3] - a[1] * a[2] > 0.0;
  double scale = 0.0;
  for (const double entry : a) scale = std::max(scale, std::abs(entry));
  std::vector<double> minus(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) minus[i] = -a[i];
  for (std::size_t i = 0; i < n; ++i) minus[i * n + i] += scale;
  std::vector<double> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = 1.0 + 0.1 * static_cast<double>(i % 7);
  double growth = 0.0;
  for (int k = 0; k < powers; ++k) {
    if (!eliminate(minus, x)) return false;
    std::vector<double> next(n);
    double size = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
      next[i] = scale * x[i];
      for (std::size_t j = 0; j < n; ++j) next[i] += a[i * n + j] * x[j];
      size += next[i] * next[i];
    }
    size = std::sqrt(size);
    if (!(size > 0.0)) return true;
    if (k >= powers / 2) growth += std::log(size);
    for (std::size_t i = 0; i < n; ++i) x[i] = next[i] / size;
  }
  return growth < 1e-9 * powers;
}

}  // namespace

FastBlocks::FastBlocks(std::size_t size, const std::vector<SparseBuilder::Entry>& entries) : size_(size) {
  std::vector<std::size_t> root(size);
  std::iota(root.begin(), root.end(), 0);
  const auto find = [&](std::size_t i) {
    while (root[i] != i) i = root[i] = root[root[i]];
    return i;
  };
  for (const auto& entry : entries)
    if (entry.value != 0.0) {
      const std::size_t a = find(entry.row), b = find(entry.column);
      root[std::max(a, b)] = std::min(a, b);
    }
  std::vector<std::size_t> block(size), place(size);
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t r = find(i);
    if (r == i) {
      block[i] = blocks_.size();
      blocks_.emplace_back();
    } else {
      block[i] = block[r];
    }
    auto& unknowns = blocks_[block[i]].unknowns;
    place[i] = unknowns.size();
    unknowns.push_back(i);
    if (unknowns.size() > largest_block)
      throw Refused(
          fmt::format("what is kept at rest hangs together in more than {} unknowns; a field that "
                      "spreads can be kept at rest by 'integrator: steady' of its diffusion",
                      largest_block));
  }
  for (Block& b : blocks_) b.entries.assign(b.unknowns.size() * b.unknowns.size(), 0.0);
  for (const auto& entry : entries) {
    if (entry.value == 0.0) continue;
    Block& b = blocks_[block[entry.row]];
    b.entries[place[entry.row] * b.unknowns.size() + place[entry.column]] += entry.value;
  }
}

std::optional<std::vector<double>> FastBlocks::solve(const std::vector<double>& b) const {
  std::vector<double> x(size_);
  for (const Block& block : blocks_) {
    std::vector<double> part;
    for (const std::size_t i : block.unknowns) part.push_back(b[i]);
    if (!eliminate(block.entries, part)) return std::nullopt;
    for (std::size_t k = 0; k < part.size(); ++k) x[block.unknowns[k]] = part[k];
  }
  return x;
}

bool FastBlocks::stable() const {
  return std::all_of(blocks_.begin(), blocks_.end(),
                     [](const Block& block) { return stable_block(block.entries, block.unknowns.size()); });
}

}  // namespace holon
