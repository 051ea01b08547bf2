// Rates and their derivatives of a process that also reads a field that another process advances.
#include "holon/engine/system.hpp"
#include "holon/pointwise/model_case.hpp"

#include <cmath>
#include <map>

#include <gtest/gtest.h>

namespace holon::pointwise {
namespace {

const std::string coupled = R"(holon: 1
spaces: {line: {type: grid, size: [3 mm], spacing: 1 mm}, point: {type: point}}
processes:
  a:
    type: kinetics
    space: line
    integrator: rk4
    units: {time: ms, u: mV, v: 1, w: mV, shared: 1}
    initial: {u: =1 mV + position.x*(1 mV/mm), v: 0.5}
    inputs: {w: =b.w, shared: =c.s}
    equations: |
      u' = -u*v + w^2*shared
      v' = u/(1 + v^2)
  b:
    type: kinetics
    space: line
    integrator: rk4
    units: {time: s, w: V, u: V}
    initial: {w: 2 mV}
    inputs: {u: =a.u}
    equations: |
      w' = -w*(1 + u)
  c:
    type: kinetics
    space: point
    integrator: rk4
    units: {time: ms, s: 1}
    states: {s: 0.25}
    equations: |
      s' = -s
schedule: {step: 0.01 ms, until: 0.01 ms}
)";

struct Coupled : ::testing::Test {
  std::shared_ptr<const Model> model = test::load(coupled);
  ThreadPool threads{1};
  System system{model, threads};
  State state = model->initial_state(threads, 0);
  FieldId u = model->fields->id("a.u"), v = model->fields->id("a.v"), w = model->fields->id("b.w"),
          s = model->fields->id("c.s");
};

TEST_F(Coupled, RatesArePerCoherentTimeInTheFieldsUnit) {
  const Vector rates = system.residual(state, 0.0);
  for (std::size_t i = 0; i < 4; ++i) {
    const double x = 1.0 + static_cast<double>(i);  // u [mV]; w is 2 mV, held in V
    EXPECT_NEAR(rates(u)[i], 1000 * (-x * 0.5 + 4 * 0.25), 1e-9);
    EXPECT_NEAR(rates(w)[i], -2e-3 * (1 + 1e-3 * x), 1e-15);
  }
}

TEST_F(Coupled, JacobianHasTheBlocksOfFieldsThatAreOnlyRead) {
  const SparseBuilder jacobian = system.jacobian(state, 0.0);
  std::map<std::pair<std::size_t, std::size_t>, double> entries;
  for (const auto& e : jacobian.compressed()) entries[{e.row, e.column}] = e.value;
  const Layout& layout = jacobian.layout();
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t row = layout.offset(u) + i;
    EXPECT_NEAR((entries[{row, layout.offset(v) + i}]), -1000.0 * (1.0 + static_cast<double>(i)), 1e-9);
    // w enters u's equation as w^2 s in mV, and is held in V: 1000 * 1000 * 2 w s.
    EXPECT_NEAR((entries[{row, layout.offset(w) + i}]), 1e6 * 2 * 2 * 0.25, 1e-6);
    EXPECT_NEAR((entries[{row, layout.offset(s)}]), 1000 * 4.0, 1e-9);  // one value for all sites
    EXPECT_NEAR((entries[{layout.offset(w) + i, row}]), -2e-3 * 1e-3, 1e-18);
  }
}

TEST_F(Coupled, ActionsOfTheJacobianAndItsTransposeAgreeWithItsEntries) {
  Vector direction(system.layout()), weight(system.layout());
  for (std::size_t k = 0; k < direction.values().size(); ++k) {
    direction.values()[k] = std::sin(1.0 + static_cast<double>(k));
    weight.values()[k] = std::cos(2.0 + static_cast<double>(k));
  }
  std::vector<double> forward(direction.values().size()), reverse(direction.values().size());
  const SparseBuilder jacobian = system.jacobian(state, 0.0);
  for (const auto& e : jacobian.compressed()) {
    forward[e.row] += e.value * direction.values()[e.column];
    reverse[e.column] += e.value * weight.values()[e.row];
  }
  const Vector jvp = system.jvp(state, 0.0, direction), vjp = system.vjp(state, 0.0, weight);
  for (std::size_t k = 0; k < forward.size(); ++k) {
    EXPECT_NEAR(jvp.values()[k], forward[k], 1e-12 * (1.0 + std::fabs(forward[k])));
    EXPECT_NEAR(vjp.values()[k], reverse[k], 1e-12 * (1.0 + std::fabs(reverse[k])));
  }
}

}  // namespace
}  // namespace holon::pointwise
