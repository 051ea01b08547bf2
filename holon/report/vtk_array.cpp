#include "holon/report/vtk_array.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include <zlib.h>

namespace holon::report {

namespace {

constexpr std::size_t block_bytes = std::size_t{1} << 18;
constexpr int compression_level = 1;  // frames are written while a run waits

void append_count(std::string& out, std::uint64_t count) {
  out.append(reinterpret_cast<const char*>(&count), sizeof count);
}

}  // namespace

std::string compressed_array(std::span<const std::byte> bytes) {
  const std::size_t size = bytes.size();
  const std::size_t blocks = (size + block_bytes - 1) / block_bytes;
  std::string header, body;
  append_count(header, blocks);
  append_count(header, block_bytes);
  append_count(header, size % block_bytes);
  std::vector<Bytef> buffer(compressBound(block_bytes));
  for (std::size_t begin = 0; begin < size; begin += block_bytes) {
    uLongf length = buffer.size();
    const int status = compress2(buffer.data(), &length, reinterpret_cast<const Bytef*>(bytes.data() + begin),
                                 std::min(block_bytes, size - begin), compression_level);
    require(status == Z_OK, "zlib compresses into a buffer of its own bound");
    append_count(header, length);
    body.append(reinterpret_cast<const char*>(buffer.data()), length);
  }
  return header + body;
}

}  // namespace holon::report
