// Kernels: nodes of a graph, evaluated at every site of a range of sites.
//
// Two ways to run the same program: the strip interpreter (no start-up cost, about 3x slower) and machine
// code from LLVM with explicit vectors (8, 4 or 2 lanes) and the mathematics inlined as IR, compiled once and
// kept on disk.
#pragma once

#include "holon/expr/graph.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace holon::expr {

/// Where a symbol's value comes from when a kernel runs.
struct Binding {
  enum class Source { column, uniform };
  std::string symbol;
  Source source = Source::column;
  std::size_t index = 0;  ///< which input column, or which uniform
  /// A range that the values are promised (or checked by the caller) to stay in; used to decide whether
  /// exponentials of multiples of the symbol may be merged without overflow. Unknown by default: merging is
  /// then guarded at run time.
  double lower = -1e300, upper = 1e300;
};

/// What a kernel computes: output column k at site i is outputs[k] evaluated with the symbols bound as
/// stated.
struct KernelSource {
  std::string name;
  const Graph* graph = nullptr;
  std::vector<Node> outputs;
  std::vector<Binding> bindings;
};

enum class Tier { interpreter, compiled };
enum class InstructionSet { native, avx512, avx2, sse2, neon };

struct KernelOptions {
  Tier tier = Tier::compiled;
  InstructionSet instruction_set = InstructionSet::native;
  bool merge_exponentials =
      true;               ///< exp(kx+c) = e^c E^(k/k0): one exp for several multiples of one argument
  bool use_cache = true;  ///< the kernel cache on disk: folder HOLON_CACHE, else the user's cache folder
  int optimisation = 2;   ///< LLVM code generation level, 0 to 3
};

/// An immutable, compiled kernel. Safe to run from several threads at once on disjoint ranges of sites.
class Kernel {
 public:
  /// Compiles, or loads from the cache. Throws InputError when a symbol is not bound.
  static Kernel make(const KernelSource& source, const KernelOptions& options = {});

  /// For each site in [begin, end): reads in[c][site] and uniforms[u], writes out[k][site]. All inputs of a
  /// site are read before any of its outputs is written, so an output column may be an input column (update
  /// in place); it must not be one shifted by some sites. No alignment is needed; 64-byte aligned columns are
  /// fastest. Results for a site do not depend on the range it is computed in.
  void run(const double* const* in, double* const* out, const double* uniforms, std::size_t begin,
           std::size_t end) const;

  const std::string& name() const;
  Tier tier() const;
  InstructionSet instruction_set() const;
  int lanes() const;
  bool from_cache() const;
  double compile_seconds() const;  ///< CPU time spent on compiling or loading
  std::size_t operations() const;  ///< terms evaluated per site
  struct Implementation;

 private:
  std::shared_ptr<const Implementation> implementation_;
};

std::string_view name(Tier tier);
std::string_view name(InstructionSet set);
/// What this machine runs; `native` resolves to it.
InstructionSet host_instruction_set();

/// LLVM assembly of a kernel for a given set (for tests, and for running NEON code under an emulator).
std::string emit_llvm(const KernelSource& source, const KernelOptions& options);
/// A relocatable object for another instruction set, e.g. NEON under qemu. Symbol: holon_kernel.
std::string emit_object(const KernelSource& source, const KernelOptions& options);

}  // namespace holon::expr
