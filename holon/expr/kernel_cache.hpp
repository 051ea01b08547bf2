// Compiled kernels on disk: folder HOLON_CACHE, else $XDG_CACHE_HOME/holon, else ~/.cache/holon.
//
// A file holds its key, the kernel's layout and its machine image, with a checksum over all of it. One that
// is truncated, damaged or made for something else is as good as absent, and is replaced. Files appear whole
// (written aside and renamed), so processes may share a folder. A folder that can't be written makes
// compiling slower, nothing else.
#pragma once

#include "holon/expr/kernel_layout.hpp"
#include "holon/expr/machine_code.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace holon::expr {

struct CachedKernel {
  KernelLayout layout;
  MachineImage image;
};

/// The folder, or nothing when the environment names none.
std::optional<std::filesystem::path> kernel_cache_folder();

/// `key` is a SHA-256 in hexadecimal digits.
std::filesystem::path kernel_cache_file(const std::filesystem::path& folder, const std::string& key);
std::optional<CachedKernel> load_kernel(const std::filesystem::path& folder, const std::string& key);
void store_kernel(const std::filesystem::path& folder, const std::string& key, const CachedKernel& kernel);

}  // namespace holon::expr
