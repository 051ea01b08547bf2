// What the equation compiler is measured against: loops that a C++ programmer who knows vector units would
// write for the same steps. Structure of arrays, `omp simd`, vector mathematics from the C library (libmvec),
// -O3 -ffast-math for the machine.
#pragma once

#include <cstddef>

namespace holon::bench {

/// One Rush-Larsen step (gates and the release channel's R' exactly, the rest by forward Euler) of the
/// epicardial cell of ten Tusscher and Panfilov (2006). `state`: 19 columns in the order V, Xr1, Xr2, Xs, m,
/// h, j, d, f, f2, fCass, s, r, Cai, CaSR, CaSS, R', Nai, Ki; dt in ms, stimulus in uA/uF.
void hand_written_ten_tusscher(double* const* state, std::size_t cells, double dt, double stimulus);

/// One classical Runge-Kutta step of the repressilator (Elowitz and Leibler 2000), m' = -m + alpha/(1 + p^n)
/// + alpha0, p' = -beta (p - m); `state`: m1, m2, m3, p1, p2, p3, where gene i is repressed by protein i - 1.
void hand_written_repressilator(double* const* state, std::size_t cells, double dt, double alpha,
                                double alpha0, double beta, double n);

}  // namespace holon::bench
