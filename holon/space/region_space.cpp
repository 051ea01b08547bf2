#include "holon/space/region_space.hpp"

#include "holon/base/error.hpp"

#include <algorithm>

namespace holon {

RegionSpace::RegionSpace(std::string name, std::shared_ptr<const Space> whole, std::vector<std::size_t> sites)
    : Space(std::move(name), whole->length_dimension()), whole_(std::move(whole)), sites_(std::move(sites)) {
  require(!sites_.empty() && std::is_sorted(sites_.begin(), sites_.end()) && sites_.back() < whole_->sites(),
          "a region has sites of the whole, in their order");
}

std::optional<std::size_t> RegionSpace::index(std::size_t whole_site) const {
  const auto found = std::lower_bound(sites_.begin(), sites_.end(), whole_site);
  if (found == sites_.end() || *found != whole_site) return std::nullopt;
  return static_cast<std::size_t>(found - sites_.begin());
}

std::optional<Stencil> RegionSpace::interpolation(const Position& place) const {
  const auto around = whole_->interpolation(place);
  if (!around) return std::nullopt;
  Stencil own;
  double weights = 0.0;
  for (std::size_t k = 0; k < around->sites.size(); ++k)
    if (const auto site = index(around->sites[k]); site && around->weights[k] != 0.0) {
      own.sites.push_back(*site);
      own.weights.push_back(around->weights[k]);
      weights += around->weights[k];
    }
  if (own.sites.empty()) return std::nullopt;
  for (double& weight : own.weights) weight /= weights;
  return own;
}

std::optional<std::size_t> RegionSpace::nearest(const Position& place) const {
  const auto site = whole_->nearest(place);
  return site ? index(*site) : std::nullopt;
}

namespace {

SparseMap::Rows rows_of(const RegionSpace& region) {
  SparseMap::Rows rows;
  for (std::size_t site = 0; site < region.sites(); ++site) {
    rows.add(static_cast<std::uint32_t>(region.whole_site(site)), 1.0);
    rows.end_row();
  }
  return rows;
}

}  // namespace

Restriction::Restriction(const RegionSpace& region)
    : SparseMap(rows_of(region), std::make_shared<const std::vector<double>>(measures_of(*region.whole())),
                std::make_shared<const std::vector<double>>(measures_of(region))) {}

}  // namespace holon
