#include "holon/analysis/continuation.hpp"

#include "holon/analysis/special_points.hpp"
#include "holon/base/error.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace holon::analysis {

std::string_view name(SpecialPoint::Kind kind) {
  return kind == SpecialPoint::Kind::fold ? "fold" : "Hopf point";
}

namespace {

constexpr double shortest_bracket = 1e-4;  // of a special point, in first steps
constexpr double same_point = 1e-6;        // of two special points of one kind

struct Tangent {
  std::vector<double> x;
  double p = 0.0;
};

class Follower {
 public:
  Follower(const System& system, double time, const std::vector<Constraint>& constraints,
           const ContinuationOptions& options)
      : system_(system), time_(time), options_(options), linear_(system, constraints) {
    range_ = options.high - options.low;
  }

  /// <a, b> with every unknown and the parameter in their own sizes.
  double product(std::span<const double> ax, double ap, std::span<const double> bx, double bp) const {
    double sum = 0.0;
    for (std::size_t i = 0; i < ax.size(); ++i) sum += ax[i] / sizes_[i] * (bx[i] / sizes_[i]);
    return sum / static_cast<double>(std::max<std::size_t>(1, ax.size())) + ap / range_ * (bp / range_);
  }

  /// Sizes are the largest that have been met on the branch, so that it may lead through zero.
  void measure(const State& state) {
    const std::vector<double> former = std::move(sizes_);
    sizes_ = sizes_of(system_, system_.unknowns(state));
    for (std::size_t i = 0; i < former.size(); ++i) sizes_[i] = std::max(sizes_[i], former[i]);
  }

  /// The direction of the branch at a steady state, of length 1, along `last`. Nothing where the bordered
  /// Jacobian is singular.
  std::optional<Tangent> tangent(const State& state, const Tangent& last) {
    const Vector slope = system_.parameter_derivative(state, time_, options_.parameter);
    const Border border = across(last, slope);
    if (!linear_.factor(state, time_, 0.0, std::span(&border, 1))) return std::nullopt;
    const std::vector<double> none(system_.size(), 0.0);
    const double one = 1.0;
    auto [x, p, multipliers] = linear_.solve(none, {}, std::span(&one, 1));
    const double length = std::sqrt(product(x, p[0], x, p[0]));
    if (!std::isfinite(length) || length == 0.0) return std::nullopt;
    for (double& each : x) each /= length;
    return Tangent{std::move(x), p[0] / length};
  }

  /// Newton's method from `state`, a step along the tangent, back to the branch, across the tangent. The
  /// iterations that it took, or nothing where it failed.
  std::optional<int> correct(State& state, const Tangent& along) {
    const std::size_t n = system_.size();
    std::vector<double> held;
    Vector x = system_.unknowns(state);
    for (const Constraint& each : linear_.constraints()) {
      double sum = 0.0;
      for (std::size_t i = 0; i < n; ++i) sum += each.weights[i] * x.values()[i];
      held.push_back(sum);
    }
    double before = 0.0;
    for (int k = 1; k <= options_.newton.most; ++k) {
      const Vector f = system_.residual(state, time_);
      const Vector slope = system_.parameter_derivative(state, time_, options_.parameter);
      const Border border = across(along, slope);
      if (!linear_.factor(state, time_, 0.0, std::span(&border, 1))) return std::nullopt;
      std::vector<double> constraint_defect;
      for (std::size_t q = 0; q < held.size(); ++q) {
        double sum = -held[q];
        for (std::size_t i = 0; i < n; ++i) sum += linear_.constraints()[q].weights[i] * x.values()[i];
        constraint_defect.push_back(sum);
      }
      // The step stays in the plane across the tangent.
      const auto [dx, dp, multipliers] = linear_.solve(f.values(), constraint_defect);
      const double size = std::max(scaled_norm(dx, sizes_), std::abs(dp[0]) / range_);
      if (!std::isfinite(size) || (k > 1 && size > 0.7 * before && size > 1e-9)) return std::nullopt;
      before = size;
      for (std::size_t i = 0; i < n; ++i) x.values()[i] -= dx[i];
      system_.set_unknowns(state, x);
      state.set_parameter(options_.parameter, state.parameter(options_.parameter) - dp[0]);
      if (size <= options_.newton.tolerance) return k;
    }
    return before <= 1e-8 ? std::optional<int>(options_.newton.most) : std::nullopt;
  }

  /// How far two states of the branch are apart.
  double distance(const State& a, const State& b) const {
    std::vector<double> x = system_.unknowns(a).values();
    const Vector y = system_.unknowns(b);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] -= y.values()[i];
    const double p = a.parameter(options_.parameter) - b.parameter(options_.parameter);
    return std::sqrt(product(x, p, x, p));
  }

  Tangent towards(double direction) const {
    return {std::vector<double>(system_.size(), 0.0), direction * range_};
  }
  double range() const { return range_; }
  /// How far a value of the parameter lies outside the range, as a share of it.
  double beyond(double parameter) const {
    return std::max({0.0, options_.low - parameter, parameter - options_.high}) / range_;
  }

 private:
  Border across(const Tangent& along, const Vector& slope) const {
    Border border;
    border.column = slope.values();
    border.row.resize(along.x.size());
    const auto n = static_cast<double>(along.x.size());
    for (std::size_t i = 0; i < along.x.size(); ++i) border.row[i] = along.x[i] / (sizes_[i] * sizes_[i] * n);
    border.corner = along.p / (range_ * range_);
    return border;
  }

  const System& system_;
  double time_;
  ContinuationOptions options_;
  LinearisedModel linear_;
  std::vector<double> sizes_;
  double range_ = 1.0;
};

/// Whether the cubic with these slopes at both ends of a step, and this mean slope between, has two extrema
/// inside. Its slope at a share t of the step: (1-t)(1-3t) a + t(3t-2) b + 6 t (1-t) c.
bool turns_twice(double a, double b, double c) {
  constexpr int looks = 16;
  for (int k = 1; k < looks; ++k) {
    const double t = static_cast<double>(k) / looks;
    const double slope = (1.0 - t) * (1.0 - 3.0 * t) * a + t * (3.0 * t - 2.0) * b + 6.0 * t * (1.0 - t) * c;
    if ((slope > 0.0) != (a > 0.0)) return true;
  }
  return false;
}

BranchPoint point_at(const System& system, const State& state, double time, double arclength,
                     const ContinuationOptions& options) {
  BranchPoint point{
      state.parameter(options.parameter), arclength, state.clone(), {}, std::nullopt, std::nullopt};
  if (!options.eigenvalues) return point;
  constexpr std::size_t nearest = 4;
  point.eigenvalues = spectrum(system, state, time, nearest);
  if (!point.eigenvalues.why_none.empty()) return point;
  point.unstable = point.eigenvalues.unstable();
  if (!point.eigenvalues.values.empty()) point.leading = point.eigenvalues.values.front();
  return point;
}

/// Folds and Hopf points between two points of the branch.
class SpecialPointSearch {
 public:
  SpecialPointSearch(const System& system, double time, const std::vector<Constraint>& constraints,
                     const ContinuationOptions& options, const Follower& follower, Branch& branch)
      : system_(system),
        time_(time),
        constraints_(constraints),
        options_(options),
        follower_(follower),
        branch_(branch) {}

  /// What happens in the step to the last point of the branch, by the tangents at both ends. False where it
  /// takes a shorter step to tell.
  bool tell(const Tangent& before, const Tangent& after, double step) {
    const BranchPoint& now = branch_.points.back();
    const BranchPoint& then = branch_.points[branch_.points.size() - 2];
    const bool shortest = step <= shortest_bracket * options_.first_step;
    if ((after.p > 0.0) != (before.p > 0.0)) return fold(then, now, before, after, step);
    // Two folds in one step turn the branch back again: the cubic through both ends would show it.
    const double chord = (now.parameter - then.parameter) / step;
    if (turns_twice(before.p, after.p, chord) && !shortest) return false;
    if (!now.unstable || !then.unstable || *now.unstable == *then.unstable) return true;
    const bool all = now.eigenvalues.counted && then.eigenvalues.counted;
    const auto stable = [](const BranchPoint& point) {
      return *point.unstable == 0 && point.eigenvalues.counted;
    };
    const bool onset = stable(now) || stable(then);
    const int crossed = std::abs(*now.unstable - *then.unstable);
    // How many cross where more grow than can be told apart is not known.
    if (!all && !onset) return true;
    if (all && crossed > 2 && !shortest) return false;
    const BranchPoint& growing = *now.unstable > *then.unstable ? now : then;
    const auto swings = [&](std::complex<double> value) {
      return value.real() > growing.eigenvalues.tolerance && value.imag() > growing.eigenvalues.tolerance;
    };
    if (crossed == 1 || (onset && std::none_of(growing.eigenvalues.values.begin(),
                                               growing.eigenvalues.values.end(), swings))) {
      if (crossed == 2 && !shortest) return false;
      return doubt(
          fmt::format("near {} the real part of an eigenvalue changes sign without a fold: another "
                      "branch crosses this one, and is not followed",
                      at(now)));
    }
    if (hopf(then, now, onset && (crossed > 2 || !all))) return true;
    if (!shortest) return false;
    return doubt(
        fmt::format("near {} {} eigenvalues cross the imaginary axis, but Newton's method finds no "
                    "Hopf point there",
                    at(now), crossed == 2 ? "two" : "several"));
  }

 private:
  std::string at(const BranchPoint& point) const {
    return fmt::format("{} = {:.9g}", system_.parameters()[options_.parameter].path, point.parameter);
  }
  bool doubt(std::string text) {
    branch_.doubts.push_back(std::move(text));
    return true;
  }
  bool keep(SpecialPoint point) {
    point.after = branch_.points.size() - 2;
    branch_.special.push_back(std::move(point));
    return true;
  }
  bool known(const SpecialPoint& point) const {
    return std::any_of(branch_.special.begin(), branch_.special.end(), [&](const SpecialPoint& other) {
      return other.kind == point.kind && follower_.distance(other.state, point.state) < same_point;
    });
  }

  /// From the end of the step that is nearer to the fold, and from the other one. What is found further away
  /// than a step from both ends is another one.
  bool fold(const BranchPoint& then, const BranchPoint& now, const Tangent& before, const Tangent& after,
            double step) {
    const auto from = [&](const BranchPoint& guess, const Tangent& null) -> std::optional<SpecialPoint> {
      auto point = locate_fold(system_, guess.state, time_, constraints_, options_, null.x);
      if (!point || known(*point)) return std::nullopt;
      if (std::max(follower_.distance(point->state, now.state),
                   follower_.distance(point->state, then.state)) > 2.0 * step)
        return std::nullopt;
      return point;
    };
    const bool later = std::abs(after.p) < std::abs(before.p);
    auto point = later ? from(now, after) : from(then, before);
    if (!point) point = later ? from(then, before) : from(now, after);
    if (point) return keep(std::move(*point));
    if (step > shortest_bracket * options_.first_step) return false;
    return doubt(
        fmt::format("near {} the branch turns back, but Newton's method finds no fold there", at(now)));
  }

  /// Of pairs of eigenvalues that are all near the axis, the one that crosses it here. `first`: of the many
  /// that cross it in this step, the one with which stability ends: nothing else grows there.
  bool hopf(const BranchPoint& then, const BranchPoint& now, bool first) {
    const auto from = [&](const BranchPoint& guess) -> std::optional<SpecialPoint> {
      constexpr std::size_t most_pairs = 4;
      std::vector<std::complex<double>> pairs;
      for (const auto& value : guess.eigenvalues.values)
        if (value.imag() > guess.eigenvalues.tolerance) pairs.push_back(value);
      std::stable_sort(pairs.begin(), pairs.end(), [&](const auto& one, const auto& other) {
        return first ? one.real() > other.real() : std::abs(one.real()) < std::abs(other.real());
      });
      for (std::size_t k = 0; k < std::min(most_pairs, pairs.size()); ++k) {
        auto point = locate_hopf(system_, guess.state, time_, constraints_, options_, pairs[k]);
        if (!point || known(*point)) continue;
        const auto [low, high] = std::minmax(then.parameter, now.parameter);
        const double slack = 1e-6 * (high - low);
        if (point->parameter < low - slack || point->parameter > high + slack) continue;
        if (!first || ends_stability(*point)) return point;
      }
      return std::nullopt;
    };
    const bool backwards = first && *then.unstable > *now.unstable;
    auto point = from(backwards ? then : now);
    if (!point) point = from(backwards ? now : then);
    return point && keep(std::move(*point));
  }

  bool ends_stability(const SpecialPoint& point) const {
    constexpr double on_the_axis = 1e-7;  // of the frequency
    const Spectrum eigenvalues = spectrum(system_, point.state, time_, 4);
    return eigenvalues.why_none.empty() && eigenvalues.counted &&
           std::all_of(eigenvalues.values.begin(), eigenvalues.values.end(), [&](const auto& value) {
             return value.real() <= std::max(eigenvalues.tolerance, on_the_axis * std::abs(point.omega));
           });
  }

  const System& system_;
  double time_;
  const std::vector<Constraint>& constraints_;
  const ContinuationOptions& options_;
  const Follower& follower_;
  Branch& branch_;
};

/// Where more modes grow than can be told apart, in words.
void tell_uncounted(Branch& branch, const std::string& parameter) {
  const auto uncounted = [&](const BranchPoint& point) { return !point.eigenvalues.counted; };
  for (auto first = branch.points.begin();;) {
    first = std::find_if(first, branch.points.end(), uncounted);
    if (first == branch.points.end()) return;
    const auto end = std::find_if_not(first, branch.points.end(), uncounted);
    const auto last = std::prev(end);
    branch.doubts.push_back(fmt::format(
        "from {} = {:.9g} to {:.9g} more modes grow than can be told apart in a model of this size: unstable "
        "modes are at least that many, and Hopf points in between are not looked for",
        parameter, first->parameter, last->parameter));
    first = end;
  }
}

}  // namespace

Branch continuation(const System& system, const State& start, double time,
                    const std::vector<Constraint>& constraints, const ContinuationOptions& options,
                    const std::function<bool(const BranchPoint&)>& progress) {
  system.require_smooth("continuation");
  Branch branch;
  Follower follower(system, time, constraints, options);
  SpecialPointSearch search(system, time, constraints, options, follower, branch);
  const auto& parameter = system.parameters()[options.parameter];
  State state = start.clone();
  follower.measure(state);
  branch.points.push_back(point_at(system, state, time, 0.0, options));
  auto direction = follower.tangent(state, follower.towards(options.upwards ? 1.0 : -1.0));
  if (!direction) {
    branch.why_ended = "the first point is singular: begin elsewhere";
    return branch;
  }
  if ((direction->p > 0.0) != options.upwards) {
    for (double& each : direction->x) each = -each;
    direction->p = -direction->p;
  }
  const auto ended = [&](std::string why) {
    branch.why_ended = std::move(why);
    tell_uncounted(branch, parameter.path);
    return std::move(branch);
  };
  double step = options.first_step;
  while (static_cast<int>(branch.points.size()) < options.most_points) {
    const BranchPoint& last = branch.points.back();
    follower.measure(last.state);
    // Sizes have changed with the point: the tangent has length 1 in the new ones.
    const double length = std::sqrt(follower.product(direction->x, direction->p, direction->x, direction->p));
    for (double& each : direction->x) each /= length;
    direction->p /= length;
    state = last.state.clone();
    Vector x = system.unknowns(state);
    for (std::size_t i = 0; i < x.values().size(); ++i) x.values()[i] += step * direction->x[i];
    system.set_unknowns(state, x);
    state.set_parameter(options.parameter, last.parameter + step * direction->p);
    const auto iterations = follower.correct(state, *direction);
    std::optional<Tangent> next;
    if (iterations) next = follower.tangent(state, *direction);
    // Where the branch turns by more than some thirty degrees in one step, another one may be near.
    const bool turns = next && follower.product(next->x, next->p, direction->x, direction->p) < 0.85;
    if (!iterations || !next || (turns && step > 1e-4 * options.first_step)) {
      step *= 0.4;
      if (step < 1e-7 * options.first_step) {
        return ended(fmt::format(
            "the branch was lost at {} = {:.9g}: corrections don't converge however short the step",
            parameter.path, last.parameter));
      }
      continue;
    }
    // The last step ends where the range does, and not beyond it.
    const double beyond = follower.beyond(state.parameter(options.parameter));
    if (beyond > 1e-3) {
      const double inside =
          1.0 - beyond * follower.range() / std::abs(state.parameter(options.parameter) - last.parameter);
      if (inside * step > shortest_bracket * options.first_step) {
        step *= inside + 1e-4 * (1.0 - inside);
        continue;
      }
    }
    const double arclength = last.arclength + step;
    branch.points.push_back(point_at(system, state, time, arclength, options));
    const BranchPoint& now = branch.points.back();
    if (!search.tell(*direction, *next, step)) {
      branch.points.pop_back();
      step *= 0.3;
      continue;
    }
    direction = std::move(next);
    if (progress && !progress(now)) return ended("stopped");
    if (now.parameter < options.low || now.parameter > options.high) {
      branch.complete = true;
      return ended(fmt::format("{} leaves its range", parameter.path));
    }
    if (*iterations <= 4) step = std::min(options.longest_step, 1.5 * step);
    if (*iterations >= 7) step *= 0.6;
  }
  return ended(fmt::format("{} points were not enough", options.most_points));
}

}  // namespace holon::analysis
