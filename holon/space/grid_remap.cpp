#include "holon/space/grid_remap.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace holon {

namespace {

/// A piece of the axis that belongs to a site, in the coordinate of the axis.
struct Piece {
  double begin, end;
  std::size_t site;
};

/// The cells of one axis in order; the cell of a periodic axis' first node has two pieces.
std::vector<Piece> pieces(const GridSpace& grid, int a) {
  const GridSpace::Axis& axis = grid.axis(a);
  const auto place = [&](double intervals) { return axis.origin + intervals * axis.spacing; };
  const double end = static_cast<double>(axis.intervals);
  std::vector<Piece> list;
  for (std::size_t i = 0; i < grid.count(a); ++i) {
    const auto x = static_cast<double>(i);
    if (grid.arrangement() == GridSpace::Sites::cells)
      list.push_back({place(x), place(x + 1.0), i});
    else
      list.push_back({place(std::max(x - 0.5, 0.0)), place(std::min(x + 0.5, end)), i});
  }
  if (grid.arrangement() == GridSpace::Sites::nodes && axis.periodic)
    list.push_back({place(end - 0.5), place(end), 0});
  return list;
}

}  // namespace

GridRemap::AxisOverlap GridRemap::overlap(const GridSpace& from, const GridSpace& to, int axis) {
  AxisOverlap result;
  result.from = from.count(axis);
  result.to = to.count(axis);
  const auto given = pieces(from, axis), taken = pieces(to, axis);
  struct Entry {
    std::size_t to, from;
    double overlap;
  };
  std::vector<Entry> entries;
  for (std::size_t g = 0, t = 0; g < given.size() && t < taken.size();) {
    const double low = std::max(given[g].begin, taken[t].begin), high = std::min(given[g].end, taken[t].end);
    if (high > low) entries.push_back({taken[t].site, given[g].site, high - low});
    if (given[g].end < taken[t].end)
      ++g;
    else
      ++t;
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& x, const Entry& y) { return x.to < y.to; });
  result.begin.assign(result.to + 1, 0);
  for (std::size_t e = 0; e < entries.size();) {
    // Shares are of the sum of the overlaps, so that a constant stays one to the last bit or two.
    std::size_t last = e;
    double whole = 0.0;
    for (; last < entries.size() && entries[last].to == entries[e].to; ++last) whole += entries[last].overlap;
    const std::size_t row = entries[e].to;
    for (; e < last; ++e) {
      result.site.push_back(entries[e].from);
      result.share.push_back(entries[e].overlap / whole);
    }
    result.begin[row + 1] = result.site.size();
  }
  return result;
}

GridRemap::GridRemap(const GridSpace& from, const GridSpace& to)
    : LinearMap(measures_of(from), measures_of(to)) {
  if (from.dimensions() != to.dimensions())
    throw InputError(fmt::format("grid '{}' has {} axes, grid '{}' has {}", from.name(), from.dimensions(),
                                 to.name(), to.dimensions()));
  for (const GridSpace* grid : {&from, &to})
    if (grid->sites_inside() != grid->sites())
      throw InputError(fmt::format(
          "the domain of grid '{}' is irregular ('where'), and fields are remapped between whole grids alone",
          grid->name()));
  for (int a = 0; a < from.dimensions(); ++a) {
    const auto end = [&](const GridSpace& grid) { return grid.axis(a).origin + grid.extent(a); };
    const double slack = 1e-9 * from.extent(a);
    if (std::abs(from.axis(a).origin - to.axis(a).origin) > slack || std::abs(end(from) - end(to)) > slack)
      throw InputError(fmt::format(
          "along {} grid '{}' reaches from {:g} to {:g} and grid '{}' from {:g} to {:g}; content would be "
          "lost between grids that don't cover the same domain",
          "xyz"[a], from.name(), from.axis(a).origin, end(from), to.name(), to.axis(a).origin, end(to)));
  }
  for (std::size_t a = 0; a < 3; ++a) {
    const int axis = static_cast<int>(a);
    if (axis >= from.dimensions()) {
      forth_[a] = back_[a] = {1, 1, {0, 1}, {0}, {1.0}};
      continue;
    }
    forth_[a] = overlap(from, to, axis);
    back_[a] = overlap(to, from, axis);
  }
}

void GridRemap::carry(const std::array<AxisOverlap, 3>& axes, std::span<const double> from,
                      std::span<double> to, ThreadPool& threads) {
  std::vector<double> before(from.begin(), from.end()), after;
  std::array<std::size_t, 3> count{axes[0].from, axes[1].from, axes[2].from};
  for (std::size_t a = 0; a < 3; ++a) {
    // Lines along the axis: `stride` sites between neighbours, `blocks` groups of lines.
    std::size_t stride = 1, blocks = 1;
    for (std::size_t b = 0; b < a; ++b) stride *= count[b];
    for (std::size_t b = a + 1; b < 3; ++b) blocks *= count[b];
    const AxisOverlap& axis = axes[a];
    after.assign(stride * axis.to * blocks, 0.0);
    threads.for_range(blocks * axis.to, 16, [&](std::size_t begin, std::size_t end) {
      for (std::size_t line = begin; line < end; ++line) {
        const std::size_t block = line / axis.to, row = line % axis.to;
        double* out = after.data() + (block * axis.to + row) * stride;
        for (std::size_t e = axis.begin[row]; e < axis.begin[row + 1]; ++e) {
          const double* in = before.data() + (block * axis.from + axis.site[e]) * stride;
          for (std::size_t s = 0; s < stride; ++s) out[s] += axis.share[e] * in[s];
        }
      }
    });
    count[a] = axis.to;
    before.swap(after);
  }
  std::copy(before.begin(), before.end(), to.begin());
}

void GridRemap::apply(std::span<const double> from, std::span<double> to, ThreadPool& threads) const {
  carry(forth_, from, to, threads);
}

void GridRemap::apply_adjoint(std::span<const double> to, std::span<double> from, ThreadPool& threads) const {
  carry(back_, to, from, threads);
}

std::vector<LinearMap::Entry> GridRemap::entries() const {
  std::vector<Entry> entries;
  const auto& [x, y, z] = forth_;
  for (std::size_t row = 0; row < to_sites(); ++row) {
    const std::size_t i = row % x.to, j = row / x.to % y.to, k = row / (x.to * y.to);
    for (std::size_t c = z.begin[k]; c < z.begin[k + 1]; ++c)
      for (std::size_t b = y.begin[j]; b < y.begin[j + 1]; ++b)
        for (std::size_t a = x.begin[i]; a < x.begin[i + 1]; ++a)
          entries.push_back({row, x.site[a] + x.from * (y.site[b] + y.from * z.site[c]),
                             x.share[a] * y.share[b] * z.share[c]});
  }
  return entries;
}

}  // namespace holon
