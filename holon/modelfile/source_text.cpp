#include "holon/modelfile/source_text.hpp"

#include <algorithm>

namespace holon::modelfile {

namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// Bytes of the UTF-8 character at the front of `text`; 0 if it is none.
std::size_t character_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t length = first < 0x80U   ? 1
                             : first < 0xC2U ? 0
                             : first < 0xE0U ? 2
                             : first < 0xF0U ? 3
                                             : 4;
  if (length == 0 || first > 0xF4U || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if (!continues(text[i])) return 0;
  return length;
}

}  // namespace

std::size_t invisible_length(std::string_view text) {
  if (text.size() >= 2 && text[0] == '\xC2' && static_cast<unsigned char>(text[1]) < 0xA0U) return 2;
  for (const std::string_view mark : {"\xE2\x80\xA8", "\xE2\x80\xA9", "\xEF\xBB\xBF"})
    if (text.starts_with(mark)) return mark.size();
  return 0;
}

SourceText::SourceText(std::string name, std::string_view text) : name_(std::move(name)) {
  while (true) {
    const std::size_t end = text.find('\n');
    lines_.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
}

Place SourceText::place(int line, int column) const {
  if (line < 0) return {name_, 0, 0};
  if (static_cast<std::size_t>(line) >= lines_.size()) return {name_, line + 1, 1};
  const std::string_view text = lines_[static_cast<std::size_t>(line)];
  const auto wanted = static_cast<std::size_t>(std::max(column, 0));
  if (counted_.line != line || counted_.column > wanted) counted_ = {line, 0, 0};
  for (; counted_.column < std::min(wanted, text.size()); ++counted_.column)
    counted_.characters += continues(text[counted_.column]) ? 0 : 1;
  const std::size_t behind = wanted - counted_.column;
  return {name_, line + 1, static_cast<int>(counted_.characters + behind) + 1};
}

std::string SourceText::line(int number) const {
  if (number < 0 || static_cast<std::size_t>(number) >= lines_.size()) return {};
  std::string_view text = lines_[static_cast<std::size_t>(number)];
  if (text.ends_with('\r')) text.remove_suffix(1);
  return std::string(text);
}

char SourceText::at(int line, int column) const {
  if (line < 0 || column < 0 || static_cast<std::size_t>(line) >= lines_.size()) return '\n';
  const std::string_view text = lines_[static_cast<std::size_t>(line)];
  return static_cast<std::size_t>(column) < text.size() ? text[static_cast<std::size_t>(column)] : '\n';
}

int SourceText::block_indent(int line) const {
  for (int i = line + 1; static_cast<std::size_t>(i) < lines_.size(); ++i) {
    const std::size_t begin = this->line(i).find_first_not_of(' ');
    if (begin != std::string::npos) return static_cast<int>(begin);
  }
  return 0;
}

std::string SourceText::through_bracket(int line, int column) const {
  const std::string text = this->line(line);
  int depth = 0;
  std::size_t end = std::min(text.size(), static_cast<std::size_t>(std::max(column, 0)));
  const std::size_t begin = end;
  for (; end < text.size(); ++end) {
    if (text[end] == '(' || text[end] == '[') ++depth;
    if ((text[end] == ')' || text[end] == ']') && --depth == 0) return text.substr(begin, end + 1 - begin);
  }
  return text.substr(begin);
}

bool SourceText::quotes_close(int line, int column) const {
  const char quote = at(line, column);
  if (quote != '"' && quote != '\'') return true;
  auto begin = static_cast<std::size_t>(column) + 1;
  for (auto number = static_cast<std::size_t>(line); number < lines_.size(); ++number, begin = 0) {
    const std::string_view text = lines_[number];
    for (std::size_t i = begin; i < text.size(); ++i) {
      if (quote == '"' && text[i] == '\\')
        ++i;
      else if (text[i] == quote)
        return true;  // '' inside single quotes closes and opens anew
    }
  }
  return false;
}

std::optional<SourceText::Invalid> SourceText::first_invalid() const {
  for (std::size_t number = 0; number < lines_.size(); ++number) {
    const std::string_view text = lines_[number];
    for (std::size_t i = 0; i < text.size();) {
      const std::size_t length = character_length(text.substr(i));
      const auto where = [&] { return place(static_cast<int>(number), static_cast<int>(i)); };
      if (length == 0) return Invalid{where(), "this is no UTF-8 text"};
      const auto code = static_cast<unsigned char>(text[i]);
      const bool end_of_line = text[i] == '\r' && i + 1 == text.size();
      if ((code < 0x20U && text[i] != '\t' && !end_of_line) || code == 0x7FU)
        return Invalid{where(), "a control character (byte " + std::to_string(code) + ") stands here"};
      if (invisible_length(text.substr(i)) > 0)
        return Invalid{where(), "an invisible character (a mark of order or of a line's end) stands here"};
      i += length;
    }
  }
  return std::nullopt;
}

}  // namespace holon::modelfile
