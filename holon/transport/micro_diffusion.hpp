// Diffusion and reaction inside a micro space at every site of a macro space: pores, particles, spines.
//
//   du/dt = div(D grad u) - k u + s(u, ...)   along the one axis of the micro space,
// at its sides nothing, a value, a flux or an exchange, each of which may depend on fields of the macro
// space. It determines the values at sides, where a model asks for them, from the cell behind and what
// passes. Space: finite volumes of order 2 on cells or shells. Time: backward Euler with Newton's method at
// each macro site (order 1), one tridiagonal elimination per iteration; or at rest, where the schedule says
// `steady` (engine/quasi_steady.hpp), from the same rates and Jacobian.
#pragma once

#include "holon/engine/field_dependence.hpp"
#include "holon/engine/model.hpp"
#include "holon/transport/grid_transport.hpp"
#include "holon/transport/transport_data.hpp"

#include <array>

namespace holon::transport {

struct MicroDiffusionOptions {
  FieldId field = 0;
  Coefficient diffusivity = Coefficient(0.0);  ///< coherent, the same everywhere
  Coefficient decay = Coefficient(0.0);        ///< [1/time], the same everywhere
  Coefficient source = Coefficient(0.0);       ///< [field/time], of fields of the product, its own among them
  std::array<SideCondition, 2> sides;          ///< of the micro space
  std::vector<TraceField>
      traces;  ///< of the field at sides, on the macro space, which the process determines
};

class MicroDiffusion final : public Process {
 public:
  MicroDiffusion(std::string name, const Model& model, MicroDiffusionOptions options);
  /// What keeps options from being such a process.
  static std::vector<OptionFault> faults(const MicroDiffusionOptions& options, const Model& model);

  std::string_view type() const override { return "diffusion"; }
  Ports ports() const override;
  std::vector<LedgerAccount> ledger_accounts() const override;
  void initialise(State&, Workspace&) const override {}
  Outcome advance(State& state, const Interval& interval, const Inputs& inputs,
                  Workspace& work) const override;
  void determine(State& state, double time, Workspace& work) const override;
  std::vector<FieldId> determined_from() const override;
  void rate(const State& state, double time, Workspace& work, Vector& rates) const override;
  void jvp(const State& state, double time, const Vector& du, Workspace& work, Vector& out) const override;
  void vjp(const State& state, double time, const Vector& w, Workspace& work, Vector& out) const override;
  void jacobian(const State& state, double time, Workspace& work, SparseBuilder& entries) const override;
  Scales scales(const State& state) const override;
  bool damps() const override { return true; }
  std::vector<std::string> description() const override;

 private:
  struct MicroScratch;
  /// The linear part in one micro space, for the State's parameters [1/time].
  struct Line {
    std::vector<double> below, above;                       ///< couplings to the neighbours
    std::vector<double> diagonal;                           ///< with sides and decay
    std::array<double, 2> of_datum{};                       ///< of the end cells' rates per datum
    std::array<double, 2> face_of_cell{}, face_of_datum{};  ///< of the values at sides
    double decay = 0.0;
  };
  Line line(const State& state) const;
  MicroScratch& scratch(Workspace& work) const;
  void data_at(const State& state, double time, MicroScratch& scratch, ThreadPool& threads) const;
  /// Source and its slope, in the field's numbers.
  void reaction(const State& state, double time, MicroScratch& scratch, ThreadPool& threads) const;
  /// The value at a side, of a trace, at a macro site.
  double face(const Line& line, const TraceField& trace, std::span<const double> u, std::size_t macro,
              const MicroScratch& scratch) const;
  struct Slope {
    std::size_t row, column;
    double value;
  };
  /// Derivatives of the rates, and of the values at sides, in places of the layout.
  std::vector<Slope> slopes(const State& state, double time, const Layout& layout, Workspace& work) const;
  double linear(const Line& line, std::span<const double> u, std::size_t macro, std::size_t cell,
                const MicroScratch& scratch) const;

  MicroDiffusionOptions options_;
  std::shared_ptr<const FieldTable> fields_;
  std::shared_ptr<const ProductSpace> product_;
  const StructuredSpace* micro_;
  UniformCoefficient diffusivity_, decay_;
  std::array<UniformCoefficient, 2> transfer_;
  std::array<CoefficientKernel, 2> datum_;
  CoefficientKernel source_, slope_;
  std::array<FieldDependence, 2> datum_dependence_;
  FieldDependence source_dependence_;
  bool reacts_ = false;
  std::vector<FieldId> reads_;
};

}  // namespace holon::transport
