// One CVODE solver (SUNDIALS 6: Hindmarsh et al., ACM Trans. Math. Softw. 31, 2005): variable-order BDF with
// Newton iterations and a direct linear solver, dense or KLU. The only header that hides SUNDIALS.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace holon::kinetics {

/// An entry of the Jacobian that may differ from 0.
struct JacobianPlace {
  std::uint32_t row = 0, column = 0;
};

/// The system y' = f(t, y). The functions return false where f is not defined (not finite): CVODE then tries
/// a smaller step.
struct CvodeProblem {
  std::size_t size = 0;
  std::function<bool(double t, const double* y, double* rates)> rates;
  /// Values in the order of `pattern`.
  std::function<bool(double t, const double* y, double* values)> jacobian;
  std::vector<JacobianPlace> pattern;
  double relative_tolerance = 1e-8;
  std::vector<double> absolute_tolerance;
  std::vector<bool> positive;  ///< components that must not become negative
  double largest_step = 0.0;   ///< 0: no limit
};

struct CvodeCounters {
  std::uint64_t steps = 0, error_test_failures = 0, rate_evaluations = 0, jacobian_evaluations = 0,
                nonlinear_iterations = 0;
};

/// Where a solver stood when it failed.
struct CvodeTrouble {
  double time = 0.0;
  std::size_t component = 0;  ///< whose error was the largest in its tolerance
  std::vector<double> y;
};

class CvodeSolver {
 public:
  explicit CvodeSolver(CvodeProblem problem);
  ~CvodeSolver();
  CvodeSolver(const CvodeSolver&) = delete;
  CvodeSolver& operator=(const CvodeSolver&) = delete;

  /// Forgets all history: what follows depends on nothing but t, y and the calls that follow. The time of the
  /// first call of advance() sets the scale of the first step.
  void restart(double t, std::span<const double> y);
  /// Writes the solution at time t into y: by interpolation if the last step went beyond t. Never steps
  /// beyond `stop` (infinity: no limit). Empty, or the reason of a failure.
  std::string advance(double t, double stop, std::span<double> y);
  /// After advance() failed.
  CvodeTrouble trouble() const;
  CvodeCounters counters() const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace holon::kinetics
