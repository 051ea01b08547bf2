#include "holon/transport/directional_sweeps.hpp"

#include "holon/base/error.hpp"
#include "holon/base/finite.hpp"
#include "holon/transport/transpose.hpp"

#include <algorithm>
#include <atomic>

namespace holon::transport {

namespace {

constexpr std::size_t lanes_x = LineFactors::block;  // lines along x that are solved side by side
constexpr std::size_t lanes_across = 128;  // sites along x that are swept together along another axis
static_assert(lanes_x >= most_lines_along && lanes_across % most_lanes_across == 0);

/// Memory that a thread keeps for its sweeps; it grows to the longest line once.
double* scratch(std::size_t size) {
  thread_local std::vector<double> memory;
  if (memory.size() < size) memory.resize(size);
  return memory.data();
}

constexpr std::size_t index(LineUpdate update) { return static_cast<std::size_t>(update); }

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

bool DirectionalSweeps::sweep_x(double* u, std::size_t first_line, std::size_t lines, LineUpdate update,
                                double scale) const {
  const std::size_t n = count_[0];
  if (const auto rows = factors_[0].tridiagonal(); !rows.empty())
    return tridiagonal_sweeps().along[index(update)](u + first_line * n, lines, rows, scale,
                                                     scratch(n * most_lines_along));
  // A block of lines is transposed, so that the recurrence along x runs in as many lanes as there are lines.
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
  return all_finite({u + first_line * n, lines * n});
}

bool DirectionalSweeps::sweep_across(int axis, double* first, std::size_t lanes, LineUpdate update) const {
  const auto a = static_cast<std::size_t>(axis);
  if (const auto rows = factors_[a].tridiagonal(); !rows.empty())
    return tridiagonal_sweeps().across[index(update)](first, stride_[a], lanes, rows);
  bool finite = true;
  for (std::size_t lane = 0; lane < lanes; lane += lanes_across) {
    const std::size_t filled = std::min(lanes_across, lanes - lane);
    factors_[a].solve(first + lane, stride_[a], filled, scratch(count_[a] * lanes_across), update, 1.0);
    for (std::size_t i = 0; i < count_[a]; ++i) finite &= all_finite({first + lane + i * stride_[a], filled});
  }
  return finite;
}

// Along x: blocks of lines within a plane, so that held lines beside them are left alone. Across x: pieces of
// the rows of free sites; along z of whole planes, where all their sites are free.
std::size_t DirectionalSweeps::parts(int axis) const {
  const auto pieces = [](std::size_t count, std::size_t size) { return (count + size - 1) / size; };
  const std::size_t x = end_[0] - first_[0], y = end_[1] - first_[1], z = end_[2] - first_[2];
  if (axis == 0) return pieces(y, lanes_x) * z;
  if (axis == 1) return pieces(x, lanes_across) * z;
  return x * y == stride_[2] ? pieces(stride_[2], lanes_across) : pieces(x, lanes_across) * y;
}

bool DirectionalSweeps::sweep_part(int axis, std::size_t part, double* u, LineUpdate update,
                                   double scale) const {
  const std::size_t x = end_[0] - first_[0], y = end_[1] - first_[1];
  if (axis == 0) {
    const std::size_t blocks = (y + lanes_x - 1) / lanes_x;
    const std::size_t k = first_[2] + part / blocks, j = first_[1] + part % blocks * lanes_x;
    return sweep_x(u, j + count_[1] * k, std::min(lanes_x, end_[1] - j), update, scale);
  }
  if (axis == 2 && x * y == stride_[2]) {
    const std::size_t lane = part * lanes_across;
    return sweep_across(2, u + lane, std::min(lanes_across, stride_[2] - lane), update);
  }
  const std::size_t other = axis == 1 ? 2 : 1;  // the one that is not swept
  const std::size_t pieces = (x + lanes_across - 1) / lanes_across;
  const std::size_t i = first_[0] + part % pieces * lanes_across, row = first_[other] + part / pieces;
  return sweep_across(axis, u + i + row * stride_[other], std::min(lanes_across, end_[0] - i), update);
}

void DirectionalSweeps::solve(int axis, std::span<double> u, ThreadPool& threads) const {
  threads.for_range(parts(axis), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t part = begin; part < end; ++part)
      sweep_part(axis, part, u.data(), LineUpdate::replace, 1.0);
  });
}

bool DirectionalSweeps::reflect_plane(std::size_t plane, double* u, double scale) const {
  const std::size_t k = first_[2] + plane;
  const bool along = sweep_x(u, first_[1] + count_[1] * k, end_[1] - first_[1], LineUpdate::reflect, scale);
  const bool across =
      sweep_across(1, u + first_[0] + k * stride_[2], end_[0] - first_[0], LineUpdate::reflect);
  return along && across;
}

std::vector<bool> DirectionalSweeps::reflect(std::span<const Reflection> fields, ThreadPool& threads) {
  if (fields.empty()) return {};
  const DirectionalSweeps& shape = *fields.front().sweeps;
  for (const Reflection& field : fields)
    require(field.sweeps->count_ == shape.count_ && field.sweeps->first_ == shape.first_ &&
                field.sweeps->end_ == shape.end_,
            "fields that are swept together have the same free sites");
  std::vector<std::atomic<bool>> finite(fields.size());
  for (std::atomic<bool>& each : finite) each = true;
  const auto pass = [&](std::size_t units, auto&& body) {
    threads.for_range(units * fields.size(), 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t unit = begin; unit < end; ++unit)
        if (!body(fields[unit / units], unit % units)) finite[unit / units] = false;
    });
  };
  const auto sweep = [&](int axis) {
    pass(shape.parts(axis), [axis](const Reflection& field, std::size_t part) {
      return field.sweeps->sweep_part(axis, part, field.u.data(), LineUpdate::reflect, field.scale);
    });
  };
  const int dimensions = static_cast<int>(shape.factors_.size());
  if (dimensions == 3)
    pass(shape.end_[2] - shape.first_[2], [](const Reflection& field, std::size_t plane) {
      return field.sweeps->reflect_plane(plane, field.u.data(), field.scale);
    });
  for (int axis = dimensions == 3 ? 2 : 0; axis < dimensions; ++axis) sweep(axis);
  return {finite.begin(), finite.end()};
}

}  // namespace holon::transport
