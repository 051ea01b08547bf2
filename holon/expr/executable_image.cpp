#include "holon/expr/executable_image.hpp"

#include "holon/base/error.hpp"

#include <cerrno>
#include <cstring>

#include <sys/mman.h>

namespace holon::expr {

ExecutableImage::ExecutableImage(std::string_view bytes) : size_(bytes.size()) {
  address_ = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (address_ == MAP_FAILED)
    throw SystemError(std::string("no memory for a compiled kernel: ") + std::strerror(errno));
  std::memcpy(address_, bytes.data(), size_);
  if (mprotect(address_, size_, PROT_READ | PROT_EXEC) != 0) {
    const std::string reason = std::strerror(errno);
    munmap(address_, size_);
    throw SystemError("the system forbids running compiled kernels (use the interpreter tier): " + reason);
  }
}

ExecutableImage::~ExecutableImage() { munmap(address_, size_); }

}  // namespace holon::expr
