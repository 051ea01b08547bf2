#include "holon/base/unit_names.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <cctype>
#include <set>

namespace holon {

namespace {

/// The contents of all elements <tag>...</tag> of an XML text without attributes and nesting of equal tags.
std::vector<std::string_view> elements(std::string_view xml, const std::string& tag) {
  const std::string open = "<" + tag + ">", close = "</" + tag + ">";
  std::vector<std::string_view> found;
  for (std::size_t at = xml.find(open); at != std::string_view::npos; at = xml.find(open, at)) {
    at += open.size();
    const std::size_t end = xml.find(close, at);
    require(end != std::string_view::npos, "every element of units.xml is closed");
    found.push_back(xml.substr(at, end - at));
    at = end;
  }
  return found;
}

bool equal_but_for_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

}  // namespace

UnitNames::UnitNames(std::string_view xml) {
  for (const std::string_view prefix : elements(xml, "prefix")) {
    const std::string symbol(elements(prefix, "symbol").at(0));
    prefix_symbols_.emplace(symbol, symbol);
    prefix_names_.emplace(std::string(elements(prefix, "name").at(0)), symbol);
  }
  std::vector<std::string> names;
  for (const std::string_view unit : elements(xml, "unit")) {
    const bool takes_prefix = unit.find("<comment>no prefix</comment>") == std::string_view::npos;
    const auto symbols = elements(unit, "symbol");
    const auto singulars = elements(unit, "singular");
    const std::string best(!symbols.empty() ? symbols[0] : singulars.at(0));
    for (const std::string_view symbol : symbols) {
      units_.emplace(std::string(symbol), Entry{best, true, takes_prefix});
      all_.emplace_back(symbol);
    }
    for (const std::string_view name : elements(unit, "name")) {
      const std::string singular(elements(name, "singular").at(0));
      const auto plurals = elements(name, "plural");
      units_.emplace(singular, Entry{best, false, takes_prefix});
      names.push_back(singular);
      if (name.find("<noplural/>") != std::string_view::npos) continue;
      units_.emplace(plurals.empty() ? singular + "s" : std::string(plurals[0]),
                     Entry{best, false, takes_prefix});
    }
  }
  all_.insert(all_.end(), names.begin(), names.end());
}

bool UnitNames::known(std::string_view word) const {
  if (units_.contains(word)) return true;
  for (std::size_t n = 1; n < word.size(); ++n) {
    const auto unit = units_.find(word.substr(n));
    if (unit == units_.end() || !unit->second.takes_prefix) continue;
    const auto& prefixes = unit->second.is_symbol ? prefix_symbols_ : prefix_names_;
    if (prefixes.contains(word.substr(0, n))) return true;
  }
  return false;
}

std::string UnitNames::hint(std::string_view word) const {
  // A name in another case ("Volts"), or a prefix and a unit of different kinds ("mvolts", "milliV").
  for (const auto& [name, entry] : units_) {
    if (!entry.is_symbol && equal_but_for_case(word, name)) return "did you mean '" + entry.symbol + "'?";
    if (!entry.takes_prefix || word.size() <= name.size()) continue;
    const std::string_view front = word.substr(0, word.size() - name.size());
    const std::string_view back = word.substr(front.size());
    if (entry.is_symbol ? back != name : !equal_but_for_case(back, name)) continue;
    for (const auto* prefixes : {&prefix_symbols_, &prefix_names_})
      if (const auto prefix = prefixes->find(front); prefix != prefixes->end())
        return "did you mean '" + prefix->second + entry.symbol + "'?";
  }
  std::vector<std::string> candidates;
  for (const auto& [name, entry] : units_) {
    candidates.push_back(name);
    if (!entry.takes_prefix || !entry.is_symbol) continue;
    for (const char* prefix : {"m", "u", "n", "p", "k", "M", "c", "f", "G"})
      candidates.push_back(prefix + name);
  }
  std::erase_if(candidates, [](const std::string& c) { return !lookalike_reason(c).empty(); });
  // The same letters in another case, and two units without a space, are likelier than any other slip ("PA",
  // "Nm").
  std::set<std::string> likely;
  for (const std::string& candidate : candidates)
    if (equal_but_for_case(word, candidate)) likely.insert(candidate);
  const auto is_unit = [this](std::string_view w) { return known(w) && lookalike_reason(w).empty(); };
  // A letter typed twice ("mmm") comes before two units of one letter.
  for (std::size_t n = 1; n < word.size(); ++n)
    if (word[n] == word[n - 1]) {
      const std::string once = std::string(word.substr(0, n)) + std::string(word.substr(n + 1));
      if (once.size() > 1 && is_unit(once)) return "did you mean '" + once + "'?";
    }
  for (std::size_t n = 1; n < std::min<std::size_t>(word.size(), 8); ++n)
    if (is_unit(word.substr(0, n)) && is_unit(word.substr(n)))
      likely.insert(std::string(word.substr(0, n)) + " " + std::string(word.substr(n)));
  if (!likely.empty()) {
    std::string list;
    for (const std::string& unit : likely) list += (list.empty() ? "'" : " or '") + unit + "'";
    return "did you mean " + list + "?";
  }
  const std::string nearest = nearest_name(word, candidates);
  return nearest.empty() ? "units are written as in mV, uM/ms or 1/(uM s)"
                         : "did you mean '" + nearest + "'?";
}

}  // namespace holon
