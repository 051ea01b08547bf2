// Diffusion along the branches of a tree, and the voltage along those of a cell.
//
//   w_i du_i/dt = D sum_j g_ij (u_j - u_i) - w_i k u_i + w_i s_i
// with w_i the measure of segment i and g_ij one over the integral between the middles of two segments
// (space/tree_space.hpp): of volumes, Fick's law in a tube; of lengths, in one dimension; of membrane areas,
// the cable equation with D = 1/(resistivity capacitance) [length/time]. Where branches meet nothing is
// kept, so that what flows in adds up to zero.
// Space: finite volumes of order 2 where the radius is smooth. Ends are sealed.
// Time: Crank-Nicolson (order 2) or backward Euler (order 1, positive). Both solve the tree by one
// elimination from the leaves to the root and back, as in a tridiagonal system (Hines, Int. J. Biomed.
// Comput. 15, 69 (1984)).
#pragma once

#include "holon/engine/model.hpp"
#include "holon/space/tree_space.hpp"
#include "holon/transport/transport_data.hpp"

namespace holon::transport {

enum class TreeIntegrator { crank_nicolson, backward_euler };

struct TreeDiffusionOptions {
  FieldId field = 0;
  Coefficient spreading = Coefficient(0.0);  ///< D; coherent, the same everywhere
  Coefficient decay = Coefficient(0.0);      ///< k [1/time], the same everywhere
  Coefficient source = Coefficient(0.0);     ///< s [field/time]
  TreeIntegrator integrator = TreeIntegrator::crank_nicolson;
};

class TreeDiffusion final : public Process {
 public:
  /// Throws InputError where the field does not live on a tree.
  TreeDiffusion(std::string name, const Model& model, TreeDiffusionOptions options);

  std::string_view type() const override { return "diffusion"; }
  Ports ports() const override;
  std::vector<LedgerAccount> ledger_accounts() const override;
  void initialise(State&, Workspace&) const override {}
  Outcome advance(State& state, const Interval& interval, const Inputs& inputs,
                  Workspace& work) const override;
  void rate(const State& state, double time, Workspace& work, Vector& rates) const override;
  void jvp(const State& state, double time, const Vector& du, Workspace& work, Vector& out) const override;
  void vjp(const State& state, double time, const Vector& w, Workspace& work, Vector& out) const override;
  void jacobian(const State& state, double time, Workspace& work, SparseBuilder& entries) const override;
  Scales scales(const State& state) const override;
  bool damps() const override { return options_.integrator == TreeIntegrator::backward_euler; }
  std::vector<std::string> description() const override;

 private:
  struct TreeScratch;
  TreeScratch& scratch(Workspace& work) const;
  /// sum_j g_ij (u_j - u_i) for every segment.
  void flows(std::span<const double> u, std::vector<double>& at_nodes, std::span<double> out) const;
  /// Solves (keep w_i + step D (-flows)) u = right, with the values where branches meet.
  void solve(double keep, double step, std::span<const double> right, std::span<double> u,
             TreeScratch& scratch) const;
  /// Puts back what round-off of the elimination has lost.
  void keep_content(std::span<double> u, double expected, double stiffness) const;
  void add_rates(double factor, double decay, std::span<const double> u, Workspace& work,
                 std::span<double> out) const;

  TreeDiffusionOptions options_;
  std::shared_ptr<const FieldTable> fields_;
  std::shared_ptr<const TreeSpace> tree_;
  UniformCoefficient spreading_, decay_;
  CoefficientKernel source_;
  std::vector<FieldId> reads_;
  std::vector<double> measure_;
  double whole_ = 0.0;             ///< sum of measures
  double largest_exchange_ = 0.0;  ///< largest sum of a segment's conductances over its measure
};

}  // namespace holon::transport
