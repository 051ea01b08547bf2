// Strip loops compiled for AVX-512 (see CMakeLists.txt); elsewhere the same as strip_loops_base.cpp.
#include "holon/expr/strip_operations.hpp"

namespace holon::expr {
const StripLoops& avx512_strip_loops() { return loops_of_this_file; }
}  // namespace holon::expr
