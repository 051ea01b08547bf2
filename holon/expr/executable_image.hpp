// Machine code mapped into this process: written once, then read-only and executable.
#pragma once

#include <cstddef>
#include <string_view>

namespace holon::expr {

class ExecutableImage {
 public:
  /// Maps a copy of the bytes on pages of its own. Throws SystemError when the system refuses.
  explicit ExecutableImage(std::string_view bytes);
  ~ExecutableImage();
  ExecutableImage(const ExecutableImage&) = delete;
  ExecutableImage& operator=(const ExecutableImage&) = delete;
  const std::byte* data() const { return static_cast<const std::byte*>(address_); }

 private:
  void* address_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace holon::expr
