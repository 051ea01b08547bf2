// When each site of a field rises through a threshold for the first time.
#pragma once

#include "holon/base/parallel.hpp"
#include "holon/engine/archive.hpp"
#include "holon/space/space.hpp"

#include <memory>
#include <span>
#include <vector>

namespace holon::observe {

/// First upward crossings of all sites, by straight lines between the looks: error O(dt^2). A site that is
/// above at the first look counts as risen then, or has to fall and rise again. Sites are shared out over
/// threads; what is found does not depend on how. Blocks of sites that have all risen are not looked at
/// again. Sites outside of an irregular domain are not looked at.
class FirstRise {
 public:
  enum class AboveAtFirst { has_risen, must_rise_again };
  FirstRise(std::shared_ptr<const Space> space, double threshold,
            AboveAtFirst above = AboveAtFirst::has_risen);
  /// The values of all sites at a time later than that of the look before.
  void look(std::span<const double> now, double time, ThreadPool& threads);
  bool complete() const { return risen_ == space_->sites_inside(); }
  std::size_t risen() const { return risen_; }
  std::span<const double> times() const { return times_; }  ///< not a number where it has not risen
  void save(Archive& archive) const;
  void load(const Archive& archive);

 private:
  std::shared_ptr<const Space> space_;
  double threshold_, time_ = 0.0;
  AboveAtFirst above_;
  std::size_t risen_ = 0;
  std::vector<double> before_, times_;
  std::vector<std::size_t> risen_in_block_;
};

}  // namespace holon::observe
