// YAML 1.2 core as a tree in which every value knows its place. Every scalar stays text: the schema gives it
// a type. Duplicate keys, anchors, aliases, merges, tags and several documents in one file are errors.
#pragma once

#include "holon/base/error.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holon::modelfile {

class Document {
 public:
  struct Value {
    enum class Kind { null, scalar, list, mapping };
    Kind kind = Kind::null;
    Place place;
    std::string scalar;
    bool quoted =
        false;  ///< a quoted text is never a number or a quantity; "=..." is an equation all the same
    bool block = false;  ///< a `|` block: `place` is its first line of text, `indent` its indentation
    int indent = 0;
    bool reported = false;  ///< null in the place of a value whose mistake has been reported
    std::vector<Value> list;
    struct Member;
    std::vector<Member> mapping;
    std::filesystem::path
        folder;  ///< of the file that this value stands in: relative files are looked up there
    const Value* find(std::string_view key) const;
    Value* find(std::string_view key);
    /// True if it is an equation: a plain or quoted text that begins with '='.
    bool is_equation() const { return kind == Kind::scalar && !block && scalar.starts_with('='); }
    /// What it is, for messages: "a list", "the text 'x'", "nothing".
    std::string description() const;
  };

  static constexpr std::size_t largest = std::size_t{64} << 20;  ///< bytes of a file
  static constexpr int deepest = 100;                            ///< nested lists and mappings

  /// Reads a file or a text. Syntax mistakes go to `diagnostics`; what could be read is returned all the
  /// same. A file that can't be opened is a SystemError. Larger or deeper than the limits above is an error.
  static Value read(const std::filesystem::path& file, Diagnostics& diagnostics);
  static Value parse(std::string_view text, const std::string& name, const std::filesystem::path& folder,
                     Diagnostics& diagnostics);
  /// Writes a tree as YAML that reads back as the same tree.
  static std::string write(const Value& value);
};

struct Document::Value::Member {
  std::string key;
  Place key_place;
  Value value;
};

}  // namespace holon::modelfile
