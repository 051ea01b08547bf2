#include "holon/base/column_memory.hpp"

#include <new>

#include <sys/mman.h>

namespace holon {

namespace {

constexpr std::size_t large_page = std::size_t{2} << 20;
constexpr std::size_t long_column = 2 * large_page;

std::align_val_t alignment(std::size_t bytes) {
  return std::align_val_t{bytes >= long_column ? large_page : 64};
}

}  // namespace

void* allocate_column(std::size_t bytes) {
  void* memory = ::operator new(bytes, alignment(bytes));
  // Advice alone: where the system has no large pages, ordinary ones serve.
  if (bytes >= long_column) madvise(memory, bytes / large_page * large_page, MADV_HUGEPAGE);
  return memory;
}

void free_column(void* memory, std::size_t bytes) noexcept { ::operator delete(memory, alignment(bytes)); }

}  // namespace holon
