// What solves A x = b for one square matrix after another, each with many right-hand sides.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace holon::solve {

/// One entry of a matrix; entries at one place add up.
struct MatrixEntry {
  std::size_t row, column;
  double value;
};

/// A place of a matrix.
struct MatrixPlace {
  std::size_t row, column;
};

/// Whether entries are listed at these places, in this order.
inline bool listed_at(std::span<const MatrixEntry> entries, std::span<const MatrixPlace> places) {
  if (entries.size() != places.size()) return false;
  for (std::size_t e = 0; e < entries.size(); ++e)
    if (entries[e].row != places[e].row || entries[e].column != places[e].column) return false;
  return true;
}

inline std::vector<MatrixPlace> places_of(std::span<const MatrixEntry> entries) {
  std::vector<MatrixPlace> places;
  places.reserve(entries.size());
  for (const MatrixEntry& entry : entries) places.push_back({entry.row, entry.column});
  return places;
}

class MatrixSolver {
 public:
  virtual ~MatrixSolver() = default;
  /// Prepares for a matrix of as many rows as there are sizes, which say what each unknown counts: what
  /// iterates asks. Whoever lists the same places in the same order again and again pays for their order
  /// once. False where the matrix is singular to working accuracy.
  virtual bool factor(std::span<const MatrixEntry> entries, std::span<const double> sizes) = 0;
  /// Where elimination found no pivot, if it got stuck.
  virtual std::optional<std::size_t> singular_column() const = 0;
  /// Of the determinant: 1 or -1; 0 where it is not known.
  virtual int determinant_sign() const = 0;
  /// b is replaced by A^-1 b. False where it did not converge: obstacle() says how.
  virtual bool solve(std::span<double> b) = 0;
  virtual std::string obstacle() const { return ""; }
  /// Linear iterations since the last call.
  virtual std::size_t take_iterations() { return 0; }
  /// What it is, in a few words with the numbers that matter.
  virtual std::string description() const = 0;
};

}  // namespace holon::solve
