#include "holon/engine/waveform.hpp"

#include <algorithm>

namespace holon {

void Waveform::evaluate(double time, int component, std::size_t begin, std::size_t end,
                        std::span<double> out) const {
  const auto target = out.first(end - begin);
  const std::size_t sites = values.front().size() / static_cast<std::size_t>(components);
  const std::size_t offset = sites * static_cast<std::size_t>(component);
  if (degree == 0 || times.size() == 1) {
    const double* const last = values.back().data() + offset;
    std::copy(last + begin, last + end, target.begin());
    return;
  }
  const std::size_t count = std::min(times.size(), static_cast<std::size_t>(degree) + 1);
  // The piece that holds the time, and as many samples on its left as on its right where there are.
  const auto above = std::upper_bound(times.begin() + 1, times.end() - 1, time);
  const auto piece = static_cast<std::size_t>(above - times.begin()) - 1;
  const std::size_t left = (count - 2) / 2;
  const std::size_t first = std::min(piece > left ? piece - left : 0, times.size() - count);
  std::fill(target.begin(), target.end(), 0.0);
  for (std::size_t k = first; k < first + count; ++k) {
    double weight = 1.0;
    for (std::size_t j = first; j < first + count; ++j)
      if (j != k) weight *= (time - times[j]) / (times[k] - times[j]);
    if (weight == 0.0) continue;
    const double* const column = values[k].data() + offset;
    for (std::size_t site = begin; site < end; ++site) target[site - begin] += weight * column[site];
  }
}

const Waveform* Inputs::find(FieldId field) const {
  const auto found = waveforms_.find(field);
  return found == waveforms_.end() ? nullptr : found->second.get();
}

}  // namespace holon
