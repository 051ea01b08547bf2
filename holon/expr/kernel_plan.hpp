// The order in which a kernel evaluates its terms, and where values are kept that outlive the code that made
// them.
#pragma once

#include "holon/expr/kernel_program.hpp"

#include <limits>
#include <vector>

namespace holon::expr {

struct KernelPlan {
  static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
  static constexpr std::size_t strip = 64;  ///< sites per pass when there are several site functions

  /// Terms made of constants and uniforms alone, and all others; each list of a list is one function.
  std::vector<std::vector<Node>> uniform_functions, site_functions;
  std::vector<bool> varies;  ///< by node: differs from site to site
                             /// By node: a NaN in it makes an output NaN, whatever the other values are.
  std::vector<bool> poisons_output;
  std::vector<std::uint32_t> uniform_slot;  ///< by node: index of its double in scratch, or none
  std::vector<std::uint32_t> strip_slot;    ///< by node: index of its strip of doubles in scratch, or none
  std::uint32_t uniform_slots = 0;
  std::uint32_t strip_slots = 0;  ///< the first one holds the lanes that are out of range
  /// With several site functions: outputs that none of them computes (symbols, uniforms, constants); the last
  /// one copies them.
  std::vector<Node> copied_outputs;
};

/// Evaluates depth first, the argument that needs more registers first, so that few values live at once. Cuts
/// the terms into functions of at most about `function_size` instructions.
KernelPlan plan_kernel(const KernelProgram& program, std::size_t function_size);

/// About how many instructions a term becomes.
std::size_t instruction_estimate(Op op);

}  // namespace holon::expr
