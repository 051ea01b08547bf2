#include "holon/space/point_sampling.hpp"

#include <algorithm>
#include <numeric>

namespace holon {

namespace {

/// Rows of a contiguous part of the points.
SparseMap::Rows part_of_rows(const PointWeights& kernel, const PointCloud& points, std::size_t begin,
                             std::size_t end) {
  const GridSpace& grid = kernel.grid();
  const std::size_t nx = grid.count(0), nxy = grid.count(0) * grid.count(1);
  SparseMap::Rows rows;
  rows.site.reserve((end - begin) * 8);
  rows.weight.reserve((end - begin) * 8);
  LatticeWeights found;
  std::array<std::vector<std::size_t>, 3> folded;
  for (std::size_t i = begin; i < end; ++i) {
    kernel.find(points.place(i, grid.dimensions()), points.radius_of(i), found);
    for (std::size_t a = 0; a < 3; ++a) {
      folded[a].resize(static_cast<std::size_t>(found.count[a]));
      for (std::size_t k = 0; k < folded[a].size(); ++k)
        folded[a][k] = kernel.fold(static_cast<int>(a), found.low[a] + static_cast<std::int64_t>(k));
    }
    const double* weight = found.weight.data();
    for (const std::size_t z : folded[2])
      for (const std::size_t y : folded[1])
        for (const std::size_t x : folded[0]) {
          if (*weight != 0.0) rows.add(static_cast<std::uint32_t>(x + nx * y + nxy * z), *weight);
          ++weight;
        }
    rows.end_row();
  }
  return rows;
}

/// The rows of a part of the points, written where they stand among those of all: by the kernel over one
/// spacing to each side, whose boxes have the same number of sites everywhere.
void write_tents(const PointWeights& kernel, const PointCloud& points, std::size_t begin, std::size_t end,
                 SparseMap::Rows& rows) {
  const GridSpace& grid = kernel.grid();
  const int axes = grid.dimensions();
  const auto entries = std::size_t{1} << axes;
  const std::array<std::size_t, 3> stride{1, grid.count(0), grid.count(0) * grid.count(1)};
  for (std::size_t i = begin; i < end; ++i) {
    const Position place = points.place(i, axes);
    std::array<std::array<std::size_t, 2>, 3> site{};
    std::array<std::array<double, 2>, 3> weight{};
    for (std::size_t a = 0; a < static_cast<std::size_t>(axes); ++a) {
      const PointWeights::Pair pair = kernel.pair(static_cast<int>(a), place[a]);
      site[a] = {pair.site[0] * stride[a], pair.site[1] * stride[a]};
      weight[a] = pair.weight;
    }
    std::uint32_t* const sites = rows.site.data() + i * entries;
    double* const weights = rows.weight.data() + i * entries;
    for (std::size_t e = 0; e < entries; ++e) {
      const std::size_t x = e & 1U, y = (e >> 1U) & 1U, z = e >> 2U;
      sites[e] = static_cast<std::uint32_t>(site[0][x] + site[1][y] + site[2][z]);
      const double across = (axes > 2 ? weight[2][z] : 1.0) * (axes > 1 ? weight[1][y] : 1.0);
      weights[e] = across * weight[0][x];
    }
    rows.begin[i + 1] = (i + 1) * entries;
  }
}

SparseMap::Rows all_rows(const GridSpace& grid, PointKernel kernel, const PointCloud& points,
                         ThreadPool& threads) {
  constexpr std::size_t grain = 4096;
  const PointWeights weights(grid, kernel);
  const std::size_t count = points.size();
  SparseMap::Rows rows;
  if (weights.keeps_boxes()) {
    rows.begin.resize(count + 1);
    rows.site.resize(count << grid.dimensions());
    rows.weight.resize(count << grid.dimensions());
    threads.for_range(count, grain, [&](std::size_t begin, std::size_t end) {
      write_tents(weights, points, begin, end, rows);
    });
    return rows;
  }
  const std::size_t parts = (count + grain - 1) / grain;
  std::vector<SparseMap::Rows> part(parts);
  threads.for_range(parts, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t p = begin; p < end; ++p)
      part[p] = part_of_rows(weights, points, p * grain, std::min(count, (p + 1) * grain));
  });
  if (parts == 1) return std::move(part.front());
  std::size_t entries = 0;
  for (const SparseMap::Rows& each : part) entries += each.site.size();
  rows.site.reserve(entries);
  rows.weight.reserve(entries);
  rows.begin.reserve(count + 1);
  for (const SparseMap::Rows& each : part) {
    const std::size_t before = rows.site.size();
    rows.site.insert(rows.site.end(), each.site.begin(), each.site.end());
    rows.weight.insert(rows.weight.end(), each.weight.begin(), each.weight.end());
    for (std::size_t r = 1; r < each.begin.size(); ++r) rows.begin.push_back(before + each.begin[r]);
  }
  return rows;
}

/// Empty where the ids ascend already.
std::vector<std::size_t> order_of(std::span<const std::int64_t> ids) {
  if (std::is_sorted(ids.begin(), ids.end())) return {};
  std::vector<std::size_t> order(ids.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return ids[a] < ids[b]; });
  return order;
}

}  // namespace

Position PointCloud::place(std::size_t point, int axes) const {
  Position place{};
  for (std::size_t a = 0; a < static_cast<std::size_t>(axes); ++a) place[a] = coordinate[a][point];
  return place;
}

PointSampling::PointSampling(const GridSpace& grid, PointKernel kernel, const PointCloud& points,
                             ThreadPool& threads, std::shared_ptr<const std::vector<double>> volumes)
    : SparseMap(all_rows(grid, kernel, points, threads),
                volumes ? std::move(volumes) : std::make_shared<const std::vector<double>>(measures_of(grid)),
                std::make_shared<const std::vector<double>>(points.size(), 1.0), order_of(points.id)) {}

}  // namespace holon
