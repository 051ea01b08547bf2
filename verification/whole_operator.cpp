#include "verification/whole_operator.hpp"

#include "holon/analysis/newton.hpp"
#include "holon/engine/system.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace holon::verification {

void expect_derivatives_of_the_residual(ModelRun& run, ThreadPool& threads) {
  const System system(run.shared_model(), threads);
  const double time = run.simulation().time() + 0.37 * run.model().schedule.step;
  State state = run.simulation().complete_state();
  system.determine(state, time);
  const Vector x = system.unknowns(state);
  const auto sizes = analysis::sizes_of(system, x);
  Vector dx(system.layout()), w(system.layout());
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    dx.values()[i] = sizes[i] * std::sin(1.0 + 3.0 * static_cast<double>(i));
    w.values()[i] = std::cos(2.0 + 5.0 * static_cast<double>(i)) / sizes[i];
  }
  const Vector slope = system.jvp(state, time, dx);
  constexpr double h = 1e-5;
  const auto at = [&](double factor) {
    State moved = state.clone();
    Vector there = x;
    for (std::size_t i = 0; i < sizes.size(); ++i) there.values()[i] += factor * dx.values()[i];
    system.set_unknowns(moved, there);
    return system.residual(moved, time);
  };
  const Vector above = at(h), below = at(-h);
  Vector product(system.layout()), terms(system.layout());
  for (const auto& entry : system.jacobian(state, time).compressed()) {
    product.values()[entry.row] += entry.value * dx.values()[entry.column];
    terms.values()[entry.row] +=
        std::abs(entry.value) * (std::abs(x.values()[entry.column]) + sizes[entry.column]);
  }
  for (const FieldId id : system.layout().fields()) {
    // Round-off of the terms that each row adds up, and what central differences leave out.
    double most = 0.0;
    for (const double value : terms(id)) most = std::max(most, value);
    const double tolerance = most * (1e-2 * h + 1e-15 / h);
    for (std::size_t site = 0; site < slope(id).size(); ++site) {
      ASSERT_NEAR(product(id)[site], slope(id)[site], 1e-13 * most)
          << run.model().fields->operator[](id).name << " at site " << site;
      ASSERT_NEAR(slope(id)[site], (above(id)[site] - below(id)[site]) / (2.0 * h), tolerance)
          << run.model().fields->operator[](id).name << " at site " << site;
    }
  }
  const Vector back = system.vjp(state, time, w);
  double forth = 0.0, reverse = 0.0, size = 0.0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    forth += w.values()[i] * slope.values()[i];
    reverse += back.values()[i] * dx.values()[i];
    size += std::abs(w.values()[i]) * terms.values()[i];
  }
  EXPECT_NEAR(forth, reverse, 1e-13 * size);
}

}  // namespace holon::verification
