#include "holon/analysis/scale_box.hpp"

#include <algorithm>

namespace holon::analysis {

namespace {

constexpr double touching = 1e-9;  // relative distance at which an extent and a resolution are the same

}  // namespace

std::string_view name(Relation relation) {
  switch (relation) {
    case Relation::overlap:
      return "overlap";
    case Relation::adjacent:
      return "adjacent";
    case Relation::separated:
      return "separated";
    case Relation::unknown:
      break;
  }
  return "unknown";
}

bool finer(const ScaleInterval& a, const ScaleInterval& b) {
  return a.extent != b.extent ? a.extent < b.extent : a.resolution < b.resolution;
}

double separation(const ScaleInterval& a, const ScaleInterval& b) {
  if (!a.known() || !b.known()) return std::numeric_limits<double>::infinity();
  const ScaleInterval &fine = finer(a, b) ? a : b, &coarse = finer(a, b) ? b : a;
  return fine.extent / coarse.resolution;
}

Relation relation(const ScaleInterval& a, const ScaleInterval& b) {
  const double ratio = separation(a, b);
  if (std::isinf(ratio)) return Relation::unknown;
  if (std::abs(ratio - 1.0) <= touching) return Relation::adjacent;
  return ratio < 1.0 ? Relation::separated : Relation::overlap;
}

std::string_view name(Pattern pattern) {
  switch (pattern) {
    case Pattern::interact:
      return "interact";
    case Pattern::call_release:
      return "call_release";
    case Pattern::dispatch:
      return "dispatch";
  }
  return "";
}

std::string_view operators(Pattern pattern) {
  switch (pattern) {
    case Pattern::interact:
      return "O_i -> S, both ways";
    case Pattern::call_release:
      return "O_i -> f_init, O_f -> S";
    case Pattern::dispatch:
      return "O_f -> f_init";
  }
  return "";
}

std::vector<std::string> pattern_names() {
  std::vector<std::string> names;
  for (const Pattern pattern : {Pattern::interact, Pattern::call_release, Pattern::dispatch})
    names.emplace_back(name(pattern));
  return names;
}

Pattern fitting_pattern(Relation time) {
  return time == Relation::separated || time == Relation::adjacent ? Pattern::call_release
                                                                   : Pattern::interact;
}

}  // namespace holon::analysis
