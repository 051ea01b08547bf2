// Kernels of FluxOperator: rows along x where D is diagonal; with cross terms slabs (rows in two dimensions,
// planes in three), whose couplings are made once (halves of them, as fluxes take the mean of two) and used
// by the fluxes of three slabs.
#include "holon/base/error.hpp"
#include "holon/transport/flux_operator.hpp"
#include "holon/transport/flux_sites.hpp"

#include <algorithm>

namespace holon::transport {

namespace {

constexpr std::size_t sites_per_task = 8192;
constexpr std::size_t slabs_per_task = 8;  // a quarter more couplings than slabs

/// A row's neighbour rows along y or z, with the conductances of the faces between.
struct Across {
  const double *below, *above, *face_below, *face_above;
  double inverse_width;
};

/// out = previous out + value u + rate * capacity^-1 * (sum of flux differences).
struct RowTask {
  const double* u;
  double* out;
  const double* face;  // along x
  std::array<Across, 2> across;
  const double* inverse_capacity;  // null: 1
  double inverse_width, previous, value, rate;
};

template <int across, bool accumulate, bool capacity>
void inner_row(const RowTask& task, std::size_t begin, std::size_t end) {
  const double* u = task.u;
  double* __restrict out = task.out;
  const double* face = task.face;
  const double value = task.value, rate = task.rate, previous = task.previous, width = task.inverse_width;
  const Across y = task.across[0], z = task.across[1];
  for (std::size_t i = begin; i < end; ++i) {
    const double centre = u[i];
    double sum = (face[i] * (u[i + 1] - centre) - face[i - 1] * (centre - u[i - 1])) * width;
    if constexpr (across > 0)
      sum += (y.face_above[i] * (y.above[i] - centre) - y.face_below[i] * (centre - y.below[i])) *
             y.inverse_width;
    if constexpr (across > 1)
      sum += (z.face_above[i] * (z.above[i] - centre) - z.face_below[i] * (centre - z.below[i])) *
             z.inverse_width;
    if constexpr (capacity) sum *= task.inverse_capacity[i];
    if constexpr (accumulate)
      out[i] = previous * out[i] + value * centre + rate * sum;
    else
      out[i] = value * centre + rate * sum;
  }
}

template <int across>
void run_inner(const RowTask& task, std::size_t begin, std::size_t end) {
  const bool accumulate = task.previous != 0.0, capacity = task.inverse_capacity != nullptr;
  if (accumulate)
    return capacity ? inner_row<across, true, true>(task, begin, end)
                    : inner_row<across, true, false>(task, begin, end);
  return capacity ? inner_row<across, false, true>(task, begin, end)
                  : inner_row<across, false, false>(task, begin, end);
}

/// The first or last site of a row, whose neighbours along x may lie at its other end or nowhere.
void end_site(const RowTask& task, std::size_t i, std::size_t below, std::size_t above, double face_below,
              double face_above, double inverse_width) {
  const double centre = task.u[i];
  double sum =
      (face_above * (task.u[above] - centre) - face_below * (centre - task.u[below])) * inverse_width;
  for (const Across& other : task.across)
    if (other.inverse_width != 0.0)
      sum += (other.face_above[i] * (other.above[i] - centre) -
              other.face_below[i] * (centre - other.below[i])) *
             other.inverse_width;
  if (task.inverse_capacity != nullptr) sum *= task.inverse_capacity[i];
  const double fresh = task.value * centre + task.rate * sum;
  task.out[i] = task.previous == 0.0 ? fresh : task.previous * task.out[i] + fresh;
}

/// Memory that a thread keeps for the couplings of its slabs.
double* scratch(std::size_t size) {
  thread_local std::vector<double> memory;
  if (memory.size() < size) memory.resize(size);
  return memory.data();
}

}  // namespace

void FluxOperator::stage(std::span<const double> u, StageWeights weights, std::span<double> out,
                         ThreadPool& threads) const {
  require(u.data() != out.data(), "a stage does not overwrite what it reads");
  run({u, weights, out, Rows::free, nullptr}, threads);
}

void FluxOperator::run(const Pass& pass, ThreadPool& threads) const {
  if (has_cross_terms())
    run_slabs(pass, threads);
  else
    run_rows(pass, threads);
}

void FluxOperator::run_rows(const Pass& pass, ThreadPool& threads) const {
  const std::size_t n = count(0);
  const bool all = pass.rows == Rows::all;
  const auto first = [&](int a) { return all ? 0 : first_free(a); };
  const auto end = [&](int a) { return all ? count(a) : end_free(a); };
  if (dimensions() == 1) {
    threads.for_range(kept(), sites_per_task, [&](std::size_t begin, std::size_t stop) {
      const std::size_t from = std::max(begin, first(0)), to = std::min(stop, end(0));
      if (from < to) axis_row(pass, 0, from, to);
    });
    return;
  }
  const std::size_t grain = std::max<std::size_t>(1, sites_per_task / n);
  threads.for_range(kept_rows(), grain, [&](std::size_t begin, std::size_t stop) {
    for (std::size_t row = begin; row < stop; ++row) {
      const std::size_t j = row % count(1), k = row / count(1);
      if (j >= first(1) && j < end(1) && k >= first(2) && k < end(2)) axis_row(pass, row, first(0), end(0));
    }
  });
}

void FluxOperator::axis_row(const Pass& pass, std::size_t row, std::size_t begin, std::size_t end) const {
  const std::size_t n = count(0), start = row * n;
  const std::array<std::size_t, 3> index{0, row % count(1), row / count(1)};
  const double* u = pass.u.data() + start;
  RowTask task{};
  task.u = u;
  task.out = pass.out.data() + start;
  task.face = face_[0].data() + start;
  task.inverse_capacity = inverse_capacity_.empty() ? nullptr : inverse_capacity_.data() + start;
  task.inverse_width = 1.0 / spacing_[0];
  task.previous = pass.weights.previous;
  task.rate = pass.weights.rate;
  task.value = pass.weights.value - pass.weights.rate * decay();
  for (int a = 1; a < dimensions(); ++a) {
    const auto axis = static_cast<std::size_t>(a);
    Across& other = task.across[axis - 1];
    const auto above = next(a, start, index), below = previous(a, start, index);
    other.above = above ? pass.u.data() + *above : u;
    other.below = below ? pass.u.data() + *below : u;
    other.face_above = face_[axis].data() + start;
    other.face_below = below ? face_[axis].data() + *below : no_faces_.data();
    other.inverse_width = 1.0 / width(a, index[axis]);
  }
  const auto ends = [&](std::size_t i) {
    const bool low = i == 0, high = i + 1 == n;
    const std::size_t below = low ? (periodic(0) ? n - 1 : 0) : i - 1;
    const std::size_t above = high ? (periodic(0) ? 0 : i) : i + 1;
    end_site(task, i, below, above, low && !periodic(0) ? 0.0 : task.face[below], task.face[i],
             1.0 / width(0, i));
  };
  if (!uniform_) {
    for (std::size_t i = begin; i < end; ++i) ends(i);
    add_walls(pass, row, begin, end, {});
    return;
  }
  if (begin == 0) ends(0);
  const std::size_t inner_begin = std::max<std::size_t>(begin, 1), inner_end = std::min(end, n - 1);
  if (inner_begin < inner_end) {
    if (dimensions() == 1)
      run_inner<0>(task, inner_begin, inner_end);
    else if (dimensions() == 2)
      run_inner<1>(task, inner_begin, inner_end);
    else
      run_inner<2>(task, inner_begin, inner_end);
  }
  if (end == n && n > 1) ends(n - 1);
  add_walls(pass, row, begin, end, {});
}

void FluxOperator::add_walls(const Pass& pass, std::size_t row, std::size_t begin, std::size_t end,
                             const std::array<const double*, 3>& coupling) const {
  const std::size_t n = count(0), start = row * n;
  if (!decay_by_site().empty()) {
    const double* decay = decay_by_site().data() + start;
    for (std::size_t i = begin; i < end; ++i)
      pass.out[start + i] -= pass.weights.rate * decay[i] * pass.u[start + i];
  }
  const std::array<std::size_t, 3> index{0, row % count(1), row / count(1)};
  for (int a = 0; a < dimensions(); ++a)
    for (int side = 0; side < 2; ++side) {
      const auto axis = static_cast<std::size_t>(a);
      const Wall& w = wall(a, side);
      const std::size_t at = side == 0 ? 0 : count(a) - 1;
      if (w.conductance.empty() || (a > 0 && index[axis] != at)) continue;
      const std::vector<double>* column =
          pass.data != nullptr ? &pass.data->side[axis][static_cast<std::size_t>(side)] : nullptr;
      const bool given = column != nullptr && !column->empty();
      if (!w.open && !given) continue;
      const double scale = pass.weights.rate / width(a, at), outward = side == 0 ? -1.0 : 1.0;
      const std::size_t from = a > 0 ? begin : std::max(begin, at), to = a > 0 ? end : std::min(end, at + 1);
      for (std::size_t i = from; i < to; ++i) {
        const std::size_t site = start + i;
        if (!inside(site)) continue;
        const std::size_t position = plane_position(a, {i, index[1], index[2]});
        const double datum = given ? (*column)[position] : 0.0;
        double passing = w.area * datum;
        if (w.open) passing = w.conductance[position] * (datum - pass.u[site]);
        if (w.open && !w.root.empty()) passing += outward * w.root[position] * 2.0 * coupling[axis][i];
        pass.out[site] += scale * passing * inverse_capacity(site);
      }
    }
}

void FluxOperator::run_slabs(const Pass& pass, ThreadPool& threads) const {
  // A ring of three slabs of couplings per thread: of the slab before, this one, and the next.
  const int last = dimensions() - 1;
  const std::size_t slabs = count(last), size = sites() / slabs;
  const bool all = pass.rows == Rows::all;
  const SiteRange kept_slabs{kept().begin / size, kept().end / size};
  const std::size_t first = std::max(kept_slabs.begin, all ? 0 : first_free(last)),
                    stop = std::max(first, std::min(kept_slabs.end, all ? slabs : end_free(last)));
  const auto components = static_cast<std::size_t>(dimensions());
  const std::size_t grain = std::max<std::size_t>(slabs_per_task, sites_per_task / size);
  threads.for_range(stop - first, grain, [&](std::size_t task_begin, std::size_t task_end) {
    double* memory = scratch(3 * components * size);
    const auto at = [&](std::size_t slab, std::size_t c) {
      return memory + ((slab % 3) * components + c) * size;
    };
    // Slabs are numbered from one before the first, which on a periodic axis is the last.
    const std::size_t begin = first + task_begin, end = first + task_end;
    const auto couple = [&](std::size_t number) {
      const bool missing = !periodic(last) && (number == 0 || number == slabs + 1);
      if (missing) return;
      std::array<double*, 3> target{};
      for (std::size_t c = 0; c < components; ++c) target[c] = at(number, c);
      couple_slab(pass, (number + slabs - 1) % slabs, target);
    };
    couple(begin);
    couple(begin + 1);
    for (std::size_t slab = begin; slab < end; ++slab) {
      couple(slab + 2);
      std::array<std::array<const double*, 3>, 3> coupling{};
      for (std::size_t near = 0; near < 3; ++near)
        for (std::size_t c = 0; c < components; ++c) coupling[near][c] = at(slab + near, c);
      if (!periodic(last) && slab == 0) coupling[0] = coupling[1];
      if (!periodic(last) && slab + 1 == slabs) coupling[2] = coupling[1];
      flux_slab(pass, slab, coupling);
    }
  });
}

namespace {

/// A row of couplings under way: edges along x, and across with the weight of each edge in the mean.
struct CouplingTask {
  const double *u, *face;
  std::array<Across, 2> across;
  std::array<double, 2>
      unknown;  ///< half the number of walls across y and z whose gradient the energy determines
  std::array<const double*, 3> correlation;
  std::array<double*, 3> coupling;
};

/// Halves of the couplings of the sites that have both neighbours along x.
template <bool three, bool walled>
void couple_row(const CouplingTask& task, std::size_t count) {
  const double *u = task.u, *sx = task.face;
  const Across y = task.across[0], z = task.across[1];
  const double *xy = task.correlation[0], *xz = task.correlation[1], *yz = task.correlation[2];
  double* __restrict cx = task.coupling[0];
  double* __restrict cy = task.coupling[1];
  double* __restrict cz = task.coupling[2];
  const double q = task.unknown[0], r = task.unknown[1];
#pragma GCC ivdep
  for (std::size_t i = 1; i + 1 < count; ++i) {
    const double ex = 0.5 * (sx[i] * (u[i + 1] - u[i]) + sx[i - 1] * (u[i] - u[i - 1]));
    double ey =
        y.inverse_width * (y.face_above[i] * (y.above[i] - u[i]) + y.face_below[i] * (u[i] - y.below[i]));
    if constexpr (three) {
      double ez =
          z.inverse_width * (z.face_above[i] * (z.above[i] - u[i]) + z.face_below[i] * (u[i] - z.below[i]));
      if constexpr (walled) {
        // <e_y> + q (r_xy <e_x> + r_yz <e_z>) = ey and the same for z.
        const double between = 2.0 * yz[i];
        const double left_y = ey - q * 2.0 * xy[i] * ex, left_z = ez - r * 2.0 * xz[i] * ex;
        const double inverse = 1.0 / (1.0 - q * r * between * between);
        ey = (left_y - q * between * left_z) * inverse;
        ez = (left_z - r * between * left_y) * inverse;
      }
      cx[i] = xy[i] * ey + xz[i] * ez;
      cy[i] = xy[i] * ex + yz[i] * ez;
      cz[i] = xz[i] * ex + yz[i] * ey;
    } else {
      if constexpr (walled) ey -= q * 2.0 * xy[i] * ex;
      cx[i] = xy[i] * ey;
      cy[i] = xy[i] * ex;
    }
  }
}

}  // namespace

void FluxOperator::couple_slab(const Pass& pass, std::size_t slab, std::array<double*, 3> coupling) const {
  const std::size_t n = count(0), rows = dimensions() == 2 ? 1 : count(1);
  const std::size_t first_row = dimensions() == 2 ? slab : slab * count(1);
  const auto value = [&pass](std::size_t site) { return pass.u[site]; };
  for (std::size_t r = 0; r < rows; ++r) {
    const std::size_t row = first_row + r, start = row * n;
    const std::array<std::size_t, 3> index{0, row % count(1), row / count(1)};
    CouplingTask task{};
    task.u = pass.u.data() + start;
    task.face = face_[0].data() + start;
    for (std::size_t k = 0; k < 3; ++k) {
      task.correlation[k] = correlation_[k].data() + start;
      task.coupling[k] = coupling[k] != nullptr ? coupling[k] + r * n : nullptr;
    }
    bool special = false;  // walls whose gradients are known, or have data
    for (int a = 1; a < dimensions(); ++a) {
      const auto axis = static_cast<std::size_t>(a);
      const auto above = next(a, start, index), below = previous(a, start, index);
      Across& other = task.across[axis - 1];
      other.above = above ? pass.u.data() + *above : task.u;
      other.below = below ? pass.u.data() + *below : task.u;
      other.face_above = face_[axis].data() + start;
      other.face_below = below ? face_[axis].data() + *below : no_faces_.data();
      // A node on a side has one edge; a cell beside a wall has two, one of them the wall's.
      other.inverse_width = cells_ || (above && below) ? 0.5 : 1.0;
      if (!cells_) continue;
      for (int side = 0; side < 2; ++side) {
        if (side == 0 ? below.has_value() : above.has_value()) continue;
        task.unknown[axis - 1] += 0.5;
        special = special || wall(a, side).kind != SideRule::Kind::flux || pass.data != nullptr;
      }
    }
    const auto site_by_site = [&](std::size_t i) {
      const auto c = coupling_at(start + i, {i, index[1], index[2]}, value, pass.data);
      for (std::size_t a = 0; a < static_cast<std::size_t>(dimensions()); ++a)
        task.coupling[a][i] = 0.5 * c[a];
    };
    if (special) {
      for (std::size_t i = 0; i < n; ++i) site_by_site(i);
      continue;
    }
    const bool walled = task.unknown[0] != 0.0 || task.unknown[1] != 0.0;
    if (dimensions() == 3)
      walled ? couple_row<true, true>(task, n) : couple_row<true, false>(task, n);
    else
      walled ? couple_row<false, true>(task, n) : couple_row<false, false>(task, n);
    site_by_site(0);
    if (n > 1) site_by_site(n - 1);
  }
}

namespace {

/// s (e + (c + c')/2) through one face, from halves of the couplings.
inline double flux_of(double s, double du, double c, double other) { return s * (s * du + (c + other)); }

/// A row's neighbours along y or z with their couplings along that axis.
struct CoupledAcross {
  const double *below, *above, *face_below, *face_above, *coupling_below, *coupling, *coupling_above;
  double widths;  ///< spacing over width of the site: 1, or 2 at a node on a side
};

inline double difference(const CoupledAcross& o, const double* u, std::size_t i) {
  return (flux_of(o.face_above[i], o.above[i] - u[i], o.coupling[i], o.coupling_above[i]) -
          flux_of(o.face_below[i], u[i] - o.below[i], o.coupling_below[i], o.coupling[i])) *
         o.widths;
}

/// out = previous out + value u + rate * capacity^-1 * (sum of flux differences).
struct FluxTask {
  const double* u;
  double* out;
  const double *face, *coupling;  // along x
  std::array<CoupledAcross, 2> across;
  const double* inverse_capacity;  // null: 1
  double previous, value, rate;
};

template <bool three, bool accumulate, bool capacity>
void flux_row(const FluxTask& task, std::size_t begin, std::size_t end) {
  const double *u = task.u, *sx = task.face, *cx = task.coupling, *scale = task.inverse_capacity;
  double* __restrict out = task.out;
  const CoupledAcross y = task.across[0], z = task.across[1];
  const double previous = task.previous, value = task.value, rate = task.rate;
#pragma GCC ivdep
  for (std::size_t i = begin; i < end; ++i) {
    double sum = flux_of(sx[i], u[i + 1] - u[i], cx[i], cx[i + 1]) -
                 flux_of(sx[i - 1], u[i] - u[i - 1], cx[i - 1], cx[i]);
    sum += difference(y, u, i);
    if constexpr (three) sum += difference(z, u, i);
    if constexpr (capacity) sum *= scale[i];
    if constexpr (accumulate)
      out[i] = previous * out[i] + (value * u[i] + rate * sum);
    else
      out[i] = value * u[i] + rate * sum;
  }
}

template <bool three>
void run_flux_row(const FluxTask& task, std::size_t begin, std::size_t end) {
  const bool accumulate = task.previous != 0.0, capacity = task.inverse_capacity != nullptr;
  if (accumulate)
    return capacity ? flux_row<three, true, true>(task, begin, end)
                    : flux_row<three, true, false>(task, begin, end);
  return capacity ? flux_row<three, false, true>(task, begin, end)
                  : flux_row<three, false, false>(task, begin, end);
}

}  // namespace

void FluxOperator::flux_slab(const Pass& pass, std::size_t slab,
                             const std::array<std::array<const double*, 3>, 3>& coupling) const {
  const std::size_t n = count(0), rows = dimensions() == 2 ? 1 : count(1);
  const std::size_t first_row = dimensions() == 2 ? slab : slab * count(1);
  const bool all = pass.rows == Rows::all;
  const std::size_t begin = all ? 0 : first_free(0), end = all ? n : end_free(0);
  FluxTask task{};
  task.previous = pass.weights.previous;
  task.value = pass.weights.value - pass.weights.rate * decay();
  task.rate = pass.weights.rate;
  for (std::size_t r = 0; r < rows; ++r) {
    const std::size_t row = first_row + r, start = row * n;
    const std::array<std::size_t, 3> index{0, row % count(1), row / count(1)};
    if (!all && (index[1] < first_free(1) || index[1] >= end_free(1))) continue;
    const double* u = task.u = pass.u.data() + start;
    double* out = task.out = pass.out.data() + start;
    const double* sx = task.face = face_[0].data() + start;
    const double* cx = task.coupling = coupling[1][0] + r * n;
    const double* capacity = task.inverse_capacity =
        inverse_capacity_.empty() ? nullptr : inverse_capacity_.data() + start;
    for (int a = 1; a < dimensions(); ++a) {
      const auto axis = static_cast<std::size_t>(a);
      CoupledAcross& other = task.across[axis - 1];
      const auto above = next(a, start, index), below = previous(a, start, index);
      other.above = above ? pass.u.data() + *above : u;
      other.below = below ? pass.u.data() + *below : u;
      other.face_above = face_[axis].data() + start;
      other.face_below = below ? face_[axis].data() + *below : no_faces_.data();
      other.coupling = coupling[1][axis] + r * n;
      if (a == dimensions() - 1) {
        other.coupling_below = coupling[0][axis] + r * n;
        other.coupling_above = coupling[2][axis] + r * n;
      } else {
        // Rows of the same slab; where there is none the face is closed.
        const auto in_slab = [&](const std::optional<std::size_t>& site) {
          return site ? coupling[1][axis] + (*site - first_row * n) : other.coupling;
        };
        other.coupling_below = in_slab(below);
        other.coupling_above = in_slab(above);
      }
      other.widths = spacing_[axis] / width(a, index[axis]);
    }
    const bool three = dimensions() == 3;
    const auto finish = [&](std::size_t i, double sum) {
      if (capacity != nullptr) sum *= capacity[i];
      const double fresh = task.value * u[i] + task.rate * sum;
      out[i] = task.previous == 0.0 ? fresh : task.previous * out[i] + fresh;
    };
    const auto ends = [&](std::size_t i) {
      double sum = 0.0;
      const std::size_t below = i > 0 ? i - 1 : n - 1, above = i + 1 < n ? i + 1 : 0;
      if (i + 1 < n || periodic(0)) sum += flux_of(sx[i], u[above] - u[i], cx[i], cx[above]);
      if (i > 0 || periodic(0)) sum -= flux_of(sx[below], u[i] - u[below], cx[below], cx[i]);
      sum *= spacing_[0] / width(0, i);
      sum += difference(task.across[0], u, i);
      if (three) sum += difference(task.across[1], u, i);
      finish(i, sum);
    };
    if (begin == 0) ends(0);
    const std::size_t from = std::max<std::size_t>(begin, 1), to = std::min(end, n - 1);
    if (from < to) three ? run_flux_row<true>(task, from, to) : run_flux_row<false>(task, from, to);
    if (end == n && n > 1) ends(n - 1);
    std::array<const double*, 3> row_coupling{};
    for (std::size_t c = 0; c < static_cast<std::size_t>(dimensions()); ++c)
      row_coupling[c] = coupling[1][c] + r * n;
    add_walls(pass, row, begin, end, row_coupling);
  }
}

}  // namespace holon::transport
