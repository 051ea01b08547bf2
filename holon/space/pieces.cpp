#include "holon/space/pieces.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

namespace holon {

Pieces pieces_of(const StructuredSpace& grid, const std::vector<char>& inside) {
  // Sites that share a face belong together; each piece is flooded from its first site.
  std::vector<char> seen(grid.sites(), 0);
  std::vector<std::size_t> front, sizes, first;
  for (std::size_t start = 0; start < grid.sites(); ++start) {
    if (inside[start] == 0 || seen[start] != 0) continue;
    std::size_t size = 0;
    front.assign(1, start);
    seen[start] = 1;
    while (!front.empty()) {
      const std::size_t site = front.back();
      front.pop_back();
      ++size;
      const auto index = grid.indices(site);
      std::size_t stride = 1;
      for (int a = 0; a < grid.dimensions(); ++a) {
        const std::size_t i = index[static_cast<std::size_t>(a)], n = grid.count(a);
        const auto visit = [&](std::size_t other) {
          if (inside[other] == 0 || seen[other] != 0) return;
          seen[other] = 1;
          front.push_back(other);
        };
        const bool wraps = grid.periodic(a);
        if (i + 1 < n)
          visit(site + stride);
        else if (wraps)
          visit(site - (n - 1) * stride);
        if (i > 0)
          visit(site - stride);
        else if (wraps)
          visit(site + (n - 1) * stride);
        stride *= n;
      }
    }
    sizes.push_back(size);
    first.push_back(start);
  }
  std::vector<std::size_t> order(sizes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return sizes[a] > sizes[b]; });
  Pieces pieces;
  for (const std::size_t piece : order) {
    pieces.sizes.push_back(sizes[piece]);
    pieces.first_site.push_back(first[piece]);
  }
  return pieces;
}

std::optional<MaskFault> mask_fault(const StructuredSpace& grid, const std::vector<char>& inside) {
  const Pieces pieces = pieces_of(grid, inside);
  if (pieces.sizes.size() == 1) return std::nullopt;
  if (pieces.sizes.empty())
    return MaskFault{fmt::format("no site of '{}' is inside", grid.name()),
                     "an equation that holds somewhere"};
  constexpr std::size_t listed = 6;
  std::string sizes;
  for (std::size_t p = 0; p < std::min(pieces.sizes.size(), listed); ++p)
    sizes += fmt::format("{}{} (from {})", p == 0 ? "" : ", ", pieces.sizes[p],
                         grid.site_text(pieces.first_site[p]));
  if (pieces.sizes.size() > listed) sizes += ", ...";
  return MaskFault{
      fmt::format("cuts '{}' into {} pieces of {} sites", grid.name(), pieces.sizes.size(), sizes),
      "one piece, whose sites share faces"};
}

}  // namespace holon
