// The strip interpreter: runs nodes of a graph at every site of a range, with no start-up cost.
//
// The graph becomes a list of instructions over registers. A register holds one value for each of some 256
// sites (a strip), so that the cost of decoding an instruction is shared by a strip, its loop is vector code,
// and the registers, which are used again after their last reader, stay in the first- and second-level
// caches. Terms that depend only on constants and uniforms are computed once per call. A call for very few
// sites decodes once per site and computes scalars.
#pragma once

#include "holon/expr/graph.hpp"
#include "holon/expr/kernel.hpp"
#include "holon/expr/strip_loops.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace holon::expr {

/// Immutable; `run` may be called from several threads at once. Results for a site do not depend on the range
/// it is computed in, nor on the instruction set, except through the C library's asin, acos, atan, atan2,
/// erf, and its power, sin, cos and tan of unusual arguments (strip_math.hpp).
class Interpreter {
 public:
  /// Throws InputError when a symbol that the outputs need is not bound.
  Interpreter(const Graph& graph, std::span<const Node> outputs, std::span<const Binding> bindings);
  Interpreter(const Graph& graph, std::span<const Node> outputs, std::span<const Binding> bindings,
              const StripLoops& loops);

  /// As Kernel::run. Allocates only when a thread first needs more working memory than before.
  void run(const double* const* in, double* const* out, const double* uniforms, std::size_t begin,
           std::size_t end) const;

  std::size_t operations() const { return operations_; }  ///< terms evaluated per site
  std::size_t registers() const { return registers_; }

 private:
  struct Instruction {
    Op op = Op::constant;
    Op inner = Op::constant;  // of a pair: op(inner(a, b), c), or op(c, inner(a, b)) for position 1
    int position = 0;
    StripLoop loop = nullptr;  // of instructions per site
    std::uint32_t result = 0, a = 0, b = 0, c = 0;
  };
  struct Input {
    std::uint32_t slot = 0;
    std::size_t index = 0;  // of the caller's column or uniform
  };
  class Assembly;

  static double value(const Instruction& i, const double* slots);

  void run_sites(const double* const* in, double* const* out, double* slots, std::size_t begin,
                 std::size_t end) const;
  void run_strips(const double* const* in, double* const* out, double* slots, double* registers,
                  const double** pointers, std::size_t begin, std::size_t end) const;

  // Slots: registers first, then input columns, then numbers that are the same at all sites.
  std::size_t operations_ = 0, registers_ = 0, slots_ = 0, first_number_ = 0;
  std::vector<double> numbers_;  // initial content of the slots from first_number_ on
  std::vector<Input> columns_, uniforms_;
  std::vector<Instruction> uniform_program_, site_program_;
  std::vector<std::uint32_t> outputs_;  // slots
};

}  // namespace holon::expr
