#include "holon/space/space.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <numeric>

#include <fmt/format.h>

namespace holon {

struct Space::Columns {
  std::array<std::vector<double>, 3> axis;
};

std::span<const double> Space::coordinates(int axis) const {
  auto columns = std::atomic_load(&columns_);
  if (!columns) {
    auto made = std::make_shared<Columns>();
    for (auto& column : made->axis) column.resize(sites());
    for (std::size_t site = 0; site < sites(); ++site) {
      const Position place = position(site);
      for (std::size_t a = 0; a < 3; ++a) made->axis[a][site] = place[a];
    }
    std::shared_ptr<const Columns> expected;
    std::shared_ptr<const Columns> desired = made;
    std::atomic_compare_exchange_strong(&columns_, &expected, desired);
    columns = std::atomic_load(&columns_);
  }
  return columns->axis[static_cast<std::size_t>(axis)];
}

GridSpace::GridSpace(std::string name, Sites sites, std::vector<Axis> axes, Dimension length)
    : StructuredSpace(std::move(name), length, sites), axes_(std::move(axes)) {
  if (axes_.empty() || axes_.size() > 3)
    throw InputError(fmt::format("grid '{}' has {} axes; a grid has 1 to 3", this->name(), axes_.size()));
  std::array<std::size_t, 3> count{1, 1, 1};
  for (std::size_t a = 0; a < axes_.size(); ++a) {
    if (!(axes_[a].spacing > 0.0) || !std::isfinite(axes_[a].spacing))
      throw InputError(fmt::format("grid '{}': the spacing along {} is {}; it must be positive", this->name(),
                                   "xyz"[a], axes_[a].spacing));
    if (axes_[a].intervals < 1)
      throw InputError(fmt::format("grid '{}' has no interval along {}", this->name(), "xyz"[a]));
    count[a] = axes_[a].intervals + (sites == Sites::nodes && !axes_[a].periodic ? 1 : 0);
  }
  set_counts(static_cast<int>(axes_.size()), count);
}

GridSpace::GridSpace(const GridSpace& whole, std::vector<char> inside)
    : GridSpace(whole.name(), whole.arrangement(), whole.axes_, whole.length_dimension()) {
  require(inside.size() == sites(), "a mask has one number for each site");
  inside_ = std::move(inside);
  sites_inside_ = static_cast<std::size_t>(
      std::count_if(inside_.begin(), inside_.end(), [](char site) { return site != 0; }));
}

double GridSpace::width(int a, std::size_t i) const {
  const bool side =
      arrangement() == Sites::nodes && !periodic(a) && count(a) > 1 && (i == 0 || i == count(a) - 1);
  return side ? 0.5 * axis(a).spacing : axis(a).spacing;
}

Position GridSpace::position(std::size_t site) const {
  const auto index = indices(site);
  const double shift = arrangement() == Sites::cells ? 0.5 : 0.0;
  Position place{};
  for (std::size_t a = 0; a < axes_.size(); ++a)
    place[a] = axes_[a].origin + (static_cast<double>(index[a]) + shift) * axes_[a].spacing;
  return place;
}

double GridSpace::measure(std::size_t site) const {
  if (!inside(site)) return 0.0;
  const auto index = indices(site);
  double measure = 1.0;
  for (std::size_t a = 0; a < axes_.size(); ++a) {
    const bool side = arrangement() == Sites::nodes && !axes_[a].periodic &&
                      (index[a] == 0 || index[a] == count(static_cast<int>(a)) - 1);
    measure *= side ? 0.5 * axes_[a].spacing : axes_[a].spacing;
  }
  return measure;
}

std::optional<Stencil> GridSpace::interpolation(const Position& place) const {
  const double shift = arrangement() == Sites::cells ? 0.5 : 0.0;
  std::array<std::array<std::size_t, 2>, 3> site{};
  std::array<std::array<double, 2>, 3> weight{{{1.0, 0.0}, {1.0, 0.0}, {1.0, 0.0}}};
  for (std::size_t a = 0; a < axes_.size(); ++a) {
    const double intervals = static_cast<double>(axes_[a].intervals);
    double x = (place[a] - axes_[a].origin) / axes_[a].spacing;
    if (axes_[a].periodic) x -= intervals * std::floor(x / intervals);
    const double slack = 1e-9 * intervals;
    if (!(x >= -slack && x <= intervals + slack)) return std::nullopt;
    const auto last = static_cast<std::ptrdiff_t>(count(static_cast<int>(a))) - 1;
    double u = x - shift;  // in units of sites
    if (!axes_[a].periodic) u = std::clamp(u, 0.0, static_cast<double>(last));
    auto low = static_cast<std::ptrdiff_t>(std::floor(u));
    double w = u - static_cast<double>(low);
    if (w < 1e-9) w = 0.0;
    if (w > 1.0 - 1e-9) {
      w = 0.0;
      ++low;
    }
    const auto n = static_cast<std::ptrdiff_t>(count(static_cast<int>(a)));
    const auto wrap = [&](std::ptrdiff_t i) {
      return static_cast<std::size_t>(axes_[a].periodic ? ((i % n) + n) % n
                                                        : std::clamp<std::ptrdiff_t>(i, 0, last));
    };
    site[a] = {wrap(low), wrap(low + 1)};
    weight[a] = {1.0 - w, w};
  }
  Stencil stencil;
  for (std::size_t k = 0; k < 2; ++k)
    for (std::size_t j = 0; j < 2; ++j)
      for (std::size_t i = 0; i < 2; ++i) {
        const double w = weight[0][i] * weight[1][j] * weight[2][k];
        const std::size_t corner = index(site[0][i], site[1][j], site[2][k]);
        if (w == 0.0 || !inside(corner)) continue;
        stencil.sites.push_back(corner);
        stencil.weights.push_back(w);
      }
  if (stencil.sites.empty()) return std::nullopt;
  if (masked()) {
    const double sum = std::accumulate(stencil.weights.begin(), stencil.weights.end(), 0.0);
    for (double& w : stencil.weights) w /= sum;
  }
  return stencil;
}

std::optional<std::size_t> GridSpace::nearest(const Position& place) const {
  const auto stencil = interpolation(place);
  if (!stencil) return std::nullopt;
  const auto largest = std::max_element(stencil->weights.begin(), stencil->weights.end());
  return stencil->sites[static_cast<std::size_t>(largest - stencil->weights.begin())];
}

namespace {

std::string place_text(const Position& place, int dimensions, const Dimension& length) {
  std::string text;
  // Millimetres read best for tissue; pure numbers stay as they are.
  const bool plain = length.dimensionless();
  for (int a = 0; a < dimensions; ++a) {
    const double x = place[static_cast<std::size_t>(a)];
    text += fmt::format("{}{:.6g}", a == 0 ? "" : ", ", plain ? x : 1e3 * x);
  }
  return fmt::format("({}){}", text, plain ? "" : " mm");
}

}  // namespace

std::string GridSpace::site_text(std::size_t site) const {
  const auto i = indices(site);
  std::string numbers = fmt::format("{}", i[0]);
  for (std::size_t a = 1; a < axes_.size(); ++a) numbers += fmt::format(", {}", i[a]);
  return fmt::format("{} ({}) of {} at {}", arrangement() == Sites::nodes ? "node" : "cell", numbers, name(),
                     place_text(position(site), dimensions(), length_dimension()));
}

ProductSpace::ProductSpace(std::string name, std::shared_ptr<const Space> macro,
                           std::shared_ptr<const Space> micro)
    : Space(std::move(name), macro->length_dimension()), macro_(std::move(macro)), micro_(std::move(micro)) {}

std::string ProductSpace::site_text(std::size_t site) const {
  return fmt::format("{} at {}", micro_->site_text(micro_site(site)), macro_->site_text(macro_site(site)));
}

NamedPoints::NamedPoints(std::string name, std::vector<std::string> names, std::vector<Position> positions,
                         int dimensions, Dimension length)
    : Space(std::move(name), length),
      names_(std::move(names)),
      positions_(std::move(positions)),
      dimensions_(dimensions) {
  require(names_.size() == positions_.size(), "named points have one position each");
}

std::optional<std::size_t> NamedPoints::nearest(const Position& place) const {
  std::optional<std::size_t> best;
  double least = 0.0;
  for (std::size_t p = 0; p < positions_.size(); ++p) {
    double distance = 0.0;
    for (std::size_t a = 0; a < 3; ++a)
      distance += (positions_[p][a] - place[a]) * (positions_[p][a] - place[a]);
    if (!best || distance < least) {
      best = p;
      least = distance;
    }
  }
  return best;
}

}  // namespace holon
