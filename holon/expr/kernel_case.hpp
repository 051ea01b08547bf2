// For the tests of kernels: a function of a few columns, evaluated through every way to run it on this
// machine.
#pragma once

#include "holon/expr/kernel.hpp"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

namespace holon::expr {

/// Options that compile anew for a set.
inline KernelOptions compiled_for(InstructionSet set) {
  return {.tier = Tier::compiled, .instruction_set = set, .use_cache = false};
}

/// The sets that this machine runs, widest first.
inline std::vector<InstructionSet> runnable_sets() {
  switch (host_instruction_set()) {
    case InstructionSet::avx512:
      return {InstructionSet::avx512, InstructionSet::avx2, InstructionSet::sse2};
    case InstructionSet::avx2:
      return {InstructionSet::avx2, InstructionSet::sse2};
    default:
      return {host_instruction_set()};
  }
}

/// A kernel's source with the graph that it points to, symbols bound to columns in order.
struct KernelCase {
  Graph graph;
  KernelSource source;
  Node column(const std::string& name) {
    source.bindings.push_back({.symbol = name, .index = source.bindings.size()});
    return graph.symbol(name);
  }
  Node uniform(const std::string& name, std::size_t index) {
    source.bindings.push_back({.symbol = name, .source = Binding::Source::uniform, .index = index});
    return graph.symbol(name);
  }
  KernelCase() { source.graph = &graph; }
  KernelCase(const KernelCase&) = delete;
  KernelCase& operator=(const KernelCase&) = delete;

  std::vector<std::vector<double>> run(const Kernel& kernel, const std::vector<std::vector<double>>& columns,
                                       const std::vector<double>& uniforms = {}) const {
    const std::size_t sites = columns.front().size();
    std::vector<std::vector<double>> results(source.outputs.size(), std::vector<double>(sites));
    std::vector<const double*> in;
    std::vector<double*> out;
    for (const auto& c : columns) in.push_back(c.data());
    for (auto& c : results) out.push_back(c.data());
    kernel.run(in.data(), out.data(), uniforms.data(), 0, sites);
    return results;
  }
};

/// Distance between a computed value and the exact one in units of the last place of the exact one's double.
inline double ulp_error(double found, long double exact) {
  const double nearest = static_cast<double>(exact);
  if (std::isnan(nearest)) return std::isnan(found) ? 0.0 : std::numeric_limits<double>::infinity();
  if (std::isnan(found)) return std::numeric_limits<double>::infinity();
  if (found == nearest) return 0.0;
  if (std::isinf(nearest) || std::isinf(found)) return std::numeric_limits<double>::infinity();
  const double spacing =
      std::nextafter(std::fabs(nearest), std::numeric_limits<double>::infinity()) - std::fabs(nearest);
  return static_cast<double>(std::fabs(static_cast<long double>(found) - exact) / spacing);
}

inline bool same_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }

}  // namespace holon::expr
