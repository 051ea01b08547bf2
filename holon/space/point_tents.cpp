#include "holon/space/point_tents.hpp"

#include "holon/space/point_sampling.hpp"

#include <algorithm>
#include <cmath>

namespace holon {

namespace {

constexpr std::size_t chunk = 1024;  // points that are looked at together

/// log2 of the widths of blocks, by the number of axes.
constexpr std::array<std::array<unsigned, 3>, 3> widths{{{8, 0, 0}, {5, 4, 0}, {4, 3, 3}}};

/// Two neighbours along x.
using Pair = double __attribute__((vector_size(16)));

inline void add(double* to, Pair x) {
  Pair sum;
  __builtin_memcpy(&sum, to, sizeof sum);
  sum += x;
  __builtin_memcpy(to, &sum, sizeof sum);
}

/// Adds amount times the weights of tents to a column; `back`: from where their block has them.
template <class Amount>
inline void spread(std::span<const PointTents::Tent> tents, Amount amount, double* column, std::size_t back,
                   std::size_t next_line, std::size_t next_plane) {
  for (const PointTents::Tent& tent : tents) {
    const double q = amount(tent.point);
    const Pair x{1.0 - tent.toward[0], tent.toward[0]};
    const double y1 = tent.toward[1], y0 = 1.0 - y1;
    const double z1 = tent.toward[2] * q, z0 = q - z1;
    double* const near = column + (tent.in_block - back);
    add(near, x * (y0 * z0));
    add(near + next_line, x * (y1 * z0));
    add(near + next_plane, x * (y0 * z1));
    add(near + next_line + next_plane, x * (y1 * z1));
  }
}

}  // namespace

PointTents::PointTents(const GridSpace& grid, const PointCloud& points, std::span<const std::size_t> order,
                       ThreadPool& threads)
    : axes_(static_cast<std::size_t>(grid.dimensions())), count_(points.size()) {
  first_site_ = grid.arrangement() == GridSpace::Sites::cells ? 0.5 : 0.0;
  std::size_t stride = 1;
  for (std::size_t a = 0; a < axes_; ++a) {
    axis_[a] = grid.axis(static_cast<int>(a));
    sites_[a] = grid.count(static_cast<int>(a));
    stride_[a] = stride;
    stride *= sites_[a];
    shift_[a] = widths[axes_ - 1][a];
    across_[a] = ((sites_[a] - 1) >> shift_[a]) + 1;
    column_stride_[a] = column_size_;
    column_first_ += column_size_;
    column_size_ *= (std::size_t{1} << shift_[a]) + 2;
  }
  // Groups first: the points' keys become their places among the tents.
  std::vector<std::uint32_t> key(count_);
  threads.for_range(count_, chunk, [&](std::size_t begin, std::size_t end) {
    std::array<double, chunk> u;
    for (; begin < end; begin += chunk) {
      const std::span part = std::span(u).first(std::min(chunk, end - begin));
      std::uint32_t* const keys = key.data() + begin;
      std::uint32_t step = 8;
      for (std::size_t a = 0; a < axes_; ++a) {
        if (!places(points, a, begin, part)) {
          const PointWeights kernel(grid, {});
          LatticeWeights weights;
          for (std::size_t i = begin; i < begin + part.size(); ++i)
            kernel.find(points.place(i, grid.dimensions()), 0.0, weights);
        }
        const unsigned shift = shift_[a];
        const auto last =
            static_cast<std::uint32_t>(sites_[a] - (axis_[a].periodic || sites_[a] == 1 ? 1 : 2));
        const std::uint32_t top = (1U << shift) - 1;
        const std::uint32_t end_site = axis_[a].periodic ? static_cast<std::uint32_t>(sites_[a] - 1) : ~0U;
        for (std::size_t i = 0; i < part.size(); ++i) {
          const auto floor = static_cast<std::uint32_t>(static_cast<std::int32_t>(part[i]));
          const std::uint32_t lower = std::min(floor, last);
          const std::uint32_t reaches = static_cast<std::uint32_t>((lower & top) == top) |
                                        static_cast<std::uint32_t>(lower == end_site);
          keys[i] += (lower >> shift) * step + (reaches << a);
        }
        step *= static_cast<std::uint32_t>(across_[a]);
      }
    }
  });
  begin_.assign(8 * blocks() + 1, 0);
  for (const std::uint32_t k : key) ++begin_[k + 1];
  for (std::size_t k = 1; k < begin_.size(); ++k) begin_[k] += begin_[k - 1];
  std::vector<std::uint32_t> next(begin_.begin(), begin_.end() - 1);
  for (std::size_t r = 0; r < count_; ++r) {
    std::uint32_t& place = key[order.empty() ? r : order[r]];
    place = next[place]++;
  }
  tents_ = std::make_unique_for_overwrite<Tent[]>(count_);
  threads.for_range(count_, chunk, [&](std::size_t begin, std::size_t end) {
    // Axis by axis over many points, so that every loop is one of vectors.
    std::array<std::array<double, chunk>, 3> toward;
    std::array<std::uint32_t, chunk> site, in_block, closes;
    for (; begin < end; begin += chunk) {
      const std::size_t here = std::min(chunk, end - begin);
      for (auto* column : {&site, &in_block, &closes}) std::fill_n(column->begin(), here, 0U);
      for (std::size_t a = 0; a < axes_; ++a) {
        double* const u = toward[a].data();
        places(points, a, begin, {u, here});
        const std::uint32_t end_site = static_cast<std::uint32_t>(sites_[a] - 1);
        const std::uint32_t last = axis_[a].periodic || end_site == 0 ? end_site : end_site - 1;
        const std::uint32_t top = (1U << shift_[a]) - 1;
        const auto step = static_cast<std::uint32_t>(stride_[a]);
        const auto column_stride = static_cast<std::uint32_t>(column_stride_[a]);
        for (std::size_t i = 0; i < here; ++i) {
          const std::uint32_t floor = static_cast<std::uint32_t>(static_cast<std::int32_t>(u[i]));
          const std::uint32_t lower = std::min(floor, last);
          site[i] += lower * step;
          in_block[i] += ((lower & top) + 1) * column_stride;
          closes[i] |= static_cast<std::uint32_t>(lower == end_site) << a;
          u[i] -= static_cast<double>(static_cast<std::int32_t>(lower));
        }
      }
      for (std::size_t a = axes_; a < 3; ++a) std::fill_n(toward[a].begin(), here, 0.0);
      for (std::size_t i = 0; i < here; ++i)
        tents_[key[begin + i]] = {site[i],
                                  static_cast<std::uint32_t>(begin + i),
                                  in_block[i],
                                  closes[i],
                                  {toward[0][i], toward[1][i], toward[2][i]}};
    }
  });
}

bool PointTents::places(const PointCloud& points, std::size_t axis, std::size_t begin,
                        std::span<double> u) const {
  const GridSpace::Axis& along = axis_[axis];
  const double* const x = points.coordinate[axis].data() + begin;
  const double origin = along.origin, per_spacing = 1.0 / along.spacing, first = first_site_;
  const auto intervals = static_cast<double>(along.intervals), per_round = 1.0 / intervals,
             last = static_cast<double>(sites_[axis] - 1);
  std::uint32_t outside = 0;
  if (along.periodic) {
    for (std::size_t i = 0; i < u.size(); ++i) {
      const double place = (x[i] - origin) * per_spacing - first;
      outside |= static_cast<std::uint32_t>(!std::isfinite(place));
      const double round = place - intervals * std::floor(place * per_round);
      u[i] = std::min(std::max(round, 0.0), intervals);
    }
  } else {
    const double slack = 1e-9 * intervals;
    for (std::size_t i = 0; i < u.size(); ++i) {
      const double place = (x[i] - origin) * per_spacing;
      outside |= static_cast<std::uint32_t>(!(place >= -slack && place <= intervals + slack));
      const double inside = place - first;
      u[i] = inside > 0.0 ? (inside < last ? inside : last) : 0.0;
    }
  }
  return outside == 0;
}

std::size_t PointTents::width(std::size_t axis, std::size_t block) const {
  const std::size_t full = std::size_t{1} << shift_[axis];
  return std::min(full, sites_[axis] - block * full);
}

PointTents::Box PointTents::box(std::size_t block) const {
  Box box;
  for (std::size_t a = 0; a < axes_; ++a) {
    const std::size_t at = block % across_[a];
    block /= across_[a];
    box.first += (at << shift_[a]) * stride_[a];
    box.count[a] = width(a, at);
  }
  return box;
}

template <class Visit>
void PointTents::each_block_below(std::size_t block, Visit visit) const {
  std::array<std::size_t, 3> at{};
  for (std::size_t a = 0, rest = block; a < axes_; ++a) {
    at[a] = rest % across_[a];
    rest /= across_[a];
  }
  for (std::size_t axes = 1; axes < std::size_t{1} << axes_; ++axes) {
    std::size_t below = 0, step = 1, back = 0;
    bool there = true;
    for (std::size_t a = 0; a < axes_; ++a) {
      std::size_t other = at[a];
      if ((axes >> a & 1U) != 0) {
        there = there && (other > 0 || axis_[a].periodic);
        other = other > 0 ? other - 1 : across_[a] - 1;
        back += width(a, other) * column_stride_[a];
      }
      below += other * step;
      step *= across_[a];
    }
    if (there) visit(below, axes, back);
  }
}

bool PointTents::reached(std::size_t block) const {
  bool found = begin_[8 * block] != begin_[8 * block + 8];
  if (!found)
    each_block_below(block, [&](std::size_t below, std::size_t axes, std::size_t) {
      for (std::size_t reaches = axes; reaches < 8; ++reaches)
        found = found || ((reaches & axes) == axes && !group(below, reaches).empty());
    });
  return found;
}

void PointTents::gather(std::size_t block, const PerPoint& q, double* column) const {
  const auto take = [&](auto amount) {
    spread({tents_.get() + begin_[8 * block], begin_[8 * block + 8] - begin_[8 * block]}, amount, column, 0,
           column_stride_[1], column_stride_[2]);
    each_block_below(block, [&](std::size_t below, std::size_t axes, std::size_t back) {
      for (std::size_t reaches = axes; reaches < 8; ++reaches)
        if ((reaches & axes) == axes)
          spread(group(below, reaches), amount, column, back, column_stride_[1], column_stride_[2]);
    });
  };
  if (q.each.empty())
    take([same = q.same](std::size_t) { return same; });
  else
    take([each = q.each.data()](std::size_t point) { return each[point]; });
}

std::array<PointTents::Entry, 8> PointTents::entries(const Tent& tent) const {
  std::array<std::array<std::uint32_t, 2>, 3> site{};
  for (std::size_t a = 0; a < axes_; ++a) {
    const auto step = static_cast<std::uint32_t>(stride_[a]);
    const auto round = static_cast<std::uint32_t>((sites_[a] - 1) * stride_[a]);
    site[a][1] = (tent.closes >> a & 1U) != 0 ? 0U - round : step;
  }
  std::array<Entry, 8> entries;
  for (std::size_t e = 0; e < entries_per_tent(); ++e) {
    const std::size_t x = e & 1U, y = e >> 1U & 1U, z = e >> 2U;
    entries[e].site = tent.site + site[0][x] + site[1][y] + site[2][z];
    const auto along = [&](std::size_t a, std::size_t up) {
      return up != 0 ? tent.toward[a] : 1.0 - tent.toward[a];
    };
    entries[e].weight = along(2, z) * along(1, y) * along(0, x);
  }
  return entries;
}

double PointTents::sense_by_entries(const Tent& tent, const double* f) const {
  double sum = 0.0;
  const auto all = entries(tent);
  for (std::size_t e = 0; e < entries_per_tent(); ++e) sum += all[e].weight * f[all[e].site];
  return sum;
}

}  // namespace holon
