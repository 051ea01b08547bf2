#include "holon/analysis/conservation_laws.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <Eigen/Dense>
#include <fmt/format.h>

namespace holon::analysis {

namespace {

constexpr double negligible = 1e-9;  // of the terms of a sum, and of singular values
constexpr double beside = 0.1;       // how far the second state is, of each unknown's size

/// The fields that a law may weigh: with one component, and unknowns that have a rate.
std::vector<FieldId> candidates(const System& system) {
  std::vector<FieldId> list;
  const Layout& layout = system.layout();
  for (const FieldId id : layout.fields()) {
    if ((*system.model().fields)[id].components != 1) continue;
    const auto begin = system.mass().begin() + static_cast<std::ptrdiff_t>(layout.offset(id));
    const auto end = begin + static_cast<std::ptrdiff_t>(layout.sites(id));
    if (std::any_of(begin, end, [](double mass) { return mass != 0.0; })) list.push_back(id);
  }
  return list;
}

/// How the content of every field changes with the unknowns, and how fast it changes: one row per field.
struct Changes {
  Eigen::MatrixXd rows;
  Eigen::VectorXd scales;  ///< the largest sum of absolute terms of each row
};
/// Nothing where the algebraic equations are singular or something is not finite.
std::optional<Changes> changes(const System& system, const State& state, double time,
                               const std::vector<FieldId>& fields) {
  const std::size_t n = system.size();
  const auto& mass = system.mass();
  const auto entries = system.jacobian(state, time).compressed();
  const std::vector<double> f = system.residual(state, time).values();
  const auto finite = [](double value) { return std::isfinite(value); };
  if (!std::all_of(f.begin(), f.end(), finite)) return std::nullopt;
  for (const auto& entry : entries)
    if (!std::isfinite(entry.value)) return std::nullopt;
  std::vector<std::size_t> place(n);
  std::size_t algebraic = 0;
  for (std::size_t i = 0; i < n; ++i)
    if (mass[i] == 0.0) place[i] = algebraic++;
  std::vector<solve::MatrixEntry> among;
  for (const auto& entry : entries)
    if (mass[entry.row] == 0.0 && mass[entry.column] == 0.0)
      among.push_back({place[entry.row], place[entry.column], entry.value});
  solve::SparseLu lu;
  if (algebraic > 0 && !lu.factor(algebraic, among)) return std::nullopt;
  const Vector contents = system.contents(state), x = system.unknowns(state);
  const auto sizes = sizes_of(system, x);
  const auto count = static_cast<Eigen::Index>(fields.size());
  Changes found{Eigen::MatrixXd::Zero(count, static_cast<Eigen::Index>(n + 1)), Eigen::VectorXd::Zero(count)};
  for (std::size_t k = 0; k < fields.size(); ++k) {
    const double unit = (*system.model().fields)[fields[k]].unit.factor();
    std::vector<double> weight(n, 0.0);
    const std::size_t begin = system.layout().offset(fields[k]), sites = system.layout().sites(fields[k]);
    for (std::size_t i = begin; i < begin + sites; ++i)
      if (mass[i] != 0.0) weight[i] = unit * contents.values()[i];
    if (algebraic > 0) {
      std::vector<double> y(algebraic, 0.0);
      for (const auto& entry : entries)
        if (mass[entry.column] == 0.0 && mass[entry.row] != 0.0)
          y[place[entry.column]] -= weight[entry.row] * entry.value;
      lu.solve_transposed(y);
      for (std::size_t i = 0; i < n; ++i)
        if (mass[i] == 0.0) weight[i] = y[place[i]];
    }
    std::vector<double> terms(n, 0.0);
    double rate = 0.0, moved = 0.0;
    const auto row = static_cast<Eigen::Index>(k);
    for (const auto& entry : entries) {
      if (mass[entry.column] == 0.0) continue;
      const double term = weight[entry.row] * entry.value * sizes[entry.column];
      found.rows(row, static_cast<Eigen::Index>(entry.column)) += term;
      terms[entry.column] += std::abs(term);
    }
    for (std::size_t i = 0; i < n; ++i) {
      rate += weight[i] * f[i];
      moved += std::abs(weight[i] * f[i]);
    }
    found.rows(row, static_cast<Eigen::Index>(n)) = rate;
    found.scales[row] = std::max(moved, *std::max_element(terms.begin(), terms.end()));
    if (!std::isfinite(found.scales[row])) return std::nullopt;
  }
  return found;
}

State moved(const System& system, const State& state, double time) {
  State other = state.clone();
  Vector x = system.unknowns(state);
  const auto sizes = sizes_of(system, x);
  for (std::size_t i = 0; i < sizes.size(); ++i)
    if (system.mass()[i] != 0.0)
      x.values()[i] += beside * sizes[i] * (1.2 + std::sin(1.0 + 2.3 * static_cast<double>(i)));
  system.set_unknowns(other, x);
  system.determine(other, time);
  return other;
}

/// The columns of a basis as rows in reduced echelon form.
Eigen::MatrixXd echelon(Eigen::MatrixXd rows) {
  Eigen::Index rank = 0;
  for (Eigen::Index column = 0; column < rows.cols() && rank < rows.rows(); ++column) {
    Eigen::Index pivot = 0;
    const double most = rows.col(column).tail(rows.rows() - rank).cwiseAbs().maxCoeff(&pivot);
    if (most <= 1e-6 * rows.cwiseAbs().maxCoeff()) continue;
    rows.row(rank).swap(rows.row(rank + pivot));
    rows.row(rank) /= rows(rank, column);
    for (Eigen::Index other = 0; other < rows.rows(); ++other)
      if (other != rank) rows.row(other) -= rows(other, column) * rows.row(rank).eval();
    ++rank;
  }
  return rows.topRows(rank);
}

Eigen::Index rank_of(const Eigen::MatrixXd& rows) {
  if (rows.rows() == 0) return 0;
  Eigen::FullPivLU<Eigen::MatrixXd> lu(rows);
  lu.setThreshold(1e-7);
  return lu.rank();
}

/// The weights of fields' contents that a vector over the unknowns is.
Eigen::VectorXd field_weights(const System& system, const State& state, const std::vector<FieldId>& fields,
                              const std::vector<double>& weights) {
  const Vector contents = system.contents(state);
  Eigen::VectorXd of_fields(static_cast<Eigen::Index>(fields.size()));
  for (std::size_t k = 0; k < fields.size(); ++k) {
    const double unit = (*system.model().fields)[fields[k]].unit.factor();
    double weight = 0.0;
    const std::size_t begin = system.layout().offset(fields[k]), sites = system.layout().sites(fields[k]);
    for (std::size_t i = begin; i < begin + sites; ++i)
      if (weights[i] != 0.0) weight = weights[i] / (unit * contents.values()[i]);
    of_fields[static_cast<Eigen::Index>(k)] = weight;
  }
  return of_fields;
}

/// The smallest weight in magnitude is 1, and whole numbers are whole.
ConservationLaw law_of(const std::vector<FieldId>& fields, const Eigen::VectorXd& weights) {
  constexpr double nothing = 1e-7, whole = 1e-6;
  const double most = weights.cwiseAbs().maxCoeff();
  double least = most;
  for (const double weight : weights)
    if (std::abs(weight) > nothing * most) least = std::min(least, std::abs(weight));
  ConservationLaw law;
  for (std::size_t k = 0; k < fields.size(); ++k) {
    double weight = weights[static_cast<Eigen::Index>(k)] / least;
    if (std::abs(weight) * least <= nothing * most) continue;
    if (std::abs(weight - std::round(weight)) < whole * std::abs(weight)) weight = std::round(weight);
    law.weights.emplace_back(fields[k], weight);
  }
  if (!law.weights.empty() && law.weights.front().second < 0.0)
    for (auto& [field, weight] : law.weights) weight = -weight;
  return law;
}

std::string number(double weight) { return fmt::format("{:.6g}", weight); }

/// "r.A + 2 r.B", "what c holds in 'cell'".
std::string text_of(const ConservationLaw& law, const FieldTable& fields) {
  std::string text;
  for (const auto& [id, weight] : law.weights) {
    const double size = std::abs(weight);
    text += text.empty() ? (weight < 0.0 ? "-" : "") : (weight < 0.0 ? " - " : " + ");
    if (size != 1.0) text += number(size) + " ";
    const Field& field = fields[id];
    text += field.space->sites() == 1 ? field.name
                                      : fmt::format("what {} holds in '{}'", field.name, field.space->name());
  }
  return text;
}

std::string declaration_of(const ConservationLaw& law, const FieldTable& fields) {
  std::map<std::string, std::string> by_owner;  // of states; of the section `fields` itself
  for (const auto& [id, weight] : law.weights) {
    const std::string& name = fields[id].name;
    const auto dot = name.find('.');
    const std::string total = fmt::format("{{total: {}}}", number(weight));
    if (dot == std::string::npos) {
      by_owner["fields." + name] = total;
      continue;
    }
    std::string& states = by_owner["processes." + name.substr(0, dot)];
    states += fmt::format("{}{}: {}", states.empty() ? "" : ", ", name.substr(dot + 1), total);
  }
  std::string text;
  for (const auto& [owner, weights] : by_owner)
    text += fmt::format("{}{}: {{conserved: {}}}", text.empty() ? "" : ", ", owner,
                        owner.starts_with("fields.") ? weights : "{" + weights + "}");
  return text;
}

}  // namespace

std::vector<ConservationLaw> undeclared_laws(const System& system, const State& state, double time,
                                             const std::vector<Constraint>& declared) {
  const std::vector<FieldId> fields = candidates(system);
  const auto here = fields.empty() ? std::nullopt : changes(system, state, time, fields);
  if (!here) return {};
  Changes all = *here;
  if (const auto there = changes(system, moved(system, state, time), time, fields)) {
    all.rows.conservativeResize(Eigen::NoChange, here->rows.cols() + there->rows.cols());
    all.rows.rightCols(there->rows.cols()) = there->rows;
    all.scales = all.scales.cwiseMax(there->scales);
  }
  for (Eigen::Index k = 0; k < all.scales.size(); ++k)
    if (all.scales[k] > 0.0)
      all.rows.row(k) /= all.scales[k];
    else
      all.scales[k] = 1.0;
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(all.rows.transpose(),
                                              Eigen::ComputeThinU | Eigen::ComputeThinV);
  Eigen::Index rank = 0;
  for (const double value : svd.singularValues())
    if (value > negligible) ++rank;
  if (rank == all.rows.rows()) return {};
  const Eigen::MatrixXd laws = echelon(svd.matrixV().rightCols(all.rows.rows() - rank).transpose());
  // Those that the declared ones do not span.
  Eigen::MatrixXd known(static_cast<Eigen::Index>(declared.size()), all.rows.rows());
  for (std::size_t q = 0; q < declared.size(); ++q)
    known.row(static_cast<Eigen::Index>(q)) =
        field_weights(system, state, fields, declared[q].weights).cwiseProduct(all.scales).normalized();
  std::vector<ConservationLaw> found;
  for (Eigen::Index k = 0; k < laws.rows(); ++k) {
    Eigen::MatrixXd with(known.rows() + 1, known.cols());
    with << known, laws.row(k).normalized();
    if (rank_of(with) == rank_of(known)) continue;
    known = with;
    found.push_back(law_of(fields, laws.row(k).transpose().cwiseQuotient(all.scales)));
  }
  return found;
}

namespace {

/// What Newton's method needs to know of a law.
Constraint constraint_of(const ConservationLaw& law, const System& system, const State& state) {
  const FieldTable& fields = *system.model().fields;
  Constraint constraint{text_of(law, fields), std::vector<double>(system.size(), 0.0)};
  const Vector contents = system.contents(state);
  double most = 0.0;
  for (const auto& [id, weight] : law.weights) {
    const std::size_t begin = system.layout().offset(id), sites = system.layout().sites(id);
    for (std::size_t i = begin; i < begin + sites; ++i) {
      if (system.mass()[i] == 0.0) continue;
      constraint.weights[i] = weight * fields[id].unit.factor() * contents.values()[i];
      most = std::max(most, std::abs(constraint.weights[i]));
    }
  }
  for (double& weight : constraint.weights) weight /= most;
  return constraint;
}

std::string words_of(const std::vector<ConservationLaw>& laws, const System& system,
                     const std::vector<Constraint>& declared) {
  const FieldTable& fields = *system.model().fields;
  std::string kept, how, broken;
  std::set<FieldId> weighed;
  for (const ConservationLaw& law : laws) {
    kept += (kept.empty() ? "" : "; ") + text_of(law, fields);
    how += (how.empty() ? "" : "; ") + declaration_of(law, fields);
    for (const auto& [field, weight] : law.weights) weighed.insert(field);
  }
  std::set<std::string> named;
  for (const FieldId id : weighed)
    for (const auto& [quantity, weight] : fields[id].conserved)
      if (std::none_of(declared.begin(), declared.end(),
                       [&](const Constraint& each) { return each.quantity == quantity; }))
        named.insert(quantity);
  for (const std::string& quantity : named) {
    broken += broken.empty() ? "; what is declared and not kept: " : ", ";
    broken += quantity + " (";
    bool first = true;
    for (FieldId id = 0; id < fields.size(); ++id)
      if (const auto weight = fields[id].conserved.find(quantity); weight != fields[id].conserved.end()) {
        broken += fmt::format("{}{} {}", first ? "" : ", ", number(weight->second.value), fields[id].name);
        first = false;
      }
    broken += ")";
  }
  return fmt::format(
      "the equations keep what no `conserved:` declares: {}{}. To declare it, so that its value at the start "
      "counts: {}",
      kept, broken, how);
}

}  // namespace

KeptQuantities kept_quantities(const System& system, const State& state, double time) {
  KeptQuantities kept{active_constraints(system, state, time), ""};
  const auto laws = undeclared_laws(system, state, time, kept.constraints);
  if (laws.empty()) return kept;
  kept.undeclared = words_of(laws, system, kept.constraints);
  for (const ConservationLaw& law : laws) kept.constraints.push_back(constraint_of(law, system, state));
  return kept;
}

}  // namespace holon::analysis
