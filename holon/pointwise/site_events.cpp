#include "holon/pointwise/site_events.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace holon::pointwise {

namespace {

constexpr std::size_t few_sites = 256;    // for which a compiled kernel would not pay
constexpr double one_instant = 1e-12;     // events this close, relative to the step, are at one
constexpr double on_the_surface = 1e-11;  // of the step: how far the rate at a zero carries a condition
constexpr double near_miss = 0.05;        // of a condition's size: extrema this near zero are looked at
constexpr std::int64_t most_stalled = 1000, piling_up = 1000, most_events = 1'000'000;  // of a site in a step
constexpr int most_halvings = 60, most_iterations = 200;

double ulps(double time) { return 4.0 * std::numeric_limits<double>::epsilon() * std::fabs(time); }

std::int64_t sign(double x) { return x > 0.0 ? 1 : x < 0.0 ? -1 : 0; }

/// Whether a condition that was on one side of zero is on the other. What moves back to its own side and is
/// no farther from it than round-off at the crossing that it comes from has not left it.
bool moved(std::int64_t side, double value, double rate, double dt) {
  const double s = static_cast<double>(side);
  if (s * value == 0.0) return s * rate < 0.0;
  if (!(s * value < 0.0)) return false;
  return !(s * rate > 0.0 && std::fabs(value) <= on_the_surface * std::fabs(rate) * dt);
}

/// Where between 0 and 1 the cubic with these values and slopes at both ends has its extremum, and its value
/// there; the slopes are of opposite sign.
struct Extremum {
  double place, value;
};
Extremum extremum(double a, double b, double slope_a, double slope_b) {
  const double p = 6.0 * (a - b) + 3.0 * (slope_a + slope_b);
  const double q = -6.0 * (a - b) - 4.0 * slope_a - 2.0 * slope_b;
  const double root = std::sqrt(std::max(0.0, q * q - 4.0 * p * slope_a));
  const double half = -0.5 * (q + std::copysign(root, q));
  double x = half != 0.0 ? slope_a / half : 0.5;
  if (!(x > 0.0 && x < 1.0)) x = p != 0.0 ? half / p : 0.5;
  if (!(x > 0.0 && x < 1.0)) x = 0.5;
  const double y = 1.0 - x;
  return {x, y * y * (1.0 + 2.0 * x) * a + x * y * y * slope_a + x * x * (3.0 - 2.0 * x) * b -
                 x * x * y * slope_b};
}

/// Whether a condition that is on its side at both ends of a step may have left it in between.
bool may_have_left(std::int64_t side, double a, double b, double rate_a, double rate_b, double dt) {
  const double s = static_cast<double>(side);
  if (!(s * rate_a < 0.0 && s * rate_b > 0.0)) return false;
  return s * extremum(a, b, rate_a * dt, rate_b * dt).value <
         near_miss * std::max(std::fabs(a), std::fabs(b));
}

}  // namespace

SiteEvents::SiteEvents(const KernelFactory& factory)
    : factory_(factory), conditions_([&factory](ParameterBinding binding) {
        KernelFactory::Extras extras;
        if (factory.system().space->sites() <= few_sites) extras.tier = expr::Tier::interpreter;
        return factory.make("conditions", binding, extras, [&](const KernelFactory::Equations& equations) {
          const OdeSystem& ode = equations.ode;
          Graph& g = *ode.graph;
          std::vector<Node> nodes;
          std::size_t position = 0;
          for (const auto& event : factory.system().events) {
            const Node when = equations.jumps[position];
            Node along = g.constant(0.0);
            for (std::size_t i = 0; i < ode.size(); ++i)
              along = g.add(along, g.multiply(derivative(g, when, ode.states[i]), ode.rates[i]));
            const Node rate = g.add(g.multiply(g.constant(1.0 / factory.system().time_unit), along),
                                    derivative(g, when, ode.time));
            nodes.insert(nodes.end(), {when, rate});
            position += 1 + event.then.size();
          }
          return nodes;
        });
      }) {
  std::size_t position = 0;
  const auto add = [&](const std::string& name, std::size_t first, std::size_t count) {
    jumps_.push_back(std::make_unique<LazyKernel>([&factory, name, first, count](ParameterBinding binding) {
      return factory.make("event " + name, binding, {{}, {"weight"}, expr::Tier::interpreter},
                          [&](const KernelFactory::Equations& equations) {
                            const auto from = equations.jumps.begin() + static_cast<std::ptrdiff_t>(first);
                            return std::vector<Node>(from, from + static_cast<std::ptrdiff_t>(count));
                          });
    }));
  };
  for (const auto& event : factory.system().events) {
    add(event.name, position + 1, event.then.size());
    position += 1 + event.then.size();
  }
  for (const auto& receiver : factory.system().receivers) {
    add(receiver.name, position, receiver.then.size());
    position += receiver.then.size();
  }
}

EventRun::EventRun(const SiteEvents& events, State& state, double begin, double end) : events_(events) {
  const KineticsSystem& system = events.factory_.system();
  std::vector<Event>& pending = state.events.pending;
  if (pending.empty() || system.receivers.empty()) return;
  const double lateness = ulps(begin) + 1e-9 * (end - begin);
  const auto stays = [&](const Event& event) {
    if (!(event.time < end)) return true;
    const auto receiver =
        std::find_if(system.receivers.begin(), system.receivers.end(),
                     [&](const KineticsSystem::Receiver& r) { return r.channel == event.channel; });
    if (receiver == system.receivers.end()) return true;
    if (event.time < begin - lateness)
      throw NumericalFailure(
          fmt::format("an event on channel '{}' of {} was due {:.3g} of a step before it became known: its "
                      "delay is shorter now than the least delay at the start, by which steps were divided",
                      (*system.fields)[event.channel].name, state.site_text(*system.space, event.site),
                      (begin - event.time) / (end - begin)));
    arrivals_.push_back({event.site, static_cast<std::size_t>(receiver - system.receivers.begin()),
                         std::max(event.time, begin), event.weight});
    return false;
  };
  pending.erase(std::stable_partition(pending.begin(), pending.end(), stays), pending.end());
  std::stable_sort(arrivals_.begin(), arrivals_.end(),
                   [](const Arrival& a, const Arrival& b) { return a.site < b.site; });
}

std::vector<Event> EventRun::happened() {
  // Those of one site are in the order in which they happened.
  std::stable_sort(happened_.begin(), happened_.end(), [](const Event& a, const Event& b) {
    return std::tie(a.time, a.site) < std::tie(b.time, b.site);
  });
  return std::move(happened_);
}

std::vector<EventRun::Gain> EventRun::gains() {
  std::stable_sort(gains_.begin(), gains_.end(),
                   [](const Gain& a, const Gain& b) { return a.site < b.site; });
  return std::move(gains_);
}

EventWatch::EventWatch(EventRun& run, AdvanceCall& call, std::size_t begin, std::size_t end, Flow flow)
    : run_(run),
      call_(call),
      system_(run.events_.factory_.system()),
      begin_(begin),
      end_(end),
      flow_(std::move(flow)),
      states_(state_columns(call.state, system_.states)) {
  const auto by_site = [](const EventRun::Arrival& a, std::size_t site) { return a.site < site; };
  auto next = std::lower_bound(run.arrivals_.begin(), run.arrivals_.end(), begin, by_site);
  idle_ = system_.events.empty() && (next == run.arrivals_.end() || next->site >= end);
  if (idle_) return;
  for (std::size_t site = begin; site < end; ++site) {
    while (next != run.arrivals_.end() && next->site < site) ++next;
    arrival_.push_back(static_cast<std::size_t>(next - run.arrivals_.begin()));
  }
  const std::size_t entries = system_.events.size() * (end - begin);
  for (auto* column : {&value_, &rate_, &next_value_, &next_rate_}) column->assign(entries, 0.0);
  saved_.assign(states_.size(), std::vector<double>(end - begin));
  kept_.resize(states_.size());
  crosses_.resize(end - begin);
  for (std::size_t e = 0; e < system_.events.size(); ++e)
    sides_.push_back(call.state.integer(*system_.sides, static_cast<int>(e)).data());
  for (Conditions* each : {&start_, &stop_}) {
    each->value.resize(system_.events.size());
    each->rate.resize(system_.events.size());
  }
}

EventWatch::~EventWatch() {
  if (happened_.empty() && gains_.empty()) return;
  const std::scoped_lock lock(run_.mutex_);
  run_.happened_.insert(run_.happened_.end(), happened_.begin(), happened_.end());
  run_.gains_.insert(run_.gains_.end(), gains_.begin(), gains_.end());
}

void EventWatch::look_at_all(double time, std::vector<double>& value, std::vector<double>& rate) const {
  std::vector<double*> out;
  for (std::size_t e = 0; e < system_.events.size(); ++e)
    for (std::vector<double>* column : {&value, &rate})
      out.push_back(column->data() + e * (end_ - begin_) - begin_);
  SiteKernel::Call at;
  at.time = time;
  at.columns = call_.columns;
  at.inputs = call_.inputs;
  run_.events_.conditions_.get(call_.binding).run(call_.state, at, out, begin_, end_);
}

void EventWatch::look(std::size_t site, double time, Conditions& now) const {
  if (system_.events.empty()) return;
  std::vector<double*> out;
  for (std::size_t e = 0; e < system_.events.size(); ++e)
    for (std::vector<double>* column : {&now.value, &now.rate}) out.push_back(column->data() + e - site);
  SiteKernel::Call at;
  at.time = time;
  at.columns = call_.columns;
  at.inputs = call_.inputs;
  run_.events_.conditions_.get(call_.binding).run(call_.state, at, out, site, site + 1);
}

void EventWatch::before(double time) {
  if (idle_) return;
  for (std::size_t i = 0; i < states_.size(); ++i)
    std::copy(states_[i] + begin_, states_[i] + end_, saved_[i].begin());
  if (system_.events.empty()) return;
  if (started_) {
    std::swap(value_, next_value_);
    std::swap(rate_, next_rate_);
    return;
  }
  started_ = true;
  look_at_all(time, value_, rate_);
  for (std::size_t e = 0; e < system_.events.size(); ++e)
    for (std::size_t site = begin_; site < end_; ++site) {
      if (side(e, site) != 0) continue;
      const double value = value_[at(e, site)];
      set_side(e, site, sign(value) != 0 ? sign(value) : sign(rate_[at(e, site)]));
    }
}

bool EventWatch::arrives(std::size_t site, double before) const {
  const std::size_t next = arrival_[site - begin_];
  return next < run_.arrivals_.size() && run_.arrivals_[next].site == site &&
         run_.arrivals_[next].time < before;
}

void EventWatch::find_crossings(double dt) {
  std::fill(crosses_.begin(), crosses_.end(), char{0});
  for (std::size_t e = 0; e < system_.events.size(); ++e) {
    const std::int64_t* const sides = sides_[e] + begin_;
    const double* const value = value_.data() + at(e, begin_);
    const double* const rate = rate_.data() + at(e, begin_);
    const double* const next = next_value_.data() + at(e, begin_);
    const double* const next_rate = next_rate_.data() + at(e, begin_);
    for (std::size_t k = 0; k < end_ - begin_; ++k) {
      const auto s = static_cast<double>(sides[k]);
      const bool turns = s * rate[k] < 0.0 && s * next_rate[k] > 0.0;
      if (s * value[k] > 0.0 && s * next[k] > 0.0 && !turns) continue;
      if (moved(sides[k], value[k], rate[k], dt) || moved(sides[k], next[k], next_rate[k], dt) ||
          may_have_left(sides[k], value[k], next[k], rate[k], next_rate[k], dt))
        crosses_[k] = 1;
    }
  }
}

std::optional<SiteFailure> EventWatch::after(double time, double dt) {
  if (idle_) return std::nullopt;
  if (!system_.events.empty()) look_at_all(time + dt, next_value_, next_rate_);
  find_crossings(dt);
  for (std::size_t site = begin_; site < end_; ++site) {
    if (crosses_[site - begin_] == 0 && !arrives(site, time + dt)) {
      for (std::size_t e = 0; e < system_.events.size(); ++e)
        if (side(e, site) == 0) set_side(e, site, sign(next_value_[at(e, site)]));
      continue;
    }
    if (!system_.space->inside(site)) continue;
    restore(site);
    if (auto failure = settle(site, time, dt)) return failure;
    for (std::size_t e = 0; e < system_.events.size(); ++e) {
      next_value_[at(e, site)] = start_.value[e];
      next_rate_[at(e, site)] = start_.rate[e];
    }
  }
  return std::nullopt;
}

std::optional<SiteFailure> EventWatch::finish(double time) {
  if (idle_) return std::nullopt;
  for (std::size_t site = begin_; site < end_; ++site)
    if (arrives(site, std::numeric_limits<double>::infinity()))
      if (auto failure = settle(site, time, 0.0)) return failure;
  return std::nullopt;
}

void EventWatch::restore(std::size_t site) const {
  for (std::size_t i = 0; i < states_.size(); ++i) states_[i][site] = saved_[i][site - begin_];
}

void EventWatch::keep(std::size_t site) {
  for (std::size_t i = 0; i < states_.size(); ++i) kept_[i] = states_[i][site];
}

void EventWatch::take_back(std::size_t site) const {
  for (std::size_t i = 0; i < states_.size(); ++i) states_[i][site] = kept_[i];
}

/// The condition after a step from what was kept, which the site then is.
double EventWatch::value_after(std::size_t site, double time, double dt, std::size_t event) {
  take_back(site);
  flow_(site, time, dt);
  look(site, time + dt, stop_);
  return static_cast<double>(side(event, site)) * stop_.value[event];
}

/// The length of the step after which a condition has just crossed zero; it has after `high`, with the value
/// there. Values are positive on the side from which it comes.
double EventWatch::root(std::size_t site, double time, double high, std::size_t event, double value_at_high) {
  double low = 0.0, f_low = static_cast<double>(side(event, site)) * start_.value[event];
  double f_high = value_at_high;
  if (!(f_low > 0.0)) {
    // It begins at a zero that it is just leaving: the crossing is the next one.
    int halvings = 0;
    for (double middle = 0.5 * high; halvings < most_halvings; middle *= 0.5, ++halvings) {
      const double f = value_after(site, time, middle, event);
      if (f > 0.0) {
        low = middle;
        f_low = f;
        break;
      }
      high = middle;
      f_high = f;
    }
    if (halvings == most_halvings) {
      lost_ = true;  // it leaves by less than can be told from round-off
      return high;
    }
  }
  const double accuracy = 2.0 * std::numeric_limits<double>::epsilon() * high;
  double former = high - low;
  int side = 0;
  for (int i = 0; i < most_iterations && high - low > accuracy && f_high != 0.0; ++i) {
    double next = low + (high - low) * (f_low / (f_low - f_high));
    // Where the secant does not halve the bracket in three steps, bisection does.
    if (i % 3 == 2) {
      if (high - low > 0.5 * former) next = 0.5 * (low + high);
      former = high - low;
    }
    next = std::clamp(next, low + 0.5 * accuracy, high - 0.5 * accuracy);
    const double f = value_after(site, time, next, event);
    if (f > 0.0) {
      low = next;
      f_low = f;
      if (side == -1) f_high *= 0.5;
      side = -1;
    } else {
      high = next;
      f_high = f;
      if (side == 1) f_low *= 0.5;
      side = 1;
    }
  }
  return high;
}

/// When within a step a condition first leaves its side; start_ are the conditions at its beginning, stop_
/// those at its end.
std::optional<double> EventWatch::first_zero(std::size_t site, double time, double dt, std::size_t event) {
  const std::int64_t s = side(event, site);
  const double value = stop_.value[event], rate = stop_.rate[event];
  if (moved(s, value, rate, dt)) return root(site, time, dt, event, static_cast<double>(s) * value);
  if (!may_have_left(s, start_.value[event], value, start_.rate[event], rate, dt)) return std::nullopt;
  const double middle = dt * extremum(start_.value[event], value, start_.rate[event] * dt, rate * dt).place;
  const double f = value_after(site, time, middle, event);
  if (f >= 0.0) return std::nullopt;
  return root(site, time, middle, event, f);
}

/// Moves a site over a step with everything that happens in it. It ends with start_ as the conditions at the
/// step's end.
std::optional<SiteFailure> EventWatch::settle(std::size_t site, double time, double dt) {
  const double end = time + dt;
  std::size_t& arrival = arrival_[site - begin_];
  fired_ = stalled_ = 0;
  lost_ = false;
  double now = time;
  std::vector<std::size_t> crossed;
  const double whole_step = dt > 0.0 ? dt : 1.0;
  for (;;) {
    while (arrives(site, std::nextafter(now, HUGE_VAL)) ||
           (now >= end && dt == 0.0 && arrives(site, HUGE_VAL))) {
      const EventRun::Arrival& what = run_.arrivals_[arrival++];
      jump(site, now, system_.events.size() + what.receiver, what.weight);
    }
    look(site, now, start_);
    crossed.clear();
    for (std::size_t e = 0; e < system_.events.size(); ++e)
      if (moved(side(e, site), start_.value[e], start_.rate[e], whole_step)) crossed.push_back(e);
    if (!crossed.empty()) {
      if (auto failure = fire(site, now, whole_step, crossed)) return failure;
      continue;
    }
    if (now >= end) return std::nullopt;
    const double target = arrives(site, end) ? run_.arrivals_[arrival].time : end;
    const double rest = target - now;
    keep(site);
    flow_(site, now, rest);
    look(site, target, stop_);
    const Conditions at_target = stop_;
    std::vector<double> zeros(system_.events.size(), HUGE_VAL);
    double first = HUGE_VAL;
    for (std::size_t e = 0; e < system_.events.size(); ++e) {
      stop_ = at_target;
      zeros[e] = first_zero(site, now, rest, e).value_or(HUGE_VAL);
      first = std::min(first, zeros[e]);
    }
    take_back(site);
    flow_(site, now, std::min(first, rest));
    if (!(first <= rest)) {
      now = target;
      continue;
    }
    for (std::size_t e = 0; e < system_.events.size(); ++e)
      if (zeros[e] <= first + one_instant * whole_step + ulps(now)) crossed.push_back(e);
    now = first == rest ? target : now + first;
    if (auto failure = fire(site, now, whole_step, crossed)) return failure;
  }
}

/// Carries out the events whose conditions have crossed zero at one instant, as far as their direction says
/// so.
std::optional<SiteFailure> EventWatch::fire(std::size_t site, double time, double dt,
                                            const std::vector<std::size_t>& crossed) {
  using Direction = KineticsSystem::Event::Direction;
  std::vector<std::size_t> wanted;
  for (const std::size_t e : crossed) {
    const std::int64_t from = side(e, site);
    set_side(e, site, -from);
    const Direction direction = system_.events[e].direction;
    if (direction == Direction::either || (direction == Direction::rising) == (from < 0)) wanted.push_back(e);
  }
  std::stable_sort(wanted.begin(), wanted.end(), [&](std::size_t a, std::size_t b) {
    return system_.events[a].priority > system_.events[b].priority;
  });
  for (const std::size_t e : wanted) {
    const double interval = time - last_fired_;
    if (fired_ == 0) first_fired_ = time;
    last_fired_ = time;
    stalled_ = fired_ > 0 && interval <= one_instant * dt + ulps(time) ? stalled_ + 1 : 0;
    ++fired_;
    const bool piles_up =
        fired_ > piling_up && interval < 1e-3 * (time - first_fired_) / static_cast<double>(fired_);
    if (stalled_ > most_stalled || fired_ > most_events || piles_up || lost_)
      return SiteFailure{
          site, "",
          fmt::format("event '{}' comes ever sooner: {} events within one step here, the last one {:.2g} of "
                      "the step after the one before (they pile up at a point in time, and nothing says "
                      "what comes after it); change the equations so that they come to an end, for example "
                      "with a state that says that all is at rest",
                      system_.events[e].name, fired_, interval / dt),
          time};
    const FieldId channel = system_.events[e].channel;
    happened_.push_back({time, channel, site, 1.0, channel, site});
    jump(site, time, e, 0.0);
  }
  if (wanted.empty()) return std::nullopt;
  look(site, time, start_);
  for (const std::size_t e : wanted) {
    const double value = start_.value[e], rate = start_.rate[e];
    const bool at_zero = std::fabs(value) <= on_the_surface * std::fabs(rate) * dt;
    const std::int64_t now = at_zero ? sign(rate) : sign(value);
    if (now != 0) set_side(e, site, now);
  }
  return std::nullopt;
}

void EventWatch::jump(std::size_t site, double time, std::size_t jump, double weight) {
  const bool event = jump < system_.events.size();
  const auto& then = event ? system_.events[jump].then : system_.receivers[jump - system_.events.size()].then;
  const FieldId channel =
      event ? system_.events[jump].channel : system_.receivers[jump - system_.events.size()].channel;
  if (event)
    ++call_.state.integer(channel)[site];
  else
    call_.state.real(channel)[site] += weight;
  if (then.empty()) return;
  std::vector<double> before;
  std::vector<double*> out;
  for (const auto& assignment : then) {
    before.push_back(states_[assignment.state][site]);
    out.push_back(states_[assignment.state]);
  }
  SiteKernel::Call at;
  at.time = time;
  at.columns = call_.columns;
  at.inputs = call_.inputs;
  at.uniforms = std::span(&weight, 1);
  run_.events_.jumps_[jump]->get(call_.binding).run(call_.state, at, out, site, site + 1);
  for (std::size_t a = 0; a < then.size(); ++a)
    if (!(*system_.fields)[system_.states[then[a].state]].conserved.empty())
      gains_.push_back({site, jump, then[a].state, states_[then[a].state][site] - before[a]});
}

}  // namespace holon::pointwise
