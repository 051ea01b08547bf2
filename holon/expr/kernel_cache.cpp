#include "holon/expr/kernel_cache.hpp"

#include "holon/base/error.hpp"
#include "holon/base/file.hpp"
#include "holon/base/hash.hpp"

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <type_traits>

namespace holon::expr {

namespace {

constexpr std::size_t digest_digits = 64;

struct Header {
  std::array<char, 8> magic{'H', 'O', 'L', 'O', 'N', 'K', 'R', '1'};
  std::array<char, digest_digits> key{};
  KernelLayout layout;
  std::uint64_t entry = 0;
  std::uint64_t length = 0;  // of the image, which follows; then the digest of all before it
};
// No padding: equal kernels make equal files.
static_assert(std::has_unique_object_representations_v<Header>);

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  if (!value || !*value) return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::filesystem::path> kernel_cache_folder() {
  if (const auto own = environment("HOLON_CACHE")) return *own;
  if (const auto caches = environment("XDG_CACHE_HOME")) return std::filesystem::path(*caches) / "holon";
  if (const auto home = environment("HOME")) return std::filesystem::path(*home) / ".cache" / "holon";
  return std::nullopt;
}

std::filesystem::path kernel_cache_file(const std::filesystem::path& folder, const std::string& key) {
  return folder / (key + ".kernel");
}

std::optional<CachedKernel> load_kernel(const std::filesystem::path& folder, const std::string& key) {
  std::ifstream file(kernel_cache_file(folder, key), std::ios::binary);
  if (!file) return std::nullopt;
  const std::string content{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  Header header;
  const Header expected;
  if (content.size() < sizeof header + digest_digits) return std::nullopt;
  std::memcpy(&header, content.data(), sizeof header);
  if (header.magic != expected.magic || std::string_view(header.key.data(), digest_digits) != key)
    return std::nullopt;
  if (header.length != content.size() - sizeof header - digest_digits || header.entry >= header.length)
    return std::nullopt;
  const std::string_view all(content);
  if (sha256(all.substr(0, all.size() - digest_digits)) != all.substr(all.size() - digest_digits))
    return std::nullopt;
  return CachedKernel{header.layout, {content.substr(sizeof header, header.length), header.entry}};
}

void store_kernel(const std::filesystem::path& folder, const std::string& key, const CachedKernel& kernel) {
  Header header;
  require(key.size() == digest_digits, "a kernel's cache key is a SHA-256 digest");
  std::memcpy(header.key.data(), key.data(), digest_digits);
  header.layout = kernel.layout;
  header.entry = kernel.image.entry;
  header.length = kernel.image.bytes.size();
  std::string content(reinterpret_cast<const char*>(&header), sizeof header);
  content += kernel.image.bytes;
  content += sha256(content);
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  try {
    write_file(kernel_cache_file(folder, key), content);
  } catch (const SystemError&) {
    // The kernel is compiled and runs; only the next start pays again.
  }
}

}  // namespace holon::expr
