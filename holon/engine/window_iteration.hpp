// Waveform relaxation over one window: members are advanced in turn until what they read of each other agrees
// with what they give.
#pragma once

#include "holon/engine/execution.hpp"
#include "holon/engine/window_exchange.hpp"

#include <vector>

namespace holon {

/// With g the values, at the ends of all substeps, of the fields that some member reads of a later one, one
/// evaluation of H advances all members from the state at the window's beginning, each with the waveforms of
/// the others: of those before it as they have just become, of those after it as g says (Gauss-Seidel
/// waveform relaxation: Lelarasmee, Ruehli & Sangiovanni-Vincentelli, IEEE Trans. CAD 1, 1982; with substeps
/// and acceleration as in Rueth, Uekermann, Mehl, Birken, Monge & Bungartz, Int. J. Numer. Methods Eng. 122,
/// 2021). It begins with g constant. Converged is measured on the residual H(g) - g before any relaxation;
/// each field is weighed with the inverse of its size, so that units don't matter; what is contributed with
/// that of the field that it goes to, where that is larger: near rest nothing is left but the round-off of
/// rates that cancel. The state at the end is
/// that of the last evaluation.
///
/// What a member contributes to a field of another is exchanged as its integral since the window's beginning,
/// C(t), known at the ends of the contributor's substeps: over each of its own substeps [s, t] the owner is
/// given C(t) - C(s), half of it before and half after (Strang 1968). Whatever the substeps, and however far
/// the iteration has come, what was contributed is what arrives: what the last evaluation contributed beyond
/// what the owner had been given is added at the end.
///
/// Fails (NumericalFailure with the members, the residuals and what may help) when the residual is not
/// finite, grows, or is not small enough after the most evaluations that are allowed.
class WindowIteration {
 public:
  WindowIteration(const Execution& execution, std::size_t window);
  void advance(State& state, Time begin, Time end, const Inputs& outer);

 private:
  struct Unknown {
    std::size_t exchange = 0;
    std::size_t offset = 0, size = 0;  ///< in the vector g, all samples but the first one after the other
    double content = 0.0;  ///< of contributions: root of the mean square of the field that receives them
  };
  struct Weights {
    std::vector<double> each;
    double round_off = 0.0;  ///< norm of a residual that is round-off of what it is the difference of
  };
  void keep(State& state);
  void restore(State& state) const;
  void start_waveforms(State& state, Time begin, Time end);
  void evaluate(State& state, Time begin, Time end, const Inputs& outer);
  void settle(State& state, const std::vector<double>& given, Time begin) const;
  void sample(State& state, const Exchange& exchange, Waveform& waveform, std::size_t number, double time);
  std::vector<double> gather() const;
  void scatter(const std::vector<double>& g);
  Weights weights(const std::vector<double>& g, const std::vector<double>& image) const;
  bool diverges() const;
  std::string name() const;
  bool has_events() const;
  [[noreturn]] void fail(const std::string& what, Time begin) const;

  const Execution& execution_;
  const Model& model_;
  const Window& window_;
  const WindowExchange& exchange_;
  std::size_t number_;
  std::vector<std::vector<double>> kept_;
  std::vector<CompensatedSum> accounts_;
  EventQueue events_;
  std::vector<DelayLine> delay_lines_;
  std::vector<std::shared_ptr<Waveform>> waveforms_;  // per exchange
  std::vector<Unknown> unknowns_;
  std::vector<double> residuals_;  // norms, relative to the first
};

}  // namespace holon
