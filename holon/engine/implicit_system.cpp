#include "holon/engine/implicit_system.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace holon {

namespace {

constexpr int most_iterations = 60;
constexpr double slow = 0.25;         // corrections that shrink less ask for new factors
constexpr double same_factors = 0.3;  // relative change of g for which factors serve still
constexpr double least_damping = 1e-5;
constexpr double round_off = 1e-13;      // corrections this small shrink no more
constexpr double of_the_start = 1e-300;  // g of factors for rows without M alone

bool finite(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
}

}  // namespace

std::vector<double> ImplicitSystem::defect(State& state, const Vector& x, std::span<const double> r, double g,
                                           double time) {
  system_.set_unknowns(state, x);
  std::vector<double> out = std::move(system_.residual(state, time).values());
  const std::vector<double>& mass = system_.mass();
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = mass[i] != 0.0 ? x.values()[i] - r[i] - (g != 0.0 ? g * out[i] : 0.0) : -out[i];
  ++counters_.rate_evaluations;
  return out;
}

bool ImplicitSystem::factor(State& state, const Vector& x, double g, double time) {
  system_.set_unknowns(state, x);
  const std::vector<double>& mass = system_.mass();
  const SparseBuilder jacobian = system_.jacobian(state, time);
  std::vector<solve::MatrixEntry> entries;
  entries.reserve(jacobian.entries().size() + mass.size());
  for (std::size_t i = 0; i < mass.size(); ++i)
    if (mass[i] != 0.0) entries.push_back({i, i, 1.0});
  for (const SparseBuilder::Entry& entry : jacobian.entries())
    entries.push_back({entry.row, entry.column, -entry.value * (mass[entry.row] != 0.0 ? g : 1.0)});
  ++counters_.jacobian_evaluations;
  factored_for_ = 0.0;
  if (!lu_.factor(mass.size(), entries)) return false;
  factored_for_ = g != 0.0 ? g : of_the_start;
  fresh_ = true;
  return true;
}

std::vector<double> ImplicitSystem::correction(std::vector<double> defect) const {
  lu_.solve(defect);
  return defect;
}

std::optional<ImplicitSystem::Failure> ImplicitSystem::solve(State& state, Vector& x,
                                                             std::span<const double> r, double g,
                                                             double time) {
  const Vector start = x;
  const auto failed = [&](Failure failure) {
    x = start;
    system_.set_unknowns(state, x);
    return failure;
  };
  std::vector<double> f = defect(state, x, r, g, time);
  if (const auto bad = std::find_if(f.begin(), f.end(), [](double v) { return !std::isfinite(v); });
      bad != f.end())
    return failed(
        at(static_cast<std::size_t>(bad - f.begin()), "its equation is not a number where it began"));
  const double wanted = g != 0.0 ? g : of_the_start;
  const bool serves = factored_for_ > 0.0 && std::abs(factored_for_ - wanted) <= same_factors * wanted;
  fresh_ = false;
  if (!serves && !factor(state, x, g, time)) return failed(singular());
  std::vector<double> d = correction(f);
  double size = scaled_norm(d, sizes_), damping = 1.0;
  for (int iteration = 0; iteration < most_iterations; ++iteration) {
    ++counters_.nonlinear_iterations;
    if (!std::isfinite(size)) return failed(singular());
    if (size <= round_off) return std::nullopt;
    Vector next = x;
    std::vector<double> following;
    double ratio = 0.0;
    for (damping = std::min(1.0, 4.0 * damping);;) {
      for (std::size_t i = 0; i < d.size(); ++i) next.values()[i] = x.values()[i] - damping * d[i];
      f = defect(state, next, r, g, time);
      if (finite(f)) {
        following = correction(f);
        ratio = scaled_norm(following, sizes_) / size;
        if (ratio <= 1.0 - 0.25 * damping || size * ratio <= round_off) break;
      }
      // Factors of another place lead nowhere in particular.
      if (!fresh_) break;
      damping *= 0.5;
      if (damping < least_damping)
        return failed(not_solved(d, defect(state, x, r, g, time), "corrections don't get smaller"));
    }
    const bool accepted = !following.empty() && (ratio <= 1.0 - 0.25 * damping || size * ratio <= round_off);
    if (!accepted) {
      if (!factor(state, x, g, time)) return failed(singular());
      d = correction(defect(state, x, r, g, time));
      size = scaled_norm(d, sizes_);
      damping = 1.0;
      continue;
    }
    x = std::move(next);
    d = std::move(following);
    size *= ratio;
    fresh_ = false;
    // What comes next would be smaller yet; x is where all equations were seen to be numbers.
    if (damping == 1.0 && (size <= tolerance_ || size <= round_off)) return std::nullopt;
    if (ratio > slow || damping < 1.0) {
      if (!factor(state, x, g, time)) return failed(singular());
      d = correction(f);
      size = scaled_norm(d, sizes_);
    }
  }
  return failed(not_solved(d, f, fmt::format("they are not solved after {} corrections", most_iterations)));
}

void ImplicitSystem::count(Counters& counters) {
  counters.rate_evaluations += counters_.rate_evaluations;
  counters.jacobian_evaluations += counters_.jacobian_evaluations;
  counters.nonlinear_iterations += counters_.nonlinear_iterations;
  counters_ = {};
}

std::string ImplicitSystem::equation_text(std::size_t unknown) const {
  const FieldId id = system_.field_of(unknown);
  std::vector<std::string> names;
  for (const ProcessId p : system_.processes())
    for (const Port& port : system_.model().processes[p]->ports())
      if (port.field == id && (port.role == Port::Role::advance || port.role == Port::Role::determine)) {
        names.push_back("'" + system_.model().processes[p]->name() + "'");
        break;
      }
  return fmt::format("{} (of {})", system_.unknown_text(unknown), fmt::join(names, ", "));
}

ImplicitSystem::Failure ImplicitSystem::at(std::size_t unknown, std::string text) const {
  const FieldId id = system_.field_of(unknown);
  const Field& field = (*system_.model().fields)[id];
  const std::size_t site = (unknown - system_.layout().offset(id)) % system_.layout().sites(id);
  return {field.name, system_.layout().sites(id) == 1 ? "" : field.space->site_text(site), std::move(text)};
}

ImplicitSystem::Failure ImplicitSystem::singular() const {
  const auto column = lu_.singular_column();
  if (!column)
    return {"", "",
            "its equations are singular to working accuracy: something is determined by nothing, or twice. "
            "A potential of which only differences matter has to be held at one place"};
  return at(*column,
            fmt::format("its equations are singular: nothing says what '{}' is, or it says so only together "
                        "with others. A potential of which only differences matter has to be held at one "
                        "place",
                        system_.unknown_text(*column)));
}

ImplicitSystem::Failure ImplicitSystem::not_solved(const std::vector<double>& correction,
                                                   const std::vector<double>& defect,
                                                   const std::string& what) const {
  constexpr std::size_t shown = 3;
  std::vector<std::size_t> worst;
  for (const FieldId id : system_.layout().fields()) {
    const std::size_t begin = system_.layout().offset(id),
                      count = system_.layout().sites(id) *
                              static_cast<std::size_t>((*system_.model().fields)[id].components);
    std::size_t most = begin;
    for (std::size_t i = begin; i < begin + count; ++i)
      if (!(std::abs(correction[i]) <= std::abs(correction[most]))) most = i;
    worst.push_back(most);
  }
  const auto size = [&](std::size_t i) { return std::abs(correction[i]) / sizes_[i]; };
  std::sort(worst.begin(), worst.end(), [&](std::size_t a, std::size_t b) { return size(a) > size(b); });
  worst.resize(std::min(worst.size(), shown));
  std::vector<std::string> equations;
  for (const std::size_t i : worst)
    equations.push_back(fmt::format("{}, residual {:.3g}, correction {:.3g} of its size", equation_text(i),
                                    defect[i], size(i)));
  return at(worst.front(),
            fmt::format("the equations were not solved: {}; worst are {}", what, fmt::join(equations, "; ")));
}

}  // namespace holon
