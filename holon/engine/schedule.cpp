#include "holon/engine/schedule.hpp"

#include "holon/base/error.hpp"

namespace holon {

namespace {

void flatten(const ScheduleNode& node, Fraction begin, Fraction end, bool top,
             std::vector<Instruction>& body) {
  using Kind = ScheduleNode::Kind;
  switch (node.kind) {
    case Kind::advance:
      body.push_back({node.process, begin, end, 1});
      break;
    case Kind::lie:
      for (const ScheduleNode& child : node.children) flatten(child, begin, end, top, body);
      break;
    case Kind::strang: {
      const Fraction middle = (begin + end) * Fraction{1, 2};
      const std::size_t last = node.children.size() - 1;
      for (std::size_t c = 0; c < last; ++c) flatten(node.children[c], begin, middle, false, body);
      flatten(node.children[last], begin, end, false, body);
      for (std::size_t c = last; c-- > 0;) flatten(node.children[c], middle, end, false, body);
      break;
    }
    case Kind::subcycle: {
      const Fraction part = (end - begin) * Fraction::of(1, node.count);
      for (std::int64_t n = 0; n < node.count; ++n)
        flatten(node.children.front(), begin + part * Fraction{n, 1}, begin + part * Fraction{n + 1, 1},
                false, body);
      break;
    }
    case Kind::every: {
      if (!top)
        throw InputError(
            Diagnostic{.place = node.place,
                       .path = "schedule",
                       .message = "`every` stands inside a strang or subcycle",
                       .expected = "`every` only directly under the schedule or in a top-level `lie`"});
      std::vector<Instruction> inner;
      flatten(node.children.front(), {0, 1}, {node.count, 1}, false, inner);
      for (Instruction& instruction : inner) {
        instruction.every = node.count;
        body.push_back(instruction);
      }
      break;
    }
  }
}

}  // namespace

Program compile(const ScheduleNode& root) {
  Program program;
  const bool merge = root.kind == ScheduleNode::Kind::strang && root.merge && root.children.size() > 1 &&
                     root.children.front().kind == ScheduleNode::Kind::advance;
  if (!merge) {
    flatten(root, {0, 1}, {1, 1}, true, program.body);
    return program;
  }
  program.merged = true;
  const Fraction half{1, 2};
  program.opening = {root.children.front().process, {0, 1}, half, 1};
  program.closing = {root.children.front().process, half, {1, 1}, 1};
  ScheduleNode inner = root;
  inner.children.erase(inner.children.begin());
  if (inner.children.size() == 1)
    flatten(inner.children.front(), {0, 1}, {1, 1}, false, program.body);
  else
    flatten(inner, {0, 1}, {1, 1}, false, program.body);
  return program;
}

}  // namespace holon
