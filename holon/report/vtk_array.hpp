// Arrays as VTK's XML files hold them in their appended part: compressed block by block with zlib.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace holon::report {

/// Number of blocks, bytes of a block, bytes of the last one if it is shorter, compressed bytes of each, then
/// the blocks.
std::string compressed_array(std::span<const std::byte> bytes);

}  // namespace holon::report
