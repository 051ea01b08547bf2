#include "holon/solve/condensation.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace holon::solve {

namespace {

constexpr std::size_t none = static_cast<std::size_t>(-1);
constexpr double least_pivot = 1e-11;  // of a block whose rows are scaled to 1

std::size_t number_of(const std::vector<std::size_t>& groups) {
  return groups.empty() ? 0 : 1 + *std::max_element(groups.begin(), groups.end());
}

/// Where a value stands in a sorted list, which is grown where it does not.
std::size_t place_in(std::vector<std::size_t>& list, std::size_t value) {
  const auto at = std::find(list.begin(), list.end(), value);
  if (at != list.end()) return static_cast<std::size_t>(at - list.begin());
  list.push_back(value);
  return list.size() - 1;
}

}  // namespace

Condensation::Condensation(std::vector<std::size_t> groups, std::unique_ptr<MatrixSolver> rest)
    : groups_(std::move(groups)), never_(number_of(groups_), false), rest_(std::move(rest)) {}

void Condensation::arrange(std::size_t n, std::span<const MatrixEntry> entries) {
  EliminationPlan plan = elimination_plan(Sparsity(n, places_), groups_, never_);
  kept_ = std::move(plan.kept);
  blocks_.assign(plan.blocks.size(), {});
  std::vector<std::size_t> block_of(n, none), position(n);
  for (std::size_t k = 0; k < kept_.size(); ++k) position[kept_[k]] = k;
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    blocks_[b].unknowns = std::move(plan.blocks[b]);
    blocks_[b].shape.rows = blocks_[b].unknowns.size();
    for (std::size_t k = 0; k < blocks_[b].unknowns.size(); ++k) {
      block_of[blocks_[b].unknowns[k]] = b;
      position[blocks_[b].unknowns[k]] = k;
    }
  }
  for (const MatrixEntry& entry : entries) {
    const std::size_t b = block_of[entry.row], i = position[entry.row], j = position[entry.column];
    if (b != none && block_of[entry.column] == b) {
      BandShape& shape = blocks_[b].shape;
      shape.lower = std::max(shape.lower, i > j ? i - j : 0);
      shape.upper = std::max(shape.upper, j > i ? j - i : 0);
    } else if (b != none) {
      place_in(blocks_[b].columns, j);
    } else if (block_of[entry.column] != none) {
      place_in(blocks_[block_of[entry.column]].rows, i);
    }
  }
  std::size_t size = 0;
  for (Block& block : blocks_) {
    block.band = size;
    size += block.shape.size();
    block.reads = size;
    size += block.shape.rows * block.columns.size();
  }
  // Entries of C stand behind, one each.
  slot_.resize(entries.size());
  complement_.clear();
  std::vector<std::size_t> of_complement;
  for (std::size_t e = 0; e < entries.size(); ++e) {
    const MatrixEntry& entry = entries[e];
    const std::size_t b = block_of[entry.row], c = block_of[entry.column], i = position[entry.row],
                      j = position[entry.column];
    if (b != none && c == b) {
      slot_[e] = blocks_[b].band + blocks_[b].shape.at(i, j);
    } else if (b != none) {
      slot_[e] = blocks_[b].reads + place_in(blocks_[b].columns, j) * blocks_[b].shape.rows + i;
    } else if (c != none) {
      blocks_[c].couplings.push_back({place_in(blocks_[c].rows, i), j, size});
      slot_[e] = size++;
    } else {
      of_complement.push_back(e);
      complement_.push_back({i, j, 0.0});
    }
  }
  values_.assign(size, 0.0);
  for (std::size_t k = 0; k < of_complement.size(); ++k) slot_[of_complement[k]] = size + k;
  entries_kept_ = complement_.size();
  for (const Block& block : blocks_)
    for (const std::size_t row : block.rows)
      for (const std::size_t column : block.columns) complement_.push_back({row, column, 0.0});
}

std::optional<std::size_t> Condensation::eliminate(Block& block) {
  const std::span<double> band(values_.data() + block.band, block.shape.size());
  block.scale.assign(block.shape.rows, 0.0);
  const auto columns_of = [&](std::size_t row) {
    return std::pair(row > block.shape.lower ? row - block.shape.lower : 0,
                     std::min(block.shape.rows, row + block.shape.upper + 1));
  };
  for (std::size_t i = 0; i < block.shape.rows; ++i) {
    const auto [first, end] = columns_of(i);
    double largest = 0.0;
    for (std::size_t j = first; j < end; ++j)
      largest = std::max(largest, std::abs(band[block.shape.at(i, j)]));
    if (!(largest > 0.0) || !std::isfinite(largest)) return block.unknowns[i];
    block.scale[i] = 1.0 / largest;
    for (std::size_t j = first; j < end; ++j) band[block.shape.at(i, j)] *= block.scale[i];
  }
  block.factors = factor_band(block.shape, band, least_pivot);
  if (!block.factors.regular) return block.unknowns[block.factors.singular_at];
  sign_ *= block.factors.sign;
  for (std::size_t c = 0; c < block.columns.size(); ++c)
    apply(block, {values_.data() + block.reads + c * block.shape.rows, block.shape.rows});
  return std::nullopt;
}

void Condensation::apply(const Block& block, std::span<double> f) const {
  for (std::size_t i = 0; i < f.size(); ++i) f[i] *= block.scale[i];
  solve_band(block.shape, {values_.data() + block.band, block.shape.size()}, block.factors, f);
}

bool Condensation::factor(std::span<const MatrixEntry> entries, std::span<const double> sizes) {
  const std::size_t n = sizes.size();
  if (n != groups_.size()) return false;
  bool arranged = listed_at(entries, places_) && slot_.size() == entries.size();
  if (!arranged) {
    places_ = places_of(entries);
    std::fill(never_.begin(), never_.end(), false);
  }
  for (;;) {
    if (!arranged) arrange(n, entries);
    std::fill(values_.begin(), values_.end(), 0.0);
    for (MatrixEntry& entry : complement_) entry.value = 0.0;
    for (std::size_t e = 0; e < entries.size(); ++e)
      if (slot_[e] < values_.size())
        values_[slot_[e]] += entries[e].value;
      else
        complement_[slot_[e] - values_.size()].value += entries[e].value;
    sign_ = 1;
    std::optional<std::size_t> stuck;
    for (Block& block : blocks_)
      if ((stuck = eliminate(block))) break;
    if (!stuck) break;
    never_[groups_[*stuck]] = true;
    arranged = false;
  }
  std::size_t at = entries_kept_;
  for (const Block& block : blocks_) {
    for (const Coupling& coupling : block.couplings)
      for (std::size_t c = 0; c < block.columns.size(); ++c)
        complement_[at + coupling.kept * block.columns.size() + c].value -=
            values_[coupling.value] * values_[block.reads + c * block.shape.rows + coupling.row];
    at += block.rows.size() * block.columns.size();
  }
  std::vector<double> kept_sizes;
  for (const std::size_t unknown : kept_) kept_sizes.push_back(sizes[unknown]);
  return rest_->factor(complement_, kept_sizes);
}

std::optional<std::size_t> Condensation::singular_column() const {
  const auto column = rest_->singular_column();
  return column ? std::optional(kept_[*column]) : std::nullopt;
}

int Condensation::determinant_sign() const { return sign_ * rest_->determinant_sign(); }

bool Condensation::solve(std::span<double> b) {
  right_.resize(kept_.size());
  for (std::size_t k = 0; k < kept_.size(); ++k) right_[k] = b[kept_[k]];
  std::vector<double> inside(values_.empty() ? 0 : groups_.size() - kept_.size());
  std::size_t at = 0;
  for (const Block& block : blocks_) {
    const std::span<double> own(inside.data() + at, block.shape.rows);
    for (std::size_t i = 0; i < own.size(); ++i) own[i] = b[block.unknowns[i]];
    apply(block, own);
    for (const Coupling& coupling : block.couplings)
      right_[block.rows[coupling.kept]] -= values_[coupling.value] * own[coupling.row];
    at += block.shape.rows;
  }
  if (!rest_->solve(right_)) return false;
  at = 0;
  for (const Block& block : blocks_) {
    for (std::size_t i = 0; i < block.shape.rows; ++i) {
      double value = inside[at + i];
      for (std::size_t c = 0; c < block.columns.size(); ++c)
        value -= values_[block.reads + c * block.shape.rows + i] * right_[block.columns[c]];
      b[block.unknowns[i]] = value;
    }
    at += block.shape.rows;
  }
  for (std::size_t k = 0; k < kept_.size(); ++k) b[kept_[k]] = right_[k];
  return true;
}

std::string Condensation::description() const {
  if (blocks_.empty()) return rest_->description();
  return fmt::format("condensation of {} unknowns in {} blocks, then {} for {}",
                     groups_.size() - kept_.size(), blocks_.size(), rest_->description(), kept_.size());
}

}  // namespace holon::solve
