#include "holon/solve/chosen_solver.hpp"

#include "holon/solve/condensation.hpp"
#include "holon/solve/krylov.hpp"
#include "holon/solve/sparse_lu.hpp"

#include <utility>

#include <fmt/format.h>

namespace holon::solve {

namespace {

/// Sparse LU, or where that would be too much condensation, or GMRES where nothing is said of groups.
class BySize final : public MatrixSolver {
 public:
  explicit BySize(std::vector<std::size_t> groups) : groups_(std::move(groups)) {}
  bool factor(std::span<const MatrixEntry> entries, std::span<const double> sizes) override {
    if (!chosen_ || !listed_at(entries, places_)) {
      places_ = places_of(entries);
      cost_ = elimination_cost(sizes.size(), entries);
      if (cost_.operations <= most_direct_operations)
        chosen_ = std::make_unique<DirectSolver>();
      else if (groups_.empty())
        chosen_ = std::make_unique<Krylov>();
      else
        chosen_ =
            std::make_unique<Condensation>(groups_, std::make_unique<BySize>(std::vector<std::size_t>{}));
    }
    return chosen_->factor(entries, sizes);
  }
  std::optional<std::size_t> singular_column() const override { return chosen_->singular_column(); }
  int determinant_sign() const override { return chosen_->determinant_sign(); }
  bool solve(std::span<double> b) override { return chosen_->solve(b); }
  std::string obstacle() const override { return chosen_->obstacle(); }
  std::size_t take_iterations() override { return chosen_ ? chosen_->take_iterations() : 0; }
  std::string description() const override {
    return fmt::format("{} (complete factors would take {:.2g} operations and have {:.2g} entries)",
                       chosen_->description(), cost_.operations, cost_.entries);
  }

 private:
  std::vector<std::size_t> groups_;
  std::vector<MatrixPlace> places_;
  EliminationCost cost_;
  std::unique_ptr<MatrixSolver> chosen_;
};

}  // namespace

std::unique_ptr<MatrixSolver> chosen_solver(SolverChoice choice, std::vector<std::size_t> groups) {
  switch (choice) {
    case SolverChoice::direct:
      return std::make_unique<DirectSolver>();
    case SolverChoice::condensation:
      return std::make_unique<Condensation>(std::move(groups), std::make_unique<DirectSolver>());
    case SolverChoice::krylov:
      return std::make_unique<Condensation>(std::move(groups), std::make_unique<Krylov>());
    case SolverChoice::automatic:
      break;
  }
  return std::make_unique<BySize>(std::move(groups));
}

}  // namespace holon::solve
