#include "holon/solve/sparse_lu.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include <suitesparse/klu.h>

namespace holon::solve {

namespace {

constexpr int scale_by_largest = 2;  // KLU's name for it: by the largest entry of each row

}  // namespace

struct SparseLu::Factors {
  Factors() {
    klu_defaults(&common);
    common.scale = scale_by_largest;
  }
  ~Factors() {
    klu_free_numeric(&numeric, &common);
    klu_free_symbolic(&symbolic, &common);
  }
  Factors(const Factors&) = delete;
  Factors& operator=(const Factors&) = delete;
  // The solver's scratch is in `common` and `numeric`, which solving changes.
  mutable klu_common common{};
  klu_symbolic* symbolic = nullptr;
  klu_numeric* numeric = nullptr;
};

SparseLu::SparseLu() = default;
SparseLu::~SparseLu() = default;
SparseLu::SparseLu(SparseLu&&) noexcept = default;
SparseLu& SparseLu::operator=(SparseLu&&) noexcept = default;

namespace {

/// Compressed columns, and where each of the entries that they were made of has gone.
struct Columns {
  std::vector<int> begin, row;
  std::vector<std::size_t> slot;
};

Columns compress(std::size_t n, std::span<const MatrixEntry> entries) {
  std::vector<std::size_t> order(entries.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(entries[a].column, entries[a].row) < std::pair(entries[b].column, entries[b].row);
  });
  Columns columns{std::vector<int>(n + 1, 0), {}, std::vector<std::size_t>(entries.size())};
  const MatrixEntry* before = nullptr;
  for (const std::size_t e : order) {
    const MatrixEntry& entry = entries[e];
    if (before == nullptr || before->column != entry.column || before->row != entry.row) {
      columns.row.push_back(static_cast<int>(entry.row));
      ++columns.begin[entry.column + 1];
    }
    columns.slot[e] = columns.row.size() - 1;
    before = &entry;
  }
  for (std::size_t c = 0; c < n; ++c) columns.begin[c + 1] += columns.begin[c];
  return columns;
}

}  // namespace

bool SparseLu::factor(std::size_t n, std::span<const MatrixEntry> entries, std::size_t borders) {
  require(n < static_cast<std::size_t>(std::numeric_limits<int>::max()), "a matrix of this size is factored");
  // Whoever factors again and again usually lists the same places in the same order.
  const bool listed_as_before = n == n_ && listed_at(entries, places_);
  bool same = listed_as_before && factors_ != nullptr;
  if (!listed_as_before) {
    Columns columns = compress(n, entries);
    same = factors_ && n == n_ && columns.begin == begin_ && columns.row == row_;
    begin_ = std::move(columns.begin);
    row_ = std::move(columns.row);
    slot_ = std::move(columns.slot);
    places_ = places_of(entries);
  }
  value_.assign(row_.size(), 0.0);
  for (std::size_t e = 0; e < entries.size(); ++e) value_[slot_[e]] += entries[e].value;
  n_ = n;
  singular_column_.reset();
  if (n == 0) return true;
  if (!same) {
    factors_ = std::make_unique<Factors>();
    factors_->symbolic = klu_analyze(static_cast<int>(n), begin_.data(), row_.data(), &factors_->common);
    if (factors_->symbolic == nullptr) return false;  // structurally singular matrices are analysed, too
  }
  scale_rows(borders);
  factors_->common.scale = borders > 0 ? 0 : scale_by_largest;
  // Pivots are chosen anew each time: those of a matrix far away would cost digits.
  klu_free_numeric(&factors_->numeric, &factors_->common);
  factors_->common.halt_if_singular = 1;
  factors_->numeric =
      klu_factor(begin_.data(), row_.data(), value_.data(), factors_->symbolic, &factors_->common);
  if (factors_->numeric != nullptr && factors_->common.status == KLU_OK) {
    klu_rcond(factors_->symbolic, factors_->numeric, &factors_->common);
    // The estimate is of pivots: those of rows that were scaled down count as they would have been.
    const double least = std::numeric_limits<double>::epsilon() * (borders > 0 ? 1e-11 : 1e-3);
    return factors_->common.rcond > least;
  }
  if (factors_->common.singular_col >= 0 && factors_->common.singular_col < static_cast<int>(n))
    singular_column_ = static_cast<std::size_t>(factors_->common.singular_col);
  return false;
}

void SparseLu::scale_rows(std::size_t borders) {
  constexpr double low = 1e-8;  // below what pivots are compared with, above what round-off leaves of them
  row_scale_.clear();
  if (borders == 0) return;
  row_scale_.assign(n_, 0.0);
  for (std::size_t e = 0; e < row_.size(); ++e) {
    double& largest = row_scale_[static_cast<std::size_t>(row_[e])];
    largest = std::max(largest, std::abs(value_[e]));
  }
  for (std::size_t r = 0; r < n_; ++r)
    row_scale_[r] = row_scale_[r] > 0.0 ? (r + borders >= n_ ? low : 1.0) / row_scale_[r] : 1.0;
  for (std::size_t e = 0; e < row_.size(); ++e) value_[e] *= row_scale_[static_cast<std::size_t>(row_[e])];
}

double SparseLu::reciprocal_condition() const {
  return factors_ && factors_->numeric != nullptr ? factors_->common.rcond : 0.0;
}

std::size_t SparseLu::entries() const {
  return factors_ && factors_->numeric != nullptr
             ? static_cast<std::size_t>(factors_->numeric->lnz + factors_->numeric->unz)
             : 0;
}

namespace {

/// 1 or -1: whether a permutation is one of an even number of exchanges.
int parity(const int* order, int n) {
  std::vector<bool> seen(static_cast<std::size_t>(n), false);
  int sign = 1;
  for (int start = 0; start < n; ++start) {
    int length = 0;
    for (int k = start; !seen[static_cast<std::size_t>(k)]; k = order[k]) {
      seen[static_cast<std::size_t>(k)] = true;
      ++length;
    }
    if (length > 0 && length % 2 == 0) sign = -sign;
  }
  return sign;
}

}  // namespace

int SparseLu::determinant_sign() const {
  constexpr double least = 1e-13;  // of pivots: what is below may be round-off
  if (n_ == 0) return 1;
  if (!(reciprocal_condition() > least)) return 0;
  const int n = static_cast<int>(n_);
  int sign = parity(factors_->numeric->Pnum, n) * parity(factors_->symbolic->Q, n);
  const auto* pivot = static_cast<const double*>(factors_->numeric->Udiag);
  for (int k = 0; k < n; ++k)
    if (pivot[k] < 0.0) sign = -sign;
  return sign;
}

EliminationCost elimination_cost(std::size_t n, std::span<const MatrixEntry> entries) {
  if (n == 0) return {};
  const Columns columns = compress(n, entries);
  klu_common common{};
  klu_defaults(&common);
  std::vector<int> begin = columns.begin, row = columns.row;
  klu_symbolic* symbolic = klu_analyze(static_cast<int>(n), begin.data(), row.data(), &common);
  if (symbolic == nullptr) return {};
  const EliminationCost cost{symbolic->est_flops, symbolic->lnz + symbolic->unz};
  klu_free_symbolic(&symbolic, &common);
  return cost;
}

bool DirectSolver::solve(std::span<double> b) {
  lu_.solve(b);
  return true;
}

void SparseLu::solve(std::span<double> b) const {
  if (n_ == 0) return;
  require(factors_ && factors_->numeric != nullptr && b.size() == n_, "a factored matrix is solved with");
  for (std::size_t r = 0; r < row_scale_.size(); ++r) b[r] *= row_scale_[r];
  klu_solve(factors_->symbolic, factors_->numeric, static_cast<int>(n_), 1, b.data(), &factors_->common);
}

void SparseLu::solve_transposed(std::span<double> b) const {
  if (n_ == 0) return;
  require(factors_ && factors_->numeric != nullptr && b.size() == n_, "a factored matrix is solved with");
  klu_tsolve(factors_->symbolic, factors_->numeric, static_cast<int>(n_), 1, b.data(), &factors_->common);
  for (std::size_t r = 0; r < row_scale_.size(); ++r) b[r] *= row_scale_[r];
}

}  // namespace holon::solve
