#include "holon/engine/delays.hpp"

#include "holon/engine/delayed_transfer.hpp"
#include "holon/engine/event_routes.hpp"
#include "holon/engine/model.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

namespace holon {

namespace {

using Kind = ScheduleNode::Kind;

/// Something that one process hears from another, at least so much later.
struct Link {
  std::string name;  ///< "connection 'excitation'"
  std::string what;  ///< "events"
  Place place;
  ProcessId from = 0, to = 0;
  double delay = 0.0;        ///< [coherent time]
  bool exact_times = false;  ///< zero delay is possible where the schedule's order allows
};

[[noreturn]] void refuse(const Link& link, std::string message, std::string expected, std::string hint = "") {
  throw InputError(Diagnostic{.place = link.place,
                              .path = link.name,
                              .message = std::move(message),
                              .expected = std::move(expected),
                              .hint = std::move(hint)});
}

bool holds(const ScheduleNode& node, ProcessId process) {
  const auto below = processes_below(node);
  return std::find(below.begin(), below.end(), process) != below.end();
}

/// The lowest node that holds both.
const ScheduleNode& meeting(const ScheduleNode& node, ProcessId a, ProcessId b) {
  for (const ScheduleNode& child : node.children)
    if (holds(child, a) && holds(child, b)) return meeting(child, a, b);
  return node;
}

bool has(const ScheduleNode& node, Kind kind) {
  return node.kind == kind || std::any_of(node.children.begin(), node.children.end(),
                                          [kind](const ScheduleNode& child) { return has(child, kind); });
}

/// Whether one process is always advanced over an interval before the other is.
bool comes_first(const ScheduleNode& root, ProcessId first, ProcessId second) {
  const ScheduleNode& node = meeting(root, first, second);
  if (node.kind != Kind::lie && node.kind != Kind::iterate) return false;
  for (const ScheduleNode& child : node.children) {
    if (holds(child, first)) return true;
    if (holds(child, second)) return false;
  }
  return false;
}

class Division {
 public:
  Division(Model& model, const State& state, ThreadPool& threads)
      : model_(model), state_(state), threads_(threads) {}

  std::vector<std::string> run() {
    model_.longest_advance.assign(model_.processes.size(), std::numeric_limits<double>::infinity());
    for (const Link& link : links()) take_in(link);
    const double step = model_.schedule.step;
    for (std::size_t p = 0; p < model_.processes.size(); ++p)
      if (model_.longest_advance[p] < step * (1.0 - rounding))
        lines_.push_back(fmt::format("'{}' is advanced over at most {} at once: {}",
                                     model_.processes[p]->name(),
                                     moment_text(model_.longest_advance[p], model_.schedule), because_[p]));
    if (parts_ > 1) divide_all();
    return std::move(lines_);
  }

 private:
  static constexpr double rounding = 1e-12;

  std::vector<Link> links() const {
    std::vector<Link> links;
    const EventRoutes routes(model_.connections, *model_.fields, *model_.parameters, model_.kernels);
    for (std::size_t c = 0; c < model_.connections.size(); ++c) {
      const EventConnection& connection = model_.connections[c];
      Link link{"connections." + connection.name,        "events", connection.place, 0, 0,
                routes.least_delay(state_, c, threads_), true};
      link.from = having(Port::Role::emit, connection.from);
      link.to = having(Port::Role::receive, connection.to);
      links.push_back(link);
    }
    for (const auto& process : model_.processes) {
      const auto* delayed = dynamic_cast<const DelayedTransfer*>(process.get());
      if (delayed == nullptr) continue;
      const std::set<ProcessId> owners = owners_of(delayed->from());
      const double least = delayed->least_delay(state_, threads_);
      if (owners.empty())
        refuse({"couplings." + delayed->name(), "values", model_.schedule.root.place, 0, 0, least, false},
               fmt::format("no process advances '{}', so that nothing of its past is kept",
                           (*model_.fields)[delayed->from()].name),
               "a delay of a field that a process advances",
               "delay what it follows from, and compute it on this side");
      for (ProcessId reader = 0; reader < model_.processes.size(); ++reader) {
        if (!reads(*model_.processes[reader], *delayed)) continue;
        for (const ProcessId owner : owners)
          links.push_back({"couplings." + delayed->name(), "values", model_.schedule.root.place, owner,
                           reader, least, false});
        if (owners.size() > 1 && least < model_.schedule.step * (1.0 - rounding))
          refuse(links.back(),
                 fmt::format("the delay is {} and '{}' is advanced by several processes, which agree at the "
                             "ends of macro steps only",
                             moment_text(least, model_.schedule), (*model_.fields)[delayed->from()].name),
                 fmt::format("a macro step of at most {}", moment_text(least, model_.schedule)));
      }
    }
    return links;
  }

  ProcessId having(Port::Role role, FieldId channel) const {
    for (ProcessId p = 0; p < model_.processes.size(); ++p)
      for (const Port& port : model_.processes[p]->ports())
        if (port.role == role && port.field == channel) return p;
    require(false, "a connection joins channels of processes");
    return 0;
  }

  std::set<ProcessId> owners_of(FieldId field) const {
    std::set<ProcessId> owners;
    for (ProcessId p = 0; p < model_.processes.size(); ++p)
      for (const Port& port : model_.processes[p]->ports())
        if ((port.role == Port::Role::advance || port.role == Port::Role::contribute) && port.field == field)
          owners.insert(p);
    return owners;
  }

  /// Itself, or through what others determine.
  bool reads(const Process& process, const DelayedTransfer& delayed) const {
    if (&process == &delayed) return false;
    const auto before = model_.determination.before(process);
    return !is_determiner(process) && std::any_of(before.begin(), before.end(), [&](ProcessId p) {
      return model_.processes[p].get() == &delayed;
    });
  }

  /// What only determines fields is in no schedule.
  bool is_determiner(const Process& process) const {
    const Ports ports = process.ports();
    return std::none_of(ports.begin(), ports.end(), [](const Port& port) {
      return port.role == Port::Role::advance || port.role == Port::Role::contribute ||
             port.role == Port::Role::receive;
    });
  }

  void take_in(const Link& link) {
    const std::string from = model_.processes[link.from]->name(), to = model_.processes[link.to]->name();
    const double step = model_.schedule.step;
    const ScheduleNode& root = model_.schedule.root;
    if (link.from == link.to) {
      if (!(link.delay > 0.0))
        refuse(link, fmt::format("'{}' hears from itself without delay", to), "a delay above zero");
      double& longest = model_.longest_advance[link.to];
      if (link.delay < longest) because_[link.to] = reason(link);
      longest = std::min(longest, link.delay);
      return;
    }
    for (const ScheduleNode& child : root.children)
      if (child.kind == Kind::every && holds(child, link.to))
        refuse(link,
               fmt::format("{} reach '{}', which is advanced over several steps at once", link.what, to),
               "a process outside of 'every'");
    if (comes_first(root, link.from, link.to)) return;
    if (!(link.delay > 0.0))
      refuse(link,
             fmt::format("{} go from '{}' to '{}' without delay, and '{}' is advanced first", link.what, from,
                         to, to),
             "a delay above zero", fmt::format("or an order in which '{}' stands before '{}'", from, to));
    if (link.delay >= step * (1.0 - rounding)) return;
    const auto parts = static_cast<std::int64_t>(std::ceil(step / link.delay * (1.0 - rounding)));
    if (parts <= parts_) return;
    parts_ = parts;
    reason_ = reason(link);
    narrowest_ = link;
  }

  std::string reason(const Link& link) const {
    return fmt::format("{} reach '{}' after {} ({})", link.what, model_.processes[link.to]->name(),
                       moment_text(link.delay, model_.schedule), link.name);
  }

  void divide_all() {
    ScheduleNode& root = model_.schedule.root;
    const double delay = narrowest_.delay;
    const std::string way_out =
        fmt::format("a macro step of at most {}", moment_text(delay, model_.schedule));
    const std::string short_delay =
        fmt::format("the delay of {} is shorter than the macro step", moment_text(delay, model_.schedule));
    if (has(root, Kind::every))
      refuse(narrowest_, short_delay + ", which can't be divided where a process takes several of them",
             way_out);
    if (root.merge)
      refuse(narrowest_, short_delay + ", which can't be divided where half steps are merged", way_out,
             "or leave 'merge' out");
    ScheduleNode divided;
    divided.kind = Kind::subcycle;
    divided.count = parts_;
    divided.place = root.place;
    divided.children.push_back(std::move(root));
    root = std::move(divided);
    lines_.push_back(fmt::format("the macro step is divided into {} parts: {}", parts_, reason_));
  }

  Model& model_;
  const State& state_;
  ThreadPool& threads_;
  std::map<ProcessId, std::string> because_;
  std::int64_t parts_ = 1;
  std::string reason_;
  Link narrowest_;
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> divide_at_delays(Model& model, const State& state, ThreadPool& threads) {
  return Division(model, state, threads).run();
}

}  // namespace holon
