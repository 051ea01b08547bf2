#include "holon/analysis/scale_map.hpp"

#include "holon/base/error.hpp"
#include "holon/base/progress.hpp"
#include "holon/engine/boundary_correction.hpp"
#include "holon/engine/own_views.hpp"
#include "holon/engine/quasi_steady.hpp"
#include "holon/engine/together.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

namespace holon::analysis {

namespace {

/// What an instruction advances a process by, if it does; `length` is that of the interval that its fractions
/// are of.
std::optional<double> step_in(const Instruction& instruction, ProcessId process, double length,
                              const Program& program) {
  const double step = (instruction.end - instruction.begin).value() * length;
  if (instruction.average) {
    const Average& average = program.averages[*instruction.average];
    const double substep = average.options.period / static_cast<double>(average.options.steps);
    for (const Instruction& inner : average.fast)
      if (const auto found = step_in(inner, process, substep, program)) return found;
    for (const Instruction& inner : average.slow)
      if (const auto found = step_in(inner, process, step, program)) return found;
    return std::nullopt;
  }
  if (!instruction.window) return instruction.process == process ? std::optional(step) : std::nullopt;
  for (const Window::Member& member : program.windows[*instruction.window].members)
    for (const Instruction& inner : member.part)
      if (const auto found = step_in(inner, process, step / static_cast<double>(member.parts), program))
        return found;
  return std::nullopt;
}

/// Who advances a process: itself, or the system of equations that it is a part of.
ProcessId advancer_of(const Model& model, ProcessId process) {
  for (ProcessId p = 0; p < model.processes.size(); ++p)
    if (const auto* together = dynamic_cast<const Together*>(model.processes[p].get()))
      if (std::find(together->members().begin(), together->members().end(), process) !=
          together->members().end())
        return p;
  return process;
}

/// The step that the compiled schedule advances a process by; nothing for one that is not in it.
std::optional<double> step_of(const Model& model, ProcessId member) {
  const ProcessId process = advancer_of(model, member);
  const Program& program = model.program;
  const double macro_step = model.schedule.step;
  if (program.merged && program.opening.process == process) return macro_step;  // both halves together
  for (const Instruction& instruction : program.body)
    if (const auto found = step_in(instruction, process, macro_step, program)) return found;
  return std::nullopt;
}

ScaleInterval interval_of(const Space& space) {
  if (const auto* product = dynamic_cast<const ProductSpace*>(&space)) {
    const ScaleInterval micro = interval_of(product->micro());
    return micro.known() ? micro : interval_of(product->macro());
  }
  ScaleInterval interval;
  if (const auto* grid = dynamic_cast<const StructuredSpace*>(&space)) {
    interval.resolution = std::numeric_limits<double>::infinity();
    for (int a = 0; a < grid->dimensions(); ++a) {
      interval.resolution = std::min(interval.resolution, grid->least_spacing(a));
      interval.extent = std::max(interval.extent, grid->extent(a));
    }
  }
  return interval;
}

std::set<FieldId> changed_by(const Process& process) {
  std::set<FieldId> fields;
  for (const Port& port : process.ports())
    if (port.role == Port::Role::advance || port.role == Port::Role::determine ||
        port.role == Port::Role::contribute)
      fields.insert(port.field);
  return fields;
}

/// What a process changes, and what others determine from that (couplings, outputs).
std::set<FieldId> felt_from(const Model& model, const Process& process) {
  std::set<FieldId> felt = changed_by(process);
  for (std::size_t before = 0; before != felt.size();) {
    before = felt.size();
    for (const auto& other : model.processes) {
      const std::vector<FieldId> from = other->determined_from();
      if (std::none_of(from.begin(), from.end(), [&](FieldId field) { return felt.contains(field); }))
        continue;
      for (const Port& port : other->ports())
        if (port.role == Port::Role::determine) felt.insert(port.field);
    }
  }
  return felt;
}

std::vector<std::string> joining_fields(const Model& model, const Process& a, const Process& b) {
  std::set<FieldId> joining;
  const auto look = [&](const Process& one, const Process& other) {
    const std::set<FieldId> felt = felt_from(model, one);
    for (const Port& port : other.ports())
      if (port.role != Port::Role::determine && felt.contains(port.field)) joining.insert(port.field);
  };
  look(a, b);
  look(b, a);
  std::vector<std::string> names;
  for (const FieldId field : joining) names.push_back((*model.fields)[field].name);
  return names;
}

class Mapper {
 public:
  Mapper(const Model& model, const std::vector<const State*>& states, const std::vector<double>& times,
         ThreadPool& threads)
      : model_(model), states_(states), times_(times), threads_(threads) {}

  ScaleMap make() {
    map_.title = model_.title;
    map_.time = model_.schedule.time_dimension;
    map_.length = Dimension::length();
    for (const auto& [name, space] : model_.spaces)
      if (space->dimensions() > 0) map_.length = space->length_dimension();
    for (std::size_t p = 0; p < model_.processes.size(); ++p)
      if (!changed_by(*model_.processes[p]).empty() && is_scheduled(p) && has_scales(*model_.processes[p]))
        add_process(p);
    steps_that_are_their_own();
    for (std::size_t a = 0; a < map_.processes.size(); ++a)
      for (std::size_t b = a + 1; b < map_.processes.size(); ++b)
        if (!map_.processes[a].at_once && !map_.processes[b].at_once) map_.pairs.push_back(pair(a, b));
    find_quasi_steady();
    map_.schedule = recommend(model_, map_);
    return std::move(map_);
  }

 private:
  bool is_scheduled(std::size_t p) const { return step_of(model_, static_cast<ProcessId>(p)).has_value(); }

  /// What the schedule is made of has no scales of its own: committing who divides and dies, what splittings
  /// need at sides, and systems of equations whose members have theirs.
  static bool has_scales(const Process& process) {
    return dynamic_cast<const Restructure*>(&process) == nullptr &&
           dynamic_cast<const BoundaryCorrection*>(&process) == nullptr &&
           dynamic_cast<const Together*>(&process) == nullptr;
  }

  void add_process(std::size_t p) {
    const Process& process = *model_.processes[p];
    ProcessScales scales;
    scales.name = process.name();
    scales.type = process.type();
    scales.step = step_of(model_, static_cast<ProcessId>(p)).value_or(0.0);
    scales.stable_step = std::numeric_limits<double>::infinity();
    for (const State* state : states_)
      scales.stable_step = std::min(scales.stable_step, process.stable_step(*state));
    for (const FieldId field : changed_by(process)) {
      const Space& space = *(*model_.fields)[field].space;
      const ScaleInterval interval = interval_of(space);
      scales.sites = std::max(scales.sites, space.sites());
      if (scales.space_name.empty()) scales.space_name = space.name();
      if (!interval.known() || interval.extent < scales.space.extent) continue;
      scales.space = interval;
      scales.space_name = space.name();
      scales.space_source = "spacing and size of '" + space.name() + "'";
    }
    own_times(process, scales);
    declared_box(scales);
    map_.processes.push_back(std::move(scales));
    ids_.push_back(p);
  }

  void own_times(const Process& scheduled, ProcessScales& scales) const {
    // What is kept at rest has the times of what it would do otherwise.
    const auto* at_rest = dynamic_cast<const holon::QuasiSteady*>(&scheduled);
    const Process& process = at_rest != nullptr ? at_rest->inner() : scheduled;
    // What says at once what its fields are has no time of its own.
    const bool advances = !own_fields(process, *model_.fields).empty();
    scales.at_once = !process.assigned().empty() || process.solves_to_determine() ||
                     (!advances && process.type() == "kinetics");
    if (scales.at_once) {
      scales.time_source = "it says what is so at once";
      return;
    }
    const Scales stated = process.scales(*states_.front());
    const bool transport = stated.space_extent > 0.0 && stated.time_extent > 0.0;
    const bool without_grid = !scales.space.known() && transport && stated.space_resolution > 0.0;
    if (without_grid) {
      scales.space = {stated.space_resolution, stated.space_extent};
      scales.space_source = "stated by the process";
    }
    for (std::size_t k = 0; k < states_.size() && !transport; ++k) {
      TimeScales look = time_scales(model_, process, *states_[k], times_[k], threads_);
      scales.spectrum = k == 0 ? std::move(look) : joined(std::move(scales.spectrum), look);
    }
    if (transport) {
      // Where decay is fast, all structures fade alike.
      scales.fastest =
          std::isfinite(stated.time_resolution) ? std::min(stated.time_resolution, stated.time_extent) : 0.0;
      scales.slowest = stated.time_extent;
      scales.time_source = without_grid ? "stated by the process" : "across a spacing, and across the domain";
      scales.relaxes = process.damps();
    } else if (scales.spectrum.fastest > 0.0) {
      scales.fastest = scales.spectrum.fastest;
      scales.slowest = scales.spectrum.slowest;
      scales.time_source =
          scales.spectrum.diagonal ? "1/|diagonal| of its Jacobian" : "1/|eigenvalue| of its Jacobian";
      if (scales.spectrum.sites > 1) scales.time_source += fmt::format(" at {} sites", scales.spectrum.sites);
      if (states_.size() > 1) scales.time_source += fmt::format(" and {} times", states_.size());
      scales.relaxes = scales.spectrum.relaxes;
    } else {
      scales.fastest = stated.time_resolution;
      scales.slowest = stated.time_extent;
      if (scales.slowest > 0.0) scales.time_source = "stated by the process";
    }
    if (!(scales.slowest > 0.0)) turnover(process, scales);
    scales.time = {scales.fastest, scales.slowest};
  }

  /// Of a process without times of its own (what drives it alone says how it moves): the size of its fields
  /// over that of their rates, each as it was met.
  void turnover(const Process& process, ProcessScales& scales) const {
    const Layout layout(*model_.fields, own_fields(process, *model_.fields));
    if (layout.size() == 0 || layout.size() > most_of_a_diagonal) return;
    for (std::size_t k = 0; k < states_.size(); ++k) {
      for (const auto& [name, space] : model_.spaces)
        if (states_[k]->sites(*space) != space->sites()) return;  // agents have come or gone
      Vector rates(layout);
      Workspace work;
      work.threads = &threads_;
      try {
        process.rate(*states_[k], times_[k], work, rates);
      } catch (const NumericalFailure&) { continue; }
      for (const FieldId field : layout.fields()) {
        double size = 0.0, speed = 0.0;
        for (int c = 0; c < (*model_.fields)[field].components; ++c) {
          const auto values = states_[k]->real(field, c);
          for (const double value : values) size = std::max(size, std::abs(value));
          for (const double rate : std::as_const(rates)(field, c)) speed = std::max(speed, std::abs(rate));
        }
        const double time = size / speed;
        if (!(time > 0.0) || !std::isfinite(time)) continue;
        scales.fastest = scales.fastest > 0.0 ? std::min(scales.fastest, time) : time;
        scales.slowest = std::max(scales.slowest, time);
      }
    }
    if (scales.slowest > 0.0) scales.time_source = "values over their rates";
  }

  void declared_box(ProcessScales& scales) {
    const auto found = model_.declared_scales.boxes.find(scales.name);
    if (found == model_.declared_scales.boxes.end()) return;
    const DeclaredScales::Box& box = found->second;
    if (box.space) {
      scales.space = {box.space->first, box.space->second};
      scales.space_source = "stated in the model file";
    }
    if (box.time) {
      scales.time = {box.time->first, box.time->second};
      scales.fastest = box.time->first;
      scales.slowest = box.time->second;
      scales.time_source = "stated in the model file";
      declared_time_.insert(scales.name);
    }
  }

  /// A step finer than the process's own times is part of its box, unless a faster process is the reason for
  /// it.
  void steps_that_are_their_own() {
    for (ProcessScales& one : map_.processes) {
      if (declared_time_.contains(one.name) || !(one.step > 0.0)) continue;
      const bool shared = std::any_of(map_.processes.begin(), map_.processes.end(), [&](const auto& other) {
        return other.name != one.name && other.step <= one.step && other.fastest > 0.0 &&
               other.fastest < one.fastest;
      });
      if (one.time.resolution > 0.0 && (shared || one.step >= one.time.resolution)) continue;
      if (one.at_once) continue;
      one.time.resolution = one.step;
      one.time_source += (one.time_source.empty() ? "" : ", ") + std::string("its step");
    }
  }

  PairScales pair(std::size_t a, std::size_t b) const {
    const ProcessScales &one = map_.processes[a], &other = map_.processes[b];
    PairScales result;
    const bool by_time = one.time.known() && other.time.known();
    const bool by_space = one.space.known() && other.space.known();
    const bool a_fast = by_time ? finer(one.time, other.time) : !by_space || finer(one.space, other.space);
    const bool a_small = by_space ? finer(one.space, other.space) : a_fast;
    result.fast = a_fast ? a : b;
    result.slow = a_fast ? b : a;
    result.small = a_small ? a : b;
    result.large = a_small ? b : a;
    result.time = relation(one.time, other.time);
    result.space = relation(one.space, other.space);
    if (by_space) {
      result.epsilon = map_.processes[result.small].space.extent / map_.processes[result.large].space.extent;
      result.tau_ratio_diffusion = result.epsilon * result.epsilon;
      result.tau_ratio_advection = result.epsilon;
    }
    const ProcessScales &fast = map_.processes[result.fast], &slow = map_.processes[result.slow];
    if (by_time) result.epsilon_time = separation(one.time, other.time);
    if (fast.slowest > 0.0 && slow.fastest > 0.0) result.time_ratio = fast.slowest / slow.fastest;
    result.pattern = fitting_pattern(result.time);
    result.many_instances = result.space == Relation::separated;
    result.fields = joining_fields(model_, *model_.processes[ids_[a]], *model_.processes[ids_[b]]);
    for (const DeclaredScales::Joint& joint : model_.declared_scales.patterns)
      if ((joint.one == one.name && joint.other == other.name) ||
          (joint.one == other.name && joint.other == one.name)) {
        result.declared = joint.pattern;
        hold_against(result);
      }
    return result;
  }

  void hold_against(const PairScales& pair) const {
    if (*pair.declared == name(pair.pattern) || pair.time == Relation::unknown) return;
    // What runs one after the other need not be separated.
    if (*pair.declared == name(Pattern::dispatch)) return;
    const ProcessScales &fast = map_.processes[pair.fast], &slow = map_.processes[pair.slow];
    warnings_.push_back(fmt::format(
        "'{}' and '{}' are joined by '{}', but their times {}: '{}' spans {} to {}, '{}' {} to {} "
        "(extent over resolution {:.3g}); '{}' fits",
        fast.name, slow.name, *pair.declared, pair.time == Relation::overlap ? "overlap" : "are separated",
        fast.name, time_text(fast.time.resolution, map_.time), time_text(fast.time.extent, map_.time),
        slow.name, time_text(slow.time.resolution, map_.time), time_text(slow.time.extent, map_.time),
        pair.epsilon_time, name(pair.pattern)));
  }

  void find_quasi_steady() {
    map_.warnings = warnings_;
    for (const PairScales& pair : map_.pairs) {
      const ProcessScales &fast = map_.processes[pair.fast], &slow = map_.processes[pair.slow];
      const double ratio = declared_time_.contains(fast.name) || declared_time_.contains(slow.name)
                               ? pair.epsilon_time
                               : pair.time_ratio;
      if (!(ratio > 0.0) || ratio > 1.0 / least_gap) continue;
      // What a process conserves by itself can't be found from where it is at rest.
      const bool declared = declared_time_.contains(fast.name);
      if (!declared && (!fast.relaxes || fast.spectrum.neutral > 0)) continue;
      map_.quasi_steady.push_back({fast.name, slow.name, {}, {}, ratio, ratio, ratio * ratio});
    }
    for (const ProcessScales& process : map_.processes)
      for (const FastStates& gap : process.spectrum.gaps)
        if (gap.relaxes)
          map_.quasi_steady.push_back({process.name, process.name, gap.states, gap.others, gap.ratio(),
                                       gap.ratio(), gap.ratio() * gap.ratio()});
  }

  const Model& model_;
  const std::vector<const State*>& states_;
  const std::vector<double>& times_;
  ThreadPool& threads_;
  ScaleMap map_;
  std::vector<std::size_t> ids_;  // of the processes in the model
  std::set<std::string> declared_time_;
  mutable std::vector<std::string> warnings_;
};

}  // namespace

ScaleMap scale_map(const Model& model, const std::vector<const State*>& states,
                   const std::vector<double>& times, ThreadPool& threads) {
  return Mapper(model, states, times, threads).make();
}

ScaleMap scale_map(const Model& model, const std::vector<Look>& looks, ThreadPool& threads) {
  std::vector<const State*> states;
  std::vector<double> times;
  for (const Look& look : looks) {
    states.push_back(&look.state);
    times.push_back(look.time);
  }
  return scale_map(model, states, times, threads);
}

std::vector<Look> looks_along(std::shared_ptr<const Model> model, int threads, std::size_t most,
                              double most_site_steps) {
  std::vector<Look> looks;
  Simulation simulation(model, {threads, 0, nullptr});
  looks.push_back({simulation.complete_state(), simulation.time()});
  std::size_t sites = 0;
  for (const auto& [name, space] : model->spaces) sites += space->sites();
  const std::int64_t steps = model->schedule.steps;
  if (static_cast<double>(sites) * static_cast<double>(steps) > most_site_steps || most < 2) return looks;
  const std::int64_t between = std::max<std::int64_t>(1, steps / static_cast<std::int64_t>(most - 1));
  try {
    for (std::int64_t step = 1; step <= steps && looks.size() < most && !simulation.finished(); ++step) {
      simulation.step();
      if (step % between == 0) looks.push_back({simulation.complete_state(), simulation.time()});
    }
  } catch (const NumericalFailure& failure) {
    log_warning(fmt::format("looks end at the failure of the run: {}", failure.what()));
  }
  return looks;
}

}  // namespace holon::analysis
