#include "holon/engine/model_difference.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <sstream>
#include <vector>

#include <fmt/format.h>

namespace holon {

namespace {

using Entries = std::map<std::string, std::string>;

/// Values by key path; what belongs to no key (items of lists, lines of blocks) joins that of the key above.
Entries entries_of(std::string_view text) {
  Entries entries;
  std::vector<std::pair<std::size_t, std::string>> open;  // indentation and key
  std::istringstream stream{std::string(text)};
  std::size_t block = std::string::npos;  // indentation of the key whose block this is
  for (std::string line; std::getline(stream, line);) {
    const std::size_t indentation = line.find_first_not_of(' ');
    if (indentation == std::string::npos) continue;
    if (block != std::string::npos && indentation <= block) block = std::string::npos;
    const std::size_t colon = line.find(':');
    const bool key = block == std::string::npos && colon != std::string::npos && line[indentation] != '-' &&
                     (colon + 1 == line.size() || line[colon + 1] == ' ');
    if (key)
      while (!open.empty() && open.back().first >= indentation) open.pop_back();
    if (key) open.emplace_back(indentation, line.substr(indentation, colon - indentation));
    std::string path;
    for (const auto& [at, name] : open) path += (path.empty() ? "" : ".") + name;
    std::string value = line.substr(indentation);
    if (key) value = colon + 2 <= line.size() ? line.substr(colon + 2) : "";
    if (key && value.starts_with('|')) block = indentation;
    std::string& entry = entries[path];
    entry += (entry.empty() ? "" : " ") + value;
  }
  return entries;
}

bool is_end(const std::string& path) { return path == "schedule.until" || path == "schedule.steps"; }

/// Names that stand in an equation or a text.
void add_names(const std::string& text, std::set<std::string>& names) {
  for (std::size_t at = 0; at < text.size();) {
    const auto letter = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
    if (!letter(text[at])) {
      ++at;
      continue;
    }
    const std::size_t begin = at;
    while (at < text.size() && letter(text[at])) ++at;
    names.insert(text.substr(begin, at - begin));
  }
}

/// Titles, descriptions and sources of numbers are written for people.
bool for_people(const std::string& path) {
  return path == "title" || path == "description" || path.ends_with(".title") ||
         path.ends_with(".description") || path.ends_with(".published.source");
}

/// Takes out what only says when the run ends.
void take_out_end(Entries& entries) {
  const std::string parameters = "parameters.";
  // A parameter may stand in another that stands in the end alone: again, until nothing changes.
  std::erase_if(entries, [](const auto& entry) { return is_end(entry.first); });
  for (bool changed = true; changed;) {
    std::set<std::string> used;
    for (const auto& [path, value] : entries)
      if (!for_people(path)) add_names(value, used);
    changed = std::erase_if(entries, [&](const auto& entry) {
                if (!entry.first.starts_with(parameters)) return false;
                const std::string name = entry.first.substr(
                    parameters.size(), entry.first.find('.', parameters.size()) - parameters.size());
                return !used.contains(name);
              }) > 0;
  }
}

}  // namespace

std::string model_difference(std::string_view then, std::string_view now) {
  Entries a = entries_of(then), b = entries_of(now);
  take_out_end(a);
  take_out_end(b);
  constexpr int most = 6;
  std::string text;
  int found = 0;
  const auto report = [&](const std::string& path, const std::string& before, const std::string& after) {
    if (++found <= most) text += fmt::format("\n  {}: {} in the checkpoint, {} here", path, before, after);
  };
  const auto shown = [](const std::string& value) {
    return value.empty() ? std::string("something") : value;
  };
  for (const auto& [path, value] : a) {
    const auto other = b.find(path);
    if (other == b.end())
      report(path, shown(value), "nothing");
    else if (other->second != value)
      report(path, shown(value), shown(other->second));
  }
  for (const auto& [path, value] : b)
    if (!a.contains(path)) report(path, "nothing", shown(value));
  if (found > most) text += fmt::format("\n  and {} more", found - most);
  return text;
}

}  // namespace holon
