// A part of a space as a space of its own: the sites that a region picks out.
#pragma once

#include "holon/space/sparse_map.hpp"

#include <string>
#include <vector>

namespace holon {

/// Sites, in the order that they have in the space that they are a part of, with their places and measures.
class RegionSpace final : public Space {
 public:
  /// `sites`: those of `whole` that belong to it, ascending, at least one.
  RegionSpace(std::string name, std::shared_ptr<const Space> whole, std::vector<std::size_t> sites);
  Type type() const override { return Type::region; }
  std::size_t sites() const override { return sites_.size(); }
  int dimensions() const override { return whole_->dimensions(); }
  int measure_power() const override { return whole_->measure_power(); }
  Position position(std::size_t site) const override { return whole_->position(sites_[site]); }
  double measure(std::size_t site) const override { return whole_->measure(sites_[site]); }
  /// Within what the sites around a place belong to alone.
  std::optional<Stencil> interpolation(const Position& place) const override;
  std::optional<std::size_t> nearest(const Position& place) const override;
  std::string site_text(std::size_t site) const override { return whole_->site_text(sites_[site]); }

  const std::shared_ptr<const Space>& whole() const { return whole_; }
  std::size_t whole_site(std::size_t site) const { return sites_[site]; }

 private:
  /// The region's number of a site of the whole.
  std::optional<std::size_t> index(std::size_t whole_site) const;
  std::shared_ptr<const Space> whole_;
  std::vector<std::size_t> sites_;
};

/// From the whole to a region, (T f)_i = f at the same site. Its adjoint extends by zero.
class Restriction final : public SparseMap {
 public:
  explicit Restriction(const RegionSpace& region);
};

}  // namespace holon
