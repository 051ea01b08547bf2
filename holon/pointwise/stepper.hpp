// How the states of a KineticsSystem are moved over an interval: fixed steps, adaptive steps, or steps with
// Newton iterations; or by an integrator of its own for whole systems (CVODE).
#pragma once

#include "holon/engine/process.hpp"
#include "holon/pointwise/driven_fields.hpp"
#include "holon/pointwise/integrators/integrator.hpp"
#include "holon/pointwise/kinetics_system.hpp"

#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace holon::pointwise {

struct StepOptions {
  std::string integrator = "rush_larsen";
  double step = 0.0;  ///< largest internal step [coherent time]; 0: the whole interval
  double relative_tolerance = 1e-6;
  std::vector<double> absolute_tolerance;  ///< per state, in its field's unit
  std::vector<bool> positive;              ///< per state
  /// What the integrator keeps in the State: adaptive methods the size of their next step [coherent time],
  /// per block of sites; a system integrator what it asked for.
  std::optional<FieldId> memory;
};

/// A part of an interval in which nothing switches with time [coherent time].
struct Piece {
  double begin = 0.0, end = 0.0;
  double dt() const { return end - begin; }
};

/// How many equal steps of at most `largest` [coherent time; 0: any] a piece is divided into.
std::int64_t steps_of(const Piece& piece, double largest);

/// What goes wrong at a site.
struct SiteFailure {
  std::size_t site = 0;
  std::string field, message;
  double time = 0.0;  ///< coherent
};

/// Where the right-hand side switches around an interval [coherent time].
struct Surroundings {
  bool begins_with_switch = false;
  /// The first switching time that is not before the end, but for round-off.
  double next = std::numeric_limits<double>::infinity();
};

class EventRun;

/// What one call of advance() works with.
struct AdvanceCall {
  State& state;
  std::vector<Piece> pieces;
  const Inputs* inputs = nullptr;
  ParameterBinding binding = ParameterBinding::constants;
  std::vector<const double*> columns;
  Workspace& work;
  Surroundings surroundings;
  SiteRange sites;             ///< to be advanced
  EventRun* events = nullptr;  ///< where states may jump
};

class Stepper {
 public:
  virtual ~Stepper() = default;
  /// Moves the states over all pieces. Nothing, or the failure at the lowest site that failed.
  virtual std::optional<SiteFailure> advance(AdvanceCall& call) const = 0;
  virtual const SiteKernel& kernel() const = 0;  ///< of a step with the model's parameters
  virtual std::vector<std::size_t> exponential_states() const { return {}; }
  /// How many sites go together at most: what happens to one may depend on the others.
  virtual std::size_t together() const { return 1; }
};

/// Blocks of this many sites share the size of an adaptive step and the number of Newton iterations, for any
/// number of threads.
inline constexpr std::size_t block_sites = 64;
/// The sites of all blocks that have sites in common with a range, of so many sites.
SiteRange whole_blocks(SiteRange range, std::size_t sites);

std::unique_ptr<Stepper> fixed_stepper(const KernelFactory& factory, const Integrator& integrator,
                                       const StepOptions& options);
std::unique_ptr<Stepper> adaptive_stepper(const KernelFactory& factory, const Integrator& integrator,
                                          const StepOptions& options);
std::unique_ptr<Stepper> implicit_midpoint_stepper(const KernelFactory& factory, const StepOptions& options);

/// Collects the failure at the lowest site from blocks that run in any order.
class LowestFailure {
 public:
  void report(SiteFailure failure);
  std::optional<SiteFailure> take() { return std::move(failure_); }

 private:
  std::mutex mutex_;
  std::optional<SiteFailure> failure_;
};

/// The first site in [begin, end) at which a state is not finite, and which state; nothing if all are.
struct NotFinite {
  std::size_t site = 0, state = 0;
  double value = 0.0;
};
std::optional<NotFinite> find_not_finite(std::span<double* const> states, std::size_t begin, std::size_t end);

/// Pointers to the columns of the states.
std::vector<double*> state_columns(State& state, std::span<const FieldId> fields);

/// Elimination without pivoting is trusted while entries grow by less than this.
inline constexpr double largest_pivot_growth = 1e8;

}  // namespace holon::pointwise
