// Observers whose map follows from the times at which the sites of a field rise first.
#pragma once

#include "holon/observe/first_rise.hpp"
#include "holon/observe/site_map.hpp"

#include <string>
#include <utility>
#include <vector>

namespace holon::observe {

/// Looks until every site has risen; writes its map as a frame at the end.
class FirstRiseMap : public TimedObserver {
 public:
  bool wants(std::int64_t) const override { return !complete(); }
  bool complete() const override { return rise_.complete(); }

 protected:
  /// `column`: what the map is called in its frame. `options` outlive the observer.
  FirstRiseMap(std::string name, std::string column, const MapOptions& options, const Model& model,
               FirstRise::AboveAtFirst above = FirstRise::AboveAtFirst::has_risen)
      : name_(std::move(name)),
        column_(std::move(column)),
        options_(options),
        values_(options.of, model),
        rise_(options.of.space, options.threshold, above) {}

  /// Whether what stands at this time [coherent] is not looked at.
  virtual bool leaves_out(double) const { return false; }
  /// One number for each site, in the options' unit.
  virtual std::vector<double> map() const = 0;
  const FirstRise& rise() const { return rise_; }

 private:
  void look(const Observation& observation) final {
    if (leaves_out(observation.time)) return;
    rise_.look(values_.all(observation.state, observation.time, observation.threads), observation.time,
               observation.threads);
  }
  void end(const Observation& observation) final {
    if (rise_.risen() > 0) write_map(name_, column_, map(), options_, observation);
  }
  void save_more(Archive& archive) const final { rise_.save(archive); }
  void load_more(const Archive& archive) final { rise_.load(archive); }

  std::string name_, column_;
  const MapOptions& options_;
  ObservedValues values_;
  FirstRise rise_;
};

}  // namespace holon::observe
