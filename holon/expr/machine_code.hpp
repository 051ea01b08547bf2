// Machine code from LLVM IR: relocatable objects, and position-independent images that can be mapped and run
// without a linker.
#pragma once

#include "holon/expr/kernel.hpp"

#include <string>

namespace llvm {
class Module;
}

namespace holon::expr {

/// Processor, features and compiler version that code for this set is made with; part of the cache key.
std::string code_generation_target(InstructionSet set);

/// Marks all functions of the module for the target and compiles it to an ELF object. Optimisation level 0
/// to 3.
std::string compile_to_object(llvm::Module& module, InstructionSet set, int optimisation);

/// Code and constants at fixed distances from each other, all references resolved; runs wherever it is
/// mapped.
struct MachineImage {
  std::string bytes;
  std::size_t entry = 0;  ///< offset of the function
};
/// Lays out an x86-64 object that refers to nothing outside itself.
MachineImage link_image(const std::string& object, std::string_view function);

}  // namespace holon::expr
