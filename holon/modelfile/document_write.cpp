#include "holon/modelfile/document.hpp"
#include "holon/modelfile/source_text.hpp"

#include <algorithm>

namespace holon::modelfile {

namespace {

using Value = Document::Value;

bool has_invisible(std::string_view text) {
  for (; !text.empty(); text.remove_prefix(1))
    if (invisible_length(text) > 0) return true;
  return false;
}

/// True if the text reads back as the same plain scalar in block style.
bool plain(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL" || text == "<<")
    return false;
  const auto inner = [](char c) { return static_cast<unsigned char>(c) >= 0x20U && c != 0x7F; };
  if (!std::all_of(text.begin(), text.end(), inner) || has_invisible(text)) return false;
  const char first = text.front();
  const bool letter = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') ||
                      static_cast<unsigned char>(first) >= 0x80U;
  const bool digit = first >= '0' && first <= '9';
  const bool sign = first == '-' && text.size() > 1 && text[1] != ' ' && text[1] != '-';
  if (!letter && !digit && !sign && std::string_view("=+./_(").find(first) == std::string_view::npos)
    return false;
  if (text.starts_with("...")) return false;
  return text.back() != ' ' && text.back() != ':' && text.find(": ") == std::string_view::npos &&
         text.find(" #") == std::string_view::npos;
}

std::string escape(char kind, int digits, unsigned code) {
  static constexpr std::string_view hexadecimal = "0123456789ABCDEF";
  std::string out = std::string("\\") + kind;
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
    out += hexadecimal[code >> static_cast<unsigned>(shift) & 15U];
  return out;
}

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const auto code = static_cast<unsigned char>(text.front());
    const std::size_t invisible = invisible_length(text);
    if (invisible > 0) {
      // Two or three bytes of UTF-8: the bits of the code point behind the length marks.
      unsigned point = code & (invisible == 2 ? 0x1FU : 0x0FU);
      for (std::size_t i = 1; i < invisible; ++i)
        point = point << 6U | (static_cast<unsigned char>(text[i]) & 0x3FU);
      out += escape('u', 4, point);
    } else if (text.front() == '"' || text.front() == '\\') {
      out += std::string("\\") + text.front();
    } else if (text.front() == '\n') {
      out += "\\n";
    } else if (text.front() == '\t') {
      out += "\\t";
    } else if (code < 0x20U || code == 0x7FU) {
      out += escape('x', 2, code);
    } else {
      out += text.front();
    }
    text.remove_prefix(std::max<std::size_t>(invisible, 1));
  }
  return out + '"';
}

/// True if the text reads back from a '|' block.
bool fits_block(std::string_view text) {
  const auto fine = [](char c) { return static_cast<unsigned char>(c) >= 0x20U || c == '\n' || c == '\t'; };
  const std::size_t first = text.find_first_not_of('\n');
  if (first == std::string_view::npos || text[first] == ' ' || text[first] == '\t') return false;
  return std::all_of(text.begin(), text.end(), fine) && !has_invisible(text);
}

class Writer {
 public:
  std::string text;

  void value(const Value& v, int indent) {
    switch (v.kind) {
      case Value::Kind::null:
        text += " ~\n";
        break;
      case Value::Kind::scalar:
        scalar(v, indent);
        break;
      case Value::Kind::list:
        if (v.list.empty()) {
          text += " []\n";
        } else {
          text += '\n';
          list(v, indent);
        }
        break;
      case Value::Kind::mapping:
        if (v.mapping.empty()) {
          text += " {}\n";
        } else {
          text += '\n';
          mapping(v, indent);
        }
        break;
    }
  }

  void mapping(const Value& v, int indent) {
    for (const Value::Member& member : v.mapping) {
      text += spaces(indent) + (plain(member.key) ? member.key : in_quotes(member.key)) + ':';
      value(member.value, indent + 2);
    }
  }

  void list(const Value& v, int indent) {
    for (const Value& element : v.list) {
      text += spaces(indent) + '-';
      value(element, indent + 2);
    }
  }

 private:
  static std::string spaces(int n) { return std::string(static_cast<std::size_t>(n), ' '); }

  void scalar(const Value& v, int indent) {
    if (v.block && fits_block(v.scalar)) {
      block(v.scalar, indent);
    } else if (!v.quoted && plain(v.scalar)) {
      text += ' ' + v.scalar + '\n';
    } else {
      text += ' ' + in_quotes(v.scalar) + '\n';
    }
  }

  void block(std::string_view content, int indent) {
    const bool ends = content.ends_with('\n');
    text += !ends ? " |-\n" : content.ends_with("\n\n") ? " |+\n" : " |\n";
    if (ends) content.remove_suffix(1);
    while (true) {
      const std::size_t end = content.find('\n');
      const std::string_view line = content.substr(0, end);
      if (!line.empty()) text += spaces(std::max(indent, 2)) + std::string(line);
      text += '\n';
      if (end == std::string_view::npos) break;
      content.remove_prefix(end + 1);
    }
  }
};

}  // namespace

std::string Document::write(const Value& value) {
  Writer writer;
  if (value.kind == Value::Kind::mapping && !value.mapping.empty()) {
    writer.mapping(value, 0);
  } else if (value.kind == Value::Kind::list && !value.list.empty()) {
    writer.list(value, 0);
  } else {
    writer.value(value, 0);
    writer.text.erase(0, 1);
  }
  return writer.text;
}

}  // namespace holon::modelfile
