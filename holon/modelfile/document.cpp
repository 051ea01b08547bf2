#include "holon/modelfile/document.hpp"

#include "holon/base/file.hpp"
#include "holon/modelfile/source_text.hpp"

#include <optional>
#include <sstream>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

namespace holon::modelfile {

using Value = Document::Value;

const Value* Value::find(std::string_view key) const {
  for (const Member& member : mapping)
    if (member.key == key) return &member.value;
  return nullptr;
}

Value* Value::find(std::string_view key) {
  return const_cast<Value*>(static_cast<const Value*>(this)->find(key));
}

std::string Value::description() const {
  switch (kind) {
    case Kind::null:
      return "nothing";
    case Kind::list:
      return "a list";
    case Kind::mapping:
      return "a mapping";
    case Kind::scalar:
      break;
  }
  if (block) return "a block of text";
  if (scalar.size() > 60) return "the text '" + scalar.substr(0, 57) + "...'";
  return is_equation() ? "the equation '" + scalar + "'" : "the text '" + scalar + "'";
}

namespace {

struct Stop {};  // reading can't go on

/// Builds the tree from yaml-cpp's events.
class Builder final : public YAML::EventHandler {
 public:
  Builder(const SourceText& source, std::filesystem::path folder, Diagnostics& diagnostics)
      : source_(source), folder_(std::move(folder)), diagnostics_(diagnostics) {}

  Value take() { return std::move(root_); }

  /// A syntax mistake that yaml-cpp found, with its message in words that help.
  void report(const YAML::Exception& problem) {
    const Place place = source_.place(problem.mark.line, problem.mark.column);
    if (cut_off_by_bracket()) {
      diagnostics_.error(last_scalar_, "", "an equation inside { } or [ ] is cut off by a bracket", "",
                         "put the whole equation into quotes: \"=...\"");
      return;
    }
    if (!open_.empty() && open_.back().flow &&
        (problem.msg.find("flow not found") != std::string::npos ||
         problem.msg.find("EOF") != std::string::npos)) {
      const bool map = open_.back().value.kind == Value::Kind::mapping;
      diagnostics_.error(
          open_.back().value.place, "",
          std::string(map ? "this { is" : "this [ is") + " not closed, or what it holds is broken",
          map ? "'}'" : "']'", "a text or equation that holds , : [ ] { or } must stand in quotes here");
      return;
    }
    diagnostics_.error(place, "", "this is no YAML: " + problem.msg, "", hint(problem, place));
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 2) {
      diagnostics_.error(source_.place(mark.line, mark.column), "", "a second document begins here ('---')",
                         "one document in a file");
      throw Stop{};
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse(mark, "", anchor);
    Value value = make(Value::Kind::null, mark);
    const char at = source_.at(mark.line, mark.column);
    // Where nothing is written the mark is that of whatever comes next.
    if (!open_.empty() && open_.back().key && at != '~' && at != 'n' && at != 'N')
      value.place = open_.back().key->place;
    add(std::move(value));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    diagnostics_.error(source_.place(mark.line, mark.column), "",
                       "aliases (*name) are not used in model files", "",
                       "write the value out, or make it a parameter");
    add(make(Value::Kind::null, mark));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    refuse(mark, tag, anchor);
    Value value = make(Value::Kind::scalar, mark);
    value.scalar = text;
    value.quoted = tag == "!";
    if (value.quoted && source_.at(mark.line, mark.column) == '|') {
      value.block = true;
      value.indent = source_.block_indent(mark.line);
      value.place = {source_.name(), mark.line + 2, value.indent + 1};
    }
    if (value.quoted && !source_.quotes_close(mark.line, mark.column)) {
      diagnostics_.error(value.place, path(), "this quoted text has no end", "", "close the quotes");
      throw Stop{};
    }
    last_scalar_ = value.place;
    last_mark_ = mark;
    last_text_ = value.quoted ? "" : text;
    if (swallow(text)) {
      if (!open_.empty() && open_.back().value.kind == Value::Kind::mapping) drop_value_ = true;
      return;
    }
    if (!value.quoted && !open_.empty() && open_.back().flow && text.starts_with('=') && unclosed(text) > 0 &&
        comma_follows(mark, text)) {
      open_.back().unclosed = unclosed(text);
      diagnostics_.error(
          value.place, path(),
          "the equation '" + text + "' is cut off by a comma of the { } or [ ] around it", "",
          "put the whole equation into quotes: \"" + source_.through_bracket(mark.line, mark.column) + "\"");
    }
    add(std::move(value));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    open(Value::Kind::list, mark, tag, anchor, style);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    open(Value::Kind::mapping, mark, tag, anchor, style);
  }
  void OnMapEnd() override { close(); }

 private:
  /// False where the list or mapping ends behind a text: then it was not a comma that cut it off.
  bool comma_follows(const YAML::Mark& mark, const std::string& text) const {
    int column = mark.column + static_cast<int>(text.size());
    while (source_.at(mark.line, column) == ' ') ++column;
    const char next = source_.at(mark.line, column);
    return next != '}' && next != ']';
  }

  struct Key {
    std::string text;
    Place place;
    bool valid = true;
  };
  struct Frame {
    Value value;
    bool flow = false;
    std::optional<Key> key;
    int unclosed = 0;  // brackets of an equation that a comma has cut off
  };

  Value make(Value::Kind kind, const YAML::Mark& mark) const {
    Value value;
    value.kind = kind;
    value.place = source_.place(mark.line, mark.column);
    value.folder = folder_;
    return value;
  }

  std::string path() const {
    std::string text;
    for (const Frame& frame : open_) {
      if (!frame.key) continue;
      if (!text.empty()) text += '.';
      text += frame.key->text;
    }
    return text;
  }

  void refuse(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    const Place place = source_.place(mark.line, mark.column);
    if (anchor != 0)
      diagnostics_.error(place, path(), "anchors (&name) are not used in model files", "",
                         "write the value out, or make it a parameter");
    if ((!tag.empty() && tag != "?" && tag != "!") || source_.at(mark.line, mark.column) == '!')
      diagnostics_.error(place, path(), "tags (!name) are not used in model files", "",
                         "leave the tag out: the model file's schema gives each value its type");
  }

  static int unclosed(std::string_view text) {
    int depth = 0;
    for (const char c : text) depth += c == '(' || c == '[' ? 1 : c == ')' || c == ']' ? -1 : 0;
    return depth;
  }

  /// What follows a comma that has cut an equation off belongs to that equation: it is left out.
  bool swallow(std::string_view text) {
    if (open_.empty() || open_.back().unclosed <= 0 || open_.back().key) return false;
    open_.back().unclosed += unclosed(text);
    return true;
  }

  bool cut_off_by_bracket() const {
    if (!last_text_.starts_with('=') || open_.empty() || !open_.back().flow) return false;
    const char next = source_.at(last_mark_.line, last_mark_.column + static_cast<int>(last_text_.size()));
    return next == '[' || next == '{';
  }

  std::string hint(const YAML::Exception& problem, const Place& place) const {
    const std::string line = source_.line(place.line - 1);
    const std::size_t begin = line.find_first_not_of(' ');
    if (begin != std::string::npos && line[begin] == '\t') return "indent with spaces, not with tabs";
    if (problem.msg.find("illegal map value") != std::string::npos)
      return "check the indentation here and above; a text that holds ': ' must stand in quotes";
    if (problem.msg.find("unknown token") != std::string::npos)
      return "a text that begins with one of @ ` % must stand in quotes";
    if (problem.msg.find("EOF in scalar") != std::string::npos) return "close the quotes";
    return "check the indentation, brackets and quotes here and just above";
  }

  void open(Value::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YAML::EmitterStyle::value style) {
    refuse(mark, tag, anchor);
    Frame frame{make(kind, mark), style == YAML::EmitterStyle::Flow, {}, 0};
    open_.push_back(std::move(frame));
    if (open_.size() > static_cast<std::size_t>(Document::deepest)) {
      diagnostics_.error(open_.back().value.place, "",
                         "lists and mappings are nested deeper than " + std::to_string(Document::deepest));
      throw Stop{};
    }
  }

  void close() {
    Value value = std::move(open_.back().value);
    open_.pop_back();
    add(std::move(value));
  }

  void add(Value value) {
    if (drop_value_) {
      drop_value_ = false;
      return;
    }
    if (open_.empty()) {
      root_ = std::move(value);
      return;
    }
    Frame& frame = open_.back();
    if (frame.value.kind == Value::Kind::list) {
      frame.value.list.push_back(std::move(value));
    } else if (!frame.key) {
      frame.key = key_of(value);
    } else {
      Key key = std::move(*frame.key);
      frame.key.reset();
      if (key.valid)
        frame.value.mapping.push_back({std::move(key.text), std::move(key.place), std::move(value)});
    }
  }

  Key key_of(const Value& value) {
    if (value.kind != Value::Kind::scalar) {
      diagnostics_.error(value.place, path(), "a key must be a name, but is " + value.description());
      return {"", value.place, false};
    }
    if (value.scalar == "<<" && !value.quoted) {
      diagnostics_.error(value.place, path(), "merge keys (<<) are not used in model files", "",
                         "write the keys out, or use include:");
      return {value.scalar, value.place, false};
    }
    for (const Value::Member& member : open_.back().value.mapping)
      if (member.key == value.scalar) {
        diagnostics_.error(
            value.place, path(),
            "the key '" + value.scalar + "' stands here twice, first at " + member.key_place.text(), "",
            "leave one of them out");
        return {value.scalar, value.place, false};
      }
    return {value.scalar, value.place, true};
  }

  const SourceText& source_;
  std::filesystem::path folder_;
  Diagnostics& diagnostics_;
  Value root_;
  std::vector<Frame> open_;
  int documents_ = 0;
  bool drop_value_ = false;
  Place last_scalar_;
  YAML::Mark last_mark_;
  std::string last_text_;
};

}  // namespace

Value Document::parse(std::string_view text, const std::string& name, const std::filesystem::path& folder,
                      Diagnostics& diagnostics) {
  Value nothing;
  nothing.place = {name, 1, 1};
  nothing.folder = folder;
  if (text.size() > largest) {
    diagnostics.error(
        {name, 0, 0}, "",
        "the file has " + std::to_string(text.size()) + " bytes, more than the limit of 64 MiB");
    return nothing;
  }
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  const SourceText source(name, text);
  if (const auto bad = source.first_invalid()) {
    diagnostics.error(bad->place, "", bad->message, "text in UTF-8 without control characters");
    return nothing;
  }
  Builder builder(source, folder, diagnostics);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {}
  } catch (const Stop&) { return nothing; } catch (const YAML::Exception& problem) {
    builder.report(problem);
    return nothing;
  }
  Value root = builder.take();
  if (root.place.line == 0) root = nothing;
  return root;
}

Value Document::read(const std::filesystem::path& file, Diagnostics& diagnostics) {
  return parse(read_file(file), file.string(), file.parent_path(), diagnostics);
}

}  // namespace holon::modelfile
