// iterations and substeps: how often the schedule advances a process.
#include "holon/modelfile/loader.hpp"
#include "holon/observe/timed_observer.hpp"
#include "holon/observe/types.hpp"

#include <algorithm>
#include <optional>

namespace holon::observe {

namespace {

using modelfile::ObserverContext;
using modelfile::Option;
using modelfile::Schema;

/// The innermost window of which a process is a member; the only window where none is named.
std::optional<std::size_t> window_of(const Model& model, const std::string& process) {
  const auto& windows = model.program.windows;
  if (process.empty()) return windows.size() == 1 ? std::optional<std::size_t>(0) : std::nullopt;
  const ProcessId id = model.process_id(process);
  for (std::size_t w = 0; w < windows.size(); ++w)
    for (const Window::Member& member : windows[w].members)
      if (std::find(member.processes.begin(), member.processes.end(), id) != member.processes.end()) return w;
  return std::nullopt;
}

class Iterations final : public FinalObserver {
 public:
  explicit Iterations(std::optional<std::size_t> window) : window_(window) {}

  std::map<std::string, ResultValue> results() const override {
    if (!window_ || counts_.empty()) {
      const ResultValue none = missing(window_ ? "the run did not come to its end" : "no iterate is meant");
      return {{"", none}, {"most", none}, {"total", none}, {"mean", none}};
    }
    const double windows = std::max(1.0, counts_[1]);
    return {{"", {counts_[0], {}}},
            {"most", {counts_[3], {}}},
            {"total", {counts_[2], {}}},
            {"mean", {counts_[2] / windows, {}}}};
  }

 private:
  void look(const Observation&) override {}
  void end(const Observation& observation) override {
    if (!window_) return;
    const WindowCount& count = observation.state.counter.windows.at(*window_);
    counts_ = {static_cast<double>(count.last), static_cast<double>(count.windows),
               static_cast<double>(count.evaluations), static_cast<double>(count.most)};
  }
  void save_more(Archive& archive) const override { archive.put("counts", std::span<const double>(counts_)); }
  void load_more(const Archive& archive) override { counts_ = archive.reals("counts"); }

  std::optional<std::size_t> window_;
  std::vector<double> counts_;
};

class IterationsRecipe final : public ObserverRecipe {
 public:
  IterationsRecipe(const std::string& name, std::string process)
      : ObserverRecipe(name), process_(std::move(process)) {}
  bool reads(FieldId) const override { return false; }
  std::unique_ptr<Observer> start(const Model& model) const override {
    return std::make_unique<Iterations>(window_of(model, process_));
  }
  std::vector<std::string> outcomes() const override { return {"", "most", "total", "mean"}; }
  std::optional<Unit> outcome_unit(const std::string&) const override { return Unit{}; }

 private:
  std::string process_;
};

/// Advances of a process in one macro step by these instructions.
double advances(const Model& model, const std::vector<Instruction>& instructions, ProcessId process) {
  double sum = 0.0;
  for (const Instruction& instruction : instructions) {
    if (instruction.average) {
      // The slow ones are asked for their rates in every substep of a period.
      const Average& average = model.program.averages[*instruction.average];
      sum += static_cast<double>(average.options.steps) *
             (advances(model, average.fast, process) + advances(model, average.slow, process));
    } else if (instruction.window) {
      for (const Window::Member& member : model.program.windows[*instruction.window].members)
        sum += static_cast<double>(member.parts) * advances(model, member.part, process);
    } else if (instruction.process == process) {
      sum += 1.0 / static_cast<double>(instruction.every);
    }
  }
  return sum;
}

class Substeps final : public FinalObserver {
 public:
  explicit Substeps(double number) : number_(number) {}
  std::map<std::string, ResultValue> results() const override { return {{"", {number_, {}}}}; }

 private:
  void look(const Observation&) override {}
  void save_more(Archive&) const override {}
  void load_more(const Archive&) override {}

  double number_;
};

class SubstepsRecipe final : public ObserverRecipe {
 public:
  SubstepsRecipe(const std::string& name, std::string process)
      : ObserverRecipe(name), process_(std::move(process)) {}
  bool reads(FieldId) const override { return false; }
  std::unique_ptr<Observer> start(const Model& model) const override {
    const Program& program = model.program;
    const ProcessId id = model.process_id(process_);
    const bool merged = program.merged && program.opening.process == id;
    return std::make_unique<Substeps>(advances(model, program.body, id) + (merged ? 1.0 : 0.0));
  }
  std::vector<std::string> outcomes() const override { return {""}; }
  std::optional<Unit> outcome_unit(const std::string&) const override { return Unit{}; }

 private:
  std::string process_;
};

std::unique_ptr<ObserverRecipe> make_iterations(ObserverContext& context) {
  return std::make_unique<IterationsRecipe>(context.name,
                                            context.section.has("of") ? context.section.text("of") : "");
}

std::unique_ptr<ObserverRecipe> make_substeps(ObserverContext& context) {
  return std::make_unique<SubstepsRecipe>(context.name, context.section.text("of"));
}

}  // namespace

modelfile::ObserverType iterations_type() {
  Schema schema("iterations", "How many evaluations an iterate of the schedule took.");
  schema.add("of", Option::Type::process, "a process of the iterate; not needed where there is one")
      .make_optional();
  return {
      "iterations",
      "How many evaluations an iterate of the schedule took: in its last interval; outcomes 'most' (in one "
      "interval), 'total' and 'mean'.",
      std::move(schema), &make_iterations};
}

modelfile::ObserverType substeps_type() {
  Schema schema("substeps", "How often a process is advanced in a macro step.");
  schema.add("of", Option::Type::process, "the process");
  return {"substeps",
          "How often a process is advanced in a macro step: what a subcycle with 'steps: auto' chose, or the "
          "halves of a strang. One evaluation of an iterate counts.",
          std::move(schema), &make_substeps};
}

}  // namespace holon::observe
