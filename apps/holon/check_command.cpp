// holon check: everything but running.
#include "holon/base/error.hpp"
#include "holon/base/progress.hpp"
#include "holon/engine/distribution.hpp"
#include "holon/engine/model.hpp"
#include "holon/engine/rest.hpp"
#include "holon/modelfile/study.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <memory>

#include "command.hpp"
#include <fmt/format.h>

namespace holon::cli {

namespace {

std::string time_text(double coherent, const Schedule& schedule) {
  const double t = coherent / schedule.time_unit.factor();
  return schedule.time_dimension.dimensionless() ? fmt::format("{:.6g}", t)
                                                 : fmt::format("{:.6g} {}", t, schedule.time_unit.text());
}

/// Whether somebody changes a field: agents that divide and die change all that they hold, and what belongs
/// to the numerics of a process (PROCESS:NAME) is its own affair.
bool changes(const Model& model, FieldId id) {
  const Field& field = (*model.fields)[id];
  return field.space->varies() || field.name.find(':') != std::string::npos ||
         std::any_of(model.processes.begin(), model.processes.end(), [id](const auto& process) {
           const Ports ports = process->ports();
           return std::any_of(ports.begin(), ports.end(), [id](const Port& port) {
             return port.field == id && port.role != Port::Role::read;
           });
         });
}

void print_fields(const Model& model) {
  fmt::print("Fields\n");
  for (FieldId id = 0; id < model.fields->size(); ++id) {
    const Field& field = (*model.fields)[id];
    const std::size_t sites = field.space->sites(), inside = field.space->sites_inside();
    fmt::print("  {:<24} [{}] on {} ({}{} sites), {}{}\n", field.name, field.unit.text(), field.space->name(),
               inside < sites ? fmt::format("{} of ", inside) : "", sites, name(field.kind),
               changes(model, id) ? "" : "; nobody changes it");
  }
  fmt::print("  memory of one state: {:.3g} MB\n\n", state_bytes(model) / 1e6);
}

void print_processes(const Model& model, const State& state) {
  fmt::print("Processes\n");
  for (const auto& process : model.processes) {
    fmt::print("  {} ({})\n", process->name(), process->type());
    std::string line;
    for (const Port& port : process->ports()) {
      const std::string text = fmt::format("{} {}", name(port.role), (*model.fields)[port.field].name);
      if (line.size() + text.size() > 100) {
        fmt::print("    {}\n", line);
        line.clear();
      }
      line += (line.empty() ? "" : ", ") + text;
    }
    if (!line.empty()) fmt::print("    {}\n", line);
    for (const std::string& text : process->description()) fmt::print("    {}\n", text);
    const double limit = process->stable_step(state);
    fmt::print("    largest stable step: {}\n",
               std::isfinite(limit) ? time_text(limit, model.schedule) : "none, unconditionally stable");
  }
  fmt::print("\n");
}

void print_schedule(const Model& model) {
  const Schedule& schedule = model.schedule;
  if (schedule.to_rest) {
    const std::string obstacle = WayToRest(model).obstacle();
    fmt::print(
        "Schedule: macro steps of {}{} until what is left of the way to rest is below {:g} of every field\n",
        time_text(schedule.step, schedule),
        obstacle.empty() ? " and longer" : " (no longer ones, since " + obstacle + ")", WayToRest::tolerance);
  } else {
    fmt::print("Schedule: {} macro steps of {}\n", schedule.steps, time_text(schedule.step, schedule));
  }
  const auto every = [](const Instruction& instruction) {
    return instruction.every > 1 ? fmt::format(", every {} steps", instruction.every) : "";
  };
  const auto line = [&](const Instruction& instruction, const char* note) {
    const std::string times =
        fmt::format("from {:.6g} to {:.6g} steps ({})", instruction.begin.value(), instruction.end.value(),
                    time_text((instruction.end - instruction.begin).value() * schedule.step, schedule));
    if (instruction.average) {
      const Average& average = model.program.averages[*instruction.average];
      fmt::print("  {:<20} {}{}: over periods of {} in {} steps, to a change of at most {:.3g}\n", "average",
                 times, every(instruction), time_text(average.options.period, schedule),
                 average.options.steps, average.options.tolerance);
      for (const auto& [what, part] : {std::pair{"fast", &average.fast}, std::pair{"slow", &average.slow}})
        for (const Instruction& inner : *part)
          fmt::print("    {:<18} {}\n", model.processes[inner.process]->name(), what);
      return;
    }
    if (!instruction.window) {
      fmt::print("  {:<20} {}{}{}\n", model.processes[instruction.process]->name(), times, every(instruction),
                 note);
      return;
    }
    const Window& window = model.program.windows[*instruction.window];
    fmt::print("  {:<20} {}{}: until the residual is {:.3g} of the first, waveforms of degree {}\n",
               "iterate", times, every(instruction), window.options.tolerance, window.options.degree);
    if (window.of_itself)
      fmt::print(
          "    made because '{0}' sees what follows from its own fields (explicit: iterate: {{do: [{0}], "
          "most: 1, unconverged: accept}})\n",
          model.processes[window.members[0].processes[0]]->name());
    for (const Window::Member& member : window.members)
      for (const Instruction& inner : member.part)
        if (!inner.window)
          fmt::print("    {:<18} {} substep{}\n", model.processes[inner.process]->name(), member.parts,
                     member.parts == 1 ? "" : "s");
  };
  if (model.program.merged) line(model.program.opening, ", merged with the half before");
  constexpr std::size_t most = 24;
  for (std::size_t i = 0; i < model.program.body.size() && i < most; ++i) line(model.program.body[i], "");
  for (const std::string& division : model.divisions) fmt::print("  {}\n", division);
  if (model.program.body.size() > most) fmt::print("  ... {} advances in all\n", model.program.body.size());
  if (model.program.merged) line(model.program.closing, ", merged with the half after");
  fmt::print("\n");
}

/// Ranks that are only counted.
class ForeseenRanks final : public Ranks {
 public:
  explicit ForeseenRanks(int size) : size_(size) {}
  int rank() const override { return 0; }
  int size() const override { return size_; }
  void exchange(std::span<const Outgoing>, std::span<const Incoming>) override { nobody(); }
  void all_gather(std::span<double>, std::span<const std::size_t>) override { nobody(); }
  std::vector<std::string> all_gather(const std::string&) override {
    return nobody(), std::vector<std::string>();
  }
  std::vector<int> end(int) override { return nobody(), std::vector<int>(); }
  [[noreturn]] void abort(int) override { std::terminate(); }

 private:
  static void nobody() { require(false, "ranks that are foreseen are not talked to"); }
  int size_;
};

void print_ranks(const Model& model, int count) {
  ForeseenRanks ranks(count);
  const Distribution distribution(model, &ranks);
  fmt::print("Ranks: mpirun -n {} holon run ...\n", count);
  for (const Distribution::Line& line : distribution.lines())
    fmt::print("  {:<20} {}\n", line.process, line.text);
  for (const Distribution::Part& part : distribution.parts())
    fmt::print("  rank {} owns sites {} to {} of '{}'\n", part.rank, part.sites.begin, part.sites.end - 1,
               part.space);
  fmt::print("\n");
}

int check(const std::string& text, const std::vector<std::string>& settings, int ranks) {
  const auto file = find_model(text);
  modelfile::LoadOptions options;
  for (const std::string& setting : settings) options.overrides.push_back(modelfile::parse_override(setting));
  options.foresee = check_memory;
  const modelfile::Loaded loaded = modelfile::load(file, registry(), options);
  const Model& model = *loaded.model;
  print(loaded.warnings);
  ThreadPool threads(1);
  const State state = model.initial_state(threads, 0);
  fmt::print("{}\n\n", model.title);
  print_fields(model);
  print_processes(model, state);
  print_schedule(model);
  if (ranks > 1) print_ranks(model, ranks);
  if (!loaded.conversions.empty()) {
    fmt::print("Conversions at the borders of components\n");
    for (const std::string& line : loaded.conversions) fmt::print("  {}\n", line);
    fmt::print("\n");
  }
  if (!model.observers.empty()) {
    fmt::print("Observers\n");
    for (const auto& observer : model.observers) {
      fmt::print("  {}\n", observer->name());
      for (const std::string& line : observer->description()) fmt::print("    {}\n", line);
    }
    fmt::print("\n");
  }
  if (!loaded.studies.empty()) {
    fmt::print("Studies\n");
    for (const auto& study : loaded.studies) {
      fmt::print("  {}\n", study->name());
      for (const std::string& line : study->description()) fmt::print("    {}\n", line);
    }
    fmt::print("\n");
  }
  fmt::print("{}: no errors\n", file.filename().string());
  return 0;
}

}  // namespace

void add_check(CLI::App& program, Action& action) {
  auto* command =
      program.add_subcommand("check", "Do everything but run: units, names, ports, steps, memory");
  auto model = std::make_shared<std::string>();
  auto settings = std::make_shared<std::vector<std::string>>();
  command->add_option("MODEL", *model, "Model file, or the name of a cookbook model")->required();
  command->add_option("--set", *settings, "PATH=VALUE, as for holon run")->allow_extra_args(false);
  auto ranks = std::make_shared<int>(1);
  command->add_option("--ranks", *ranks, "Say who would own what under mpirun -n RANKS")
      ->check(CLI::Range(1, 100000));
  command->callback([model, settings, ranks, &action] {
    action = [model, settings, ranks] { return check(*model, *settings, *ranks); };
  });
}

}  // namespace holon::cli
