// Nodes and weights for integrals of smooth functions.
#pragma once

#include <vector>

namespace holon {

/// Integral over [-1, 1] of f = sum_k weight[k] f(node[k]), exact for polynomials of degree 2 n - 1.
struct GaussLegendre {
  std::vector<double> node, weight;
  explicit GaussLegendre(int n);
};

}  // namespace holon
