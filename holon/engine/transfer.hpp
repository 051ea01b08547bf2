// Transfer: the process of a coupling. It determines one field from fields of other spaces,
//   to = sum over sources of factor * T from (+ factor R q),
// whenever somebody is about to read it. T is the linear map of the coupling (space/linear_map.hpp) and R the
// response of points to what they give off themselves (space/point_responses.hpp).
#pragma once

#include "holon/engine/coupling_geometry.hpp"
#include "holon/engine/process.hpp"
#include "holon/engine/way_back.hpp"

#include <optional>
#include <string>
#include <vector>

namespace holon {

class Transfer final : public Process {
 public:
  struct Source {
    FieldId from = 0;
    std::shared_ptr<const CouplingGeometry> geometry;
    double factor = 1.0;  ///< numbers of `to` per number of `from`
  };
  /// What the points give off, so that they sense it at their own surface.
  struct Given {
    FieldId rate = 0;
    double factor = 1.0;  ///< numbers of `to` per R [coherent] times number of `rate`
  };
  enum class Carries { values, amounts };
  /// `description` is what `holon check` prints: what was chosen, and why.
  Transfer(std::string name, const FieldTable& fields, FieldId to, std::vector<Source> sources,
           std::optional<Given> given, std::vector<std::string> description,
           Carries carries = Carries::values);

  std::string_view type() const override { return "coupling"; }
  Ports ports() const override;
  void initialise(State&, Workspace&) const override {}
  Outcome advance(State& state, const Interval& interval, const Inputs& inputs,
                  Workspace& work) const override;
  void determine(State& state, double time, Workspace& work) const override;
  std::vector<FieldId> determined_from() const override;
  /// T from (+ R q) minus what stands in `to`. Throws Refused where places move with the unknowns.
  void rate(const State& state, double time, Workspace& work, Vector& rates) const override;
  void jvp(const State& state, double time, const Vector& du, Workspace& work, Vector& out) const override;
  void vjp(const State& state, double time, const Vector& w, Workspace& work, Vector& out) const override;
  void jacobian(const State& state, double time, Workspace& work, SparseBuilder& entries) const override;
  std::vector<std::string> description() const override { return description_; }

  /// Where the coupling carries amounts to a grid: sums over both of its sides, in the unit of its field
  /// times coherent measure, as it was last determined. Nothing for couplings that carry values.
  std::optional<Crossing> carries(const State& state, ThreadPool& threads) const;
  FieldId to() const { return to_; }
  bool carries_amounts() const { return carries_ == Carries::amounts; }

 private:
  struct TransferScratch;
  /// What the field should be.
  void values(const State& state, Workspace& work, std::span<double> to) const;
  TransferScratch& scratch(Workspace& work) const;
  /// d to / d what it follows from, for fields that the layout holds: visit(row, field, column, value).
  template <class Visit>
  void each_slope(const State& state, const Layout& layout, Workspace& work, Visit visit) const;
  const FieldTable* fields_;
  FieldId to_;
  std::vector<Source> sources_;
  std::optional<Given> given_;
  Carries carries_;
  std::vector<std::string> description_;
};

}  // namespace holon
