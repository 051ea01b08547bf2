// From a kernel program to LLVM IR with explicit vectors.
//
// The module holds one function that the outside calls (KernelFunction in kernel_layout.hpp). Sub-expressions
// of uniforms alone are evaluated once per call and kept in `scratch`. Programs too large for one function
// (register allocation would take more than linear time) are cut into several; values that cross a cut live
// in `scratch` for a strip of sites at a time, and outputs are written by the last function, so that updating
// in place stays right. The constants holon_kernel_lanes and holon_kernel_scratch tell a program that links
// the object what it must provide.
#pragma once

#include "holon/expr/kernel_layout.hpp"
#include "holon/expr/kernel_program.hpp"
#include "holon/expr/vector_math.hpp"

#include <memory>

namespace llvm {
class LLVMContext;
class Module;
}  // namespace llvm

namespace holon::expr {

struct EmittedModule {
  std::unique_ptr<llvm::Module> module;
  KernelLayout layout;
};

EmittedModule emit_module(llvm::LLVMContext& context, const KernelProgram& program,
                          const VectorTarget& target);

}  // namespace holon::expr
