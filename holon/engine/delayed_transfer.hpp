// DelayedTransfer: the process of a coupling with a delay. It determines one field from the past of another,
//   to_i(t) = factor * from_s(i)(t - d_i),
// where every site i of `to` looks at one site s(i) of `from`: the source end of an edge, or the site itself.
//
// The past is a delay line of the State: the values after every advance of the process that owns `from`, and
// before the start those of the start. Between them it is a polynomial of degree 1 to 3 through the values
// around (Lagrange), so that a reader that follows inputs in time keeps an order of degree + 1, at most that
// of its own method; one that does not sees the value in the middle of its step (order 2). Values beyond what
// is known are a failure: the model's steps are divided so that there are none (delays.hpp).
#pragma once

#include "holon/engine/process.hpp"
#include "holon/engine/site_kernel.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace holon {

class DelayedTransfer final : public Process {
 public:
  struct Setup {
    FieldId from = 0, to = 0;
    std::vector<std::uint32_t> site;  ///< s(i) per site of `to`
    double factor = 1.0;              ///< numbers of `to` per number of `from`
    Coefficient delay;                ///< [coherent time], on the space of `to`
    int degree = 3;
    std::vector<std::string> description;
  };
  DelayedTransfer(std::string name, std::shared_ptr<const FieldTable> fields,
                  const ParameterTable& parameters, const expr::KernelOptions& options, Setup setup);

  std::string_view type() const override { return "coupling"; }
  Ports ports() const override;
  Traits traits() const override;
  void initialise(State& state, Workspace& work) const override;
  Outcome advance(State& state, const Interval& interval, const Inputs& inputs,
                  Workspace& work) const override;
  void determine(State& state, double time, Workspace& work) const override;
  std::vector<FieldId> determined_from() const override { return {setup_.from}; }
  void rate(const State&, double, Workspace&, Vector&) const override {}
  void jvp(const State&, double, const Vector&, Workspace&, Vector&) const override {}
  void vjp(const State&, double, const Vector&, Workspace&, Vector&) const override {}
  void jacobian(const State&, double, Workspace&, SparseBuilder&) const override {}
  std::vector<std::string> description() const override { return setup_.description; }

  FieldId from() const { return setup_.from; }
  FieldId to() const { return setup_.to; }
  /// Told once, when the model is built: which of the State's delay lines is its own.
  void set_line(std::size_t line) { line_ = line; }
  /// The smallest delay in a state. Throws NumericalFailure where one is not finite or not above zero.
  double least_delay(const State& state, ThreadPool& threads) const;
  /// Keeps the present values of `from` as those at `time`, and forgets what nobody looks at any more.
  void record(State& state, double time, ThreadPool& threads) const;
  /// The field that it determines, as a function of time over an interval.
  Waveform waveform(const State& state, double begin, double end, ThreadPool& threads) const;

 private:
  std::vector<double> delays(const State& state, double time, ThreadPool& threads) const;
  void evaluate(const State& state, double time, std::span<double> to, ThreadPool& threads) const;

  std::shared_ptr<const FieldTable> fields_;
  Setup setup_;
  CoefficientKernel delay_;
  std::size_t line_ = 0;
};

}  // namespace holon
