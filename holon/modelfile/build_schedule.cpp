#include "holon/modelfile/build.hpp"
#include "holon/modelfile/model_schema.hpp"
#include "holon/modelfile/validate.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include <fmt/format.h>

namespace holon::modelfile {

using Value = Document::Value;

void find_time_dimension(Loader& loader, const Value& root) {
  const Value* schedule = root.find("schedule");
  const Value* step = schedule != nullptr ? schedule->find("step") : nullptr;
  if (step == nullptr || step->kind != Value::Kind::scalar) return;
  const auto quantity = loader.constant(*step, "schedule.step");
  if (!quantity) return;
  Schedule& result = loader.model().schedule;
  result.time_unit = quantity->unit;
  if (!quantity->unit.dimension().dimensionless()) return;
  loader.set_dimension("time", Dimension{});
  result.time_dimension = Dimension{};
}

namespace {

constexpr double most_steps = 9007199254740992.0;  // 2^53: step numbers are exact

class ScheduleReader {
 public:
  ScheduleReader(Loader& loader, const Value& root)
      : loader_(loader), root_(root), schedule_(*root.find("schedule")) {
    for (const auto* process : entries(root, "processes")) {
      const auto id = static_cast<ProcessId>(ids_.size());
      ids_[process->key] = id;
    }
    for (const auto* space : entries(root, "spaces")) {
      const Value* type = space->value.find("type");
      if (type != nullptr && type->kind == Value::Kind::scalar && type->scalar == "population")
        populations_.push_back(space->key);
    }
    for (const char* section : {"observe", "events"})
      for (const auto* entry : entries(root, section)) watchers_.push_back(entry->key);
  }

  void times() {
    Schedule& result = loader_.model().schedule;
    const Dimension time = loader_.dimensions().at("time");
    const Value* step = schedule_.find("step");
    const auto size = step != nullptr ? loader_.quantity(*step, "schedule.step", time) : std::nullopt;
    const Value* until = schedule_.find("until");
    const Value* steps = schedule_.find("steps");
    if ((until == nullptr) == (steps == nullptr))
      loader_.error(schedule_.place, "schedule",
                    until == nullptr ? "does not say when the run ends" : "states the end twice",
                    "either 'until' or 'steps'");
    const auto end = until != nullptr ? loader_.quantity(*until, "schedule.until", time) : std::nullopt;
    if (size && (!(*size > 0.0) || !std::isfinite(*size))) {
      loader_.error(step->place, "schedule.step", found_text(loader_, *step, "schedule.step"),
                    "a finite, positive time");
      return;
    }
    if (steps != nullptr) {
      const auto count = loader_.integer(*steps, "schedule.steps");
      if (count && *count < 1)
        loader_.error(steps->place, "schedule.steps", found_text(loader_, *steps, "schedule.steps"),
                      "at least 1");
      result.steps = count.value_or(1);
    }
    result.step = size.value_or(1.0);
    if (!size || !end) return;
    if (std::isinf(*end) && *end > 0.0) {
      result.to_rest = true;
      result.steps = std::numeric_limits<std::int64_t>::max() / 4;
      if (const Value* events = root_.find("events"); events != nullptr && !events->mapping.empty())
        loader_.error(until->place, "schedule.until",
                      "a run to rest has no events: its steps grow beyond what is worth following",
                      "a finite time", "leave the events out");
      return;
    }
    const double ratio = *end / *size;
    if (!(ratio > 0.0) || ratio > most_steps) {
      loader_.error(until->place, "schedule.until", found_text(loader_, *until, "schedule.until"),
                    "a finite, positive time");
      return;
    }
    result.steps = static_cast<std::int64_t>(std::round(ratio));
    if (result.steps < 1 || std::abs(ratio - std::round(ratio)) > 1e-9 * ratio)
      report_remainder(*until, *end, ratio);
  }

  ScheduleNode node(const Value& value, const std::string& path) {
    ScheduleNode result;
    result.place = value.place;
    if (value.reported) return result;
    if (value.kind == Value::Kind::scalar) {
      const auto name = loader_.text(value, path);
      const auto found = name ? ids_.find(*name) : ids_.end();
      if (name && found == ids_.end() && !loader_.broken(*name))
        loader_.error(value.place, path, "there is no process '" + *name + "'", "",
                      suggestion(*name, names()));
      if (found != ids_.end()) {
        if (std::find(used_.begin(), used_.end(), found->second) != used_.end())
          loader_.error(value.place, path, "the process '" + *name + "' stands in the schedule twice",
                        "each process once");
        result.process = found->second;
        used_.push_back(found->second);
      }
      return result;
    }
    if (value.kind != Value::Kind::mapping) {
      loader_.error(
          value.place, path, "is " + value.description(),
          "a process, or {lie: [...]}, {strang: [...]}, {subcycle: ...}, {every: ...}, {iterate: ...}, "
          "{steady: ...}, {average: ...}, {together: ...} or {restructure: POPULATION}");
      return result;
    }
    if (const Value* population = value.find("restructure")) return restructure(*population, value, path);
    for (const Value::Member& member : value.mapping)
      if (member.key != "merge" && member.key != "boundary_correction" &&
          std::find(kinds.begin(), kinds.end(), member.key) == kinds.end())
        loader_.error(
            member.key_place, path + '.' + member.key, "unknown key '" + member.key + "'", "",
            suggestion(member.key, {"lie", "strang", "do", "subcycle", "every", "iterate", "steady",
                                    "average", "together", "merge", "boundary_correction", "restructure"}));
    return kind(value, path);
  }

  void root() {
    ScheduleNode result = kind(schedule_, "schedule");
    if (stated(schedule_).empty()) return;  // complete_schedule() decides
    loader_.model().schedule.root = std::move(result);
  }

  void stop_when() {
    const Value* value = schedule_.find("stop_when");
    if (value == nullptr) return;
    std::vector<Value> list = value->list;
    if (value->kind == Value::Kind::scalar) list = {*value};
    for (const Value& element : list) {
      const auto name = loader_.text(element, "schedule.stop_when");
      if (!name) continue;
      if (std::find(watchers_.begin(), watchers_.end(), *name) == watchers_.end())
        loader_.error(element.place, "schedule.stop_when", "there is no event or observer '" + *name + "'",
                      "", suggestion(*name, watchers_));
      loader_.model().schedule.stop_when.push_back(*name);
    }
  }

  static std::vector<std::string> stated(const Value& value) {
    std::vector<std::string> result;
    for (const char* key : kinds)
      if (value.find(key) != nullptr) result.emplace_back(key);
    return result;
  }

 private:
  static constexpr std::array kinds{"lie",     "strang", "do",      "subcycle", "every",
                                    "iterate", "steady", "average", "together"};

  static Place last_stated(const Value& value) {
    Place place = value.place;
    for (const Value::Member& member : value.mapping)
      if (std::find(kinds.begin(), kinds.end(), member.key) != kinds.end()) place = member.key_place;
    return place;
  }

  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& [name, id] : ids_) names.push_back(name);
    return names;
  }

  /// Its process is numbered after all others, in order of the populations' names.
  ScheduleNode restructure(const Value& population, const Value& value, const std::string& path) {
    ScheduleNode result;
    result.place = value.place;
    for (const Value::Member& member : value.mapping)
      if (member.key != "restructure")
        loader_.error(member.key_place, path + '.' + member.key, "unknown key '" + member.key + "'",
                      "{restructure: POPULATION} alone");
    const auto name = loader_.text(population, path + ".restructure");
    if (!name) return result;
    const auto found = std::find(populations_.begin(), populations_.end(), *name);
    if (found == populations_.end()) {
      loader_.error(population.place, path + ".restructure", "there is no population '" + *name + "'", "",
                    suggestion(*name, populations_));
      return result;
    }
    result.process =
        static_cast<ProcessId>(ids_.size() + static_cast<std::size_t>(found - populations_.begin()));
    if (std::find(used_.begin(), used_.end(), result.process) != used_.end())
      loader_.error(population.place, path + ".restructure", "'" + *name + "' is restructured twice",
                    "each population once");
    used_.push_back(result.process);
    return result;
  }

  /// What one mapping with lie:, strang:, do:, subcycle:, every:, iterate:, steady:, average: or together:
  /// says.
  ScheduleNode kind(const Value& value, const std::string& path) {
    ScheduleNode result;
    result.place = value.place;
    const std::vector<std::string> stated = ScheduleReader::stated(value);
    const std::string expected =
        "one of lie, strang, do, subcycle, every, iterate, steady, average, together";
    if (stated.empty() && path != "schedule")
      loader_.error(value.place, path, "names no kind of node", expected);
    if (stated.size() > 1)
      loader_.error(last_stated(value), path, "has both '" + stated[0] + "' and '" + stated[1] + "'",
                    expected);
    if (stated.empty()) return result;
    const std::string& key = stated.front();
    const Value& inner = *value.find(key);
    if (key == "do") {
      result = node(inner, path + ".do");
    } else if (key == "lie" || key == "strang") {
      result.kind = key == "lie" ? ScheduleNode::Kind::lie : ScheduleNode::Kind::strang;
      children(result, inner, path + '.' + key);
    } else if (key == "iterate") {
      iterated(result, inner, path + ".iterate");
    } else if (key == "steady") {
      at_rest(result, inner, path + ".steady");
    } else if (key == "average") {
      averaged(result, inner, path + ".average");
    } else if (key == "together") {
      as_one(result, inner, path + ".together");
    } else {
      repeated(result, inner, path + '.' + key, key == "every");
    }
    if (const Value* correction = value.find("boundary_correction")) {
      result.boundary_correction = loader_.flag(*correction, path + ".boundary_correction").value_or(false);
      if (result.boundary_correction && key != "strang")
        loader_.error(correction->place, path + ".boundary_correction",
                      "only a strang has a correction at boundaries");
    }
    if (const Value* merge = value.find("merge")) {
      const auto flag = loader_.flag(*merge, path + ".merge");
      result.merge = flag.value_or(false);
      if (result.merge && (key != "strang" || path != "schedule"))
        loader_.error(merge->place, path + ".merge",
                      "only halves of the schedule's outermost strang can be merged");
    }
    return result;
  }

  void children(ScheduleNode& result, const Value& list, const std::string& path) {
    const std::size_t least = result.kind == ScheduleNode::Kind::strang ? 2 : 1;
    if (list.kind != Value::Kind::list || list.list.size() < least) {
      // The lists right below `schedule` are held against its schema.
      if (path != "schedule.lie" && path != "schedule.strang")
        loader_.error(list.place, path,
                      list.kind == Value::Kind::list ? "is a list of " + std::to_string(list.list.size())
                                                     : "is " + list.description(),
                      "a list of at least " + std::to_string(least));
      return;
    }
    for (std::size_t i = 0; i < list.list.size(); ++i)
      result.children.push_back(node(list.list[i], path + '[' + std::to_string(i) + ']'));
  }

  void iterated(ScheduleNode& result, const Value& value, const std::string& path) {
    result.kind = ScheduleNode::Kind::iterate;
    result.iterate = read_iterate(loader_, value, path);
    const Value* list = value.kind == Value::Kind::mapping ? value.find("do") : nullptr;
    if (list == nullptr || list->kind != Value::Kind::list) return;
    std::map<std::string, std::size_t> position;  // of processes that stand here by themselves
    for (std::size_t i = 0; i < list->list.size(); ++i) {
      const Value& element = list->list[i];
      if (element.kind == Value::Kind::scalar) position[element.scalar] = i;
      result.children.push_back(node(element, path + ".do[" + std::to_string(i) + ']'));
    }
    const Value* substeps = value.find("substeps");
    if (substeps == nullptr || substeps->kind != Value::Kind::mapping) return;
    for (const Value::Member& member : substeps->mapping) {
      const std::string where = path + ".substeps." + member.key;
      const auto found = position.find(member.key);
      if (found == position.end()) {
        std::vector<std::string> known;
        for (const auto& [name, index] : position) known.push_back(name);
        loader_.error(member.key_place, where, "'" + member.key + "' is no process of this iterate", "",
                      suggestion(member.key, known));
        continue;
      }
      ScheduleNode divided;
      divided.kind = ScheduleNode::Kind::subcycle;
      divided.place = member.value.place;
      divided.count = substep_count(member.value, where, "auto, or at least 1");
      divided.children.push_back(std::move(result.children[found->second]));
      result.children[found->second] = std::move(divided);
    }
  }

  void averaged(ScheduleNode& result, const Value& value, const std::string& path) {
    validate(loader_, value, average_schema(), path, loader_.dimensions(), Phase::keys);
    const Value *fast = nullptr, *slow = nullptr;
    if (value.kind == Value::Kind::mapping) {
      fast = value.find("fast");
      slow = value.find("slow");
    }
    const Section section(loader_, &value, &average_schema(), path, loader_.dimensions());
    if (fast == nullptr || slow == nullptr || !section.has("period")) return;  // reported
    result.kind = ScheduleNode::Kind::average;
    AverageOptions options;
    options.period = section.quantity("period");
    options.steps = section.integer("steps");
    options.tolerance = section.number("tolerance");
    options.most = section.integer("most");
    options.order = static_cast<int>(section.integer("order"));
    if (!(options.period > 0.0) || !std::isfinite(options.period))
      section.error("period", "is not positive", "a finite, positive time");
    if (options.steps < 1) section.error("steps", fmt::format("is {}", options.steps), "at least 1");
    if (options.most < 1) section.error("most", fmt::format("is {}", options.most), "at least 1");
    if (!(options.tolerance > 0.0))
      section.error("tolerance", fmt::format("is {}", options.tolerance), "a number above 0");
    if (options.order != 1 && options.order != 2)
      section.error("order", fmt::format("is {}", options.order), "1 or 2");
    for (const auto& [key, part] : {std::pair{"fast", fast}, std::pair{"slow", slow}}) {
      ScheduleNode child;
      child.place = part->place;
      if (part->kind == Value::Kind::list) {
        child.kind = ScheduleNode::Kind::lie;
        children(child, *part, path + '.' + key);
      } else {
        child = node(*part, path + '.' + key);
      }
      result.children.push_back(std::move(child));
    }
    result.average = options;
  }

  void as_one(ScheduleNode& result, const Value& value, const std::string& path) {
    result.together = read_together(loader_, value, path);
    const Value* list = value.kind == Value::Kind::mapping ? value.find("do") : nullptr;
    if (list == nullptr || list->kind != Value::Kind::list) return;  // reported
    result.kind = ScheduleNode::Kind::together;
    for (std::size_t i = 0; i < list->list.size(); ++i) {
      const Value& element = list->list[i];
      const std::string where = path + ".do[" + std::to_string(i) + ']';
      if (element.kind != Value::Kind::scalar)
        loader_.error(element.place, where, "is " + element.description(), "the name of a process",
                      "a field that is at rest has a process with 'integrator: steady'");
      else
        result.children.push_back(node(element, where));
    }
  }

  void at_rest(ScheduleNode& result, const Value& value, const std::string& path) {
    validate(loader_, value, steady_schema(), path, loader_.dimensions(), Phase::keys);
    const Value* process = value.kind == Value::Kind::mapping ? value.find("do") : nullptr;
    if (process == nullptr || process->kind != Value::Kind::scalar) return;
    result = node(*process, path + ".do");
    SteadyOptions options;
    const Section section(loader_, &value, &steady_schema(), path, loader_.dimensions());
    const std::int64_t order = section.integer("order");
    if (order != 0 && order != 1)
      section.error("order", "is " + std::to_string(order), "0 (at rest) or 1 (with the lag of first order)");
    options.order = static_cast<int>(order);
    FieldTable& fields = *loader_.model().fields;
    const std::string prefix = process->scalar + '.';
    const Value* processes = root_.find("processes");
    const Value* kept = processes != nullptr ? processes->find(process->scalar) : nullptr;
    const Value* spread = kept != nullptr ? kept->find("field") : nullptr;
    const std::string own = spread != nullptr && spread->kind == Value::Kind::scalar ? spread->scalar : "";
    for (FieldId id = 0, count = static_cast<FieldId>(fields.size()); id < count; ++id) {
      Field estimate = fields[id];
      if ((!estimate.name.starts_with(prefix) && estimate.name != own) || estimate.type != FieldType::real ||
          estimate.components != 1 || fields.contains(estimate.name + "_error"))
        continue;
      estimate.name += "_error";
      estimate.conserved.clear();
      estimate.positive = false;
      estimate.description = "estimated error of " + fields[id].name;
      options.estimates[id] = fields.add(std::move(estimate));
    }
    result.steady = std::move(options);
  }

  /// 0 for `auto`, where that is allowed.
  std::int64_t substep_count(const Value& value, const std::string& path, const std::string& expected) {
    if (expected.starts_with("auto") && value.kind == Value::Kind::scalar && value.scalar == "auto") return 0;
    const auto count = loader_.integer(value, path);
    if (count && *count < 1) loader_.error(value.place, path, found_text(loader_, value, path), expected);
    return count.value_or(1);
  }

  void repeated(ScheduleNode& result, const Value& value, const std::string& path, bool every) {
    result.kind = every ? ScheduleNode::Kind::every : ScheduleNode::Kind::subcycle;
    const Value* inner = value.find("do");
    const Value* steps = value.find("steps");
    if (value.kind != Value::Kind::mapping || inner == nullptr || steps == nullptr) {
      loader_.error(
          value.place, path,
          value.kind != Value::Kind::mapping ? "is " + value.description() : "needs 'do' and 'steps'",
          "{do: NODE, steps: NUMBER}");
      return;
    }
    for (const Value::Member& member : value.mapping)
      if (member.key != "do" && member.key != "steps")
        loader_.error(member.key_place, path + '.' + member.key, "unknown key '" + member.key + "'", "",
                      suggestion(member.key, {"do", "steps"}));
    result.children.push_back(node(*inner, path + ".do"));
    result.count = substep_count(*steps, path + ".steps", every ? "at least 1" : "auto, or at least 1");
  }

  void report_remainder(const Value& until, double end, double ratio) {
    const Schedule& schedule = loader_.model().schedule;
    const auto text = [&](double time) {
      return rounded_text({time / schedule.time_unit.factor(), schedule.time_unit});
    };
    if (const Value* step = schedule_.find("step"))
      loader_.note_parameter(until.place, single_name(step->scalar));
    const double below = std::floor(ratio);
    const auto either = [&](double a, double b) { return (below >= 1.0 ? text(a) + " or " : "") + text(b); };
    loader_.error(until.place, "schedule.until",
                  text(end) + " is no multiple of the step " + text(schedule.step) + ": it holds " +
                      fmt::format("{:.9g} steps", ratio),
                  "",
                  "the nearest ends are " + either(below * schedule.step, (below + 1.0) * schedule.step) +
                      "; the nearest steps are " + either(end / std::max(below, 1.0), end / (below + 1.0)));
  }

  Loader& loader_;
  const Value& root_;
  const Value& schedule_;
  std::map<std::string, ProcessId> ids_;  // in order of the names, which is that of Model::processes
  std::vector<std::string> populations_;  // in order of their names
  std::vector<std::string> watchers_;
  std::vector<ProcessId> used_;
};

}  // namespace

void build_schedule(Loader& loader, const Value& root) {
  const Value* schedule = root.find("schedule");
  if (schedule == nullptr || schedule->kind != Value::Kind::mapping) return;  // reported by validate_model
  ScheduleReader reader(loader, root);
  reader.times();
  reader.root();
  reader.stop_when();
}

namespace {

void collect_processes(const ScheduleNode& node, std::set<ProcessId>& named) {
  if (node.kind == ScheduleNode::Kind::advance) named.insert(node.process);
  for (const ScheduleNode& child : node.children) collect_processes(child, named);
}

/// Laws are determined whenever somebody looks; what does anything else has to be in the schedule.
void look_for_idle_processes(Loader& loader, const Place& place) {
  std::set<ProcessId> named;
  collect_processes(loader.model().schedule.root, named);
  const auto& processes = loader.model().processes;
  for (ProcessId id = 0; id < processes.size(); ++id) {
    const Ports ports = processes[id]->ports();
    const bool determines_alone = std::all_of(ports.begin(), ports.end(), [](const Port& port) {
      return port.role == Port::Role::read || port.role == Port::Role::determine;
    });
    if (!named.contains(id) && (!determines_alone || processes[id]->solves_to_determine()))
      loader.error(place, "schedule", "the process '" + processes[id]->name() + "' is never advanced", "",
                   "name it in the schedule, or leave it out of the model");
  }
}

}  // namespace

void complete_schedule(Loader& loader, const Value& root) {
  const Value& section = *root.find("schedule");
  if (!ScheduleReader::stated(section).empty()) return look_for_idle_processes(loader, section.place);
  Schedule& schedule = loader.model().schedule;
  schedule.order_stated = false;
  ScheduleNode result;
  result.kind = ScheduleNode::Kind::lie;
  result.place = section.place;
  for (std::size_t p = 0; p < loader.model().processes.size(); ++p) {
    ScheduleNode child;
    child.process = static_cast<ProcessId>(p);
    child.place = section.place;
    result.children.push_back(child);
  }
  if (result.children.size() == 1) result = ScheduleNode(result.children.front());
  schedule.root = std::move(result);
}

}  // namespace holon::modelfile
