#include "holon/modelfile/document.hpp"

#include <gmock/gmock.h>

namespace holon::modelfile {
namespace {

using ::testing::HasSubstr;
using Value = Document::Value;

struct Read {
  Value root;
  std::string errors;
};

Read read(const std::string& text) {
  Diagnostics found;
  Read result{Document::parse(text, "m.yaml", "folder", found), ""};
  for (const Diagnostic& d : found.list()) result.errors += d.text() + '\n';
  return result;
}

TEST(Document, EveryValueAndKeyKnowsItsPlace) {
  const Read r = read("a: 1 mm\nb:\n  - x\n  - {c: =d, e: \"f\"}\n");
  ASSERT_EQ(r.errors, "");
  EXPECT_EQ(r.root.find("a")->place.text(), "m.yaml:1:4");
  const Value& b = *r.root.find("b");
  ASSERT_EQ(b.list.size(), 2U);
  EXPECT_EQ(b.list[0].place.text(), "m.yaml:3:5");
  EXPECT_EQ(b.list[1].mapping[0].key_place.text(), "m.yaml:4:6");
  EXPECT_EQ(b.list[1].find("e")->place.text(), "m.yaml:4:16");
  EXPECT_TRUE(b.list[1].find("e")->quoted);
  EXPECT_TRUE(b.list[1].find("c")->is_equation());
  EXPECT_EQ(r.root.find("a")->folder, "folder");
}

TEST(Document, ColumnsCountCharactersAndNotBytes) {
  EXPECT_EQ(read("a: {\xce\xbc: 1, b: 2}\n").root.find("a")->mapping[1].key_place.text(), "m.yaml:1:11");
}

TEST(Document, TildeNullAndNothingAreNull) {
  const Read r = read("a: ~\nb: null\nc:\nd: \"null\"\n");
  EXPECT_EQ(r.root.find("a")->kind, Value::Kind::null);
  EXPECT_EQ(r.root.find("b")->kind, Value::Kind::null);
  EXPECT_EQ(r.root.find("c")->kind, Value::Kind::null);
  EXPECT_EQ(r.root.find("c")->place.text(), "m.yaml:3:1");
  EXPECT_EQ(r.root.find("d")->kind, Value::Kind::scalar);
}

TEST(Document, BlockKnowsItsFirstLineAndIndentation) {
  const Read r = read("p:\n  equations: |\n    x' = 1\n    y' = 2\n");
  const Value& block = *r.root.find("p")->find("equations");
  EXPECT_TRUE(block.block);
  EXPECT_EQ(block.place.text(), "m.yaml:3:5");
  EXPECT_EQ(block.indent, 4);
  EXPECT_EQ(block.scalar, "x' = 1\ny' = 2\n");
}

TEST(Document, QuotedTextThatBeginsWithEqualsIsAnEquation) {
  const Read r = read("a: {b: \"=pulse(time, 1 ms, 2 ms)\", c: 1}\n");
  ASSERT_EQ(r.errors, "");
  EXPECT_TRUE(r.root.find("a")->find("b")->is_equation());
}

TEST(Document, DuplicateKeyNamesBothPlaces) {
  EXPECT_EQ(read("a: 1\nb: 2\na: 3\n").errors,
            "m.yaml:3:1: error: the key 'a' stands here twice, first at m.yaml:1:1; leave one of them out\n");
}

TEST(Document, AnchorsAliasesTagsAndMergesAreRefused) {
  EXPECT_THAT(read("a: &x 1\nb: *x\n").errors,
              HasSubstr("m.yaml:1:4: error: a: anchors (&name) are not used"));
  EXPECT_THAT(read("a: &x 1\nb: *x\n").errors, HasSubstr("m.yaml:2:4: error: aliases (*name) are not used"));
  EXPECT_THAT(read("a: !!str 5\n").errors, HasSubstr("tags (!name) are not used"));
  EXPECT_THAT(read("<<: {a: 1}\n").errors, HasSubstr("m.yaml:1:1: error: merge keys (<<) are not used"));
}

TEST(Document, SecondDocumentIsRefused) {
  EXPECT_THAT(read("a: 1\n---\nb: 2\n").errors, HasSubstr("a second document begins here"));
}

TEST(Document, KeyMustBeAName) {
  EXPECT_THAT(read("? [a]\n: 1\n").errors, HasSubstr("a key must be a name, but is a list"));
}

TEST(Document, TabsAndBrokenIndentationAreExplained) {
  EXPECT_THAT(read("a:\n\t- b\n").errors, HasSubstr("m.yaml:2:2: error: this is no YAML"));
  EXPECT_THAT(read("a:\n\t- b\n").errors, HasSubstr("indent with spaces, not with tabs"));
  EXPECT_THAT(read("a: b: c\n").errors, HasSubstr("m.yaml:1:5"));
  EXPECT_THAT(read("a: \"x\n").errors, HasSubstr("close the quotes"));
}

TEST(Document, UnclosedBracketNamesTheOneThatIsOpen) {
  EXPECT_THAT(read("a: 1\nb: {c: 1\n").errors, HasSubstr("m.yaml:2:4: error: this { is not closed"));
  EXPECT_THAT(read("a: [1, 2\n").errors, HasSubstr("m.yaml:1:4: error: this [ is not closed"));
}

TEST(Document, EquationCutOffByACommaIsShownInQuotes) {
  const Read r = read("a: {s: =pulse(time, 1 ms, 2 ms), x: 1}\n");
  EXPECT_EQ(
      r.errors,
      "m.yaml:1:8: error: a.s: the equation '=pulse(time' is cut off by a comma of the { } or [ ] around it; "
      "put the whole equation into quotes: \"=pulse(time, 1 ms, 2 ms)\"\n");
  ASSERT_EQ(r.root.find("a")->mapping.size(), 2U);
  EXPECT_EQ(r.root.find("a")->find("x")->scalar, "1");
  EXPECT_THAT(read("a: [=min(b, c), d]\n").errors, HasSubstr("\"=min(b, c)\""));
}

TEST(Document, EquationWithABracketTooFewIsLeftToTheReaderOfEquations) {
  EXPECT_EQ(read("a: {s: =2*(b + c }\n").errors, "");
  EXPECT_EQ(read("a: [1, =2*(b + c]\n").errors, "");
}

TEST(Document, EquationCutOffByABracketIsExplained) {
  EXPECT_THAT(read("a: {b: =c[0], d: 1}\n").errors,
              HasSubstr("m.yaml:1:8: error: an equation inside { } or [ ] is cut off"));
}

TEST(Document, DepthIsLimited) {
  EXPECT_EQ(read(std::string(90, '[') + std::string(90, ']')).errors, "");
  EXPECT_THAT(read(std::string(5000, '[')).errors, HasSubstr("nested deeper than 100"));
  std::string block;
  for (int i = 0; i < 120; ++i) block += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  EXPECT_THAT(read(block).errors, HasSubstr("nested deeper than 100"));
}

TEST(Document, TextThatIsNoUtf8OrHoldsControlCharactersIsRefused) {
  EXPECT_THAT(read("a: \xff\n").errors, HasSubstr("m.yaml:1:4: error: this is no UTF-8 text"));
  EXPECT_THAT(read(std::string("a: b\0\n", 6)).errors,
              HasSubstr("m.yaml:1:5: error: a control character (byte 0)"));
  EXPECT_THAT(read("a: b\xef\xbb\xbf\n").errors, HasSubstr("m.yaml:1:5: error: an invisible character"));
  EXPECT_THAT(read("a: \xe2\x80\xa8\n").errors, HasSubstr("m.yaml:1:4: error: an invisible character"));
  EXPECT_EQ(read("\xef\xbb\xbf"
                 "a: \xc2\xb5\n")
                .errors,
            "");
  EXPECT_EQ(read("a: 1\r\nb: 2\r\n").root.find("b")->scalar, "2");
}

bool same(const Value& a, const Value& b) {
  if (a.kind != b.kind || a.scalar != b.scalar || a.quoted != b.quoted || a.list.size() != b.list.size() ||
      a.mapping.size() != b.mapping.size())
    return false;
  for (std::size_t i = 0; i < a.list.size(); ++i)
    if (!same(a.list[i], b.list[i])) return false;
  for (std::size_t i = 0; i < a.mapping.size(); ++i)
    if (a.mapping[i].key != b.mapping[i].key || !same(a.mapping[i].value, b.mapping[i].value)) return false;
  return true;
}

TEST(Document, WhatIsWrittenReadsBackAsTheSameTree) {
  const std::string text =
      "a: -80 mV\nb: \"5\"\nc: [1, [2, 3], {d: ~, e: []}, {}]\n\"f: g\": 'it''s # \"x\" \\'\n"
      "h: |\n  x' = 1\n\n    y = 2\ni: |-\n  no end\nj: |+\n  ends\n\nk: \"\"\nl: "
      "\"line\\nline\\t\\x01 \\x85 \\u2028 \\ufeff\"\nm: =a*(b + c)\nn: \" x \"\n"
      "\"k #1\": 2\no: '- x'\np: \xce\xbc\nq: |\n    indented\n  less\n";
  const Read first = read(text.substr(0, text.find("q: |")));
  ASSERT_EQ(first.errors, "");
  const std::string written = Document::write(first.root);
  const Read second = read(written);
  EXPECT_EQ(second.errors, "") << written;
  EXPECT_TRUE(same(first.root, second.root)) << written;
  EXPECT_TRUE(second.root.find("h")->block);
}

}  // namespace
}  // namespace holon::modelfile
