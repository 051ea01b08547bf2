#include "holon/engine/fast_blocks.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include <fmt/format.h>

namespace holon {

namespace {

constexpr std::size_t largest_block = 100000;
constexpr std::size_t small = 12;  // up to here dense elimination costs less
constexpr int powers = 400;

/// Row after row.
std::vector<double> dense(std::size_t n, const std::vector<solve::MatrixEntry>& entries) {
  std::vector<double> a(n * n, 0.0);
  for (const auto& entry : entries) a[entry.row * n + entry.column] += entry.value;
  return a;
}

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

/// No row has more outside its diagonal than on it, which is negative: Gershgorin's discs touch zero at most.
bool relaxes_in_every_row(std::size_t n, const std::vector<solve::MatrixEntry>& entries) {
  constexpr double round_off = 1e-13;
  std::vector<double> diagonal(n, 0.0), outside(n, 0.0);
  for (const auto& entry : entries)
    (entry.row == entry.column ? diagonal[entry.row] += entry.value
                               : outside[entry.row] += std::abs(entry.value));
  for (std::size_t i = 0; i < n; ++i)
    if (!(diagonal[i] < 0.0 && outside[i] <= -diagonal[i] * (1.0 + round_off))) return false;
  return true;
}

}  // namespace

bool FastBlocks::stable(const Block& block) {
  const std::size_t n = block.unknowns.size();
  if (n <= 2) {
    const std::vector<double> a = dense(n, block.entries);
    if (n == 1) return a[0] < 0.0;
    return a[0] + a[3] < 0.0 && a[0] * a[3] - a[1] * a[2] > 0.0;
  }
  if (relaxes_in_every_row(n, block.entries)) return true;
  double scale = 0.0;
  for (const auto& entry : block.entries) scale = std::max(scale, std::abs(entry.value));
  std::vector<solve::MatrixEntry> minus = block.entries;
  for (auto& entry : minus) entry.value = -entry.value;
  for (std::size_t i = 0; i < n; ++i) minus.push_back({i, i, scale});
  solve::SparseLu lu;
  if (!lu.factor(n, minus)) return false;
  std::vector<double> x(n), next(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = 1.0 + 0.1 * static_cast<double>(i % 7);
  double growth = 0.0;
  for (int k = 0; k < powers; ++k) {
    lu.solve(x);
    double size = 0.0;
    for (std::size_t i = 0; i < n; ++i) next[i] = scale * x[i];
    for (const auto& entry : block.entries) next[entry.row] += entry.value * x[entry.column];
    for (const double each : next) size += each * each;
    size = std::sqrt(size);
    if (!(size > 0.0)) return true;
    if (k >= powers / 2) growth += std::log(size);
    for (std::size_t i = 0; i < n; ++i) x[i] = next[i] / size;
  }
  return growth < 1e-9 * powers;
}

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
  std::size_t in_large = 0;
  std::vector<std::size_t> offset(blocks_.size(), 0);
  for (std::size_t b = 0; b < blocks_.size(); ++b)
    if (blocks_[b].unknowns.size() > small) {
      offset[b] = in_large;
      in_large += blocks_[b].unknowns.size();
    }
  std::vector<solve::MatrixEntry> large;
  for (const auto& entry : entries) {
    if (entry.value == 0.0) continue;
    const std::size_t b = block[entry.row], row = place[entry.row], column = place[entry.column];
    blocks_[b].entries.push_back({row, column, entry.value});
    if (blocks_[b].unknowns.size() > small)
      large.push_back({offset[b] + row, offset[b] + column, entry.value});
  }
  if (in_large > 0) regular_ = large_.factor(in_large, large);
}

std::optional<std::vector<double>> FastBlocks::solve(const std::vector<double>& b) const {
  if (!regular_) return std::nullopt;
  std::vector<double> x(size_), large;
  large.reserve(large_.size());
  for (const Block& block : blocks_) {
    if (block.unknowns.size() > small) {
      for (const std::size_t i : block.unknowns) large.push_back(b[i]);
      continue;
    }
    std::vector<double> part;
    for (const std::size_t i : block.unknowns) part.push_back(b[i]);
    if (!eliminate(dense(part.size(), block.entries), part)) return std::nullopt;
    for (std::size_t k = 0; k < part.size(); ++k) x[block.unknowns[k]] = part[k];
  }
  if (large.empty()) return x;
  large_.solve(large);
  std::size_t k = 0;
  for (const Block& block : blocks_)
    if (block.unknowns.size() > small)
      for (const std::size_t i : block.unknowns) x[i] = large[k++];
  if (!std::all_of(x.begin(), x.end(), [](double each) { return std::isfinite(each); })) return std::nullopt;
  return x;
}

bool FastBlocks::stable() const {
  return regular_ &&
         std::all_of(blocks_.begin(), blocks_.end(), [](const Block& block) { return stable(block); });
}

}  // namespace holon
