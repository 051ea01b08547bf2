// Masks: which sites of a grid belong to an irregular domain, and whether that is one piece.
#pragma once

#include "holon/space/space.hpp"

#include <optional>
#include <string>
#include <vector>

namespace holon {

/// The pieces that a mask cuts a grid into.
struct Pieces {
  std::vector<std::size_t> sizes;       ///< sites, largest first
  std::vector<std::size_t> first_site;  ///< of each
};
Pieces pieces_of(const StructuredSpace& grid, const std::vector<char>& inside);

/// Why a mask is no domain: it is empty or falls into pieces that share no face. Nothing if it is one.
struct MaskFault {
  std::string message, expected;
};
std::optional<MaskFault> mask_fault(const StructuredSpace& grid, const std::vector<char>& inside);

}  // namespace holon
