// Jumps at single sites inside steps: where a condition g(u, t) crosses zero, and where something arrives.
//
// A stepper moves a chunk of sites over a step as always. Then g and its rate along the flow,
//   dg/dt = sum_i (dg/du_i) f_i + dg/dt,
// are looked at, and the sites at which a condition has crossed zero or something arrives are taken back to
// the beginning of the step and moved again one by one: to the first crossing, found by bracketing (Illinois
// method) on the length of the stepper's own step to round-off; then they jump, and go on with the rest of
// the step. A condition that crosses zero twice within a step is seen by the extremum of the cubic through
// its values and rates. On which side of zero it was is kept in the State, so that what crosses because
// another process moved a state is an event too, at the beginning of the next step.
//
// At one instant: first what arrives, in order of channels and sources; then events, the higher priority
// first and otherwise in the order of declaration, each with the values that the one before left. A jump that
// moves another condition over zero makes that an event of the same instant.
#pragma once

#include "holon/engine/event_queue.hpp"
#include "holon/pointwise/stepper.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace holon::pointwise {

/// The kernels of a system's events.
class SiteEvents {
 public:
  /// `factory` outlives it.
  explicit SiteEvents(const KernelFactory& factory);

 private:
  friend class EventRun;
  friend class EventWatch;
  const KernelFactory& factory_;
  LazyKernel conditions_;                           // g and dg/dt of each event in turn
  std::vector<std::unique_ptr<LazyKernel>> jumps_;  // new values: of events, then of receivers
};

/// What one advance of a process shares between threads.
class EventRun {
 public:
  /// Takes what arrives before `end` out of the State's queue. Throws NumericalFailure for what should have
  /// arrived before `begin`.
  EventRun(const SiteEvents& events, State& state, double begin, double end);
  /// In order of time, channel and site.
  std::vector<Event> happened();
  /// What a conserved state gained in a jump.
  struct Gain {
    std::size_t site = 0;
    std::size_t jump = 0;  ///< events, then receivers
    std::size_t state = 0;
    double amount = 0.0;
  };
  /// In order of sites, within one in order of time.
  std::vector<Gain> gains();

 private:
  friend class EventWatch;
  struct Arrival {
    std::size_t site = 0, receiver = 0;
    double time = 0.0, weight = 0.0;
  };
  const SiteEvents& events_;
  std::vector<Arrival> arrivals_;  // by site, then in the order of their taking effect
  std::mutex mutex_;
  std::vector<Event> happened_;
  std::vector<Gain> gains_;
};

/// Watches the sites [begin, end) over one step after another.
class EventWatch {
 public:
  /// Moves the states of a site by one step in place [coherent time].
  using Flow = std::function<void(std::size_t site, double time, double dt)>;
  EventWatch(EventRun& run, AdvanceCall& call, std::size_t begin, std::size_t end, Flow flow);
  ~EventWatch();
  EventWatch(const EventWatch&) = delete;
  EventWatch& operator=(const EventWatch&) = delete;
  /// Before and after the stepper has moved the sites from `time` by `dt` [coherent time]. A failure where
  /// events follow each other without end.
  void before(double time);
  std::optional<SiteFailure> after(double time, double dt);
  /// After the last step, which ends at `time`.
  std::optional<SiteFailure> finish(double time);

 private:
  /// Of one site.
  struct Conditions {
    std::vector<double> value, rate;  // per event
  };
  std::size_t at(std::size_t event, std::size_t site) const {
    return event * (end_ - begin_) + site - begin_;
  }
  std::int64_t side(std::size_t event, std::size_t site) const { return sides_[event][site]; }
  void set_side(std::size_t event, std::size_t site, std::int64_t side) { sides_[event][site] = side; }
  void look_at_all(double time, std::vector<double>& value, std::vector<double>& rate) const;
  void look(std::size_t site, double time, Conditions& now) const;
  bool arrives(std::size_t site, double before) const;
  void find_crossings(double dt);
  void restore(std::size_t site) const;
  void keep(std::size_t site);
  void take_back(std::size_t site) const;
  double value_after(std::size_t site, double time, double dt, std::size_t event);
  double root(std::size_t site, double time, double high, std::size_t event, double value_at_high);
  std::optional<double> first_zero(std::size_t site, double time, double dt, std::size_t event);
  std::optional<SiteFailure> settle(std::size_t site, double time, double dt);
  std::optional<SiteFailure> fire(std::size_t site, double time, double dt,
                                  const std::vector<std::size_t>& crossed);
  void jump(std::size_t site, double time, std::size_t jump, double weight);

  EventRun& run_;
  AdvanceCall& call_;
  const KineticsSystem& system_;
  std::size_t begin_, end_;
  Flow flow_;
  bool idle_;  // no conditions, and nothing arrives here
  std::vector<double*> states_;
  std::vector<std::int64_t*> sides_;        // per event
  std::vector<char> crosses_;               // per site
  std::vector<std::vector<double>> saved_;  // the states of all sites at the beginning of the step
  std::vector<double> value_, rate_;        // conditions there, per event and site
  std::vector<double> next_value_, next_rate_;
  std::vector<std::size_t> arrival_;  // per site, the next in run_.arrivals_
  std::vector<Event> happened_;
  std::vector<EventRun::Gain> gains_;
  bool started_ = false;
  // Of the site that is being settled:
  std::vector<double> kept_;
  Conditions start_, stop_;
  std::int64_t fired_ = 0, stalled_ = 0;
  double first_fired_ = 0.0, last_fired_ = 0.0;
  bool lost_ = false;  // a zero can't be told from the one before it
};

}  // namespace holon::pointwise
