#include "holon/transport/flux_sweeps.hpp"

#include "holon/base/error.hpp"
#include "holon/transport/transpose.hpp"

#include <algorithm>

namespace holon::transport {

namespace {

constexpr std::size_t most_lines_x = 16;  // lines along x that are solved side by side
constexpr std::size_t lanes_across = 64;  // sites along x that are swept together along another axis

/// Memory that a thread keeps for its sweeps; it grows to the longest line once.
double* scratch(std::size_t size) {
  thread_local std::vector<double> memory;
  if (memory.size() < size) memory.resize(size);
  return memory.data();
}

}  // namespace

FluxSweeps::FluxSweeps(const FluxOperator& op, double c) : FluxSweeps(op, 1.0, c, 0.0) {}

FluxSweeps FluxSweeps::of_line(const FluxOperator& op, double identity, double c) {
  require(op.dimensions() == 1, "the whole operator is factored along one axis");
  return FluxSweeps(op, identity, c, 1.0);
}

FluxSweeps::FluxSweeps(const FluxOperator& op, double identity, double c, double decay_share)
    : c_(c),
      identity_(identity),
      decay_share_(decay_share),
      bundle_lines_(std::min(most_lines_x, op.sites() / op.count(0))),
      dimensions_(op.dimensions()) {
  require(!op.has_cross_terms(), "sweeps are for coefficients along the axes");
  for (int a = 0; a < 3; ++a) {
    const auto n = static_cast<std::size_t>(a);
    count_[n] = op.count(a);
    stride_[n] = op.stride(a);
    periodic_[n] = a < dimensions_ && op.periodic(a);
  }
  for (int a = 0; a < dimensions_; ++a) factor(op, a);
}

std::size_t FluxSweeps::place(int axis, std::size_t line, std::size_t i) const {
  // Along x bundles of lines are kept as they are solved: site by site, their lines side by side.
  if (axis == 0)
    return (line / bundle_lines_) * bundle_lines_ * count_[0] + i * bundle_lines_ + line % bundle_lines_;
  const auto n = static_cast<std::size_t>(axis);
  const std::size_t x = line % count_[0], other = line / count_[0];
  return x + other * (axis == 1 ? stride_[2] : stride_[1]) + i * stride_[n];
}

void FluxSweeps::factor(const FluxOperator& op, int axis) {
  const auto a = static_cast<std::size_t>(axis);
  const std::size_t n = count_[a], lines = op.sites() / n, inner = periodic_[a] ? n - 1 : n;
  Factors& f = factors_[a];
  const std::size_t size =
      axis == 0 ? (lines + bundle_lines_ - 1) / bundle_lines_ * bundle_lines_ * n : op.sites();
  f.inverse.assign(size, 1.0);
  f.lower.assign(size, 0.0);
  f.upper.assign(size, 0.0);
  if (periodic_[a]) {
    f.border.assign(size, 0.0);
    f.first.assign(lines, 0.0);
    f.last.assign(lines, 0.0);
    f.schur.assign(lines, 1.0);
  }
  std::vector<double> below(n), above(n), diagonal(n);
  for (std::size_t line = 0; line < lines; ++line) {
    const std::size_t start = axis == 0 ? line * n : place(axis, line, 0);
    const auto site = [&](std::size_t i) { return start + i * stride_[a]; };
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t at = site(i);
      const bool free = op.is_free(at);
      const double scale = free ? c_ * op.inverse_capacity(at) / op.width(axis, i) : 0.0;
      const bool first = i == 0;
      below[i] = first && !periodic_[a] ? 0.0 : scale * op.conductance(axis, site(first ? n - 1 : i - 1));
      above[i] = scale * op.conductance(axis, at);
      diagonal[i] = (free ? identity_ : 1.0) + below[i] + above[i] +
                    (free ? c_ * op.wall_rate(axis, at) * op.inverse_capacity(at) : 0.0);
      if (free && decay_share_ != 0.0)
        diagonal[i] += c_ * decay_share_ * (op.decay_by_site().empty() ? op.decay() : op.decay_by_site()[at]);
    }
    for (std::size_t i = 0; i < inner; ++i) {
      const std::size_t at = place(axis, line, i);
      const double lower = i > 0 ? -below[i] : 0.0;
      const double inverse = 1.0 / (diagonal[i] - (i > 0 ? lower * f.upper[place(axis, line, i - 1)] : 0.0));
      f.inverse[at] = inverse;
      f.lower[at] = lower * inverse;
      f.upper[at] = i + 1 < inner ? -above[i] * inverse : 0.0;
    }
    if (!periodic_[a]) continue;
    // The column of the last site, and its row.
    for (std::size_t i = 0; i < inner; ++i) {
      const std::size_t at = place(axis, line, i);
      double z = i == 0 ? -below[0] : 0.0;
      if (i + 1 == inner) z -= above[i];
      z *= f.inverse[at];
      if (i > 0) z -= f.lower[at] * f.border[place(axis, line, i - 1)];
      f.border[at] = z;
    }
    for (std::size_t i = inner - 1; i-- > 0;)
      f.border[place(axis, line, i)] -= f.upper[place(axis, line, i)] * f.border[place(axis, line, i + 1)];
    f.first[line] = -above[n - 1];
    f.last[line] = -below[n - 1];
    f.schur[line] = 1.0 / (diagonal[n - 1] - f.first[line] * f.border[place(axis, line, 0)] -
                           f.last[line] * f.border[place(axis, line, inner - 1)]);
  }
}

void FluxSweeps::solve_bundle(int axis, const Bundle& bundle, std::size_t first_line,
                              double* __restrict work) const {
  const auto a = static_cast<std::size_t>(axis);
  const Factors& f = factors_[a];
  const std::size_t n = count_[a], inner = periodic_[a] ? n - 1 : n, lanes = bundle.lanes;
  for (std::size_t i = 0; i < inner; ++i) {
    const std::size_t at = bundle.begin + i * bundle.stride;
    const double* rhs = bundle.u + i * bundle.stride;
    const double *inverse = f.inverse.data() + at, *lower = f.lower.data() + at;
    double* d = work + i * lanes;
    if (i == 0)
      for (std::size_t l = 0; l < lanes; ++l) d[l] = rhs[l] * inverse[l];
    else
      for (std::size_t l = 0; l < lanes; ++l) d[l] = rhs[l] * inverse[l] - lower[l] * d[l - lanes];
  }
  for (std::size_t i = inner - 1; i-- > 0;) {
    const double* upper = f.upper.data() + bundle.begin + i * bundle.stride;
    double* d = work + i * lanes;
    for (std::size_t l = 0; l < lanes; ++l) d[l] -= upper[l] * d[l + lanes];
  }
  if (!periodic_[a]) {
    for (std::size_t i = 0; i < n; ++i)
      std::copy(work + i * lanes, work + (i + 1) * lanes, bundle.u + i * bundle.stride);
    return;
  }
  double* last = bundle.u + inner * bundle.stride;
  for (std::size_t l = 0; l < lanes; ++l) {
    const std::size_t line = std::min(first_line + l, f.schur.size() - 1);
    last[l] =
        (last[l] - f.first[line] * work[l] - f.last[line] * work[(inner - 1) * lanes + l]) * f.schur[line];
  }
  for (std::size_t i = 0; i < inner; ++i) {
    const double* border = f.border.data() + bundle.begin + i * bundle.stride;
    double* target = bundle.u + i * bundle.stride;
    for (std::size_t l = 0; l < lanes; ++l) target[l] = work[i * lanes + l] - border[l] * last[l];
  }
}

void FluxSweeps::solve(int axis, std::span<double> u, ThreadPool& threads) const {
  const auto a = static_cast<std::size_t>(axis);
  const std::size_t n = count_[a], lines = u.size() / n;
  if (axis == 0) {
    const std::size_t lines_x = bundle_lines_;
    threads.for_range((lines + lines_x - 1) / lines_x, 1, [&](std::size_t begin, std::size_t end) {
      double* block = scratch(2 * n * lines_x);
      for (std::size_t unit = begin; unit < end; ++unit) {
        const std::size_t first = unit * lines_x, filled = std::min(lines_x, lines - first);
        if (filled < lines_x) std::fill(block, block + n * lines_x, 0.0);
        transpose(u.data() + first * n, n, filled, n, block, lines_x);
        solve_bundle(0, {block, unit * lines_x * n, lines_x, lines_x}, first, block + n * lines_x);
        transpose(block, lines_x, n, filled, u.data() + first * n, n);
      }
    });
    return;
  }
  const std::size_t parts = (count_[0] + lanes_across - 1) / lanes_across;
  const std::size_t others = axis == 1 ? count_[2] : count_[1];
  threads.for_range(parts * others, 1, [&](std::size_t begin, std::size_t end) {
    double* work = scratch(n * lanes_across);
    for (std::size_t unit = begin; unit < end; ++unit) {
      const std::size_t x = unit % parts * lanes_across, line = x + count_[0] * (unit / parts);
      const std::size_t at = place(axis, line, 0);
      solve_bundle(axis, {u.data() + at, at, stride_[a], std::min(lanes_across, count_[0] - x)}, line, work);
    }
  });
}

}  // namespace holon::transport
