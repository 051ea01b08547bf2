// What diffusion and advection on grids have in common: a linear operator with data at its sides, its rate
// and derivative actions, its accounts, and its explicit steps.
//
//   du/dt = L u + data + source,   L a TransportOperator made from the options' coefficients and the State's
//   parameters.
//
// Held nodes (sides of given value on a grid of nodes) follow their datum: a step sets them at its start and
// end, and books what this brings in to their side.
#pragma once

#include "holon/base/column_memory.hpp"
#include "holon/engine/model.hpp"
#include "holon/transport/transport_data.hpp"
#include "holon/transport/transport_operator.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace holon::transport {

/// What a side of a diffusing or flowing field is told.
struct SideCondition {
  SideRule::Kind kind = SideRule::Kind::flux;
  /// Flux into the domain, value, or value outside; coherent.
  Coefficient datum = Coefficient(0.0);
  Coefficient transfer = Coefficient(0.0);  ///< of an exchange; coherent
};
using Sides = std::array<std::array<SideCondition, 2>, 3>;

/// One thing that keeps options from being a process: the option's key and what is wrong with it.
struct OptionFault {
  std::string key, message, expected, hint;
};

/// What a field must be to be transported.
void check_field(const Field& field, std::vector<OptionFault>& faults);
/// Throws InputError with all faults of a process's options, if there are any.
void refuse_faults(const std::string& process, const std::vector<OptionFault>& faults);

/// Explicit schemes: their order in time is 1, 2, 4. Stable for dt |eigenvalue| up to 2, 2, 2.785 (real
/// eigenvalues).
enum class ExplicitScheme { forward_euler, heun, rk4 };
std::string_view name(ExplicitScheme scheme);
double stability_interval(ExplicitScheme scheme);

/// What a process keeps between steps: the operator for the parameters it was made with, data and work
/// columns.
struct TransportScratch : Scratch {
  std::vector<double> parameters;
  std::unique_ptr<const TransportOperator> op;
  double largest_step = 0.0;
  double expected_content = 0.0;  ///< between the two halves of a step that is taken with others
  TransportData::Factors factors;
  TransportColumns begin, middle, end;
  std::array<Column<double>, 3> column;
  std::span<double> work(std::size_t k) {
    column[k].resize(op->sites());
    return column[k];
  }
};

class GridTransport : public Process {
 public:
  Ports ports() const override;
  std::vector<LedgerAccount> ledger_accounts() const override;
  std::shared_ptr<const Capacity> capacity(FieldId field) const override;
  std::optional<std::pair<std::string, std::string>> capacity_obstacle(FieldId field) const override;
  void initialise(State&, Workspace&) const override {}
  std::vector<FieldId> determined_from() const override;
  std::optional<Sharing> sharing() const override;
  Outcome advance(State& state, const Interval& interval, const Inputs& inputs, Workspace& work) const final;
  void rate(const State& state, double time, Workspace& work, Vector& rates) const override;
  void jvp(const State& state, double time, const Vector& du, Workspace& work, Vector& out) const override;
  void vjp(const State& state, double time, const Vector& w, Workspace& work, Vector& out) const override;
  void jacobian(const State& state, double time, Workspace& work, SparseBuilder& entries) const override;
  double stable_step(const State& state) const override { return largest_step(*build(state).op); }
  std::vector<std::size_t> held_sites(const State& state) const override;
  void hold(State& state, double time, Workspace& work) const override;
  bool held_values_depend_on_time() const override;
  void held_slopes(const State& state, double time, Workspace& work, SparseBuilder& entries) const override;

 protected:
  /// Adds a field, in the transported field's unit per coherent time, times a factor to the rate; it counts
  /// as a source, and is read as it stands at each step.
  void add_rate(FieldId rate, double factor) { added_ = Added{rate, factor}; }
  /// What the field holds per value and measure, as this process knows it.
  void set_capacity(std::shared_ptr<const Capacity> capacity) { capacity_ = std::move(capacity); }
  GridTransport(std::string name, const Model& model, FieldId field, const Sides& sides,
                const Coefficient& source, std::vector<TraceField> traces = {});

  /// The operator and the factors of its data for the State's parameters.
  struct Built {
    std::unique_ptr<TransportOperator> op;
    TransportData::Factors factors;
  };
  virtual Built build(const State& state) const = 0;
  virtual std::unique_ptr<TransportScratch> make_scratch() const {
    return std::make_unique<TransportScratch>();
  }
  /// Whether the operator is still that of the State, whose parameters are the same: coefficients may follow
  /// fields. `remember` is told when it was made.
  virtual bool still_holds(const State&, const TransportScratch&, ThreadPool&) const { return true; }
  virtual void remember(const State&, TransportScratch&, ThreadPool&) const {}
  /// The largest stable (and, where the field asks for it, positive) step with an operator.
  virtual double largest_step(const TransportOperator& op) const = 0;
  virtual bool may_decay() const { return false; }
  /// Whether steps end with a residual, which has an account of its own.
  virtual bool iterates() const { return false; }
  /// How many planes off the kernels of its steps read, and how many next to a side they write because of its
  /// data, which have to be one rank's; nothing where ranks can't share its steps.
  struct Reach {
    std::size_t planes = 1, side_planes = 1;
  };
  static Reach reach_of(const GridOperator& op);
  virtual std::optional<Reach> reach() const { return std::nullopt; }
  /// Whether something may pass a side.
  virtual bool may_pass(int axis, int side) const = 0;

  /// Amounts that a step brings in, in field unit times measure.
  struct Book {
    bool open = false;  ///< false where nobody keeps books of the field
    double decay = 0.0, source = 0.0;
    double residual = 0.0;  ///< what an iterative solver left over
    double imposed = 0.0;   ///< the part of `side` that went into held nodes
    std::array<std::array<double, 2>, 3> side{};
  };
  /// One step under way.
  struct Step {
    const State& state;
    TransportScratch& scratch;
    std::span<double> u;
    double t0, dt;
    ThreadPool& threads;
    Book book;
    std::uint64_t iterations = 0;    ///< of linear solvers
    bool seen_finite = false;        ///< the scheme has seen that all values that it made are finite
    const Inputs* inputs = nullptr;  ///< waveforms of fields that data of sides depend on
    const Space* grid = nullptr;
    const Partition* share = nullptr;  ///< with ranks: the step is taken at this rank's own sites
    std::size_t halo = 0;              ///< sites next to them that kernels read
    const TransportOperator& op() const { return *scratch.op; }
  };
  Step begin(State& state, const Interval& interval, Workspace& work) const;
  /// Adds what a step brought in to the process's accounts.
  void keep_books(State& state, const Book& book) const;
  /// Whether round-off of a step shows in the content: implicit steps far above the limit of explicit ones.
  bool settles(const Step& step) const;
  /// Makes the content of the free sites `before` plus what the books say, where round-off of the step has
  /// changed it, and nothing else has (round_off.hpp). It is spread in proportion to u^2, which keeps zeros
  /// and signs; where sides hold the field, it belongs to what passes them.
  void settle(Step& step, double before) const;
  double content_of_free_sites(const Step& step) const { return step.op().content(step.u, {}, step.threads); }
  /// Advances step.u; a fault of the data stops it.
  virtual std::optional<DataFault> take(Step& step) const = 0;
  std::optional<DataFault> take_explicit(Step& step, ExplicitScheme scheme) const;

  std::optional<DataFault> evaluate(Step& step, double time, TransportColumns& columns) const;
  /// With ranks: gets the values next to this rank's own sites, of what each rank has made at its own.
  static void refresh(const Step& step, std::span<double> column);
  /// Sets held nodes to the data and books what that brings in.
  void impose(Step& step, const TransportColumns& columns) const;
  /// Sets held nodes of another column than the field's.
  void hold(const TransportOperator& op, const TransportColumns& columns, std::span<double> u) const;
  /// out += factor (data of all sides + source).
  void drive(const TransportOperator& op, const TransportColumns& columns, double factor,
             std::span<double> out, ThreadPool& threads) const;
  /// Books what the rate at (u, columns) brings in over `factor` units of time.
  void book_rate(Step& step, std::span<const double> u, const TransportColumns& columns, double factor) const;

  const Field& field() const { return field_; }
  FieldId field_id() const { return id_; }
  const std::shared_ptr<const FieldTable>& fields() const { return fields_; }
  const std::shared_ptr<const StructuredSpace>& grid() const { return grid_; }
  const TransportData& data() const { return data_; }
  const Sides& sides() const { return sides_; }
  /// The fields on sides that the process determines.
  const std::vector<TraceField>& traces() const { return traces_; }
  TransportScratch& scratch(const State& state, Workspace& work) const;

 private:
  struct Added {
    FieldId rate;
    double factor;
  };
  bool has_source() const { return data_.has_source() || added_.has_value(); }
  Field field_;
  FieldId id_;
  std::shared_ptr<const StructuredSpace> grid_;
  std::shared_ptr<const FieldTable> fields_;
  std::shared_ptr<const ParameterTable> parameters_;
  Sides sides_;
  TransportData data_;
  std::vector<TraceField> traces_;
  bool reads_of_grid_ = false;  // the source depends on fields of the grid
  /// d rate[site] / d field[column] through data of sides and sources, for fields of the layout; nodes that
  /// are held have none.
  struct DataSlope {
    std::size_t site;
    FieldId field;
    int component;
    std::size_t column;
    double value;
  };
  std::vector<DataSlope> data_slopes(const State& state, double time, const Layout& layout,
                                     Workspace& work) const;
  std::optional<Added> added_;
  std::shared_ptr<const Capacity> capacity_;
};

}  // namespace holon::transport
