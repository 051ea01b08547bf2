#include "holon/space/point_responses.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace holon {

namespace {

struct Neighbour {
  std::size_t point;
  std::array<std::int64_t, 3> turns;  ///< of periodic axes between the two
  double distance;
};

/// Points sorted into boxes at least `range` wide.
class Boxes {
 public:
  Boxes(const GridSpace& grid, const PointCloud& points, double range) : grid_(grid), points_(points) {
    for (int a = 0; a < 3; ++a) {
      const auto n = static_cast<std::size_t>(a);
      count_[n] = std::max<std::int64_t>(1, static_cast<std::int64_t>(std::floor(grid.extent(a) / range)));
      count_[n] = std::min<std::int64_t>(count_[n], 1 << 20);
    }
    for (std::size_t i = 0; i < points.size(); ++i) boxes_[key(box(i))].push_back(i);
  }

  /// In order of the boxes and within them of the points.
  template <class Take>
  void visit(std::size_t i, double range, Take&& take) const {
    const auto centre = box(i);
    std::array<std::int64_t, 3> at{};
    const auto along = [&](std::size_t a) {
      // With fewer than three boxes along a periodic axis each is met once.
      const bool periodic = grid_.axis(static_cast<int>(a)).periodic;
      std::vector<std::int64_t> list;
      for (std::int64_t step = -1; step <= 1; ++step) {
        std::int64_t b = centre[a] + step;
        if (periodic) b = (b + count_[a]) % count_[a];
        if (b >= 0 && b < count_[a] && std::find(list.begin(), list.end(), b) == list.end())
          list.push_back(b);
      }
      return list;
    };
    const auto xs = along(0), ys = along(1), zs = along(2);
    for (const std::int64_t z : zs)
      for (const std::int64_t y : ys)
        for (const std::int64_t x : xs) {
          at = {x, y, z};
          const auto found = boxes_.find(key(at));
          if (found == boxes_.end()) continue;
          for (const std::size_t j : found->second) {
            if (j == i) continue;
            const Neighbour neighbour = between(i, j);
            if (neighbour.distance < range) take(neighbour);
          }
        }
  }

 private:
  std::array<std::int64_t, 3> box(std::size_t i) const {
    std::array<std::int64_t, 3> result{};
    for (int a = 0; a < 3; ++a) {
      const auto n = static_cast<std::size_t>(a);
      double share = (points_.coordinate[n][i] - grid_.axis(a).origin) / grid_.extent(a);
      if (grid_.axis(a).periodic) share -= std::floor(share);
      result[n] = std::clamp<std::int64_t>(static_cast<std::int64_t>(share * static_cast<double>(count_[n])),
                                           0, count_[n] - 1);
    }
    return result;
  }
  std::int64_t key(const std::array<std::int64_t, 3>& b) const {
    return b[0] + count_[0] * (b[1] + count_[1] * b[2]);
  }
  /// The shortest way from point i to (an image of) point j.
  Neighbour between(std::size_t i, std::size_t j) const {
    Neighbour neighbour{j, {}, 0.0};
    double square = 0.0;
    for (int a = 0; a < 3; ++a) {
      const auto n = static_cast<std::size_t>(a);
      double step = points_.coordinate[n][j] - points_.coordinate[n][i];
      if (grid_.axis(a).periodic) {
        const double turns = -std::round(step / grid_.extent(a));
        step += turns * grid_.extent(a);
        neighbour.turns[n] = static_cast<std::int64_t>(turns);
      }
      square += step * step;
    }
    neighbour.distance = std::sqrt(square);
    return neighbour;
  }

  const GridSpace& grid_;
  const PointCloud& points_;
  std::array<std::int64_t, 3> count_{};
  std::map<std::int64_t, std::vector<std::size_t>> boxes_;
};

}  // namespace

PointResponses::PointResponses(const GridSpace& grid, PointKernel kernel, const PointCloud& points,
                               DiffusiveMedium medium, Neighbours neighbours, ThreadPool& threads)
    : self_(points.size(), 0.0), begin_{0} {
  const int axes = medium.dimensions = grid.dimensions();
  const bool near = neighbours == Neighbours::near && axes == 3 && points.size() > 1;
  double radius = 0.0, longest = 0.0;
  for (std::size_t i = 0; i < points.size(); ++i) radius = std::max(radius, points.radius_of(i));
  for (int a = 0; a < axes; ++a) {
    medium.spacing[static_cast<std::size_t>(a)] = grid.axis(a).spacing;
    longest = std::max(longest, grid.axis(a).spacing);
  }
  const double far = near ? range * longest + 2.0 * radius : 0.0;
  int reach = 0;
  for (int a = 0; a < axes; ++a) {
    const double kernels =
        kernel.shape == PointKernel::Shape::sphere ? 2.0 * radius / grid.axis(a).spacing : 0.0;
    const double sites = far / grid.axis(a).spacing + kernels + 2.0 * kernel.width;
    reach = std::max(reach, static_cast<int>(std::ceil(sites)) + 1);
  }
  const SelfResponse response(medium, reach);
  const PointWeights finder(grid, kernel);
  std::vector<LatticeWeights> weights(points.size());
  std::vector<std::vector<Shown>> shown(points.size());
  threads.for_range(points.size(), 64, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      finder.find(points.place(i, axes), points.radius_of(i), weights[i]);
      const LatticeWeights& box = weights[i];
      const auto site = [&](const std::array<std::int64_t, 3>& at) {
        std::size_t folded = 0;
        for (int a = axes - 1; a >= 0; --a)
          folded = folded * grid.count(a) + finder.fold(a, at[static_cast<std::size_t>(a)]);
        return static_cast<std::uint32_t>(folded);
      };
      double seen = 0.0;
      std::size_t entry = 0;
      for (std::int64_t z = 0; z < box.count[2]; ++z)
        for (std::int64_t y = 0; y < box.count[1]; ++y)
          for (std::int64_t x = 0; x < box.count[0]; ++x) {
            const double weight = box.weight[entry++];
            if (weight == 0.0) continue;
            const std::array at{box.low[0] + x, box.low[1] + y, box.low[2] + z};
            shown[i].push_back({site(at), weight, response.from_site(box, at)});
            seen += weight * shown[i].back().response;
          }
      self_[i] = response.green().surface_field(points.radius_of(i)) - seen;
    }
  });
  for (const std::vector<Shown>& of_point : shown) {
    shown_.insert(shown_.end(), of_point.begin(), of_point.end());
    first_shown_.push_back(shown_.size());
  }
  if (!near) {
    begin_.assign(points.size() + 1, 0);
    return;
  }
  const Boxes boxes(grid, points, far);
  std::vector<std::vector<std::pair<std::uint32_t, double>>> rows(points.size());
  threads.for_range(points.size(), 64, [&](std::size_t begin, std::size_t end) {
    LatticeWeights image;
    for (std::size_t i = begin; i < end; ++i)
      boxes.visit(i, far, [&](const Neighbour& neighbour) {
        image = weights[neighbour.point];
        for (int a = 0; a < axes; ++a) {
          const auto n = static_cast<std::size_t>(a);
          image.low[n] += neighbour.turns[n] * static_cast<std::int64_t>(grid.count(a));
        }
        rows[i].emplace_back(static_cast<std::uint32_t>(neighbour.point),
                             response.mutual(weights[i], points.radius_of(i), image,
                                             points.radius_of(neighbour.point), neighbour.distance));
      });
  });
  for (auto& row : rows) {
    // Sums over neighbours in the order of their ids.
    std::sort(row.begin(), row.end(), [&](const auto& x, const auto& y) {
      return points.id.empty() ? x.first < y.first : points.id[x.first] < points.id[y.first];
    });
    for (const auto& [other, mutual] : row) {
      other_.push_back(other);
      mutual_.push_back(mutual);
    }
    begin_.push_back(other_.size());
  }
}

PointResponses::Uneven PointResponses::uneven(std::size_t point, std::span<const double> c) const {
  Uneven sums;
  for (const Shown& shown : shown_of(point)) {
    const double from_here = shown.weight * c[shown.site];
    sums.sensed += from_here;
    sums.evenly += shown.weight * shown.response;
    sums.response += from_here * shown.response;
  }
  return sums;
}

double PointResponses::self_of_uptake(std::size_t point, std::span<const double> c) const {
  const Uneven sums = uneven(point, c);
  return sums.sensed > 0.0 ? self_[point] + (sums.evenly - sums.response / sums.sensed) : self_[point];
}

double PointResponses::from_neighbours(std::size_t point, std::span<const double> given) const {
  double sum = 0.0;
  for (std::size_t e = begin_[point]; e < begin_[point + 1]; ++e) sum += mutual_[e] * given[other_[e]];
  return sum;
}

void PointResponses::add(std::span<const double> given, double factor, std::span<double> sensed,
                         ThreadPool& threads) const {
  threads.for_range(self_.size(), 4096, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i)
      sensed[i] += factor * (self_[i] * given[i] + from_neighbours(i, given));
  });
}

}  // namespace holon
