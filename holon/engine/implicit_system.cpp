#include "holon/engine/implicit_system.hpp"

#include "holon/solve/chosen_solver.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>
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
constexpr double near = 0.1;             // of the size of each field: where no other solution is looked for
constexpr double bent = 0.5;             // by which share a way may miss the solution if it is to be believed
constexpr double contracting = 0.5;      // of corrections along a path of solutions
constexpr double first_share = 0.25, least_share = 1.0 / 512;  // of g, along that path

bool finite(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
}

}  // namespace

namespace {

/// Fields by their components are what is eliminated as a whole.
std::vector<std::size_t> columns_of(const System& system) {
  std::vector<std::size_t> groups(system.size());
  std::size_t group = 0;
  for (const FieldId id : system.layout().fields()) {
    const std::size_t begin = system.layout().offset(id), sites = system.layout().sites(id),
                      components = static_cast<std::size_t>((*system.model().fields)[id].components);
    for (std::size_t c = 0; c < components; ++c, ++group)
      std::fill_n(groups.begin() + static_cast<std::ptrdiff_t>(begin + c * sites), sites, group);
  }
  return groups;
}

/// Fields that are determined and that none of its processes reads.
std::vector<FieldId> only_read_elsewhere(const System& system) {
  std::set<FieldId> read, determined;
  for (const ProcessId p : system.processes()) {
    const Process& process = *system.model().processes[p];
    for (const Port& port : process.ports())
      (port.role == Port::Role::determine && !process.solves_to_determine() ? determined : read)
          .insert(port.field);
    for (const FieldId field : process.determined_from()) read.insert(field);
    for (const FieldId field : process.assigned()) read.insert(field);
  }
  std::vector<FieldId> fields;
  for (const FieldId field : determined)
    if (!read.contains(field) && system.layout().contains(field)) fields.push_back(field);
  return fields;
}

}  // namespace

ImplicitSystem::ImplicitSystem(const System& system, double tolerance, solve::SolverChoice solver)
    : system_(system),
      tolerance_(tolerance),
      linear_(solve::chosen_solver(solver, columns_of(system))),
      only_read_elsewhere_(only_read_elsewhere(system)) {}

void ImplicitSystem::set_sizes(const Vector& x) {
  sizes_ = counted_ = sizes_of(system_, x, size_floor);
  for (const FieldId field : only_read_elsewhere_) {
    const auto begin = counted_.begin() + static_cast<std::ptrdiff_t>(system_.layout().offset(field));
    const std::size_t count =
        system_.layout().sites(field) * static_cast<std::size_t>((*system_.model().fields)[field].components);
    std::fill_n(begin, count, std::numeric_limits<double>::infinity());
  }
}

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
  if (!linear_->factor(entries, sizes_)) return false;
  factored_for_ = g != 0.0 ? g : of_the_start;
  fresh_ = true;
  return true;
}

std::optional<std::vector<double>> ImplicitSystem::correction(std::vector<double> defect) {
  const bool solved = linear_->solve(defect);
  counters_.linear_iterations += linear_->take_iterations();
  return solved ? std::optional(std::move(defect)) : std::nullopt;
}

std::optional<ImplicitSystem::Failure> ImplicitSystem::solve(State& state, Vector& x,
                                                             std::span<const double> r, double g,
                                                             double time) {
  return solve_from(state, x, {}, r, g, time);
}

std::optional<ImplicitSystem::Failure> ImplicitSystem::solve_from(State& state, Vector& x,
                                                                  std::span<const double> safe,
                                                                  std::span<const double> r, double g,
                                                                  double time) {
  const Vector start = x;
  auto failure = iterate(state, x, r, g, time);
  if (!failure && !safe.empty() && doubtful(state, x, safe, r, g, time))
    failure = follow(state, x, safe, r, g, time);
  if (failure) {
    x = start;
    system_.set_unknowns(state, x);
  }
  return failure;
}

std::optional<ImplicitSystem::Failure> ImplicitSystem::iterate(State& state, Vector& x,
                                                               std::span<const double> r, double g,
                                                               double time) {
  std::vector<double> f = defect(state, x, r, g, time);
  if (const auto bad = std::find_if(f.begin(), f.end(), [](double v) { return !std::isfinite(v); });
      bad != f.end())
    return at(static_cast<std::size_t>(bad - f.begin()), "its equation is not a number where it began");
  const double wanted = g != 0.0 ? g : of_the_start;
  const bool serves = factored_for_ > 0.0 && std::abs(factored_for_ - wanted) <= same_factors * wanted;
  fresh_ = false;
  std::optional<std::vector<double>> d;
  double size = 0.0, damping = 1.0;
  const auto correct_anew = [&](const std::vector<double>& defect) -> std::optional<Failure> {
    if (!factor(state, x, g, time)) return singular();
    d = correction(defect);
    if (!d) return not_solved_linearly(defect);
    size = scaled_norm(*d, counted_);
    turned_once_ = turned_once_ || turned();
    return std::nullopt;
  };
  if (serves) d = correction(f);
  if (d)
    size = scaled_norm(*d, counted_);
  else if (const auto failure = correct_anew(f))
    return failure;
  for (int iteration = 0; iteration < most_iterations; ++iteration) {
    ++counters_.nonlinear_iterations;
    if (!std::isfinite(size)) return singular();
    if (size <= round_off) return std::nullopt;
    Vector next = x;
    std::optional<std::vector<double>> following;
    double ratio = 0.0;
    bool accepted = false;
    for (damping = std::min(1.0, 4.0 * damping);;) {
      for (std::size_t i = 0; i < d->size(); ++i) next.values()[i] = x.values()[i] - damping * (*d)[i];
      f = defect(state, next, r, g, time);
      following = finite(f) ? correction(f) : std::nullopt;
      if (following) {
        ratio = scaled_norm(*following, counted_) / size;
        accepted = ratio <= 1.0 - 0.25 * damping || size * ratio <= round_off;
      }
      // Factors of another place lead nowhere in particular.
      if (accepted || !fresh_) break;
      damping *= 0.5;
      if (damping < least_damping)
        return not_solved(*d, defect(state, x, r, g, time), "corrections don't get smaller");
    }
    if (!accepted) {
      if (const auto failure = correct_anew(defect(state, x, r, g, time))) return failure;
      damping = 1.0;
      continue;
    }
    slowest_ = std::max(slowest_, damping < 1.0 ? 1.0 : ratio);
    x = std::move(next);
    d = std::move(following);
    size *= ratio;
    fresh_ = false;
    // What comes next would be smaller yet; x is where all equations were seen to be numbers.
    if (damping == 1.0 && (size <= tolerance_ || size <= round_off)) return std::nullopt;
    if (ratio > slow || damping < 1.0)
      if (const auto failure = correct_anew(f)) return failure;
  }
  return not_solved(*d, f, fmt::format("they are not solved after {} corrections", most_iterations));
}

bool ImplicitSystem::turned() const {
  return orientation_ != 0 && linear_->determinant_sign() == -orientation_;
}

bool ImplicitSystem::doubtful(State& state, const Vector& x, std::span<const double> safe,
                              std::span<const double> r, double g, double time) {
  if (turned()) return true;
  std::vector<double> way(safe.size());
  for (std::size_t i = 0; i < way.size(); ++i) way[i] = safe[i] - x.values()[i];
  const double length = scaled_norm(way, counted_);
  if (length <= near) return false;
  Vector before = x;
  std::copy(safe.begin(), safe.end(), before.values().begin());
  const std::vector<double> f = defect(state, before, r, g, time);
  const auto straight = finite(f) ? correction(f) : std::nullopt;
  system_.set_unknowns(state, x);
  if (!straight) return true;
  for (std::size_t i = 0; i < way.size(); ++i) way[i] -= (*straight)[i];
  return !(scaled_norm(way, counted_) <= bent * length);
}

std::optional<ImplicitSystem::Failure> ImplicitSystem::follow(State& state, Vector& x,
                                                              std::span<const double> safe,
                                                              std::span<const double> r, double g,
                                                              double time) {
  Vector at = x;
  std::copy(safe.begin(), safe.end(), at.values().begin());
  std::vector<double> base(safe.begin(), safe.end());
  const auto solved_at = [&](double s) {
    for (std::size_t i = 0; i < base.size(); ++i) base[i] = safe[i] + s * (r[i] - safe[i]);
    Vector next = at;
    forget_factors();
    slowest_ = 0.0;
    turned_once_ = false;
    if (iterate(state, next, base, s * g, time)) return false;
    if (s > 0.0 && (slowest_ > contracting || turned_once_ || turned())) return false;
    at = std::move(next);
    return true;
  };
  // What is determined without rates is first brought to this time.
  if (!solved_at(0.0)) return beyond_a_fold(x, at);
  for (double s = 0.0, ds = first_share; s < 1.0;) {
    const double next = std::min(1.0, s + ds);
    if (solved_at(next)) {
      s = next;
      ds *= 2.0;
    } else {
      ds *= 0.5;
      if (ds < least_share) return beyond_a_fold(x, at);
    }
  }
  x = std::move(at);
  return std::nullopt;
}

std::string ImplicitSystem::solver_at(State& state, double g, double time) {
  const Vector x = system_.unknowns(state);
  set_sizes(x);
  const bool regular = factor(state, x, g, time);
  forget_factors();
  return regular ? linear_->description() : singular().text;
}

void ImplicitSystem::find_orientation(State& state, const Vector& x, double time) {
  const std::vector<double>& mass = system_.mass();
  orientation_ = 1;
  if (std::find(mass.begin(), mass.end(), 0.0) == mass.end()) return;
  const std::vector<double> f = defect(state, x, x.values(), 0.0, time);
  orientation_ = factor(state, x, 0.0, time) && finite(f) && correction(f) ? linear_->determinant_sign() : 0;
  forget_factors();
}

ImplicitSystem::Failure ImplicitSystem::beyond_a_fold(const Vector& found, const Vector& reached) const {
  std::size_t most = 0;
  const auto apart = [&](std::size_t i) {
    return std::abs(found.values()[i] - reached.values()[i]) / counted_[i];
  };
  for (std::size_t i = 0; i < counted_.size(); ++i)
    if (apart(i) > apart(most)) most = i;
  return at(most, fmt::format("its equations have a solution, but none to which shorter and shorter steps "
                              "lead: on the way from the step's beginning they turn back at {} = {:.4g}, far "
                              "from the {:.4g} that was found",
                              equation_text(most), reached.values()[most], found.values()[most]));
}

void ImplicitSystem::count(Counters& counters) {
  counters.rate_evaluations += counters_.rate_evaluations;
  counters.jacobian_evaluations += counters_.jacobian_evaluations;
  counters.linear_iterations += counters_.linear_iterations;
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
  const auto column = linear_->singular_column();
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

std::vector<std::size_t> ImplicitSystem::worst(std::span<const double> values) const {
  constexpr std::size_t shown = 3;
  std::vector<std::size_t> worst;
  for (const FieldId id : system_.layout().fields()) {
    const std::size_t begin = system_.layout().offset(id),
                      count = system_.layout().sites(id) *
                              static_cast<std::size_t>((*system_.model().fields)[id].components);
    std::size_t most = begin;
    for (std::size_t i = begin; i < begin + count; ++i)
      if (!(std::abs(values[i]) <= std::abs(values[most]))) most = i;
    worst.push_back(most);
  }
  const auto size = [&](std::size_t i) { return std::abs(values[i]) / counted_[i]; };
  std::sort(worst.begin(), worst.end(), [&](std::size_t a, std::size_t b) { return size(a) > size(b); });
  worst.resize(std::min(worst.size(), shown));
  return worst;
}

ImplicitSystem::Failure ImplicitSystem::not_solved(const std::vector<double>& correction,
                                                   const std::vector<double>& defect,
                                                   const std::string& what) const {
  const std::vector<std::size_t> places = worst(correction);
  std::vector<std::string> equations;
  for (const std::size_t i : places)
    equations.push_back(fmt::format("{}, residual {:.3g}, correction {:.3g} of its size", equation_text(i),
                                    defect[i], std::abs(correction[i]) / counted_[i]));
  return at(places.front(),
            fmt::format("the equations were not solved: {}; worst are {}", what, fmt::join(equations, "; ")));
}

ImplicitSystem::Failure ImplicitSystem::not_solved_linearly(const std::vector<double>& defect) const {
  const std::vector<std::size_t> places = worst(defect);
  std::vector<std::string> equations;
  for (const std::size_t i : places)
    if (defect[i] != 0.0)
      equations.push_back(fmt::format("{}, residual {:.3g}", equation_text(i), defect[i]));
  return at(places.front(),
            fmt::format("no correction was found: {}, for the residuals of {}. 'solver: direct' of the "
                        "'together' does not iterate, and says it where equations are singular",
                        linear_->obstacle(), fmt::join(equations, "; ")));
}

}  // namespace holon
