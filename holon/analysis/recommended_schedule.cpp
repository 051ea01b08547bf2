#include "holon/analysis/scale_map.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace holon::analysis {

namespace {

constexpr double well_resolved = 0.1;     // share of a time scale that a step should be
constexpr double over_resolved = 0.01;    // a step this small against all times is larger than need be
constexpr double quasi_steady_at = 0.01;  // fast over slow time from which a quasi-steady state is advised
constexpr double alike = 3.0;             // ratio of steps up to which processes take turns at one step

/// The largest of 1, 2, 5, 10, 20 ... that is not above x.
double round_down(double x) {
  const double power = std::pow(10.0, std::floor(std::log10(x)));
  for (const double digit : {5.0, 2.0})
    if (digit * power <= x * (1.0 + 1e-12)) return digit * power;
  return power;
}

/// What a schedule asks for beyond taking turns, which no reordering may drop; nothing where it does not.
std::optional<std::string> particular(const ScheduleNode& node) {
  if (node.iterate && !node.of_itself) return "iterate";
  if (node.average) return "average";
  if (node.steady) return "steady";
  if (node.together) return "together";
  if (node.boundary_correction) return "boundary_correction";
  for (const ScheduleNode& child : node.children)
    if (auto found = particular(child)) return found;
  return std::nullopt;
}

class Adviser {
 public:
  Adviser(const Model& model, const ScaleMap& map) : model_(model), map_(map) {}

  RecommendedSchedule advise() {
    if (const auto kept = particular(model_.schedule.root)) {
      result_.step = model_.schedule.step;
      result_.reasons.push_back(fmt::format(
          "its '{}' joins processes in a way that the boxes don't show: nothing better follows from them",
          *kept));
      return std::move(result_);
    }
    std::vector<const ProcessScales*> order;
    for (const ProcessScales& process : map_.processes) order.push_back(&process);
    // The fastest stands outermost in a Strang splitting: its error is the larger part there.
    std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
      const auto key = [](const ProcessScales* p) {
        return p->fastest > 0.0 ? p->fastest : std::numeric_limits<double>::infinity();
      };
      return key(a) < key(b);
    });
    choose_step(order);
    std::vector<std::string> steady, rare;
    std::vector<const ProcessScales*> together;
    for (const ProcessScales* process : order) {
      if (quasi_steady(*process))
        steady.push_back(fmt::format("{{steady: {{do: {}}}}}", process->name));
      else if (const auto every = rare_steps(*process); every > 1)
        rare.push_back(fmt::format("{{every: {{do: {}, steps: {}}}}}", process->name, every));
      else
        together.push_back(process);
    }
    write(steady, nested(std::move(together)), rare);
    return std::move(result_);
  }

 private:
  void choose_step(const std::vector<const ProcessScales*>& order) {
    result_.step = model_.schedule.step;
    double fastest = std::numeric_limits<double>::infinity();
    for (const ProcessScales* process : order) {
      if (process->fastest > 0.0 && !follows_others(*process)) fastest = std::min(fastest, process->fastest);
    }
    if (!std::isfinite(fastest) || result_.step > over_resolved * fastest) return;
    const double unit = model_.schedule.time_unit.factor();
    double larger = round_down(well_resolved * fastest / unit) * unit;
    while (larger > result_.step && !divides_the_run(larger))
      larger = round_down(0.75 * larger / unit) * unit;
    if (larger <= result_.step) return;
    result_.reasons.push_back(fmt::format(
        "a step of {} resolves the fastest time that matters ({}); {} is finer than need be",
        time_text(larger, map_.time), time_text(fastest, map_.time), time_text(result_.step, map_.time)));
    result_.step = larger;
  }

  bool divides_the_run(double step) const {
    if (model_.schedule.to_rest) return true;
    const double steps = model_.schedule.step * static_cast<double>(model_.schedule.steps) / step;
    return steps > 0.5 && std::abs(steps - std::round(steps)) < 1e-9 * steps;
  }

  /// Whether a process relaxes far faster than everything else that is coupled to it.
  bool follows_others(const ProcessScales& process) const {
    bool found = false;
    for (const PairScales& pair : map_.pairs) {
      const bool fast = &map_.processes[pair.fast] == &process, slow = &map_.processes[pair.slow] == &process;
      if (pair.fields.empty() || (!fast && !slow)) continue;
      if (process.spectrum.neutral > 0) return false;
      if (slow || !process.relaxes || !(pair.time_ratio > 0.0) || pair.time_ratio > quasi_steady_at)
        return false;
      found = true;
    }
    return found;
  }

  bool quasi_steady(const ProcessScales& process) {
    if (!follows_others(process) || process.slowest > well_resolved * result_.step) return false;
    double ratio = 0.0;
    for (const PairScales& pair : map_.pairs)
      if (&map_.processes[pair.fast] == &process && !pair.fields.empty())
        ratio = std::max(ratio, pair.time_ratio);
    result_.reasons.push_back(
        fmt::format("'{}' is at rest within {}, long before anything coupled to it moves: a quasi-steady "
                    "state leaves out about "
                    "{:.2g} of it (order 0) or {:.2g} (order 1)",
                    process.name, time_text(process.slowest, map_.time), ratio, ratio * ratio));
    return true;
  }

  /// In how many macro steps a slow process may be advanced once.
  std::int64_t rare_steps(const ProcessScales& process) {
    if (!(process.fastest > 0.0) || map_.processes.size() < 2) return 1;
    double longest = well_resolved * process.fastest;
    if (std::isfinite(process.stable_step)) longest = std::min(longest, process.stable_step);
    const double steps = longest / result_.step;
    if (steps < 10.0) return 1;
    const auto count = static_cast<std::int64_t>(std::min(round_down(steps), 1e6));
    result_.reasons.push_back(fmt::format("'{}' changes within {} at the fastest: once in {} steps is enough",
                                          process.name, time_text(process.fastest, map_.time), count));
    return count;
  }

  /// The step at which a process takes turns with others: that of the model's own schedule, unless that is
  /// finer than its times need. What only stability asks for is no reason.
  double own_step(const ProcessScales& process) const {
    double own = process.step > 0.0 ? std::min(process.step, result_.step) : result_.step;
    if (process.stable_step < result_.step && own > process.stable_step / alike) return result_.step;
    if (process.fastest > 0.0 && own < over_resolved * process.fastest)
      own = std::max(own, well_resolved * process.fastest);
    return std::min(own, result_.step);
  }

  std::string in_steps(const ProcessScales& process, double step) {
    if (!(process.stable_step < step)) return process.name;
    result_.reasons.push_back(fmt::format("'{}' is stable up to {}: {} substeps in a step of {}",
                                          process.name, time_text(process.stable_step, map_.time),
                                          std::ceil(step / process.stable_step * (1.0 - 1e-9)),
                                          time_text(step, map_.time)));
    return fmt::format("{{subcycle: {{do: {}, steps: auto}}}}", process.name);
  }

  static std::int64_t substeps(double step, double substep) {
    return static_cast<std::int64_t>(std::ceil(step / substep * (1.0 - 1e-9)));
  }

  /// Those that take turns in each macro step. Where some need shorter turns, these are joined at a step of
  /// their own inside the turns of the slower ones.
  std::vector<std::string> nested(std::vector<const ProcessScales*> processes) {
    std::stable_sort(processes.begin(), processes.end(),
                     [&](const auto* a, const auto* b) { return own_step(*a) < own_step(*b); });
    std::vector<std::string> nodes;
    double step = 0.0;  // at which these take turns
    for (std::size_t first = 0; first < processes.size();) {
      std::size_t end = first;
      while (end < processes.size() && own_step(*processes[end]) <= alike * own_step(*processes[first]))
        ++end;
      const double turn = own_step(*processes[end - 1]);
      if (!nodes.empty()) nodes = {in_turns(nodes, turn, step)};
      for (; first < end; ++first) nodes.push_back(in_steps(*processes[first], turn));
      step = turn;
    }
    if (!nodes.empty() && substeps(result_.step, step) > 1) nodes = {in_turns(nodes, result_.step, step)};
    return nodes;
  }

  std::string in_turns(const std::vector<std::string>& nodes, double step, double turn) {
    const std::int64_t count = substeps(step, turn);
    const std::string inner = joined(nodes);
    if (count <= 1) return inner;
    result_.reasons.push_back(
        fmt::format("{} at steps of {} inside steps of {}, as the model has it or its "
                    "times ask for",
                    inner, time_text(turn, map_.time), time_text(step, map_.time)));
    return fmt::format("{{subcycle: {{do: {}, steps: {}}}}}", inner, count);
  }

  std::string joined(const std::vector<std::string>& nodes) const {
    if (nodes.size() == 1) return nodes.front();
    return fmt::format("{{{}: [{}]}}", coupled() ? "strang" : "lie", fmt::join(nodes, ", "));
  }

  void write(const std::vector<std::string>& steady, const std::vector<std::string>& together,
             const std::vector<std::string>& rare) {
    std::vector<std::string> nodes = steady;
    if (together.size() > 1 && coupled())
      nodes.push_back(joined(together));
    else
      nodes.insert(nodes.end(), together.begin(), together.end());
    nodes.insert(nodes.end(), rare.begin(), rare.end());
    for (const auto& process : model_.processes)
      if (const auto* restructure = dynamic_cast<const Restructure*>(process.get()))
        nodes.push_back(fmt::format("{{restructure: {}}}", restructure->population().name()));
    // To be pasted: exact, in the unit of the model file.
    const Unit& unit = model_.schedule.time_unit;
    const std::string step =
        fmt::format("{:.12g}{}{}", result_.step / unit.factor(), unit.dimension().dimensionless() ? "" : " ",
                    unit.dimension().dimensionless() ? "" : unit.text());
    if (nodes.size() == 1 && nodes.front().starts_with("{strang"))
      result_.yaml = fmt::format("schedule: {{step: {}, strang: [{}]}}", step, fmt::join(together, ", "));
    else if (nodes.size() == 1)
      result_.yaml = fmt::format("schedule: {{step: {}, do: {}}}", step, nodes.front());
    else
      result_.yaml = fmt::format("schedule: {{step: {}, lie: [{}]}}", step, fmt::join(nodes, ", "));
  }

  bool coupled() const {
    return std::any_of(map_.pairs.begin(), map_.pairs.end(),
                       [](const PairScales& pair) { return !pair.fields.empty(); });
  }

  const Model& model_;
  const ScaleMap& map_;
  RecommendedSchedule result_;
};

}  // namespace

RecommendedSchedule recommend(const Model& model, const ScaleMap& map) {
  return Adviser(model, map).advise();
}

}  // namespace holon::analysis
