#include "holon/transport/axis_stencil.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <cmath>

namespace holon::transport {

double Line::width(std::size_t i) const {
  const bool side =
      arrangement == StructuredSpace::Sites::nodes && !periodic && count > 1 && (i == 0 || i == count - 1);
  return side ? 0.5 * spacing : spacing;
}

Line line_along(const StructuredSpace& grid, int axis) {
  require(grid.uniform(), "a line's sites are at one spacing");
  return {grid.count(axis), grid.least_spacing(axis), grid.arrangement(), grid.periodic(axis)};
}

double AxisStencil::largest_diagonal() const {
  double largest = 0.0;
  for (const StencilRow& row : rows) {
    double diagonal = row.exchange;
    for (int k = 0; k < row.count; ++k) diagonal += row.coefficient[static_cast<std::size_t>(k)];
    largest = std::max(largest, diagonal);
  }
  return largest;
}

std::size_t least_sites(int order) { return order == 4 ? 6 : 2; }

namespace {

/// A value beyond a side: datum * g + sum_l site_l u_l over the side's layers; the weights add up to 1.
struct Ghost {
  double data = 0.0;
  std::array<double, 4> site{};
};

/// The value `depth` sites beyond a side of a diffusion line.
Ghost ghost_value(const Line& line, int order, const SideRule& rule, std::size_t depth) {
  const bool nodes = line.arrangement == StructuredSpace::Sites::nodes;
  Ghost ghost;
  if (rule.kind != SideRule::Kind::value) {
    ghost.site[nodes ? depth : depth - 1] = 1.0;  // mirrored
  } else if (nodes) {
    ghost.site = {4.0, -6.0, 4.0,
                  -1.0};  // cubic through the held node and the next three; only depth 1 occurs
  } else if (order == 2) {
    ghost = {2.0, {-1.0}};  // the value at the face is the mean
  } else if (depth == 1) {
    ghost = {3.2, {-3.0, 1.0, -0.2}};  // cubic through the face and three cells
  } else {
    ghost = {12.8, {-18.0, 8.0, -1.8}};
  }
  return ghost;
}

/// Builds one row: neighbours may lie beyond the sides.
class RowBuilder {
 public:
  RowBuilder(const Line& line, std::size_t i) : line_(line), i_(static_cast<std::ptrdiff_t>(i)) {}
  void add(std::ptrdiff_t site, double coefficient) {
    const std::ptrdiff_t offset = site - i_;
    if (offset == 0 || coefficient == 0.0) return;
    for (int k = 0; k < row_.count; ++k)
      if (row_.offset[static_cast<std::size_t>(k)] == offset) {
        row_.coefficient[static_cast<std::size_t>(k)] += coefficient;
        return;
      }
    require(row_.count < 4, "a row of a transport stencil has at most four neighbours");
    row_.offset[static_cast<std::size_t>(row_.count)] = offset;
    row_.coefficient[static_cast<std::size_t>(row_.count++)] = coefficient;
  }
  void add_ghost(int side, const Ghost& ghost, double coefficient) {
    const auto last = static_cast<std::ptrdiff_t>(line_.count) - 1;
    for (std::size_t l = 0; l < 4; ++l) {
      const auto layer = static_cast<std::ptrdiff_t>(l);
      add(side == 0 ? layer : last - layer, coefficient * ghost.site[l]);
    }
    row_.exchange += coefficient * ghost.data;
    row_.data[static_cast<std::size_t>(side)] += coefficient * ghost.data;
  }
  StencilRow& row() { return row_; }

 private:
  const Line& line_;
  std::ptrdiff_t i_;
  StencilRow row_;
};

/// Largest |eigenvalue| of the free rows of a short line with the same rules, by power iteration with a fixed
/// start.
double power_iteration(const std::vector<StencilRow>& rows) {
  std::vector<double> u(rows.size()), v(rows.size());
  for (std::size_t i = 0; i < u.size(); ++i)
    u[i] = (i % 2 == 0 ? 1.0 : -1.0) * (1.0 + 0.3 * std::sin(1.0 + static_cast<double>(i * i)));
  double growth = 0.0;
  for (int iteration = 0; iteration < 3000; ++iteration) {
    double before = 0.0, after = 0.0;
    for (std::size_t i = 0; i < u.size(); ++i) {
      const StencilRow& row = rows[i];
      double sum = -row.exchange * u[i];
      for (int k = 0; k < row.count; ++k) {
        const auto n = static_cast<std::size_t>(k);
        sum += row.coefficient[n] *
               (u[static_cast<std::size_t>(static_cast<std::ptrdiff_t>(i) + row.offset[n])] - u[i]);
      }
      v[i] = sum;
      before += u[i] * u[i];
      after += sum * sum;
    }
    if (after == 0.0) return 0.0;
    growth = std::sqrt(after / before);
    const double scale = 1.0 / std::sqrt(after);
    for (std::size_t i = 0; i < u.size(); ++i) u[i] = scale * v[i];
  }
  return growth;
}

/// Flux into the domain through one side of a diffusion line.
SideFlux side_flux(const Line& line, double diffusivity, int order, const SideRule& rule, double exchange) {
  SideFlux flux;
  if (rule.kind == SideRule::Kind::flux) {
    flux.data = 1.0;
    return flux;
  }
  if (rule.kind == SideRule::Kind::exchange) {
    flux.data = exchange;
    flux.site[0] = -exchange;
    return flux;
  }
  // Given value: minus the gradient flux at the face between the side and the interior; `shift` makes layer l
  // of the formula the site l - 1 beyond the face for cells (layer 0 is a ghost) and the site l for nodes.
  const bool nodes = line.arrangement == StructuredSpace::Sites::nodes;
  const auto add = [&](std::ptrdiff_t layer, double coefficient) {
    if (layer >= 0) {
      flux.site[static_cast<std::size_t>(layer)] += coefficient;
      return;
    }
    const Ghost ghost = ghost_value(line, order, rule, static_cast<std::size_t>(-layer));
    for (std::size_t l = 0; l < 4; ++l) flux.site[l] += coefficient * ghost.site[l];
    flux.data += coefficient * ghost.data;
  };
  const std::ptrdiff_t inside = nodes ? 1 : 0;  // the layer on the inner side of the face
  if (order == 2) {
    const double c = diffusivity / line.spacing;
    add(inside, -c);
    add(inside - 1, c);
  } else {
    const double c = diffusivity / (12.0 * line.spacing);
    add(inside + 1, c);
    add(inside, -15.0 * c);
    add(inside - 1, 15.0 * c);
    add(inside - 2, -c);
  }
  return flux;
}

std::vector<StencilRow> diffusion_rows(const Line& line, double diffusivity, int order,
                                       const std::array<SideRule, 2>& sides,
                                       const std::array<double, 2>& exchange,
                                       const std::array<bool, 2>& held) {
  const double c = diffusivity / (line.spacing * line.spacing);
  const auto n = static_cast<std::ptrdiff_t>(line.count);
  std::vector<std::pair<std::ptrdiff_t, double>> neighbours;
  if (order == 2)
    neighbours = {{-1, c}, {1, c}};
  else
    neighbours = {{-2, -c / 12.0}, {-1, 16.0 * c / 12.0}, {1, 16.0 * c / 12.0}, {2, -c / 12.0}};
  std::vector<StencilRow> rows(line.count);
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    if ((i == 0 && held[0]) || (i == n - 1 && held[1])) continue;
    RowBuilder builder(line, static_cast<std::size_t>(i));
    for (const auto& [offset, coefficient] : neighbours) {
      const std::ptrdiff_t site = i + offset;
      if (site >= 0 && site < n) {
        builder.add(site, coefficient);
      } else if (line.periodic) {
        builder.add((site + n) % n, coefficient);
      } else {
        const int side = site < 0 ? 0 : 1;
        const std::ptrdiff_t depth = site < 0 ? -site : site - (n - 1);
        builder.add_ghost(
            side,
            ghost_value(line, order, sides[static_cast<std::size_t>(side)], static_cast<std::size_t>(depth)),
            coefficient);
      }
    }
    for (std::size_t s = 0; s < 2; ++s) {
      if (line.periodic || i != (s == 0 ? 0 : n - 1)) continue;
      const double width = line.width(static_cast<std::size_t>(i));
      if (sides[s].kind == SideRule::Kind::flux) builder.row().data[s] += 1.0 / width;
      if (sides[s].kind == SideRule::Kind::exchange) {
        builder.row().exchange += exchange[s] / width;
        builder.row().data[s] += exchange[s] / width;
      }
    }
    rows[static_cast<std::size_t>(i)] = builder.row();
  }
  return rows;
}

}  // namespace

AxisStencil diffusion_stencil(const Line& line, double diffusivity, int order,
                              const std::array<SideRule, 2>& sides) {
  require(order == 2 || order == 4, "diffusion stencils have order 2 or 4");
  require(line.count >= least_sites(order) || (order == 2 && !line.periodic),
          "a line has enough sites for its stencil");
  AxisStencil stencil;
  stencil.line = line;
  stencil.reach = order / 2;
  const bool nodes = line.arrangement == StructuredSpace::Sites::nodes;
  std::array<double, 2> exchange{};
  bool plain = true;
  for (std::size_t s = 0; s < 2 && !line.periodic; ++s) {
    stencil.held[s] = nodes && sides[s].kind == SideRule::Kind::value;
    // A cell sees the outside through the transfer and half a cell in series.
    if (sides[s].kind == SideRule::Kind::exchange)
      exchange[s] = nodes ? sides[s].transfer
                          : sides[s].transfer / (1.0 + 0.5 * line.spacing * sides[s].transfer / diffusivity);
    stencil.side[s] = side_flux(line, diffusivity, order, sides[s], exchange[s]);
    plain = plain &&
            (sides[s].kind == SideRule::Kind::flux || (order == 2 && sides[s].kind == SideRule::Kind::value));
  }
  stencil.rows = diffusion_rows(line, diffusivity, order, sides, exchange, stencil.held);
  const double c = diffusivity / (line.spacing * line.spacing);
  stencil.interior = order == 2 ? std::array{c, c, 0.0, 0.0}
                                : std::array{-c / 12.0, 16.0 * c / 12.0, 16.0 * c / 12.0, -c / 12.0};
  // The symbol at the shortest wave bounds every mode of the interior, and all of a line whose ghosts are
  // reflections. Other sides may add modes of their own: those decay within a few sites, so a short line
  // shows them.
  stencil.spectral_bound = (order == 2 ? 4.0 : 16.0 / 3.0) * c;
  if (line.count == 1) stencil.spectral_bound = stencil.rows[0].exchange;
  if (!plain) {
    Line part = line;
    part.count = std::min<std::size_t>(line.count, 48);
    stencil.spectral_bound =
        std::max(stencil.spectral_bound,
                 power_iteration(diffusion_rows(part, diffusivity, order, sides, exchange, stencil.held)));
  }
  return stencil;
}

AxisStencil upwind_stencil(const Line& line, double velocity) {
  AxisStencil stencil;
  stencil.line = line;
  stencil.rows.resize(line.count);
  const std::size_t n = line.count;
  const double speed = std::abs(velocity);
  for (std::size_t i = 0; i < n; ++i) {
    StencilRow& row = stencil.rows[i];
    const double rate = speed / line.width(i);
    const bool entry = !line.periodic && i == (velocity > 0.0 ? 0 : n - 1);
    if (entry) {
      row.exchange = rate;
      row.data[velocity > 0.0 ? 0 : 1] = rate;
      continue;
    }
    const std::size_t upstream = velocity > 0.0 ? (i + n - 1) % n : (i + 1) % n;
    row.count = 1;
    row.offset[0] = static_cast<std::ptrdiff_t>(upstream) - static_cast<std::ptrdiff_t>(i);
    row.coefficient[0] = rate;
  }
  stencil.interior[velocity > 0.0 ? 0 : 1] = speed / line.spacing;
  if (!line.periodic) {
    stencil.side[velocity > 0.0 ? 0 : 1].data = speed;
    stencil.side[velocity > 0.0 ? 1 : 0].site[0] = -speed;
  }
  // The matrix is triangular (or circulant) with |eigenvalue| up to 2 v / h: forward Euler is stable up to h
  // / v.
  stencil.spectral_bound = 2.0 * speed / line.spacing;
  return stencil;
}

}  // namespace holon::transport
