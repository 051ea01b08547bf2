// What drives a transport operator from outside: data at the sides and sources, as functions of place and
// time.
#pragma once

#include "holon/base/parallel.hpp"
#include "holon/engine/site_kernel.hpp"
#include "holon/space/space.hpp"
#include "holon/transport/grid_operator.hpp"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace holon::transport {

/// "x_min" to "z_max".
std::string side_name(int axis, int side);

/// The sites of one side of a grid, at the side itself (for cells: on their outer faces).
class SidePlane final : public Space {
 public:
  SidePlane(std::shared_ptr<const GridSpace> grid, int axis, int side);
  Type type() const override { return Type::named_points; }
  std::size_t sites() const override { return sites_; }
  int dimensions() const override { return grid_->dimensions(); }
  Position position(std::size_t site) const override;
  double measure(std::size_t) const override { return 1.0; }
  std::optional<Stencil> interpolation(const Position&) const override { return std::nullopt; }
  std::optional<std::size_t> nearest(const Position&) const override { return std::nullopt; }
  std::string site_text(std::size_t site) const override;

 private:
  std::size_t grid_site(std::size_t site) const;
  std::shared_ptr<const GridSpace> grid_;
  int axis_, side_;
  std::size_t sites_;
};

/// A coefficient that is the same everywhere and at all times, but may depend on parameters.
class UniformCoefficient {
 public:
  UniformCoefficient() = default;
  explicit UniformCoefficient(Coefficient coefficient) : coefficient_(std::move(coefficient)) {}
  /// What keeps a coefficient from being one ("depends on place"), or nothing.
  static std::optional<std::string> obstacle(const Coefficient& coefficient);
  double value(const State& state) const;
  /// Whether it is the plain number `value`.
  bool is(double value) const { return coefficient_.constant() == value; }

 private:
  Coefficient coefficient_;
};

/// What keeps a coefficient from being the datum of a side, or nothing.
std::optional<std::string> datum_obstacle(const Coefficient& coefficient);

/// Data of all sides and the source at one time.
struct TransportColumns {
  std::optional<double> time;  ///< nothing before the first evaluation
  SideData sides;
  std::vector<double> source;  ///< empty if there is none
};

/// A value that can't be used: where, and what it is.
struct DataFault {
  std::string what, place;
};

/// Evaluates data. Factors bring coherent values into the field's unit (and divide by the capacity).
class TransportData {
 public:
  TransportData() = default;
  TransportData(std::shared_ptr<const GridSpace> grid, const ParameterTable& parameters,
                const expr::KernelOptions& options);
  void add_side(int axis, int side, const std::string& name, const Coefficient& datum);
  void add_source(const std::string& name, const Coefficient& source);

  bool has_source() const { return source_.has_value(); }
  bool has_side(int axis, int side) const;
  bool empty() const;
  bool depends_on_time() const { return time_; }
  bool side_depends_on_time(int axis, int side) const;

  struct Factors {
    std::array<std::array<double, 2>, 3> side{};
    double source = 1.0;
    /// Of the source at each site, besides: zero outside a mask. Empty: 1.
    std::shared_ptr<const std::vector<double>> source_by_site;
  };
  enum class Sign { any, not_negative };
  /// Fills the columns for `time`; does nothing if they are for that time (or for any, where nothing depends
  /// on time).
  std::optional<DataFault> evaluate(const State& state, double time, const Factors& factors, Sign sign,
                                    ThreadPool& threads, TransportColumns& columns) const;
  /// d datum / dt of a side.
  std::vector<double> side_rate(int axis, int side, const State& state, double time, const Factors& factors,
                                ThreadPool& threads) const;

 private:
  struct Side {
    std::shared_ptr<const SidePlane> plane;
    CoefficientKernel value, rate;
  };
  std::shared_ptr<const GridSpace> grid_;
  const ParameterTable* parameters_ = nullptr;
  expr::KernelOptions options_;
  std::array<std::array<std::optional<Side>, 2>, 3> sides_;
  std::optional<CoefficientKernel> source_;
  bool time_ = false;
};

}  // namespace holon::transport
