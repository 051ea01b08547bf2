#include "holon/space/tree_space.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

namespace holon {

namespace {

double distance(const Position& a, const Position& b) {
  return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

Position between(const Position& a, const Position& b, double share) {
  Position place{};
  for (std::size_t i = 0; i < 3; ++i) place[i] = a[i] + share * (b[i] - a[i]);
  return place;
}

/// What lies between two lengths of a branch.
struct Part {
  double area = 0.0, volume = 0.0, resistance = 0.0;
};

Part part_of(const TreeBranch& branch, double from, double to, bool per_area) {
  Part part;
  double begin = 0.0;
  for (const TreeBranch::Piece& piece : branch.pieces) {
    const double end = begin + piece.length;
    const double low = std::max(from, begin), high = std::min(to, end), h = high - low;
    if (h > 0.0) {
      const auto radius = [&](double at) {
        return piece.radius_begin + (piece.radius_end - piece.radius_begin) * ((at - begin) / piece.length);
      };
      const double a = radius(low), b = radius(high);
      part.area += std::numbers::pi * (a + b) * std::hypot(h, b - a);
      part.volume += std::numbers::pi * h * (a * a + a * b + b * b) / 3.0;
      part.resistance += per_area ? h / (std::numbers::pi * a * b) : h;
    }
    begin = end;
  }
  return part;
}

Position place_on(const TreeBranch& branch, double at) {
  double begin = 0.0;
  for (const TreeBranch::Piece& piece : branch.pieces) {
    if (at <= begin + piece.length) return between(piece.begin, piece.end, (at - begin) / piece.length);
    begin += piece.length;
  }
  return branch.pieces.back().end;
}

}  // namespace

double TreeBranch::length() const {
  double sum = 0.0;
  for (const Piece& piece : pieces) sum += piece.length;
  return sum;
}

TreeSpace::TreeSpace(std::string name, std::vector<TreeBranch> branches, double spacing, Measure measure,
                     Places places, Dimension length)
    : Space(std::move(name), length), measure_(measure), places_(places), branches_(std::move(branches)) {
  const auto fault = [&](const std::string& what) {
    throw InputError(fmt::format("tree '{}': {}", this->name(), what));
  };
  if (!(spacing > 0.0)) fault("the spacing is not positive");
  if (branches_.empty()) fault("there is no branch");
  for (std::size_t b = 0; b < branches_.size(); ++b) {
    TreeBranch& branch = branches_[b];
    if (branch.parent && *branch.parent >= b)
      fault(fmt::format("branch '{}' comes before its parent", branch.name));
    if (!branch.parent && b > 0)
      fault(fmt::format("'{}' and '{}' have no parent: a tree has one root", branches_[0].name, branch.name));
    if (branch.pieces.empty()) fault(fmt::format("branch '{}' has no length", branch.name));
    for (const TreeBranch::Piece& piece : branch.pieces) {
      if (!(piece.length > 0.0)) fault(fmt::format("branch '{}' has no length", branch.name));
      if (!(piece.radius_begin > 0.0) || !(piece.radius_end > 0.0))
        fault(fmt::format("branch '{}' has a radius of zero or below", branch.name));
    }
    // Where a parent begins, its own parent ends: the two meet at one node.
    while (branch.parent && branch.at_start && branches_[*branch.parent].parent) {
      branch.at_start = branches_[*branch.parent].at_start;
      branch.parent = branches_[*branch.parent].parent;
    }
    const double begins = !branch.parent ? 0.0
                                         : start_[*branch.parent] +
                                               (branch.at_start ? 0.0 : branches_[*branch.parent].length());
    start_.push_back(begins);
    first_.push_back(segments_.size());
    cut(b, spacing);
  }
  first_.push_back(segments_.size());
  join();
}

void TreeSpace::cut(std::size_t branch, double spacing) {
  const TreeBranch& tube = branches_[branch];
  const double length = tube.length();
  const auto count = static_cast<std::size_t>(std::max(1.0, std::ceil(length / spacing * (1.0 - 1e-12))));
  const double step = length / static_cast<double>(count);
  const bool per_area = measure_ != Measure::length;
  for (std::size_t s = 0; s < count; ++s) {
    const double low = step * static_cast<double>(s), middle = low + 0.5 * step,
                 high = s + 1 == count ? length : low + step;
    const Part lower = part_of(tube, low, middle, per_area), upper = part_of(tube, middle, high, per_area);
    segments_.push_back({branch, start_[branch] + middle, step, lower.area + upper.area,
                         lower.volume + upper.volume, lower.resistance, upper.resistance,
                         place_on(tube, middle)});
  }
}

void TreeSpace::join() {
  // How many children begin where a branch ends, and where the root begins.
  std::vector<std::size_t> at_end(branches_.size(), 0);
  std::size_t at_root = 0;
  for (const TreeBranch& branch : branches_)
    if (branch.parent) ++(branch.at_start ? at_root : at_end[*branch.parent]);
  std::vector<std::size_t> node_of(segments_.size());
  std::vector<std::size_t> meeting(branches_.size(), Node::none);  // nodes at the ends of branches
  std::size_t meeting_at_root = Node::none;
  for (std::size_t b = 0; b < branches_.size(); ++b) {
    const TreeBranch& branch = branches_[b];
    for (std::size_t site = first_site(b); site < end_site(b); ++site) {
      Node node{.site = site};
      if (site > first_site(b)) {
        node.parent = node_of[site - 1];
        node.conductance =
            1.0 / (segments_[site - 1].resistance_to_end + segments_[site].resistance_to_begin);
      } else if (branch.parent) {
        const bool start = branch.at_start;
        const std::size_t before = start ? 0 : end_site(*branch.parent) - 1;
        const double from =
            start ? segments_[before].resistance_to_begin : segments_[before].resistance_to_end;
        std::size_t& shared = start ? meeting_at_root : meeting[*branch.parent];
        if ((start ? at_root : at_end[*branch.parent]) == 1) {
          node.parent = node_of[before];
          node.conductance = 1.0 / (from + segments_[site].resistance_to_begin);
        } else {
          if (shared == Node::none) {
            shared = nodes_.size();
            nodes_.push_back({.parent = node_of[before], .conductance = 1.0 / from});
          }
          node.parent = shared;
          node.conductance = 1.0 / segments_[site].resistance_to_begin;
        }
      }
      node_of[site] = nodes_.size();
      nodes_.push_back(node);
    }
  }
}

int TreeSpace::measure_power() const {
  return measure_ == Measure::length ? 1 : measure_ == Measure::area ? 2 : 3;
}

double TreeSpace::measure(std::size_t site) const {
  const Segment& segment = segments_[site];
  return measure_ == Measure::length ? segment.length
         : measure_ == Measure::area ? segment.area
                                     : segment.volume;
}

double TreeSpace::whole_measure() const {
  double sum = 0.0;
  for (std::size_t site = 0; site < sites(); ++site) sum += measure(site);
  return sum;
}

Position TreeSpace::position(std::size_t site) const {
  return places_ == Places::distance ? Position{segments_[site].distance, 0.0, 0.0} : segments_[site].middle;
}

std::optional<Stencil> TreeSpace::interpolation(const Position& place) const {
  if (places_ == Places::space) {
    const auto site = nearest(place);
    return site ? std::optional(Stencil{{*site}, {1.0}}) : std::nullopt;
  }
  const double at = place[0];
  for (std::size_t b = 0; b < branches_.size(); ++b) {
    const double end = start_[b] + branches_[b].length();
    if (at < start_[b] || at > end * (1.0 + 1e-12)) continue;
    const std::size_t first = first_site(b), last = end_site(b) - 1;
    if (at <= segments_[first].distance) return Stencil{{first}, {1.0}};
    if (at >= segments_[last].distance) return Stencil{{last}, {1.0}};
    std::size_t upper = first + 1;
    while (segments_[upper].distance < at) ++upper;
    const double share = (at - segments_[upper - 1].distance) / segments_[upper].length;
    return Stencil{{upper - 1, upper}, {1.0 - share, share}};
  }
  return std::nullopt;
}

std::optional<std::size_t> TreeSpace::nearest(const Position& place) const {
  if (places_ == Places::distance) {
    const auto around = interpolation(place);
    if (!around) return std::nullopt;
    return around->sites[around->weights.size() > 1 && around->weights[1] > 0.5 ? 1 : 0];
  }
  std::size_t best = 0;
  for (std::size_t site = 1; site < sites(); ++site)
    if (distance(place, segments_[site].middle) < distance(place, segments_[best].middle)) best = site;
  return distance(place, segments_[best].middle) <= segments_[best].length ? std::optional(best)
                                                                           : std::nullopt;
}

std::string TreeSpace::site_text(std::size_t site) const {
  const Segment& segment = segments_[site];
  const std::string unit = length_dimension().dimensionless() ? "" : " um";
  const double factor = length_dimension().dimensionless() ? 1.0 : 1e6;
  return fmt::format("segment {} of branch '{}', {:.6g}{} from the root", site - first_site(segment.branch),
                     branches_[segment.branch].name, segment.distance * factor, unit);
}

}  // namespace holon
