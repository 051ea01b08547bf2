// States whose rate is affine in themselves: dx/dt = A x + B with A and B free of x. Hodgkin-Huxley gates are
// such, in any spelling, and so are first-order decay and binding. While the other states are held they have
// the exact solution x_inf + (x - x_inf) e^(A dt).
#pragma once

#include "holon/pointwise/ode_system.hpp"

#include <optional>

namespace holon::pointwise {

/// What is known of the sign of a node wherever it is finite.
enum class Sign { negative, not_positive, zero, not_negative, positive, unknown };
std::vector<Sign> signs(const Graph& graph, std::span<const Node> nodes);

/// The parts of an own-linear rate.
struct OwnLinear {
  Node slope;                ///< A = d rate / d state: not 0, and without a path to the state
  std::optional<Node> rest;  ///< x_inf, the root of the rate; only where the slope can't vanish
};

/// For each state its parts, or nothing where the rate is not affine in the state or does not depend on it.
/// The test is structural: a rate that is affine only by a cancellation that the graph does not see is not
/// found.
std::vector<std::optional<OwnLinear>> own_linear_states(const OdeSystem& system);

/// (e^z - 1)/z, 1 at z = 0.
Node phi1(Graph& graph, Node z);

/// x + rate dt phi1(slope dt): exact for dx/dt = rate + slope (x(t) - x) with constant slope.
Node exponential_step(Graph& graph, Node x, Node rate, Node slope, Node dt);

/// The exact step of an own-linear state.
Node exact_step(Graph& graph, Node x, Node rate, const OwnLinear& parts, Node dt);

}  // namespace holon::pointwise
