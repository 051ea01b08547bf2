// The kernels of explicit steps: one pass over memory per stage, plain contiguous loops along x.
#include "holon/base/error.hpp"
#include "holon/transport/grid_operator.hpp"

#include <algorithm>

namespace holon::transport {

namespace {

constexpr std::size_t sites_per_task = 2048;

/// Neighbours of a row of sites along one of the other axes: where their rows begin, and their coefficients.
/// Places that a row does not use point to the row itself and weigh nothing.
struct Neighbours {
  std::array<const double*, 4> row{};
  std::array<double, 4> coefficient{};
};

Neighbours neighbours_of(const StencilRow& stencil, const double* row, std::size_t stride) {
  Neighbours neighbours;
  neighbours.row.fill(row);
  for (std::size_t k = 0; k < static_cast<std::size_t>(stencil.count); ++k) {
    neighbours.row[k] = row + stencil.offset[k] * static_cast<std::ptrdiff_t>(stride);
    neighbours.coefficient[k] = stencil.coefficient[k];
  }
  return neighbours;
}

struct RowTask {
  const double* u = nullptr;
  double* out = nullptr;
  std::array<double, 4> interior{};    // along x
  std::array<Neighbours, 2> across;    // along y and z
  double previous = 0.0, value = 1.0;  // of out and u, exchange and decay included
  double rate = 0.0;
};

/// out = previous out + value u + rate (sum of coefficient (neighbour - u)) in [begin, end), where x
/// neighbours exist.
template <int reach, int across, bool accumulate>
void inner_row(const RowTask& task, std::size_t begin, std::size_t end) {
  constexpr std::size_t wide = 2 * reach;
  const double* u = task.u;
  double* __restrict out = task.out;
  const double value = task.value, rate = task.rate, previous = task.previous;
  const auto x = task.interior;
  const Neighbours y = task.across[0], z = task.across[1];
  for (std::size_t i = begin; i < end; ++i) {
    const double centre = u[i];
    double sum;
    if constexpr (reach == 1)
      sum = x[0] * (u[i - 1] - centre) + x[1] * (u[i + 1] - centre);
    else
      sum = (x[0] * (u[i - 2] - centre) + x[1] * (u[i - 1] - centre)) +
            (x[2] * (u[i + 1] - centre) + x[3] * (u[i + 2] - centre));
    if constexpr (across > 0)
      for (std::size_t m = 0; m < wide; ++m) sum += y.coefficient[m] * (y.row[m][i] - centre);
    if constexpr (across > 1)
      for (std::size_t m = 0; m < wide; ++m) sum += z.coefficient[m] * (z.row[m][i] - centre);
    if constexpr (accumulate)
      out[i] = previous * out[i] + value * centre + rate * sum;
    else
      out[i] = value * centre + rate * sum;
  }
}

/// The same for one site next to a side, where the row along x is its own.
void side_site(const RowTask& task, const StencilRow& x, std::size_t i) {
  const double centre = task.u[i];
  double sum = -x.exchange * centre;
  for (std::size_t k = 0; k < static_cast<std::size_t>(x.count); ++k)
    sum += x.coefficient[k] *
           (task.u[static_cast<std::size_t>(static_cast<std::ptrdiff_t>(i) + x.offset[k])] - centre);
  for (const Neighbours& other : task.across)
    for (std::size_t m = 0; m < 4; ++m)
      if (other.coefficient[m] != 0.0) sum += other.coefficient[m] * (other.row[m][i] - centre);
  const double fresh = task.value * centre + task.rate * sum;
  task.out[i] = task.previous == 0.0 ? fresh : task.previous * task.out[i] + fresh;
}

template <int reach>
void run_inner(const RowTask& task, int across, std::size_t begin, std::size_t end) {
  const bool accumulate = task.previous != 0.0;
  switch (across) {
    case 0:
      return accumulate ? inner_row<reach, 0, true>(task, begin, end)
                        : inner_row<reach, 0, false>(task, begin, end);
    case 1:
      return accumulate ? inner_row<reach, 1, true>(task, begin, end)
                        : inner_row<reach, 1, false>(task, begin, end);
    default:
      return accumulate ? inner_row<reach, 2, true>(task, begin, end)
                        : inner_row<reach, 2, false>(task, begin, end);
  }
}

}  // namespace

template <int reach>
void GridOperator::stage_row(std::span<const double> u, StageWeights weights, std::span<double> out,
                             std::size_t row, std::size_t begin, std::size_t end) const {
  const std::size_t n = count(0), j = row % count(1), k = row / count(1);
  RowTask task;
  task.u = u.data() + row * n;
  task.out = out.data() + row * n;
  task.interior = axes_[0].interior;
  task.previous = weights.previous;
  task.rate = weights.rate;
  double loss = decay();
  for (Neighbours& other : task.across) other.row.fill(task.u);
  if (axes_.size() > 1) {
    task.across[0] = neighbours_of(axes_[1].rows[j], task.u, stride(1));
    loss += axes_[1].rows[j].exchange;
  }
  if (axes_.size() > 2) {
    task.across[1] = neighbours_of(axes_[2].rows[k], task.u, stride(2));
    loss += axes_[2].rows[k].exchange;
  }
  task.value = weights.value - weights.rate * loss;
  const std::vector<StencilRow>& x = axes_[0].rows;
  const std::size_t low = std::min<std::size_t>(reach, n), high = std::max<std::size_t>(low, n - low);
  for (std::size_t i = begin; i < std::min(end, low); ++i) side_site(task, x[i], i);
  const std::size_t inner_begin = std::max(begin, low), inner_end = std::min(end, high);
  if (inner_begin < inner_end)
    run_inner<reach>(task, static_cast<int>(axes_.size()) - 1, inner_begin, inner_end);
  for (std::size_t i = std::max(begin, high); i < end; ++i) side_site(task, x[i], i);
  if (!decay_by_site().empty()) {
    const double* decay = decay_by_site().data() + row * n;
    for (std::size_t i = begin; i < end; ++i) task.out[i] -= weights.rate * decay[i] * task.u[i];
  }
}

void GridOperator::stage(std::span<const double> u, StageWeights weights, std::span<double> out,
                         ThreadPool& threads) const {
  require(u.data() != out.data(), "a stage does not overwrite what it reads");
  const int reach = axes_[0].reach;
  for_free_rows(threads, [&](std::size_t begin, std::size_t end) {
    const std::size_t row = begin / count(0), first = row * count(0);
    if (reach == 1)
      stage_row<1>(u, weights, out, row, begin - first, end - first);
    else
      stage_row<2>(u, weights, out, row, begin - first, end - first);
  });
}

void GridOperator::add_axis(int axis, std::span<const double> u, double factor, std::span<double> out,
                            ThreadPool& threads) const {
  const AxisStencil& stencil = axes_[static_cast<std::size_t>(axis)];
  const std::size_t n = count(0), first = first_free(0), end = end_free(0);
  const std::size_t grain = std::max<std::size_t>(1, sites_per_task / n);
  const auto add_row = [&](const StencilRow& row, const double* from, double* __restrict to,
                           std::size_t stride, std::size_t begin, std::size_t stop) {
    const double loss = factor * row.exchange;
    if (loss != 0.0)
      for (std::size_t i = begin; i < stop; ++i) to[i] -= loss * from[i];
    for (std::size_t m = 0; m < static_cast<std::size_t>(row.count); ++m) {
      const double c = factor * row.coefficient[m];
      const double* other = from + row.offset[m] * static_cast<std::ptrdiff_t>(stride);
      for (std::size_t i = begin; i < stop; ++i) to[i] += c * (other[i] - from[i]);
    }
  };
  threads.for_range(kept_rows(), grain, [&](std::size_t begin, std::size_t stop) {
    for (std::size_t row = begin; row < stop; ++row) {
      const std::size_t j = row % count(1), k = row / count(1);
      if (j < first_free(1) || j >= end_free(1) || k < first_free(2) || k >= end_free(2)) continue;
      const double* from = u.data() + row * n;
      double* to = out.data() + row * n;
      if (axis > 0) {
        add_row(stencil.rows[axis == 1 ? j : k], from, to, stride(axis), first, end);
        continue;
      }
      const auto reach = static_cast<std::size_t>(stencil.reach);
      const std::size_t low = std::min(n, std::max(first, reach)),
                        high = std::max(low, n - std::min(n, reach));
      for (std::size_t i = first; i < std::min(low, end); ++i)
        add_row(stencil.rows[i], from, to, 1, i, i + 1);
      if (low < high) add_row(stencil.rows[low], from, to, 1, low, std::min(high, end));
      for (std::size_t i = std::max(high, first); i < end; ++i)
        add_row(stencil.rows[i], from, to, 1, i, i + 1);
    }
  });
}

}  // namespace holon::transport
