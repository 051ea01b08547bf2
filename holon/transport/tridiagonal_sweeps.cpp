#include "holon/transport/tridiagonal_kernels.hpp"

namespace holon::transport {

const TridiagonalSweeps& base_tridiagonal_sweeps() { return sweeps_of_this_file; }

const TridiagonalSweeps& tridiagonal_sweeps() {
#if defined(__x86_64__)
  static const bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                           __builtin_cpu_supports("avx512cd");
  return wide ? avx512_tridiagonal_sweeps() : base_tridiagonal_sweeps();
#else
  return base_tridiagonal_sweeps();
#endif
}

}  // namespace holon::transport
