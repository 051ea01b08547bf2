// Linear maps between the sites of two spaces: the geometry of couplings.
//
// A map T carries numbers on the sites of one space (`from`) to those of another (`to`). Its adjoint T* is
// the one for which
//   <T f, g>_to = <f, T* g>_from   with   <a, b> = sum over sites of measure * a * b,
// so that what one side takes is what the other loses: if T samples a concentration at cells, T* spreads what
// the cells release as a concentration. Maps are immutable, and give the same bits for any number of threads:
// every result is one sum in an order that the sites alone determine.
#pragma once

#include "holon/base/parallel.hpp"
#include "holon/space/space.hpp"

#include <memory>
#include <span>
#include <vector>

namespace holon {

/// Lengths, areas or volumes of all sites of a space.
std::vector<double> measures_of(const Space& space);

class LinearMap {
 public:
  virtual ~LinearMap() = default;
  std::size_t from_sites() const { return from_measures_->size(); }
  std::size_t to_sites() const { return to_measures_->size(); }
  std::span<const double> from_measures() const { return *from_measures_; }
  std::span<const double> to_measures() const { return *to_measures_; }

  /// to = T from. The spans have to_sites() and from_sites() entries and don't overlap.
  virtual void apply(std::span<const double> from, std::span<double> to, ThreadPool& threads) const = 0;
  /// from = T* to.
  virtual void apply_adjoint(std::span<const double> to, std::span<double> from,
                             ThreadPool& threads) const = 0;

  struct Entry {
    std::size_t row, column;  ///< a site of `to`, a site of `from`
    double weight;
  };
  /// T as a matrix, rows in increasing order: what is not zero.
  virtual std::vector<Entry> entries() const = 0;

  using Measures = std::shared_ptr<const std::vector<double>>;

 protected:
  LinearMap(std::vector<double> from_measures, std::vector<double> to_measures)
      : from_measures_(std::make_shared<const std::vector<double>>(std::move(from_measures))),
        to_measures_(std::make_shared<const std::vector<double>>(std::move(to_measures))) {}
  LinearMap(Measures from_measures, Measures to_measures)
      : from_measures_(std::move(from_measures)), to_measures_(std::move(to_measures)) {}
  const Measures& shared_from_measures() const { return from_measures_; }
  const Measures& shared_to_measures() const { return to_measures_; }

 private:
  friend class AdjointMap;
  Measures from_measures_, to_measures_;
};

/// A map turned round: T* as a map of its own, whose adjoint is T.
class AdjointMap final : public LinearMap {
 public:
  explicit AdjointMap(std::shared_ptr<const LinearMap> map)
      : LinearMap(map->to_measures_, map->from_measures_), map_(std::move(map)) {}
  void apply(std::span<const double> from, std::span<double> to, ThreadPool& threads) const override {
    map_->apply_adjoint(from, to, threads);
  }
  void apply_adjoint(std::span<const double> to, std::span<double> from, ThreadPool& threads) const override {
    map_->apply(to, from, threads);
  }
  std::vector<Entry> entries() const override;

 private:
  std::shared_ptr<const LinearMap> map_;
};

}  // namespace holon
