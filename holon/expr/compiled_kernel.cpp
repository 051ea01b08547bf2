#include "holon/expr/compiled_kernel.hpp"

#include <algorithm>
#include <array>

namespace holon::expr {

namespace {

constexpr std::size_t vectors_per_call = 1024;
constexpr std::size_t sites_interpreted_together = 256;
constexpr std::size_t alignment = 8;  // doubles in a cache line

/// Columns of equal length in one block of memory.
struct Columns {
  std::vector<double> memory;
  std::vector<double*> pointer;
  void shape(std::size_t columns, std::size_t sites) {
    memory.resize(columns * sites);
    pointer.resize(columns);
    for (std::size_t c = 0; c < columns; ++c) pointer[c] = memory.data() + c * sites;
  }
};

}  // namespace

struct CompiledKernel::Workspace {
  std::vector<double> scratch_memory;
  double* scratch = nullptr;
  std::array<std::int64_t, vectors_per_call> unresolved{};
  Columns last_in, last_out, lane_in, lane_out, gathered_in, gathered_out;
  std::vector<std::size_t> pending;
};

CompiledKernel::CompiledKernel(const CachedKernel& kernel, const KernelSource& source)
    : layout_(kernel.layout), image_(kernel.image.bytes), outputs_(source.outputs.size()) {
  const void* entry = image_.data() + kernel.image.entry;
  function_ = reinterpret_cast<KernelFunction>(const_cast<void*>(entry));
  if (layout_.reports)
    interpreter_ = std::make_unique<const Interpreter>(*source.graph, source.outputs, source.bindings);
  for (const Binding& b : source.bindings)
    if (b.source == Binding::Source::column) columns_.push_back(b.index);
  std::sort(columns_.begin(), columns_.end());
  columns_.erase(std::unique(columns_.begin(), columns_.end()), columns_.end());
  if (!columns_.empty()) inputs_ = columns_.back() + 1;
}

CompiledKernel::Workspace& CompiledKernel::workspace() const {
  thread_local Workspace w;
  const std::size_t needed = layout_.scratch + alignment;
  if (w.scratch_memory.size() < needed) w.scratch_memory.resize(needed);
  const auto address = reinterpret_cast<std::uintptr_t>(w.scratch_memory.data());
  const std::uintptr_t line = alignment * sizeof(double);
  w.scratch = reinterpret_cast<double*>((address + line - 1) / line * line);
  return w;
}

void CompiledKernel::run(const double* const* in, double* const* out, const double* uniforms,
                         std::size_t begin, std::size_t end) const {
  Workspace& w = workspace();
  const std::size_t lanes = layout_.lanes;
  const std::size_t whole = begin + (end - begin) / lanes * lanes;
  for (std::size_t first = begin; first < whole; first += vectors_per_call * lanes)
    run_vectors(w, in, out, uniforms, first, std::min(first + vectors_per_call * lanes, whole));
  if (whole < end) run_last_sites(w, in, out, uniforms, whole, end);
}

void CompiledKernel::run_vectors(Workspace& w, const double* const* in, double* const* out,
                                 const double* uniforms, std::size_t begin, std::size_t end) const {
  const std::int64_t reported = function_(in, out, uniforms, static_cast<std::int64_t>(begin),
                                          static_cast<std::int64_t>(end), w.scratch, w.unresolved.data());
  if (reported == 0) return;
  if (reported < 0) {
    interpreter_->run(in, out, uniforms, begin, end);
    return;
  }
  w.pending.clear();
  for (std::int64_t k = 0; k < reported; ++k) {
    const auto entry = static_cast<std::uint64_t>(w.unresolved[static_cast<std::size_t>(k)]);
    run_covered_lanes(w, in, out, uniforms, entry >> 8, static_cast<unsigned>(entry & 0xff));
    if (w.pending.size() + layout_.lanes > sites_interpreted_together)
      interpret_pending(w, in, out, uniforms);
  }
  interpret_pending(w, in, out, uniforms);
}

void CompiledKernel::run_covered_lanes(Workspace& w, const double* const* in, double* const* out,
                                       const double* uniforms, std::size_t first, unsigned outside) const {
  const std::size_t lanes = layout_.lanes;
  std::size_t covered = lanes;
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    if (outside >> lane & 1u)
      w.pending.push_back(first + lane);
    else
      covered = lane;
  }
  if (covered == lanes) return;
  // Lanes out of range repeat one that is not, so that the vector is written.
  w.lane_in.shape(inputs_, lanes);
  w.lane_out.shape(outputs_, lanes);
  for (const std::size_t c : columns_)
    for (std::size_t lane = 0; lane < lanes; ++lane)
      w.lane_in.pointer[c][lane] = in[c][first + (outside >> lane & 1u ? covered : lane)];
  function_(w.lane_in.pointer.data(), w.lane_out.pointer.data(), uniforms, 0,
            static_cast<std::int64_t>(lanes), w.scratch, w.unresolved.data() + vectors_per_call - 1);
  for (std::size_t k = 0; k < outputs_; ++k)
    for (std::size_t lane = 0; lane < lanes; ++lane)
      if (!(outside >> lane & 1u)) out[k][first + lane] = w.lane_out.pointer[k][lane];
}

void CompiledKernel::interpret_pending(Workspace& w, const double* const* in, double* const* out,
                                       const double* uniforms) const {
  const std::size_t count = w.pending.size();
  if (count == 0) return;
  w.gathered_in.shape(inputs_, count);
  w.gathered_out.shape(outputs_, count);
  for (const std::size_t c : columns_)
    for (std::size_t i = 0; i < count; ++i) w.gathered_in.pointer[c][i] = in[c][w.pending[i]];
  interpreter_->run(w.gathered_in.pointer.data(), w.gathered_out.pointer.data(), uniforms, 0, count);
  for (std::size_t k = 0; k < outputs_; ++k)
    for (std::size_t i = 0; i < count; ++i) out[k][w.pending[i]] = w.gathered_out.pointer[k][i];
  w.pending.clear();
}

void CompiledKernel::run_last_sites(Workspace& w, const double* const* in, double* const* out,
                                    const double* uniforms, std::size_t begin, std::size_t end) const {
  const std::size_t lanes = layout_.lanes;
  w.last_in.shape(inputs_, lanes);
  w.last_out.shape(outputs_, lanes);
  for (const std::size_t c : columns_)
    for (std::size_t lane = 0; lane < lanes; ++lane)
      w.last_in.pointer[c][lane] = in[c][std::min(begin + lane, end - 1)];
  run_vectors(w, w.last_in.pointer.data(), w.last_out.pointer.data(), uniforms, 0, lanes);
  for (std::size_t k = 0; k < outputs_; ++k) std::copy_n(w.last_out.pointer[k], end - begin, out[k] + begin);
}

}  // namespace holon::expr
