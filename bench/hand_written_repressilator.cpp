#include <cmath>

#include "bench/hand_written.hpp"

namespace holon::bench {

void hand_written_repressilator(double* const* state, std::size_t cells, double dt, double alpha,
                                double alpha0, double beta, double n) {
  double* __restrict s0 = state[0];
  double* __restrict s1 = state[1];
  double* __restrict s2 = state[2];
  double* __restrict s3 = state[3];
  double* __restrict s4 = state[4];
  double* __restrict s5 = state[5];
#pragma omp simd
  for (std::size_t i = 0; i < cells; ++i) {
    const double x[6] = {s0[i], s1[i], s2[i], s3[i], s4[i], s5[i]};
    double y[6], k[6], sum[6];
    for (int c = 0; c < 6; ++c) y[c] = x[c], sum[c] = 0.0;
    const double weight[4] = {1.0 / 6.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 6.0}, ahead[4] = {0.5, 0.5, 1.0, 0.0};
#pragma GCC unroll 4
    for (int stage = 0; stage < 4; ++stage) {
      k[0] = -y[0] + alpha / (1.0 + std::pow(y[5], n)) + alpha0;
      k[1] = -y[1] + alpha / (1.0 + std::pow(y[3], n)) + alpha0;
      k[2] = -y[2] + alpha / (1.0 + std::pow(y[4], n)) + alpha0;
      for (int c = 0; c < 3; ++c) k[3 + c] = -beta * (y[3 + c] - y[c]);
      for (int c = 0; c < 6; ++c) {
        sum[c] += weight[stage] * k[c];
        y[c] = x[c] + ahead[stage] * dt * k[c];
      }
    }
    s0[i] = x[0] + dt * sum[0];
    s1[i] = x[1] + dt * sum[1];
    s2[i] = x[2] + dt * sum[2];
    s3[i] = x[3] + dt * sum[3];
    s4[i] = x[4] + dt * sum[4];
    s5[i] = x[5] + dt * sum[5];
  }
}

}  // namespace holon::bench
