#include "holon/report/xml_text.hpp"

#include <array>
#include <utility>

namespace holon::report {

namespace {

constexpr std::array<std::pair<char, std::string_view>, 5> entities{
    {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}}};

}

std::string escape_xml(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    std::string_view replacement;
    for (const auto& [character, entity] : entities)
      if (c == character) replacement = entity;
    const bool forbidden = static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' && c != '\r';
    if (!replacement.empty())
      out += replacement;
    else
      out += forbidden ? ' ' : c;
  }
  return out;
}

std::string unescape_xml(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    bool found = false;
    for (const auto& [character, entity] : entities) {
      if (text.substr(0, entity.size()) != entity) continue;
      out += character;
      text.remove_prefix(entity.size());
      found = true;
      break;
    }
    if (found) continue;
    out += text.front();
    text.remove_prefix(1);
  }
  return out;
}

std::string escape_html(std::string_view text) {
  std::string out = escape_xml(text);
  for (std::size_t at = out.find("//"); at != std::string::npos; at = out.find("//", at))
    out.replace(at, 2, "&#47;&#47;");
  return out;
}

}  // namespace holon::report
