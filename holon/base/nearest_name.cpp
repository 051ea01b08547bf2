#include "holon/base/error.hpp"

#include <algorithm>
#include <cctype>
#include <limits>

namespace holon {

namespace {

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

bool equal_but_for_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

/// Half a slip each: costs are whole numbers, two for a wrong letter and one for a wrong case.
int substitution_cost(char a, char b) { return a == b ? 0 : lower(a) == lower(b) ? 1 : 2; }

/// Edit distance with insertions, deletions, substitutions and swaps of neighbours, in half slips.
int half_slips(std::string_view a, std::string_view b) {
  std::vector<int> before_last, last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = 2 * static_cast<int>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = 2 * static_cast<int>(i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 2, row[j - 1] + 2, last[j - 1] + substitution_cost(a[i - 1], b[j - 1])});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 2);
    }
    before_last = last;
    last = row;
  }
  return last[b.size()];
}

/// How many half slips are still likely in a name of this length: one letter in three, and never the whole
/// name.
int likely_half_slips(std::size_t length) {
  if (length <= 1) return 1;  // only the case
  return std::clamp(2 * static_cast<int>(length) / 3, 2, 6);
}

}  // namespace

std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates) {
  // A name longer than any that a person types is no slip; comparing it would only cost time.
  if (name.size() > 100) return "";
  int best = std::numeric_limits<int>::max();
  std::string nearest;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > name.size() + 3 || name.size() > candidate.size() + 3) continue;
    const int distance = half_slips(name, candidate);
    const bool likely = distance <= likely_half_slips(std::max(name.size(), candidate.size()));
    if (distance < best && (likely || equal_but_for_case(name, candidate))) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string suggestion(std::string_view name, const std::vector<std::string>& candidates, std::size_t most) {
  const std::string nearest = nearest_name(name, candidates);
  if (!nearest.empty()) return "did you mean '" + nearest + "'?";
  if (candidates.empty() || most == 0) return "";
  std::string list;
  for (std::size_t i = 0; i < std::min(most, candidates.size()); ++i)
    list += (i == 0 ? "" : ", ") + candidates[i];
  if (candidates.size() > most) list += ", ... (" + std::to_string(candidates.size()) + " in all)";
  return (candidates.size() == 1 ? "the only one is " : "one of ") + list;
}

}  // namespace holon
