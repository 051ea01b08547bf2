// What drives a transport operator from outside: data at the sides and sources, as functions of place and
// time.
#pragma once

#include "holon/base/parallel.hpp"
#include "holon/engine/field_dependence.hpp"
#include "holon/space/trace_space.hpp"
#include "holon/transport/grid_operator.hpp"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace holon::transport {

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

/// What keeps a coefficient from being the datum of a side, or nothing. It may depend on fields of the side
/// (a space of type trace) and of one site.
std::optional<std::string> datum_obstacle(const Coefficient& coefficient, const FieldTable& fields,
                                          const StructuredSpace& grid, int axis, int side);
/// What keeps a coefficient from being a source on a grid, or nothing. It may depend on fields of the grid,
/// as they stand when a step begins, and of one site.
std::optional<std::string> source_obstacle(const Coefficient& source, const FieldTable& fields,
                                           const StructuredSpace& grid);
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
  TransportData(std::shared_ptr<const StructuredSpace> grid, std::shared_ptr<const FieldTable> fields,
                const ParameterTable& parameters, const expr::KernelOptions& options);
  void add_side(int axis, int side, const std::string& name, const Coefficient& datum);
  void add_source(const std::string& name, const Coefficient& source);

  bool has_source() const { return source_.has_value(); }
  bool has_side(int axis, int side) const;
  bool empty() const;
  bool depends_on_time() const { return time_; }
  /// The fields that data of sides depend on.
  const std::vector<FieldId>& reads() const { return reads_; }
  bool side_depends_on_time(int axis, int side) const;

  struct Factors {
    std::array<std::array<double, 2>, 3> side{};
    double source = 1.0;
    /// Of the source at each site, besides: zero outside a mask. Empty: 1.
    std::shared_ptr<const std::vector<double>> source_by_site;
  };
  enum class Sign { any, not_negative };
  /// Fills the columns for `time`; does nothing if they are for that time (or for any, where nothing depends
  /// on time) and no datum depends on a field. `inputs`, where given, replaces fields by waveforms.
  std::optional<DataFault> evaluate(const State& state, const Inputs* inputs, double time,
                                    const Factors& factors, Sign sign, ThreadPool& threads,
                                    TransportColumns& columns) const;
  /// d datum / d field, of all sides and of the source, in the field's unit per coherent time and per unit of
  /// the other field.
  struct Slope {
    int axis = 0, side = 0;
    bool source = false;  ///< it is that of the source
    FieldDependence::Slope by;
  };
  std::vector<Slope> slopes(const State& state, double time, const Factors& factors,
                            ThreadPool& threads) const;
  /// d datum / dt of a side.
  std::vector<double> side_rate(int axis, int side, const State& state, double time, const Factors& factors,
                                ThreadPool& threads) const;

 private:
  struct Side {
    std::shared_ptr<const TraceSpace> plane;
    CoefficientKernel value, rate;
    FieldDependence dependence;
  };
  std::shared_ptr<const StructuredSpace> grid_;
  std::shared_ptr<const FieldTable> fields_;
  const ParameterTable* parameters_ = nullptr;
  expr::KernelOptions options_;
  std::array<std::array<std::optional<Side>, 2>, 3> sides_;
  std::optional<CoefficientKernel> source_;
  FieldDependence source_dependence_;
  std::vector<FieldId> reads_;
  bool time_ = false;
};

}  // namespace holon::transport
