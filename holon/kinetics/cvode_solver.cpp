#include "holon/kinetics/cvode_solver.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <utility>

#include <cvode/cvode.h>
#include <fmt/format.h>
#include <nvector/nvector_serial.h>
#include <sunlinsol/sunlinsol_dense.h>
#include <sunlinsol/sunlinsol_klu.h>
#include <sunmatrix/sunmatrix_dense.h>
#include <sunmatrix/sunmatrix_sparse.h>

namespace holon::kinetics {

namespace {

constexpr std::size_t smallest_sparse_size = 64;
constexpr double largest_sparse_fill = 0.25;
// The solver looks up after so many steps, and gives up where they brought it less than this part of the way.
constexpr long steps_between_looks = 20'000;
constexpr double least_progress = 1e-10;
constexpr double largest_time = 1e300;  // stands for no stop time

}  // namespace

struct CvodeSolver::Implementation {
  CvodeProblem problem;
  SUNContext context = nullptr;
  N_Vector y = nullptr, tolerance = nullptr, constraints = nullptr;
  SUNMatrix matrix = nullptr;
  SUNLinearSolver linear = nullptr;
  void* memory = nullptr;
  bool initialised = false;
  CvodeCounters before;  // of all histories before the present one
  std::string message;
  // The pattern column by column with the whole diagonal, for the sparse matrix; where each entry of the
  // problem's pattern goes.
  std::vector<sunindextype> column_begin, row_of;
  std::vector<std::size_t> slot;
  std::vector<double> values;

  explicit Implementation(CvodeProblem p) : problem(std::move(p)) {
    require(SUNContext_Create(nullptr, &context) == 0, "SUNDIALS makes a context");
    const auto n = static_cast<sunindextype>(problem.size);
    y = N_VNew_Serial(n, context);
    tolerance = N_VNew_Serial(n, context);
    std::copy(problem.absolute_tolerance.begin(), problem.absolute_tolerance.end(),
              N_VGetArrayPointer(tolerance));
    memory = CVodeCreate(CV_BDF, context);
    require(y != nullptr && tolerance != nullptr && memory != nullptr, "SUNDIALS makes vectors and a solver");
    CVodeSetErrHandlerFn(memory, keep_message, this);
    values.resize(problem.pattern.size());
    if (sparse()) {
      arrange_sparse();
      matrix = SUNSparseMatrix(n, n, static_cast<sunindextype>(row_of.size()), CSC_MAT, context);
      linear = SUNLinSol_KLU(y, matrix, context);
    } else {
      matrix = SUNDenseMatrix(n, n, context);
      linear = SUNLinSol_Dense(y, matrix, context);
    }
    require(matrix != nullptr && linear != nullptr, "SUNDIALS makes a matrix and a linear solver");
  }

  ~Implementation() {
    CVodeFree(&memory);
    if (linear != nullptr) SUNLinSolFree(linear);
    if (matrix != nullptr) SUNMatDestroy(matrix);
    for (N_Vector v : {y, tolerance, constraints}) {
      if (v != nullptr) N_VDestroy(v);
    }
    SUNContext_Free(&context);
  }

  bool sparse() const {
    const auto n = static_cast<double>(problem.size);
    return problem.size >= smallest_sparse_size &&
           static_cast<double>(problem.pattern.size()) < largest_sparse_fill * n * n;
  }

  void arrange_sparse() {
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::size_t> place;  // by column, then row
    for (const JacobianPlace& p : problem.pattern) place[{p.column, p.row}] = 0;
    for (std::uint32_t i = 0; i < problem.size; ++i) place[{i, i}] = 0;
    column_begin.assign(problem.size + 1, 0);
    for (auto& [key, index] : place) {
      index = row_of.size();
      row_of.push_back(static_cast<sunindextype>(key.second));
      column_begin[key.first + 1] = static_cast<sunindextype>(row_of.size());
    }
    for (const JacobianPlace& p : problem.pattern) slot.push_back(place[{p.column, p.row}]);
  }

  // Attaches everything to the solver; CVODE wants a time and a state for that.
  void initialise(double t) {
    const auto must = [](int flag) { require(flag == CV_SUCCESS, "CVODE takes its settings"); };
    must(CVodeInit(memory, rates, t, y));
    must(CVodeSVtolerances(memory, problem.relative_tolerance, tolerance));
    must(CVodeSetUserData(memory, this));
    must(CVodeSetLinearSolver(memory, linear, matrix));
    must(CVodeSetJacFn(memory, jacobian));
    must(CVodeSetMaxNumSteps(memory, steps_between_looks));
    must(CVodeSetMaxStep(memory, problem.largest_step));
    if (std::find(problem.positive.begin(), problem.positive.end(), true) == problem.positive.end()) return;
    constraints = N_VClone(y);
    for (std::size_t i = 0; i < problem.size; ++i) {
      N_VGetArrayPointer(constraints)[i] = problem.positive[i] ? 1.0 : 0.0;  // 1: not negative
    }
    must(CVodeSetConstraints(memory, constraints));
  }

  CvodeCounters since_restart() const {
    if (!initialised) return {};
    long steps = 0, failures = 0, rate_evaluations = 0, jacobians = 0, iterations = 0;
    CVodeGetNumSteps(memory, &steps);
    CVodeGetNumErrTestFails(memory, &failures);
    CVodeGetNumRhsEvals(memory, &rate_evaluations);
    CVodeGetNumJacEvals(memory, &jacobians);
    CVodeGetNumNonlinSolvIters(memory, &iterations);
    const auto count = [](long n) { return static_cast<std::uint64_t>(n); };
    return {count(steps), count(failures), count(rate_evaluations), count(jacobians), count(iterations)};
  }

  static int rates(double t, N_Vector y, N_Vector out, void* data) {
    auto& self = *static_cast<Implementation*>(data);
    return self.problem.rates(t, N_VGetArrayPointer(y), N_VGetArrayPointer(out)) ? 0 : 1;
  }

  static int jacobian(double t, N_Vector y, N_Vector, SUNMatrix matrix, void* data, N_Vector, N_Vector,
                      N_Vector) {
    auto& self = *static_cast<Implementation*>(data);
    if (!self.problem.jacobian(t, N_VGetArrayPointer(y), self.values.data())) return 1;
    SUNMatZero(matrix);
    if (!self.row_of.empty()) {
      std::copy(self.column_begin.begin(), self.column_begin.end(), SUNSparseMatrix_IndexPointers(matrix));
      std::copy(self.row_of.begin(), self.row_of.end(), SUNSparseMatrix_IndexValues(matrix));
      for (std::size_t k = 0; k < self.values.size(); ++k) {
        SUNSparseMatrix_Data(matrix)[self.slot[k]] = self.values[k];
      }
      return 0;
    }
    for (std::size_t k = 0; k < self.values.size(); ++k) {
      SM_ELEMENT_D(matrix, self.problem.pattern[k].row, self.problem.pattern[k].column) = self.values[k];
    }
    return 0;
  }

  static void keep_message(int, const char*, const char*, char* text, void* data) {
    static_cast<Implementation*>(data)->message = text;
  }
};

CvodeSolver::CvodeSolver(CvodeProblem problem)
    : implementation_(std::make_unique<Implementation>(std::move(problem))) {}

CvodeSolver::~CvodeSolver() = default;

void CvodeSolver::restart(double t, std::span<const double> y) {
  Implementation& self = *implementation_;
  self.before = counters();
  std::copy(y.begin(), y.end(), N_VGetArrayPointer(self.y));
  if (!self.initialised) {
    self.initialise(t);
    self.initialised = true;
  } else {
    require(CVodeReInit(self.memory, t, self.y) == CV_SUCCESS, "CVODE starts again");
  }
}

std::string CvodeSolver::advance(double t, double stop, std::span<double> y) {
  Implementation& self = *implementation_;
  self.message.clear();
  require(CVodeSetStopTime(self.memory, std::min(stop, largest_time)) == CV_SUCCESS,
          "CVODE takes a stop time");
  double reached = 0.0;
  CVodeGetCurrentTime(self.memory, &reached);
  int flag = CV_TOO_MUCH_WORK;
  for (double before = -largest_time; flag == CV_TOO_MUCH_WORK; before = reached) {
    if (reached - before < least_progress * (t - before)) break;
    flag = CVode(self.memory, t, self.y, &reached, CV_NORMAL);
  }
  if (flag < 0) {
    const std::unique_ptr<char, decltype(&std::free)> name(CVodeGetReturnFlagName(flag), &std::free);
    return fmt::format("CVODE: {}{}{}", name.get(), self.message.empty() ? "" : ": ", self.message);
  }
  const double* values = N_VGetArrayPointer(self.y);
  std::copy(values, values + self.problem.size, y.begin());
  return "";
}

CvodeTrouble CvodeSolver::trouble() const {
  const Implementation& self = *implementation_;
  CvodeTrouble trouble;
  CVodeGetCurrentTime(self.memory, &trouble.time);
  const double* y = N_VGetArrayPointer(self.y);
  trouble.y.assign(y, y + self.problem.size);
  const auto release = [](N_Vector v) { N_VDestroy(v); };
  const std::unique_ptr<_generic_N_Vector, decltype(release)> errors(N_VClone(self.y), release),
      weights(N_VClone(self.y), release);
  if (CVodeGetEstLocalErrors(self.memory, errors.get()) != CV_SUCCESS ||
      CVodeGetErrWeights(self.memory, weights.get()) != CV_SUCCESS)
    return trouble;
  double largest = 0.0;
  for (std::size_t i = 0; i < trouble.y.size(); ++i) {
    const double error =
        std::fabs(N_VGetArrayPointer(errors.get())[i] * N_VGetArrayPointer(weights.get())[i]);
    if (error <= largest) continue;
    largest = error;
    trouble.component = i;
  }
  return trouble;
}

CvodeCounters CvodeSolver::counters() const {
  const CvodeCounters before = implementation_->before, now = implementation_->since_restart();
  return {before.steps + now.steps, before.error_test_failures + now.error_test_failures,
          before.rate_evaluations + now.rate_evaluations,
          before.jacobian_evaluations + now.jacobian_evaluations,
          before.nonlinear_iterations + now.nonlinear_iterations};
}

}  // namespace holon::kinetics
