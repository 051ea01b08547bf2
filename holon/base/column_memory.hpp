// Memory for columns of numbers: aligned to cache lines, and where a column is long on large pages, which
// keep the processor's table of pages from limiting loops that stride through memory.
#pragma once

#include <cstddef>
#include <vector>

namespace holon {

/// Not initialised. Throws std::bad_alloc.
void* allocate_column(std::size_t bytes);
void free_column(void* memory, std::size_t bytes) noexcept;

template <class T>
struct ColumnAllocator {
  using value_type = T;
  ColumnAllocator() = default;
  template <class U>
  ColumnAllocator(const ColumnAllocator<U>&) {}  // NOLINT(google-explicit-constructor): all are the same
  T* allocate(std::size_t count) { return static_cast<T*>(allocate_column(count * sizeof(T))); }
  void deallocate(T* memory, std::size_t count) { free_column(memory, count * sizeof(T)); }
  friend bool operator==(const ColumnAllocator&, const ColumnAllocator&) { return true; }
};

/// A vector whose numbers lie in such memory.
template <class T>
using Column = std::vector<T, ColumnAllocator<T>>;

}  // namespace holon
