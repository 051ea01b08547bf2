#include "holon/engine/stale_views.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/delayed_transfer.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>

namespace holon {

namespace {

constexpr double negligible = 0.05;
constexpr int iterations = 8;
constexpr double difference = 1e-6;  // of the size of a field

bool determines(const Process& process, FieldId field) {
  const Ports ports = process.ports();
  return std::any_of(ports.begin(), ports.end(), [&](const Port& port) {
    return port.field == field && port.role == Port::Role::determine;
  });
}

/// Whether a field follows from some of these; what is delayed follows from the past.
bool follows(const Model& model, FieldId field, const std::vector<FieldId>& own) {
  for (const auto& process : model.processes) {
    if (!determines(*process, field)) continue;
    if (dynamic_cast<const DelayedTransfer*>(process.get()) != nullptr) return false;
    const std::vector<FieldId> from = process->determined_from();
    return std::any_of(from.begin(), from.end(), [&](FieldId source) {
      return std::find(own.begin(), own.end(), source) != own.end() || follows(model, source, own);
    });
  }
  return false;
}

/// K by differences.
class Returning {
 public:
  Returning(const Model& model, ProcessId process, std::vector<FieldId> own, const State& state, double time,
            ThreadPool& threads)
      : model_(model),
        process_(*model.processes[process]),
        layout_(*model.fields, std::move(own)),
        before_(model.determination.before(process_)),
        state_(state.clone()),
        time_(time),
        threads_(threads),
        u_(layout_) {
    work_.threads = &threads;
    for_own([&](std::span<double> column, std::span<double> values) {
      std::copy(column.begin(), column.end(), values.begin());
    });
  }

  /// The largest |eigenvalue|, weighed so that units don't matter.
  double rate() {
    Vector size(layout_), direction(layout_);
    for (const FieldId field : layout_.fields())
      for (int c = 0; c < (*model_.fields)[field].components; ++c) {
        const auto values = std::as_const(u_)(field, c);
        double square = 0.0;
        for (const double value : values) square += value * value;
        const double mean = std::sqrt(square / static_cast<double>(std::max<std::size_t>(1, values.size())));
        std::fill(size(field, c).begin(), size(field, c).end(), mean > 0.0 ? mean : 1.0);
      }
    for (std::size_t k = 0; k < layout_.size(); ++k)
      direction.values()[k] = size.values()[k] * (1.0 + 0.5 * std::sin(static_cast<double>(k * k)));
    const std::vector<double> base = rates_seeing(direction, 0.0);
    double growth = 0.0;
    for (int k = 0; k < iterations; ++k) {
      const double length = norm(direction.values(), size.values());
      std::vector<double> image = rates_seeing(direction, difference / length);
      for (std::size_t i = 0; i < image.size(); ++i) image[i] = (image[i] - base[i]) * length / difference;
      growth = norm(image, size.values()) / length;
      if (!(growth > 0.0) || !std::isfinite(growth)) return 0.0;
      direction.values() = std::move(image);
    }
    return growth;
  }

 private:
  static double norm(const std::vector<double>& values, const std::vector<double>& size) {
    double square = 0.0;
    for (std::size_t i = 0; i < values.size(); ++i) square += std::pow(values[i] / size[i], 2);
    return std::sqrt(square / static_cast<double>(std::max<std::size_t>(1, values.size())));
  }

  template <class Visit>
  void for_own(Visit visit) {
    for (const FieldId field : layout_.fields())
      for (int c = 0; c < (*model_.fields)[field].components; ++c) visit(state_.real(field, c), u_(field, c));
  }

  /// The rates where what is seen is that of fields moved by a factor times the direction.
  std::vector<double> rates_seeing(Vector& direction, double factor) {
    const Vector u = u_;
    for (std::size_t k = 0; k < layout_.size(); ++k) u_.values()[k] += factor * direction.values()[k];
    const auto put = [](std::span<double> column, std::span<double> values) {
      std::copy(values.begin(), values.end(), column.begin());
    };
    for_own(put);
    for (const ProcessId id : before_) {
      determiners_[id].threads = &threads_;
      model_.processes[id]->determine(state_, time_, determiners_[id]);
    }
    u_ = u;
    for_own(put);
    Vector rates(layout_);
    process_.rate(state_, time_, work_, rates);
    return rates.values();
  }

  const Model& model_;
  const Process& process_;
  Layout layout_;
  std::vector<ProcessId> before_;
  State state_;
  double time_;
  ThreadPool& threads_;
  Vector u_;
  Workspace work_;
  std::map<ProcessId, Workspace> determiners_;
};

class Search {
 public:
  Search(const Model& model, const State& state, double time, ThreadPool& threads)
      : model_(model), state_(state), time_(time), threads_(threads) {}

  void look(const ScheduleNode& node) {
    using Kind = ScheduleNode::Kind;
    if (node.kind == Kind::together || node.kind == Kind::average || node.kind == Kind::iterate) return;
    if (node.kind == Kind::advance) look_at(node);
    for (const ScheduleNode& child : node.children) look(child);
  }
  std::vector<StaleView> found;

 private:
  void look_at(const ScheduleNode& node) {
    const Process& process = *model_.processes[node.process];
    const bool spreads = process.type() == "diffusion" || process.type() == "cable";
    if (!process.traits().follows_inputs && !node.steady && !spreads) return;
    std::vector<FieldId> own;
    for (const Port& port : process.ports()) {
      const Field& field = (*model_.fields)[port.field];
      if (port.role != Port::Role::advance || field.type != FieldType::real) continue;
      if (state_.sites(*field.space) != field.space->sites()) return;  // vectors have the sites of the start
      own.push_back(port.field);
    }
    for (const Port& port : process.ports()) {
      if (port.role != Port::Role::read || !follows(model_, port.field, own)) continue;
      StaleView view{node.process, port.field, node.place, node.steady.has_value(), 0.0};
      if (!view.at_rest) view.strength = step_of(node.process) * rate_of(node.process, own);
      if (view.at_rest || view.strength > negligible) found.push_back(view);
      return;
    }
  }

  double rate_of(ProcessId process, const std::vector<FieldId>& own) const {
    try {
      return Returning(model_, process, own, state_, time_, threads_).rate();
    } catch (const NumericalFailure&) {
      return 0.0;  // the run will say what it is
    }
  }

  double step_of(ProcessId process) const {
    double longest = 0.0;
    for (const Instruction& instruction : model_.program.body)
      if (!instruction.window && !instruction.average && instruction.process == process)
        longest = std::max(longest, (instruction.end - instruction.begin).value());
    if (model_.program.merged && model_.program.opening.process == process) longest = 1.0;
    return std::min(longest * model_.schedule.step, model_.longest_advance[process]);
  }

  const Model& model_;
  const State& state_;
  double time_;
  ThreadPool& threads_;
};

}  // namespace

std::vector<StaleView> stale_views(const Model& model, const State& state, double time, ThreadPool& threads) {
  Search search(model, state, time, threads);
  search.look(model.schedule.root);
  return std::move(search.found);
}

Diagnostic warning_of(const StaleView& view, const Model& model) {
  const std::string& name = model.processes[view.process]->name();
  const std::string seen = fmt::format("'{}' sees '{}', which follows from its own fields,", name,
                                       (*model.fields)[view.seen].name);
  Diagnostic warning{
      .severity = Diagnostic::Severity::warning, .place = view.place, .path = "processes." + name};
  if (view.at_rest) {
    warning.message = seen + " as they were a step before: it lags behind its rest state";
    warning.hint = "advance it in time";
    return warning;
  }
  warning.message = fmt::format(
      "{} within its step as at the beginning: explicit and of first order, whatever its scheme, and its "
      "step is "
      "{:.2g} times as long as what comes back so takes to matter{}",
      seen, view.strength, view.strength > 1.0 ? "; beyond 1 or 2 such steps are not stable" : "");
  warning.hint = fmt::format(
      "`iterate: {{do: [{}]}}` follows it within the step, and a shorter step sees it sooner", name);
  return warning;
}

}  // namespace holon
