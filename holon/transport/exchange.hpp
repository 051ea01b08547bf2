// Exchange: cells and other points take up and give off what a grid holds.
//   d(V_k c_k)/dt = sum_i w_ik (s_i - u_i c_k),
// (V_k times the capacity of the field, where it has one); point i having the clearance u_i [volume/time] and
// the secretion s_i [amount/time], and weights w_ik of its kernel on sites k of volume V_k, so that it takes
// up u_i times the concentration that it senses, T c = sum_k w_ik c_k.
//
// Time: all points of all members are solved together, site by site,
//   backward_euler  c' = (c + dt S/V) / (1 + dt K/V),  K_k = sum_i w_ik u_i,  S_k = sum_i w_ik s_i; order 1
//   exact           c' = e^{-x} c + phi(x) dt S/V,  x = dt K/V,  phi(x) = (1 - e^{-x})/x
// Either is positive for any step, any number of points in a site, and does not depend on their order: sums
// are ordered by the points' ids. (One after the other they would; PhysiCell's threads lose mass over it.)
// What point i has taken is dt u_i sum_k w_ik c^_k, with c^ = c' or the mean over the step: exactly what the
// sites have lost.
//
// Points smaller than the grid resolves (`diffusivity` given): the surface senses T c + R q with q = s - u
// c_s, so that u/(1 + u R') and s/(1 + u R) reach the grid and the rest of s is taken up again at once. R' is
// R of what is taken: sites of the kernel that hold less give less, so that it comes from others than R
// supposes. R of near neighbours is put right with what they gave off in the last step. R is that of a field
// at rest around the point: what is taken within a step that is not short against h^2/D comes from the
// kernel's sites alone, and is too little (by a quarter at h^2/D, for points of radius h/2).
#pragma once

#include "holon/engine/coupling_geometry.hpp"
#include "holon/engine/field_dependence.hpp"
#include "holon/engine/model.hpp"

#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace holon::transport {

enum class ExchangeIntegrator { backward_euler, exact };

struct ExchangeOptions {
  struct Member {
    std::string name;
    std::shared_ptr<const PointGeometry> points;
    std::shared_ptr<const Space> space;
    Coefficient uptake = Coefficient(0.0);     ///< clearance [length^d/time]
    Coefficient secretion = Coefficient(0.0);  ///< [field length^d/time]
    std::optional<FieldId> taken;              ///< an amount per point that grows by what it takes up
    std::optional<FieldId> given;  ///< what each point gave off in the last step, for its neighbours
  };
  FieldId field = 0;
  std::vector<Member> members;
  ExchangeIntegrator integrator = ExchangeIntegrator::backward_euler;
  /// A step in which what small points take is still brought to them: a tenth of h^2/D [coherent time].
  double longest_step = std::numeric_limits<double>::infinity();
};

class Exchange final : public Process {
 public:
  Exchange(std::string name, const Model& model, ExchangeOptions options);

  std::string_view type() const override { return "exchange"; }
  FieldId field() const { return options_.field; }
  Ports ports() const override;
  std::vector<LedgerAccount> ledger_accounts() const override;
  std::optional<std::pair<std::string, std::string>> capacity_obstacle(FieldId field) const override;
  std::vector<FieldId> determined_from() const override;
  /// What each point gave off: it follows from the rest.
  std::vector<FieldId> assigned() const override;
  void initialise(State&, Workspace&) const override {}
  Outcome advance(State& state, const Interval& interval, const Inputs& inputs,
                  Workspace& work) const override;
  void rate(const State& state, double time, Workspace& work, Vector& rates) const override;
  void jvp(const State& state, double time, const Vector& du, Workspace& work, Vector& out) const override;
  void vjp(const State& state, double time, const Vector& w, Workspace& work, Vector& out) const override;
  void jacobian(const State& state, double time, Workspace& work, SparseBuilder& entries) const override;
  std::optional<std::string> doubt(double step) const override;
  std::vector<std::string> description() const override;

 private:
  struct ExchangeScratch;
  struct Column;
  struct Rates;
  struct Book;
  struct Change;
  ExchangeScratch& scratch(Workspace& work) const;
  /// Number of a store's unit per number of the field's, times coherent measure.
  double per_store(FieldId store) const;
  /// Clearances and secretions of all members, in numbers that act on the field's.
  std::optional<Diagnosis> evaluate(const State& state, double time, ExchangeScratch& scratch,
                                    ThreadPool& threads) const;
  void meet_responses(const State& state, std::size_t member, Rates& rates, ThreadPool& threads) const;
  /// evaluate(), with a fault thrown as a NumericalFailure.
  ExchangeScratch& rates_at(const State& state, double time, Workspace& work) const;
  /// Calls visit(field, row, field, component, column, slope) for all derivatives of fields that the layout
  /// holds. Throws Refused where points move with the unknowns.
  template <class Visit>
  void each_slope(const State& state, double time, const Layout& layout, Workspace& work, Visit visit) const;
  /// Solves all sites. Returns what they gained, in the field's unit times measure.
  double solve(std::span<double> c, double dt, ExchangeScratch& scratch, ThreadPool& threads) const;
  /// Where all kernels are linear ones: block by block, in one pass over the field.
  double solve_blocks(std::span<double> c, double dt, ExchangeScratch& scratch, ThreadPool& threads) const;
  double solve_columns(std::span<double> c, double dt, ExchangeScratch& scratch, ThreadPool& threads) const;
  /// Enters what a member's points took in the fields that keep it.
  Book book(State& state, std::size_t member, double dt, ExchangeScratch& scratch, ThreadPool& threads) const;

  ExchangeOptions options_;
  std::shared_ptr<const FieldTable> fields_;
  std::vector<CoefficientKernel> uptake_, secretion_;
  std::vector<FieldDependence> uptake_slopes_, secretion_slopes_;
  Unit clearance_, given_off_;  ///< coherent, for messages
  std::vector<FieldId> reads_;
};

}  // namespace holon::transport
