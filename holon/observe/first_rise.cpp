#include "holon/observe/first_rise.hpp"

#include "holon/observe/crossing.hpp"
#include "holon/observe/timed_observer.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace holon::observe {

namespace {

constexpr std::size_t block = 4096;  // sites that one thread takes at a time
constexpr double never = std::numeric_limits<double>::quiet_NaN();

}  // namespace

FirstRise::FirstRise(std::shared_ptr<const Space> space, double threshold, AboveAtFirst above)
    : space_(std::move(space)),
      threshold_(threshold),
      above_(above),
      before_(space_->sites(), never),
      times_(space_->sites(), never),
      risen_in_block_((space_->sites() + block - 1) / block, 0) {}

void FirstRise::look(std::span<const double> now, double time, ThreadPool& threads) {
  const auto look_at = [&](std::size_t begin, std::size_t end) {
    std::size_t& risen = risen_in_block_[begin / block];
    if (risen == end - begin) return;
    const double threshold = threshold_;
    std::size_t above = 0;  // a loop without branches: most looks find nothing new
    for (std::size_t site = begin; site < end; ++site) above += now[site] >= threshold ? 1 : 0;
    if (above > 0)
      for (std::size_t site = begin; site < end; ++site) {
        if (!(now[site] >= threshold) || !std::isnan(times_[site]) || !space_->inside(site)) continue;
        const bool first_look = std::isnan(before_[site]);
        if (first_look ? above_ == AboveAtFirst::must_rise_again : before_[site] >= threshold) continue;
        times_[site] = first_look ? time : linear_crossing(time_, before_[site], time, now[site], threshold);
        ++risen;
      }
    std::copy(now.begin() + static_cast<std::ptrdiff_t>(begin),
              now.begin() + static_cast<std::ptrdiff_t>(end),
              before_.begin() + static_cast<std::ptrdiff_t>(begin));
  };
  threads.for_range(times_.size(), block, [&](std::size_t begin, std::size_t end) {
    for (std::size_t at = begin; at < end; at += block) look_at(at, std::min(end, at + block));
  });
  risen_ = std::accumulate(risen_in_block_.begin(), risen_in_block_.end(), std::size_t{0});
  time_ = time;
}

void FirstRise::save(Archive& archive) const {
  archive.put("time", time_);
  archive.put("before", std::span<const double>(before_));
  archive.put("times", std::span<const double>(times_));
}

void FirstRise::load(const Archive& archive) {
  time_ = archive.reals("time").at(0);
  load_array(archive, "before", before_);
  load_array(archive, "times", times_);
  std::fill(risen_in_block_.begin(), risen_in_block_.end(), 0);
  for (std::size_t site = 0; site < times_.size(); ++site)
    risen_in_block_[site / block] += std::isnan(times_[site]) ? 0 : 1;
  risen_ = std::accumulate(risen_in_block_.begin(), risen_in_block_.end(), std::size_t{0});
}

}  // namespace holon::observe
