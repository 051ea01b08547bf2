#include "holon/analysis/time_scales.hpp"

#include "holon/engine/own_views.hpp"
#include "holon/engine/site_rates.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include <Eigen/Dense>

namespace holon::analysis {

namespace {

constexpr double damped = 0.1;  // share of the real part in an eigenvalue from which a mode relaxes
constexpr double zero_eigenvalue = 1e-11;  // relative to the largest: what round-off makes of a zero

/// Makes rows and columns of like size by powers of two (Parlett and Reinsch 1969): states in different units
/// then cost no digits. A similarity, so that eigenvalues stay.
void balance(Eigen::MatrixXd& a) {
  const Eigen::Index n = a.rows();
  for (bool changed = true; changed;) {
    changed = false;
    for (Eigen::Index i = 0; i < n; ++i) {
      double column = 0.0, row = 0.0;
      for (Eigen::Index j = 0; j < n; ++j) {
        if (j == i) continue;
        column += std::abs(a(j, i));
        row += std::abs(a(i, j));
      }
      if (column == 0.0 || row == 0.0) continue;
      const double factor = std::exp2(std::round(0.5 * std::log2(row / column)));
      if (factor == 1.0 || column * factor + row / factor >= 0.95 * (column + row)) continue;
      a.col(i) *= factor;
      a.row(i) /= factor;
      changed = true;
    }
  }
}

/// A matrix with the fields that its rows stand for.
struct Block {
  std::vector<std::string> names;
  Eigen::MatrixXd matrix;
};

struct Modes {
  Eigen::VectorXcd values;
  Eigen::MatrixXcd vectors;
  std::vector<Eigen::Index> order;  // by increasing |value|
};

Modes modes_of(Eigen::MatrixXd matrix) {
  Modes modes;
  if (matrix.rows() == 0 || !matrix.allFinite()) return modes;  // of a run that failed
  balance(matrix);
  const Eigen::EigenSolver<Eigen::MatrixXd> solver(matrix);
  modes.values = solver.eigenvalues();
  modes.vectors = solver.eigenvectors();
  modes.order.resize(static_cast<std::size_t>(matrix.rows()));
  std::iota(modes.order.begin(), modes.order.end(), Eigen::Index{0});
  std::stable_sort(modes.order.begin(), modes.order.end(), [&](Eigen::Index a, Eigen::Index b) {
    return std::abs(modes.values(a)) < std::abs(modes.values(b));
  });
  return modes;
}

/// The states that take part most in the `fast` fastest modes: |right eigenvector * left eigenvector| summed
/// over them (participation factors; Perez-Arriaga, Verghese and Schweppe 1982).
FastStates participants(const Block& block, const Modes& modes, std::size_t fast) {
  const Eigen::MatrixXcd left = modes.vectors.fullPivLu().inverse();
  std::vector<std::pair<double, std::size_t>> shares;
  for (std::size_t state = 0; state < block.names.size(); ++state) {
    double share = 0.0;
    const auto row = static_cast<Eigen::Index>(state);
    for (std::size_t k = modes.order.size() - fast; k < modes.order.size(); ++k)
      share += std::abs(modes.vectors(row, modes.order[k]) * left(modes.order[k], row));
    shares.emplace_back(-share, state);
  }
  std::sort(shares.begin(), shares.end());
  FastStates group;
  for (std::size_t k = 0; k < shares.size(); ++k)
    (k < fast ? group.states : group.others).push_back(block.names[shares[k].second]);
  std::sort(group.states.begin(), group.states.end());
  std::sort(group.others.begin(), group.others.end());
  return group;
}

void look_at(const Block& block, bool first, TimeScales& scales) {
  const Modes modes = modes_of(block.matrix);
  if (modes.order.empty()) return;
  const double largest = std::abs(modes.values(modes.order.back()));
  if (!(largest > 0.0) || !std::isfinite(largest)) {
    if (first) scales.neutral = static_cast<int>(modes.order.size());
    return;
  }
  std::vector<double> times;  // decreasing
  std::vector<bool> relaxes;
  for (const Eigen::Index k : modes.order) {
    const std::complex<double> value = modes.values(k);
    if (std::abs(value) <= zero_eigenvalue * largest) {
      if (first) ++scales.neutral;
      continue;
    }
    scales.grows = scales.grows || value.real() > zero_eigenvalue * largest;
    times.push_back(1.0 / std::abs(value));
    relaxes.push_back(value.real() < -damped * std::abs(value));
  }
  const auto all_relax = [&](std::size_t from) {
    return std::all_of(relaxes.begin() + static_cast<std::ptrdiff_t>(from), relaxes.end(),
                       [](bool r) { return r; });
  };
  scales.relaxes = (first || scales.relaxes) && all_relax(0);
  scales.fastest = scales.fastest == 0.0 ? times.back() : std::min(scales.fastest, times.back());
  scales.slowest = std::max(scales.slowest, times.front());
  if (!first) return;
  for (std::size_t k = 1; k < times.size(); ++k) {
    if (times[k - 1] < least_gap * times[k]) continue;
    FastStates gap = participants(block, modes, times.size() - k);
    gap.fast = times[k];
    gap.slow = times[k - 1];
    gap.relaxes = all_relax(k);
    scales.gaps.push_back(std::move(gap));
  }
  scales.times.assign(times.rbegin(), times.rend());
}

Block block_at(const SiteRates& rates, const std::vector<FieldId>& advanced, const FieldTable& fields,
               const State& state, double time, std::size_t site) {
  Block block;
  std::map<FieldId, Eigen::Index> index;
  for (const FieldId field : advanced) {
    index.emplace(field, static_cast<Eigen::Index>(index.size()));
    block.names.push_back(fields[field].name);
  }
  const auto n = static_cast<Eigen::Index>(advanced.size());
  block.matrix = Eigen::MatrixXd::Zero(n, n);
  for (const SiteRates::Entry& entry : rates.jacobian_at(state, time, site)) {
    const auto row = index.find(entry.row), column = index.find(entry.column);
    if (row != index.end() && column != index.end()) block.matrix(row->second, column->second) += entry.value;
  }
  return block;
}

/// Whether it does, and everything has the number of sites of the start, and is few enough for a full matrix.
bool sees_itself(const Model& model, const Process& process, const Layout& layout, const State& state) {
  if (layout.size() > most_unknowns || !own_view(model, process, layout.fields())) return false;
  for (const auto& [name, space] : model.spaces)
    if (state.sites(*space) != space->sites()) return false;
  return true;
}

/// With what the process sees of its own fields, if anything.
SparseBuilder jacobian_of(const Model& model, const Process& process, const Layout& layout,
                          const State& state, double time, ThreadPool& threads) {
  if (sees_itself(model, process, layout, state))
    return own_jacobian(model, process, layout, state, time, threads);
  SparseBuilder entries(layout);
  Workspace work;
  work.threads = &threads;
  process.jacobian(state, time, work, entries);
  return entries;
}

Block whole_block(const Model& model, const Process& process, const Layout& layout,
                  const std::vector<FieldId>& advanced, const State& state, double time,
                  ThreadPool& threads) {
  const FieldTable& fields = *model.fields;
  Block block;
  for (const FieldId field : advanced)
    for (int c = 0; c < fields[field].components; ++c)
      block.names.insert(block.names.end(), layout.sites(field), fields[field].name);
  const auto n = static_cast<Eigen::Index>(layout.size());
  block.matrix = Eigen::MatrixXd::Zero(n, n);
  const SparseBuilder jacobian = jacobian_of(model, process, layout, state, time, threads);
  for (const auto& entry : jacobian.entries())
    block.matrix(static_cast<Eigen::Index>(entry.row), static_cast<Eigen::Index>(entry.column)) +=
        entry.value;
  return block;
}

/// Of a process too large for its eigenvalues.
void look_at_diagonal(const Model& model, const Process& process, const Layout& layout, const State& state,
                      double time, ThreadPool& threads, TimeScales& scales) {
  std::vector<double> diagonal(layout.size(), 0.0);
  const SparseBuilder jacobian = jacobian_of(model, process, layout, state, time, threads);
  for (const auto& entry : jacobian.entries())
    if (entry.row == entry.column) diagonal[entry.row] += entry.value;
  double largest = 0.0;
  for (const double value : diagonal) largest = std::max(largest, std::abs(value));
  if (!(largest > 0.0) || !std::isfinite(largest)) return;
  scales.diagonal = true;
  scales.fastest = 1.0 / largest;
  scales.relaxes = true;
  // A field as a whole changes with the mean over its sites.
  for (const FieldId field : layout.fields()) {
    const auto begin = diagonal.begin() + static_cast<std::ptrdiff_t>(layout.offset(field));
    const auto end = begin + static_cast<std::ptrdiff_t>(layout.sites(field));
    double sum = 0.0;
    for (auto value = begin; value != end; ++value) {
      sum += std::abs(*value);
      scales.relaxes = scales.relaxes && *value <= 0.0;
    }
    if (sum > zero_eigenvalue * largest)
      scales.slowest = std::max(scales.slowest, static_cast<double>(layout.sites(field)) / sum);
  }
}

}  // namespace

std::vector<std::complex<double>> eigenvalues(std::size_t n, std::vector<double> matrix) {
  const auto size = static_cast<Eigen::Index>(n);
  const Modes modes =
      modes_of(Eigen::Map<Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(
          matrix.data(), size, size));
  std::vector<std::complex<double>> values;
  for (const Eigen::Index k : modes.order) values.push_back(modes.values(k));
  return values;
}

TimeScales joined(TimeScales a, const TimeScales& b) {
  if (a.fastest == 0.0) return b;
  if (b.fastest == 0.0) return a;
  a.fastest = std::min(a.fastest, b.fastest);
  a.slowest = std::max(a.slowest, b.slowest);
  a.grows = a.grows || b.grows;
  a.relaxes = a.relaxes && b.relaxes;
  std::erase_if(a.gaps, [&](FastStates& gap) {
    const auto found = std::find_if(b.gaps.begin(), b.gaps.end(),
                                    [&](const FastStates& other) { return other.states == gap.states; });
    if (found == b.gaps.end()) return true;
    if (found->ratio() > gap.ratio()) {
      gap.fast = found->fast;
      gap.slow = found->slow;
    }
    gap.relaxes = gap.relaxes && found->relaxes;
    return false;
  });
  return a;
}

TimeScales time_scales(const Model& model, const Process& process, const State& state, double time,
                       ThreadPool& threads) {
  const FieldTable& fields = *model.fields;
  const std::vector<FieldId> advanced = own_fields(process, fields);
  TimeScales scales;
  if (advanced.empty()) return scales;
  const auto* rates = dynamic_cast<const SiteRates*>(&process);
  const Layout layout(fields, advanced);
  if (rates != nullptr && !sees_itself(model, process, layout, state)) {
    const std::size_t sites = state.real(advanced.front()).size();
    scales.sites = std::min(sites, most_sites_looked_at);
    for (std::size_t k = 0; k < scales.sites; ++k) {
      const std::size_t site = scales.sites > 1 ? k * (sites - 1) / (scales.sites - 1) : 0;
      look_at(block_at(*rates, advanced, fields, state, time, site), k == 0, scales);
    }
    return scales;
  }
  if (layout.size() == 0) return scales;
  scales.sites = state.real(advanced.front()).size();
  if (layout.size() > most_of_a_diagonal) return scales;
  if (layout.size() > most_unknowns) {
    look_at_diagonal(model, process, layout, state, time, threads, scales);
  } else {
    look_at(whole_block(model, process, layout, advanced, state, time, threads), true, scales);
    scales.gaps.clear();  // of places, not of states
  }
  return scales;
}

}  // namespace holon::analysis
