// A compiled kernel in memory: runs its code over ranges of any length, and evaluates with the interpreter
// the sites that the code does not cover.
#pragma once

#include "holon/expr/executable_image.hpp"
#include "holon/expr/interpreter.hpp"
#include "holon/expr/kernel_cache.hpp"

#include <memory>
#include <vector>

namespace holon::expr {

class CompiledKernel {
 public:
  CompiledKernel(const CachedKernel& kernel, const KernelSource& source);

  /// As Kernel::run. The last sites that fill no vector are copied to one, so the same code computes every
  /// site.
  void run(const double* const* in, double* const* out, const double* uniforms, std::size_t begin,
           std::size_t end) const;
  const KernelLayout& layout() const { return layout_; }

 private:
  struct Workspace;
  Workspace& workspace() const;
  void run_vectors(Workspace& w, const double* const* in, double* const* out, const double* uniforms,
                   std::size_t begin, std::size_t end) const;
  void run_last_sites(Workspace& w, const double* const* in, double* const* out, const double* uniforms,
                      std::size_t begin, std::size_t end) const;
  /// The lanes of one vector that the code covers; the others join w.pending.
  void run_covered_lanes(Workspace& w, const double* const* in, double* const* out, const double* uniforms,
                         std::size_t first, unsigned outside) const;
  void interpret_pending(Workspace& w, const double* const* in, double* const* out,
                         const double* uniforms) const;

  KernelLayout layout_;
  ExecutableImage image_;
  KernelFunction function_;
  std::unique_ptr<const Interpreter> interpreter_;  // where the code reports lanes
  std::vector<std::size_t> columns_;                // the input columns that are read
  std::size_t inputs_ = 0, outputs_ = 0;            // lengths of the pointer arrays
};

}  // namespace holon::expr
