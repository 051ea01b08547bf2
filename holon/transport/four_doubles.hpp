// Four doubles in one register, by the vector extension that GCC and Clang share; every operation is lane by
// lane the same as on single doubles.
#pragma once

namespace holon::transport {

using Four = double __attribute__((vector_size(32)));

inline Four load(const double* from) {
  Four v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}

inline void store(double* to, const Four& v) { __builtin_memcpy(to, &v, sizeof v); }

}  // namespace holon::transport
