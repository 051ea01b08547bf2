#include "holon/space/point_sampling.hpp"

#include <algorithm>
#include <numeric>

namespace holon {

namespace {

constexpr std::size_t grain = 2048, blocks_together = 8;

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

SparseMap::Rows all_rows(const GridSpace& grid, PointKernel kernel, const PointCloud& points,
                         ThreadPool& threads) {
  const PointWeights weights(grid, kernel);
  const std::size_t count = points.size();
  const std::size_t parts = (count + grain - 1) / grain;
  std::vector<SparseMap::Rows> part(parts);
  threads.for_range(parts, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t p = begin; p < end; ++p)
      part[p] = part_of_rows(weights, points, p * grain, std::min(count, (p + 1) * grain));
  });
  if (parts == 1) return std::move(part.front());
  SparseMap::Rows rows;
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

SparseMap::Rows rows_of(const PointTents& tents) {
  const std::size_t points = tents.tents().size(), entries = tents.entries_per_tent();
  SparseMap::Rows rows;
  rows.begin.resize(points + 1);
  for (std::size_t i = 0; i <= points; ++i) rows.begin[i] = i * entries;
  rows.site.resize(points * entries);
  rows.weight.resize(points * entries);
  for (const PointTents::Tent& tent : tents.tents()) {
    const auto all = tents.entries(tent);
    for (std::size_t e = 0; e < entries; ++e) {
      rows.site[tent.point * entries + e] = all[e].site;
      rows.weight[tent.point * entries + e] = all[e].weight;
    }
  }
  return rows;
}

std::shared_ptr<const PointTents> tents_of(const GridSpace& grid, PointKernel kernel,
                                           const PointCloud& points, const PointSampling::Steady& known,
                                           ThreadPool& threads) {
  if (kernel != PointKernel{} || grid.masked()) return nullptr;
  return std::make_shared<const PointTents>(
      grid, points, known.order ? std::span(*known.order) : std::span<const std::size_t>(), threads);
}

}  // namespace

Position PointCloud::place(std::size_t point, int axes) const {
  Position place{};
  for (std::size_t a = 0; a < static_cast<std::size_t>(axes); ++a) place[a] = coordinate[a][point];
  return place;
}

PointSampling::Steady PointSampling::steady(Measures volumes, const PointCloud& points) {
  Steady known;
  known.volumes = std::move(volumes);
  known.ones = std::make_shared<const std::vector<double>>(points.size(), 1.0);
  if (std::is_sorted(points.id.begin(), points.id.end())) return known;
  std::vector<std::size_t> order(points.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return points.id[a] < points.id[b]; });
  known.order = std::make_shared<const std::vector<std::size_t>>(std::move(order));
  return known;
}

PointSampling::PointSampling(const GridSpace& grid, PointKernel kernel, const PointCloud& points,
                             ThreadPool& threads, const Steady& known)
    : PointSampling(tents_of(grid, kernel, points, known, threads), grid, kernel, points, threads, known) {}

PointSampling::PointSampling(std::shared_ptr<const PointTents> tents, const GridSpace& grid,
                             PointKernel kernel, const PointCloud& points, ThreadPool& threads,
                             const Steady& known)
    : SparseMap(tents ? std::function([tents] { return rows_of(*tents); })
                      : std::function([rows = std::make_shared<Rows>(all_rows(
                                           grid, kernel, points, threads))] { return std::move(*rows); }),
                known.volumes, known.ones, known.order),
      tents_(std::move(tents)) {}

void PointSampling::apply(std::span<const double> from, std::span<double> to, ThreadPool& threads) const {
  if (!tents_) return SparseMap::apply(from, to, threads);
  const auto tents = tents_->tents();
  threads.for_range(tents.size(), grain, [&](std::size_t begin, std::size_t end) {
    for (const PointTents::Tent& tent : tents.subspan(begin, end - begin))
      to[tent.point] = tents_->sense(tent, from.data());
  });
}

void PointSampling::apply_adjoint(std::span<const double> to, std::span<double> from,
                                  ThreadPool& threads) const {
  if (!tents_) return SparseMap::apply_adjoint(to, from, threads);
  const auto volume = from_measures();
  threads.for_range(tents_->blocks(), blocks_together, [&](std::size_t begin, std::size_t end) {
    std::array<double, PointTents::largest_column> column;
    for (std::size_t block = begin; block < end; ++block) {
      std::fill_n(column.begin(), tents_->column_size(), 0.0);
      tents_->gather(block, {to, 0.0}, column.data());
      tents_->each_line(block, [&](std::size_t site, std::size_t at, std::size_t count) {
        for (std::size_t k = 0; k < count; ++k) from[site + k] = column[at + k] / volume[site + k];
      });
    }
  });
}

}  // namespace holon
