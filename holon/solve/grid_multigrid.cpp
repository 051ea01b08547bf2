#include "holon/solve/grid_multigrid.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace holon::solve {

namespace {

constexpr std::size_t sites_per_task = 8192;
constexpr std::size_t coarsest_sites = 256;
// Jacobi's matrix has its spectrum in [0, 2]; these weights damp [1/2, 2] by at least 4.5.
constexpr double first_weight = 0.5618, second_weight = 1.3894;
// Axes whose coupling is below this part of the strongest are not halved yet.
constexpr double strong = 0.3;
// Levels on which a rank would have fewer sites than this are not shared.
constexpr std::size_t least_shared = 2048;

std::size_t sites_of(const GridSystem& s) { return s.count[0] * s.count[1] * s.count[2]; }

std::array<std::size_t, 3> strides_of(const GridSystem& s) {
  return {1, s.count[0], s.count[0] * s.count[1]};
}

/// Calls body(site, index) for all sites in order.
template <class Body>
void for_sites(const GridSystem& s, Body body) {
  std::size_t site = 0;
  for (std::size_t k = 0; k < s.count[2]; ++k)
    for (std::size_t j = 0; j < s.count[1]; ++j)
      for (std::size_t i = 0; i < s.count[0]; ++i) body(site++, std::array<std::size_t, 3>{i, j, k});
}

std::vector<double> inverse_diagonal(const GridSystem& s) {
  std::vector<double> diagonal = s.shift;
  const auto stride = strides_of(s);
  for (std::size_t a = 0; a < 3; ++a) {
    if (s.conductance[a].empty()) continue;
    for_sites(s, [&](std::size_t site, const std::array<std::size_t, 3>& index) {
      const double c = s.conductance[a][site];
      if (c == 0.0) return;
      const std::size_t other =
          index[a] + 1 < s.count[a] ? site + stride[a] : site - (s.count[a] - 1) * stride[a];
      diagonal[site] += c;
      diagonal[other] += c;
    });
  }
  for (double& d : diagonal) d = d > 0.0 ? 1.0 / d : 0.0;
  return diagonal;
}

/// What a pass over a level's rows does with (A x)_i.
struct Sweep {
  const GridSystem& system;
  const double* x;
  const double* b;
  double* out;
  SiteRange rows;
};

/// out = finish(i, (A x)_i) for every site of the rows.
template <class Finish>
void for_product(const Sweep& sweep, ThreadPool& threads, Finish finish) {
  const GridSystem& s = sweep.system;
  const std::size_t n = s.count[0];
  const auto stride = strides_of(s);
  threads.for_range(
      sweep.rows, std::max<std::size_t>(1, sites_per_task / n), [&](std::size_t begin, std::size_t end) {
        for (std::size_t row = begin; row < end; ++row) {
          const std::size_t start = row * n;
          const double* x = sweep.x + start;
          const double* shift = s.shift.data() + start;
          double* out = sweep.out + start;
          const std::array<std::size_t, 3> index{0, row % s.count[1], row / s.count[1]};
          // Neighbours across; where there is none the row itself stands in, with no difference.
          std::array<const double*, 2> above{x, x}, below{x, x}, face_above{shift, shift},
              face_below{shift, shift};
          for (std::size_t a = 1; a < 3; ++a) {
            if (s.conductance[a].empty()) continue;
            const double* faces = s.conductance[a].data();
            const std::size_t wrap = (s.count[a] - 1) * stride[a];
            const bool last = index[a] + 1 == s.count[a], first = index[a] == 0;
            if (!last || s.periodic[a]) {
              above[a - 1] = last ? x - wrap : x + stride[a];
              face_above[a - 1] = faces + start;
            }
            if (!first || s.periodic[a]) {
              const std::size_t other = first ? start + wrap : start - stride[a];
              below[a - 1] = sweep.x + other;
              face_below[a - 1] = faces + other;
            }
          }
          const auto across = [&](std::size_t i) {
            const double centre = x[i];
            return ((face_above[0][i] * (centre - above[0][i]) + face_below[0][i] * (centre - below[0][i])) +
                    (face_above[1][i] * (centre - above[1][i]) + face_below[1][i] * (centre - below[1][i]))) +
                   shift[i] * centre;
          };
          const double* faces = s.conductance[0].data() + start;
          const auto ends = [&](std::size_t i) {
            double sum = across(i);
            if (i + 1 < n || s.periodic[0]) sum += faces[i] * (x[i] - x[i + 1 < n ? i + 1 : 0]);
            if (i > 0 || s.periodic[0]) {
              const std::size_t other = i > 0 ? i - 1 : n - 1;
              sum += faces[other] * (x[i] - x[other]);
            }
            out[i] = finish(start + i, sum);
          };
          ends(0);
          for (std::size_t i = 1; i + 1 < n; ++i)
            out[i] = finish(start + i,
                            across(i) + (faces[i] * (x[i] - x[i + 1]) + faces[i - 1] * (x[i] - x[i - 1])));
          if (n > 1) ends(n - 1);
        }
      });
}

/// Along which axes sites are to be paired.
std::array<bool, 3> strong_axes(const GridSystem& s) {
  std::array<double, 3> coupling{};
  for (std::size_t a = 0; a < 3; ++a) {
    if (s.conductance[a].empty() || s.count[a] < 2) continue;
    double sum = 0.0;
    for (const double c : s.conductance[a]) sum += c;
    coupling[a] = sum / static_cast<double>(s.conductance[a].size());
  }
  const double most = *std::max_element(coupling.begin(), coupling.end());
  std::array<bool, 3> axes{};
  for (std::size_t a = 0; a < 3; ++a) axes[a] = coupling[a] > 0.0 && coupling[a] >= strong * most;
  return axes;
}

GridSystem coarser(const GridSystem& fine, const std::array<bool, 3>& halved) {
  GridSystem coarse;
  for (std::size_t a = 0; a < 3; ++a) {
    coarse.count[a] = halved[a] ? (fine.count[a] + 1) / 2 : fine.count[a];
    coarse.periodic[a] = fine.periodic[a] && coarse.count[a] > 2;
  }
  const auto stride = strides_of(coarse), fine_stride = strides_of(fine);
  const auto place = [&](const std::array<std::size_t, 3>& index) {
    std::size_t at = 0;
    for (std::size_t a = 0; a < 3; ++a) at += (halved[a] ? index[a] / 2 : index[a]) * stride[a];
    return at;
  };
  coarse.shift.assign(sites_of(coarse), 0.0);
  for_sites(fine, [&](std::size_t site, const std::array<std::size_t, 3>& index) {
    coarse.shift[place(index)] += fine.shift[site];
  });
  for (std::size_t a = 0; a < 3; ++a) {
    if (fine.conductance[a].empty()) continue;
    coarse.conductance[a].assign(sites_of(coarse), 0.0);
    for_sites(fine, [&](std::size_t site, const std::array<std::size_t, 3>& index) {
      const double c = fine.conductance[a][site];
      const bool last = index[a] + 1 == fine.count[a];
      if (c == 0.0 || (halved[a] && index[a] % 2 == 0 && !last)) return;  // inside a pair
      if (last && !coarse.periodic[a]) return;
      double resistance = 1.0 / c;
      if (halved[a]) {
        // Half of what lies inside the pairs on both sides, as far as they are pairs.
        const auto half_of_pair = [&](double inner) { resistance += inner > 0.0 ? 0.5 / inner : 0.0; };
        if (index[a] % 2 == 1) half_of_pair(fine.conductance[a][site - fine_stride[a]]);
        const std::size_t other = last ? site - index[a] * fine_stride[a] : site + fine_stride[a];
        const std::size_t other_index = last ? 0 : index[a] + 1;
        if (other_index + 1 < fine.count[a]) half_of_pair(fine.conductance[a][other]);
      }
      coarse.conductance[a][place(index)] += 1.0 / resistance;
    });
  }
  return coarse;
}

}  // namespace

GridMultigrid::GridMultigrid(GridSystem system, const Partition* partition) : partition_(partition) {
  require(system.shift.size() == sites_of(system), "a grid system has one shift per site");
  for (std::size_t a = 0; a < 3; ++a)
    require(system.conductance[a].empty() ? system.count[a] == 1 || a > 0
                                          : system.conductance[a].size() == system.shift.size(),
            "a grid system has one conductance per site and axis");
  if (system.conductance[0].empty()) system.conductance[0].assign(system.shift.size(), 0.0);
  while (true) {
    Level& level = levels_.emplace_back();
    level.system = std::move(system);
    level.inverse_diagonal = inverse_diagonal(level.system);
    const std::size_t sites = sites_of(level.system);
    level.x.resize(sites);
    level.b.resize(sites);
    level.r.resize(sites);
    level.halved = strong_axes(level.system);
    if (sites <= coarsest_sites || level.halved == std::array<bool, 3>{}) break;
    system = coarser(level.system, level.halved);
  }
  factor_coarsest();
  if (partition != nullptr) share(*partition);
}

void GridMultigrid::share(const Partition& partition) {
  const GridSystem& finest = levels_.front().system;
  std::size_t last = 2;
  while (last > 0 && finest.count[last] == 1) --last;
  if (last == 0) return;  // rows are not divided
  std::vector<std::size_t> planes;
  for (const std::size_t bound : partition.bounds()) planes.push_back(bound / partition.plane());
  for (std::size_t number = 0; number + 1 < levels_.size(); ++number) {
    Level& level = levels_[number];
    const std::size_t plane = level.x.size() / level.system.count[last];
    std::vector<std::size_t> bounds;
    for (const std::size_t bound : planes) bounds.push_back(bound * plane);
    Partition shared(partition.ranks(), plane, bounds,
                     level.system.periodic[last] ? Partition::Ends::neighbours : Partition::Ends::apart);
    if (shared.least() < least_shared) return;
    level.share.emplace(std::move(shared));
    if (!level.halved[last]) continue;
    for (std::size_t r = 1; r + 1 < planes.size(); ++r) {
      if (planes[r] % 2 != 0) return;
      planes[r] /= 2;
    }
    planes.back() = levels_[number + 1].system.count[last];
  }
}

void GridMultigrid::refresh(Level& level, std::vector<double>& column) {
  if (level.share) level.share->refresh(column, level.share->plane());
}

void GridMultigrid::factor_coarsest() {
  const Level& level = levels_.back();
  const std::size_t n = level.x.size();
  if (n > coarsest_sites) return;  // no couplings are left: the diagonal is all there is
  std::vector<double> matrix(n * n, 0.0);
  const auto stride = strides_of(level.system);
  for (std::size_t i = 0; i < n; ++i) matrix[i * n + i] = level.system.shift[i];
  for (std::size_t a = 0; a < 3; ++a) {
    if (level.system.conductance[a].empty()) continue;
    for_sites(level.system, [&](std::size_t site, const std::array<std::size_t, 3>& index) {
      const double c = level.system.conductance[a][site];
      if (c == 0.0) return;
      const std::size_t count = level.system.count[a];
      const std::size_t other = index[a] + 1 < count ? site + stride[a] : site - (count - 1) * stride[a];
      matrix[site * n + site] += c;
      matrix[other * n + other] += c;
      matrix[site * n + other] -= c;
      matrix[other * n + site] -= c;
    });
  }
  for (std::size_t i = 0; i < n; ++i)
    if (matrix[i * n + i] == 0.0) matrix[i * n + i] = 1.0;  // a site of its own that nothing determines
  factor_.assign(n * (n + 1) / 2, 0.0);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = matrix[i * n + j];
      const double *row = factor_.data() + i * (i + 1) / 2, *other = factor_.data() + j * (j + 1) / 2;
      for (std::size_t k = 0; k < j; ++k) sum -= row[k] * other[k];
      // Round-off may leave nothing where the matrix is all but singular; a tiny pivot keeps it positive.
      factor_[i * (i + 1) / 2 + j] =
          i == j ? std::sqrt(std::max(sum, 1e-14 * matrix[i * n + i])) : sum / other[j];
    }
}

void GridMultigrid::solve_coarsest(Level& level) const {
  const std::size_t n = level.x.size();
  if (factor_.empty()) {
    for (std::size_t i = 0; i < n; ++i) level.x[i] = level.inverse_diagonal[i] * level.b[i];
    return;
  }
  for (std::size_t i = 0; i < n; ++i) {
    const double* row = factor_.data() + i * (i + 1) / 2;
    double sum = level.b[i];
    for (std::size_t k = 0; k < i; ++k) sum -= row[k] * level.x[k];
    level.x[i] = sum / row[i];
  }
  for (std::size_t i = n; i-- > 0;) {
    const double* row = factor_.data() + i * (i + 1) / 2;
    level.x[i] /= row[i];
    for (std::size_t k = 0; k < i; ++k) level.x[k] -= row[k] * level.x[i];
  }
}

void GridMultigrid::cycle(std::size_t number, ThreadPool& threads) {
  Level& level = levels_[number];
  if (number + 1 == levels_.size()) {
    solve_coarsest(level);
    return;
  }
  const std::vector<double>&b = level.b, &scale = level.inverse_diagonal;
  // From zero, the first step needs no product.
  threads.for_range(level.own(), sites_per_task, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) level.x[i] = first_weight * scale[i] * b[i];
  });
  const auto smooth = [&](double weight) {
    refresh(level, level.x);
    for_product(
        {level.system, level.x.data(), b.data(), level.r.data(), level.own_rows()}, threads,
        [&](std::size_t i, double product) { return level.x[i] + weight * scale[i] * (b[i] - product); });
    std::swap(level.x, level.r);
  };
  smooth(second_weight);
  refresh(level, level.x);
  for_product({level.system, level.x.data(), b.data(), level.r.data(), level.own_rows()}, threads,
              [&](std::size_t i, double product) { return b[i] - product; });

  Level& coarse = levels_[number + 1];
  if (level.share && !coarse.share) level.share->complete(level.r);
  const auto& fine = level.system;
  const auto coarse_stride = strides_of(coarse.system);
  const auto halved = level.halved;
  const std::size_t step = halved[0] ? 2 : 1;
  threads.for_range(coarse.own_rows(), std::max<std::size_t>(1, sites_per_task / coarse.system.count[0]),
                    [&](std::size_t begin, std::size_t end) {
                      for (std::size_t row = begin; row < end; ++row) {
                        const std::size_t j = row % coarse.system.count[1], k = row / coarse.system.count[1];
                        double* out = coarse.b.data() + j * coarse_stride[1] + k * coarse_stride[2];
                        std::fill(out, out + coarse.system.count[0], 0.0);
                        for (std::size_t dk = 0; dk < (halved[2] ? 2U : 1U); ++dk)
                          for (std::size_t dj = 0; dj < (halved[1] ? 2U : 1U); ++dj) {
                            const std::size_t fj = (halved[1] ? 2 * j : j) + dj,
                                              fk = (halved[2] ? 2 * k : k) + dk;
                            if (fj >= fine.count[1] || fk >= fine.count[2]) continue;
                            const double* r = level.r.data() + fine.count[0] * (fj + fine.count[1] * fk);
                            for (std::size_t i = 0; i < fine.count[0]; ++i) out[i / step] += r[i];
                          }
                      }
                    });
  cycle(number + 1, threads);
  threads.for_range(level.own_rows(), std::max<std::size_t>(1, sites_per_task / fine.count[0]),
                    [&](std::size_t begin, std::size_t end) {
                      for (std::size_t row = begin; row < end; ++row) {
                        const std::size_t j = row % fine.count[1], k = row / fine.count[1];
                        const double* correction = coarse.x.data() +
                                                   (halved[1] ? j / 2 : j) * coarse_stride[1] +
                                                   (halved[2] ? k / 2 : k) * coarse_stride[2];
                        double* x = level.x.data() + row * fine.count[0];
                        for (std::size_t i = 0; i < fine.count[0]; ++i) x[i] += correction[i / step];
                      }
                    });
  smooth(second_weight);
  smooth(first_weight);
}

void GridMultigrid::apply(std::span<const double> in, std::span<double> out, ThreadPool& threads) {
  require(!levels_.empty(), "a multigrid has been given a system");
  Level& finest = levels_.front();
  const auto copy = [&](std::span<const double> from, std::span<double> to) {
    threads.for_range(finest.own(), sites_per_task, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) to[i] = from[i];
    });
  };
  if (partition_ != nullptr && !finest.share) {
    std::copy(in.begin(), in.end(), finest.b.begin());
    partition_->complete(finest.b);
  } else {
    copy(in, finest.b);
  }
  cycle(0, threads);
  copy(finest.x, out);
}

}  // namespace holon::solve
