// The text that a document was read from, by line: what the YAML reader's marks point into.
#pragma once

#include "holon/base/error.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holon::modelfile {

/// Bytes of the character at the front of a text if readers of YAML take it for a line's end or leave it out
/// (C1 controls, line and paragraph separators, the byte order mark); otherwise 0.
std::size_t invisible_length(std::string_view text);

/// Lines and byte columns count from 0 here, as yaml-cpp's marks do; a Place counts characters from 1.
class SourceText {
 public:
  SourceText(std::string name, std::string_view text);
  const std::string& name() const { return name_; }
  Place place(int line, int column) const;
  std::string line(int number) const;   ///< without its end; empty if there is none
  char at(int line, int column) const;  ///< '\n' at and past the end of a line

  /// Indentation of the text of a block whose '|' stands on `line`.
  int block_indent(int line) const;
  /// From a column to the bracket that closes the first one opened, within the line.
  std::string through_bracket(int line, int column) const;

  /// True if the quotes that open at this place are closed somewhere.
  bool quotes_close(int line, int column) const;

  struct Invalid {
    Place place;
    std::string message;
  };
  /// The first byte that is no UTF-8, or a control character.
  std::optional<Invalid> first_invalid() const;

 private:
  std::string name_;
  std::vector<std::string_view> lines_;
  struct Counted {
    int line = -1;
    std::size_t column = 0, characters = 0;
  };
  mutable Counted counted_;  // where the last call of place() stopped counting: marks come in order
};

}  // namespace holon::modelfile
