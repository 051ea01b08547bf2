// Tridiagonal sweeps compiled for AVX-512 (see CMakeLists.txt); elsewhere the same as tridiagonal_sweeps.cpp.
#include "holon/transport/tridiagonal_kernels.hpp"

namespace holon::transport {
const TridiagonalSweeps& avx512_tridiagonal_sweeps() { return sweeps_of_this_file; }
}  // namespace holon::transport
