// Small processes with known flows, for the engine's tests.
#pragma once

#include "holon/engine/model.hpp"

#include <cmath>
#include <memory>
#include <string>
#include <vector>

namespace holon::test {

/// u' = A u for two fields at every site, advanced exactly (A constant 2x2, by its matrix exponential).
class Linear final : public Process {
 public:
  Linear(std::string name, FieldId u, FieldId v, std::array<double, 4> a, const FieldTable& fields)
      : Process(std::move(name)), u_(u), v_(v), a_(a), fields_(&fields) {}
  std::string_view type() const override { return "linear"; }
  Ports ports() const override {
    Ports ports{{Port::Role::advance, u_, FieldKind::value, {}}};
    if (v_ != u_) ports.push_back({Port::Role::advance, v_, FieldKind::value, {}});
    return ports;
  }
  std::vector<LedgerAccount> ledger_accounts() const override {
    if ((*fields_)[u_].conserved.empty()) return {};
    return {{u_, name(), "exchange"}, {v_, name(), "exchange"}};
  }
  void initialise(State&, Workspace&) const override {}
  Outcome advance(State& state, const Interval& interval, const Inputs&, Workspace& work) const override {
    const auto e = exponential(interval.dt());
    const auto u = state.real(u_), v = state.real(v_);
    const double leak = leak_;
    double du = 0.0, dv = 0.0;
    for (std::size_t s = 0; s < u.size(); ++s) {
      const double x = u[s], y = v[s];
      u[s] = e[0] * x + e[1] * y;
      v[s] = e[2] * x + e[3] * y;
      if (!std::isfinite(u[s]))
        return {
            Outcome::Why::failed,
            interval.begin,
            0.0,
            {name(), (*fields_)[u_].name, "not finite", (*fields_)[u_].space->site_text(s), interval.t0()}};
      du += u[s] - x;
      dv += v[s] - y;
      u[s] += leak * u[s];
    }
    if (accounts().size() == 2) {
      state.account(accounts()[0]).add(du);
      state.account(accounts()[1]).add(dv);
    }
    ++work.counters.steps;
    return {Outcome::Why::done, interval.end, {}, {}};
  }
  void rate(const State& state, double, Workspace&, Vector& rates) const override {
    const auto u = state.real(u_), v = state.real(v_);
    for (std::size_t s = 0; s < u.size(); ++s) {
      rates(u_)[s] += a_[0] * u[s] + a_[1] * v[s];
      rates(v_)[s] += a_[2] * u[s] + a_[3] * v[s];
    }
  }
  void jvp(const State&, double, const Vector& d, Workspace&, Vector& out) const override {
    for (std::size_t s = 0; s < d(u_).size(); ++s) {
      out(u_)[s] += a_[0] * d(u_)[s] + a_[1] * d(v_)[s];
      out(v_)[s] += a_[2] * d(u_)[s] + a_[3] * d(v_)[s];
    }
  }
  void vjp(const State&, double, const Vector& w, Workspace&, Vector& out) const override {
    for (std::size_t s = 0; s < w(u_).size(); ++s) {
      out(u_)[s] += a_[0] * w(u_)[s] + a_[2] * w(v_)[s];
      out(v_)[s] += a_[1] * w(u_)[s] + a_[3] * w(v_)[s];
    }
  }
  void jacobian(const State& state, double, Workspace&, SparseBuilder& entries) const override {
    const Layout& layout = entries.layout();
    for (std::size_t s = 0; s < state.real(u_).size(); ++s) {
      entries.add(layout.offset(u_) + s, layout.offset(u_) + s, a_[0]);
      entries.add(layout.offset(u_) + s, layout.offset(v_) + s, a_[1]);
      entries.add(layout.offset(v_) + s, layout.offset(u_) + s, a_[2]);
      entries.add(layout.offset(v_) + s, layout.offset(v_) + s, a_[3]);
    }
  }
  double stable_step(const State&) const override { return stable_; }
  double stable_ = std::numeric_limits<double>::infinity();
  double leak_ = 0.0;  ///< relative amount added behind the ledger's back

  std::array<double, 4> exponential(double t) const {
    // exp of a 2x2 matrix: e^{s t} (cosh(q t) I + sinh(q t)/q (A - s I)), s = trace / 2, q^2 = s^2 - det.
    const double s = 0.5 * (a_[0] + a_[3]);
    const double q2 = s * s - (a_[0] * a_[3] - a_[1] * a_[2]);
    const double q = std::sqrt(std::abs(q2));
    const double c = q2 >= 0 ? std::cosh(q * t) : std::cos(q * t);
    const double f = q == 0.0 ? t : (q2 > 0 ? std::sinh(q * t) : std::sin(q * t)) / q;
    const double e = std::exp(s * t);
    return {e * (c + f * (a_[0] - s)), e * f * a_[1], e * f * a_[2], e * (c + f * (a_[3] - s))};
  }

 private:
  FieldId u_, v_;
  std::array<double, 4> a_;
  const FieldTable* fields_;
};

/// Two fields u = 1, v = 0.5 on `space`, a model without processes, macro step `step`, `steps` of them,
/// dimensionless.
inline std::shared_ptr<Model> two_fields(std::shared_ptr<const Space> space, double step,
                                         std::int64_t steps) {
  auto model = std::make_shared<Model>();
  model->spaces[space->name()] = space;
  model->fields->add({.name = "u", .space = space});
  model->fields->add({.name = "v", .space = space});
  model->initial = {{0, Coefficient(1.0)}, {1, Coefficient(0.5)}};
  model->schedule.step = step;
  model->schedule.steps = steps;
  model->schedule.time_dimension = {};
  model->hash = "test";
  model->kernels.tier = expr::Tier::interpreter;
  return model;
}

inline ScheduleNode node(ProcessId process) {
  return {.kind = ScheduleNode::Kind::advance, .process = process};
}
inline ScheduleNode node(ScheduleNode::Kind kind, std::vector<ScheduleNode> children,
                         std::int64_t count = 1) {
  ScheduleNode n;
  n.kind = kind;
  n.children = std::move(children);
  n.count = count;
  return n;
}

}  // namespace holon::test
