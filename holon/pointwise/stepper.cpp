#include "holon/pointwise/stepper.hpp"

#include "holon/base/finite.hpp"

#include <algorithm>
#include <cmath>

namespace holon::pointwise {

SiteRange whole_blocks(SiteRange range, std::size_t sites) {
  return {range.begin / block_sites * block_sites,
          std::min(sites, (range.end + block_sites - 1) / block_sites * block_sites)};
}

void LowestFailure::report(SiteFailure failure) {
  const std::scoped_lock lock(mutex_);
  if (!failure_ || failure.site < failure_->site) failure_ = std::move(failure);
}

std::int64_t steps_of(const Piece& piece, double largest) {
  if (!(largest > 0.0)) return 1;
  // A whole number of steps must not become one more by rounding.
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(piece.dt() / largest * (1.0 - 1e-9))));
}

std::optional<NotFinite> find_not_finite(std::span<double* const> states, std::size_t begin,
                                         std::size_t end) {
  if (std::all_of(states.begin(), states.end(),
                  [&](const double* column) { return all_finite({column + begin, end - begin}); }))
    return std::nullopt;
  for (std::size_t s = begin; s < end; ++s) {
    for (std::size_t i = 0; i < states.size(); ++i) {
      if (!std::isfinite(states[i][s])) return NotFinite{s, i, states[i][s]};
    }
  }
  return std::nullopt;
}

std::vector<double*> state_columns(State& state, std::span<const FieldId> fields) {
  std::vector<double*> columns;
  for (FieldId field : fields) columns.push_back(state.real(field).data());
  return columns;
}

}  // namespace holon::pointwise
