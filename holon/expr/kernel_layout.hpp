// What the caller of a compiled kernel must know about it, and how it is called.
#pragma once

#include <cstdint>
#include <string_view>

namespace holon::expr {

/// Evaluates the sites [begin, end), a whole number of vectors. Vectors in which a lane is out of the range
/// that the code covers are not written: their first site times 256 plus the mask of such lanes goes to
/// `unresolved`, whose length is returned. If a sub-expression of uniforms is out of that range, nothing is
/// written and -1 returned.
using KernelFunction = std::int64_t (*)(const double* const* in, double* const* out, const double* uniforms,
                                        std::int64_t begin, std::int64_t end, double* scratch,
                                        std::int64_t* unresolved);
inline constexpr std::string_view kernel_symbol = "holon_kernel";

struct KernelLayout {
  std::uint32_t lanes = 1;
  std::uint32_t operations = 0;  ///< terms evaluated per site
  std::uint64_t reports = 0;     ///< 1 if lanes can be out of the range that the code covers
  std::uint64_t scratch = 0;     ///< doubles
};

}  // namespace holon::expr
