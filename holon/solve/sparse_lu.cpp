#include "holon/solve/sparse_lu.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <limits>

#include <suitesparse/klu.h>

namespace holon::solve {

struct SparseLu::Factors {
  Factors() {
    klu_defaults(&common);
    common.scale = 2;  // by the largest entry of each row
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

bool SparseLu::factor(std::size_t n, std::span<const MatrixEntry> entries) {
  require(n < static_cast<std::size_t>(std::numeric_limits<int>::max()), "a matrix of this size is factored");
  // By columns, duplicates summed.
  std::vector<MatrixEntry> sorted(entries.begin(), entries.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const MatrixEntry& a, const MatrixEntry& b) {
    return a.column != b.column ? a.column < b.column : a.row < b.row;
  });
  std::vector<int> begin(n + 1, 0), row;
  value_.clear();
  for (std::size_t e = 0; e < sorted.size(); ++e) {
    if (e > 0 && sorted[e].column == sorted[e - 1].column && sorted[e].row == sorted[e - 1].row) {
      value_.back() += sorted[e].value;
      continue;
    }
    row.push_back(static_cast<int>(sorted[e].row));
    value_.push_back(sorted[e].value);
    ++begin[sorted[e].column + 1];
  }
  for (std::size_t c = 0; c < n; ++c) begin[c + 1] += begin[c];
  const bool same = factors_ && n == n_ && begin == begin_ && row == row_;
  n_ = n;
  begin_ = std::move(begin);
  row_ = std::move(row);
  singular_column_.reset();
  if (n == 0) return true;
  if (!same) {
    factors_ = std::make_unique<Factors>();
    factors_->symbolic = klu_analyze(static_cast<int>(n), begin_.data(), row_.data(), &factors_->common);
    if (factors_->symbolic == nullptr) return false;  // structurally singular matrices are analysed, too
  }
  // Pivots are chosen anew each time: those of a matrix far away would cost digits.
  klu_free_numeric(&factors_->numeric, &factors_->common);
  factors_->common.halt_if_singular = 1;
  factors_->numeric =
      klu_factor(begin_.data(), row_.data(), value_.data(), factors_->symbolic, &factors_->common);
  if (factors_->numeric != nullptr && factors_->common.status == KLU_OK) {
    klu_rcond(factors_->symbolic, factors_->numeric, &factors_->common);
    return factors_->common.rcond > std::numeric_limits<double>::epsilon() * 1e-3;
  }
  if (factors_->common.singular_col >= 0 && factors_->common.singular_col < static_cast<int>(n))
    singular_column_ = static_cast<std::size_t>(factors_->common.singular_col);
  return false;
}

double SparseLu::reciprocal_condition() const {
  return factors_ && factors_->numeric != nullptr ? factors_->common.rcond : 0.0;
}

std::size_t SparseLu::entries() const {
  return factors_ && factors_->numeric != nullptr
             ? static_cast<std::size_t>(factors_->numeric->lnz + factors_->numeric->unz)
             : 0;
}

void SparseLu::solve(std::span<double> b) const {
  if (n_ == 0) return;
  require(factors_ && factors_->numeric != nullptr && b.size() == n_, "a factored matrix is solved with");
  klu_solve(factors_->symbolic, factors_->numeric, static_cast<int>(n_), 1, b.data(), &factors_->common);
}

void SparseLu::solve_transposed(std::span<double> b) const {
  if (n_ == 0) return;
  require(factors_ && factors_->numeric != nullptr && b.size() == n_, "a factored matrix is solved with");
  klu_tsolve(factors_->symbolic, factors_->numeric, static_cast<int>(n_), 1, b.data(), &factors_->common);
}

}  // namespace holon::solve
