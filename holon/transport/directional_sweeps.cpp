#include "holon/transport/directional_sweeps.hpp"

#include "holon/transport/transpose.hpp"

#include <algorithm>

namespace holon::transport {

namespace {

constexpr std::size_t lanes_x = LineFactors::block;  // lines along x that are solved side by side
constexpr std::size_t lanes_across = 128;  // sites along x that are swept together along another axis

/// Memory that a thread keeps for its sweeps; it grows to the longest line once.
double* scratch(std::size_t size) {
  thread_local std::vector<double> memory;
  if (memory.size() < size) memory.resize(size);
  return memory.data();
}

}  // namespace

DirectionalSweeps::DirectionalSweeps(const GridOperator& op, double c) : c_(c) {
  for (int a = 0; a < 3; ++a) {
    const auto n = static_cast<std::size_t>(a);
    count_[n] = op.count(a);
    stride_[n] = op.stride(a);
    first_[n] = op.first_free(a);
    end_[n] = op.end_free(a);
  }
  for (int a = 0; a < op.dimensions(); ++a) factors_.emplace_back(op.axis(a), c);
}

void DirectionalSweeps::sweep_x(double* u, std::size_t first_line, std::size_t lines,
                                LineFactors::Update update, double scale) const {
  // A block of lines is transposed, so that the recurrence along x runs in as many lanes as there are lines.
  const std::size_t n = count_[0];
  double* block = scratch(2 * n * lanes_x);
  double* work = block + n * lanes_x;
  for (std::size_t line = first_line; line < first_line + lines; line += lanes_x) {
    const std::size_t filled = std::min(lanes_x, first_line + lines - line);
    double* origin = u + line * n;
    if (filled < lanes_x) std::fill(block, block + n * lanes_x, 0.0);
    transpose(origin, n, filled, n, block, lanes_x);
    factors_[0].solve(block, lanes_x, lanes_x, work, update, scale);
    transpose(block, lanes_x, n, filled, origin, n);
  }
}

void DirectionalSweeps::sweep_across(int axis, double* first, std::size_t lanes,
                                     LineFactors::Update update) const {
  const auto a = static_cast<std::size_t>(axis);
  factors_[a].solve(first, stride_[a], lanes, scratch(count_[a] * lanes_across), update, 1.0);
}

void DirectionalSweeps::sweep(int axis, std::span<double> u, LineFactors::Update update, double scale,
                              ThreadPool& threads) const {
  if (axis == 0) {
    // Blocks of lines within a plane, so that held lines beside them are left alone.
    const std::size_t lines = end_[1] - first_[1];
    const std::size_t blocks = (lines + lanes_x - 1) / lanes_x;
    threads.for_range(blocks * (end_[2] - first_[2]), 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t unit = begin; unit < end; ++unit) {
        const std::size_t k = first_[2] + unit / blocks, j = first_[1] + (unit % blocks) * lanes_x;
        sweep_x(u.data(), j + count_[1] * k, std::min(lanes_x, end_[1] - j), update, scale);
      }
    });
    return;
  }
  const int other = 3 - axis;  // of y and z, the one that is not swept
  const auto o = static_cast<std::size_t>(other);
  const std::size_t sites = end_[0] - first_[0];
  const std::size_t parts = (sites + lanes_across - 1) / lanes_across;
  threads.for_range(parts * (end_[o] - first_[o]), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t unit = begin; unit < end; ++unit) {
      const std::size_t i = first_[0] + (unit % parts) * lanes_across;
      const std::size_t row = first_[o] + unit / parts;
      sweep_across(axis, u.data() + i + row * stride_[o], std::min(lanes_across, end_[0] - i), update);
    }
  });
}

void DirectionalSweeps::solve(int axis, std::span<double> u, ThreadPool& threads) const {
  sweep(axis, u, LineFactors::Update::replace, 1.0, threads);
}

void DirectionalSweeps::reflect(std::span<double> u, double scale, ThreadPool& threads) const {
  using enum LineFactors::Update;
  if (factors_.size() < 3) {
    sweep(0, u, reflect, scale, threads);
    if (factors_.size() > 1) sweep(1, u, reflect, 1.0, threads);
    return;
  }
  threads.for_range(end_[2] - first_[2], 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t k = first_[2] + begin; k < first_[2] + end; ++k) {
      sweep_x(u.data(), first_[1] + count_[1] * k, end_[1] - first_[1], reflect, scale);
      for (std::size_t i = first_[0]; i < end_[0]; i += lanes_across)
        sweep_across(1, u.data() + i + k * stride_[2], std::min(lanes_across, end_[0] - i), reflect);
    }
  });
  sweep(2, u, reflect, 1.0, threads);
}

}  // namespace holon::transport
