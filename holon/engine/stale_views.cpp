#include "holon/engine/stale_views.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/model_checks.hpp"
#include "holon/engine/own_views.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>

namespace holon {

namespace {

constexpr double negligible = 0.05;
constexpr double negligible_in_window =
    4.0;  // steps as of Crank and Nicolson: stable, and hardly damped beyond
constexpr double negligible_contribution = 0.5;  // splittings are of first or second order anyway
constexpr int iterations = 8;
constexpr double alone = 0.95;       // cosine from which a direction is that of one mode
constexpr double difference = 1e-6;  // of the size of a field

/// K by differences.
class Returning {
 public:
  /// `changed`: its own fields, which it follows itself, or those of others that it contributes to.
  Returning(const Model& model, ProcessId process, std::vector<FieldId> changed, bool own, const State& state,
            double time, ThreadPool& threads)
      : model_(model),
        process_(*model.processes[process]),
        layout_(*model.fields, std::move(changed)),
        own_(own),
        before_(model.determination.before(process_)),
        state_(state.clone()),
        time_(time),
        threads_(threads),
        u_(layout_) {
    work_.threads = &threads;
    for_changed([&](std::span<double> column, std::span<double> values) {
      std::copy(column.begin(), column.end(), values.begin());
    });
  }

  struct Rate {
    double size = 0.0;  ///< the largest |eigenvalue|
    bool decays = false;
  };
  /// Weighed so that units don't matter.
  Rate rate() {
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
    Rate rate;
    for (int k = 0; k < iterations; ++k) {
      const double length = norm(direction.values(), size.values());
      std::vector<double> image = rates_seeing(direction, difference / length);
      for (std::size_t i = 0; i < image.size(); ++i) image[i] = (image[i] - base[i]) * length / difference;
      const double grown = norm(image, size.values());
      rate.size = grown / length;
      if (!(rate.size > 0.0) || !std::isfinite(rate.size)) return {};
      rate.decays = product(image, direction.values(), size.values()) < -alone * grown * length;
      direction.values() = std::move(image);
    }
    return rate;
  }

 private:
  static double product(const std::vector<double>& a, const std::vector<double>& b,
                        const std::vector<double>& size) {
    double sum = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] / size[i] * (b[i] / size[i]);
    return sum / static_cast<double>(std::max<std::size_t>(1, a.size()));
  }
  static double norm(const std::vector<double>& values, const std::vector<double>& size) {
    return std::sqrt(product(values, values, size));
  }

  template <class Visit>
  void for_changed(Visit visit) {
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
    for_changed(put);
    for (const ProcessId id : before_) {
      determiners_[id].threads = &threads_;
      model_.processes[id]->determine(state_, time_, determiners_[id]);
    }
    u_ = u;
    if (own_) for_changed(put);
    Vector rates(layout_);
    process_.rate(state_, time_, work_, rates);
    for_changed(put);
    return rates.values();
  }

  const Model& model_;
  const Process& process_;
  Layout layout_;
  bool own_;
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

  void look(const ScheduleNode& node, bool of_itself = false) {
    using Kind = ScheduleNode::Kind;
    if (node.kind == Kind::together || node.kind == Kind::average || node.steady) return;
    if (node.kind == Kind::iterate && !node.of_itself) return;
    if (node.kind == Kind::advance) look_at(node, of_itself);
    for (const ScheduleNode& child : node.children) look(child, node.of_itself);
  }
  std::vector<StaleView> found;

 private:
  void look_at(const ScheduleNode& node, bool of_itself) {
    const Process& process = *model_.processes[node.process];
    const std::vector<FieldId> own = own_fields(process, *model_.fields);
    std::vector<FieldId> given;
    for (const Port& port : process.ports())
      if (port.role == Port::Role::contribute && (*model_.fields)[port.field].type == FieldType::real)
        given.push_back(port.field);
    using Kind = StaleView::Kind;
    if (const auto seen = view_of(process, given, true))
      return look_at(node, *seen, given, Kind::contributed);
    if (const auto seen = view_of(process, own, false))
      look_at(node, *seen, own, of_itself ? Kind::followed : Kind::own);
  }

  std::optional<FieldId> view_of(const Process& process, const std::vector<FieldId>& fields,
                                 bool directly) const {
    for (const FieldId field : fields)  // vectors have the sites of the start
      if (state_.sites(*(*model_.fields)[field].space) != (*model_.fields)[field].space->sites())
        return std::nullopt;
    if (directly)
      for (const Port& port : process.ports())
        if (port.role == Port::Role::read &&
            std::find(fields.begin(), fields.end(), port.field) != fields.end())
          return port.field;
    return own_view(model_, process, fields);
  }

  void look_at(const ScheduleNode& node, FieldId seen, const std::vector<FieldId>& fields,
               StaleView::Kind kind) {
    StaleView view{.process = node.process, .seen = seen, .place = node.place, .kind = kind};
    view.step = step_of(node.process);
    try {
      const auto rate = Returning(model_, node.process, fields, kind != StaleView::Kind::contributed, state_,
                                  time_, threads_)
                            .rate();
      view.strength = view.step * rate.size;
      view.decays = rate.decays;
    } catch (const NumericalFailure&) {
      return;  // the run will say what it is
    }
    const double matters = kind == StaleView::Kind::own        ? negligible
                           : kind == StaleView::Kind::followed ? negligible_in_window
                                                               : negligible_contribution;
    if (view.strength > matters) found.push_back(view);
  }

  double step_of(ProcessId process) const {
    double longest = 0.0;
    for (const Instruction& instruction : model_.program.body) {
      if (instruction.average) continue;
      const bool its_own = instruction.window && model_.program.windows[*instruction.window].of_itself;
      const ProcessId advanced =
          its_own ? model_.program.windows[*instruction.window].members[0].processes[0] : instruction.process;
      if ((its_own || !instruction.window) && advanced == process)
        longest = std::max(longest, (instruction.end - instruction.begin).value());
    }
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

namespace {

std::string seen_text(const StaleView& view, const Model& model) {
  const std::string& name = model.processes[view.process]->name();
  const std::string& seen = (*model.fields)[view.seen].name;
  return view.kind == StaleView::Kind::contributed
             ? fmt::format("'{}' sees '{}', to which it contributes,", name, seen)
             : fmt::format("'{}' sees '{}', which follows from its own fields,", name, seen);
}

std::string way_out(const StaleView& view, const Model& model) {
  const std::string& name = model.processes[view.process]->name();
  switch (view.kind) {
    case StaleView::Kind::contributed:
      return "members of an `iterate` see each other's fields change within the step, `together` takes all "
             "at "
             "once, and a process of type exchange takes up implicitly";
    case StaleView::Kind::followed:
      return fmt::format(
          "a shorter step follows it; `together` with '{}' and what it sees of itself damps what it doesn't "
          "follow",
          name);
    case StaleView::Kind::own:
      break;
  }
  return fmt::format("`iterate: {{do: [{}]}}` follows it within the step", name);
}

}  // namespace

Diagnostic warning_of(const StaleView& view, const Model& model) {
  Diagnostic warning{.severity = Diagnostic::Severity::warning,
                     .place = view.place,
                     .path = "processes." + model.processes[view.process]->name()};
  if (view.kind == StaleView::Kind::followed) {
    warning.message = fmt::format(
        "{} and its step is {:.3g} times as long as what comes back so takes to matter: stable, but what is "
        "faster than the step neither followed nor damped",
        seen_text(view, model), view.strength);
    warning.hint = way_out(view, model);
    return warning;
  }
  warning.message = fmt::format(
      "{} within its step as at the beginning: explicit and of first order, whatever its scheme, and its "
      "step "
      "is {:.3g} times as long as what comes back so takes to matter{}",
      seen_text(view, model), view.strength,
      view.strength > 1.0 ? "; beyond 1 or 2 such steps are not stable" : "");
  warning.hint = way_out(view, model) + ", and a shorter step sees it sooner";
  return warning;
}

void checks::stale_views(Model& model, const State& state, ThreadPool& threads) {
  constexpr double limit = 2.0;  // of explicit steps, for a mode that decays
  for (const StaleView& view : holon::stale_views(model, state, 0.0, threads)) {
    if (view.kind == StaleView::Kind::followed || !view.decays || view.strength <= limit) {
      model.warnings.push_back(warning_of(view, model));
      continue;
    }
    ScheduleNode node;
    node.place = view.place;
    const double share = limit / view.strength;
    refuse(node, "schedule.step",
           fmt::format("{} as at the beginning of its step of {}, which is not stable above {}",
                       seen_text(view, model), moment_text(view.step, model.schedule),
                       moment_text(view.step * share, model.schedule)),
           fmt::format("a step of at most {}", moment_text(model.schedule.step * share, model.schedule)),
           way_out(view, model));
  }
}

}  // namespace holon
