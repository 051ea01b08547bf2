#include "holon/engine/schedule.hpp"

#include "holon/base/error.hpp"

#include <map>

#include <fmt/format.h>

namespace holon {

namespace {

using Kind = ScheduleNode::Kind;

class Flattening {
 public:
  explicit Flattening(Program& program) : program_(&program) {}

  void add(const ScheduleNode& node, Fraction begin, Fraction end, bool top, std::vector<Instruction>& body) {
    switch (node.kind) {
      case Kind::advance:
        body.push_back({node.process, begin, end, 1, {}});
        break;
      case Kind::lie:
        for (const ScheduleNode& child : node.children) add(child, begin, end, top, body);
        break;
      case Kind::strang: {
        const Fraction middle = (begin + end) * Fraction{1, 2};
        const std::size_t last = node.children.size() - 1;
        for (std::size_t c = 0; c < last; ++c) add(node.children[c], begin, middle, false, body);
        add(node.children[last], begin, end, false, body);
        for (std::size_t c = last; c-- > 0;) add(node.children[c], middle, end, false, body);
        break;
      }
      case Kind::subcycle: {
        const Fraction part = (end - begin) * Fraction::of(1, node.count);
        for (std::int64_t n = 0; n < node.count; ++n)
          add(node.children.front(), begin + part * Fraction{n, 1}, begin + part * Fraction{n + 1, 1}, false,
              body);
        break;
      }
      case Kind::every: {
        if (!top)
          throw InputError(
              Diagnostic{.place = node.place,
                         .path = "schedule",
                         .message = "`every` stands inside a strang, subcycle or iterate",
                         .expected = "`every` only directly under the schedule or in a top-level `lie`"});
        std::vector<Instruction> inner;
        add(node.children.front(), {0, 1}, {node.count, 1}, false, inner);
        for (Instruction& instruction : inner) {
          instruction.every = node.count;
          body.push_back(instruction);
        }
        break;
      }
      case Kind::iterate:
        body.push_back({0, begin, end, 1, window(node)});
        break;
      case Kind::together:
        body.push_back({node.process, begin, end, 1, {}});
        break;
      case Kind::average: {
        Average average;
        average.options = *node.average;
        average.place = node.place;
        add(node.children[0], {0, 1}, {1, 1}, false, average.fast);
        add(node.children[1], {0, 1}, {1, 1}, false, average.slow);
        program_->averages.push_back(std::move(average));
        body.push_back({0, begin, end, 1, {}, program_->averages.size() - 1});
        break;
      }
    }
  }

 private:
  /// The same window wherever the node comes again (both halves of a strang, parts of a subcycle).
  std::size_t window(const ScheduleNode& node) {
    if (const auto known = windows_.find(&node); known != windows_.end()) return known->second;
    Window window;
    window.options = *node.iterate;
    window.of_itself = node.of_itself;
    window.place = node.place;
    for (const ScheduleNode& child : node.children) {
      const bool divided = child.kind == Kind::subcycle;
      Window::Member member;
      member.parts = divided ? child.count : 1;
      member.processes = processes_below(child);
      add(divided ? child.children.front() : child, {0, 1}, {1, 1}, false, member.part);
      window.members.push_back(std::move(member));
    }
    program_->windows.push_back(std::move(window));
    return windows_[&node] = program_->windows.size() - 1;
  }

  Program* program_;
  std::map<const ScheduleNode*, std::size_t> windows_;
};

}  // namespace

std::string moment_text(double coherent, const Schedule& schedule) {
  return fmt::format("{:.9g}{}", coherent / schedule.time_unit.factor(),
                     schedule.time_dimension.dimensionless() ? "" : " " + schedule.time_unit.text());
}

std::vector<ProcessId> processes_below(const ScheduleNode& node) {
  if (node.kind == Kind::advance) return {node.process};
  std::vector<ProcessId> found;
  for (const ScheduleNode& child : node.children) {
    const auto below = processes_below(child);
    found.insert(found.end(), below.begin(), below.end());
  }
  if (node.kind == Kind::together) found.push_back(node.process);
  return found;
}

Program compile(const ScheduleNode& root) {
  Program program;
  Flattening flattening(program);
  const bool merge = root.kind == Kind::strang && root.merge && root.children.size() > 1 &&
                     root.children.front().kind == Kind::advance;
  if (!merge) {
    flattening.add(root, {0, 1}, {1, 1}, true, program.body);
    return program;
  }
  program.merged = true;
  const Fraction half{1, 2};
  program.opening = {root.children.front().process, {0, 1}, half, 1, {}};
  program.closing = {root.children.front().process, half, {1, 1}, 1, {}};
  ScheduleNode inner = root;
  inner.children.erase(inner.children.begin());
  flattening.add(inner.children.size() == 1 ? inner.children.front() : inner, {0, 1}, {1, 1}, false,
                 program.body);
  return program;
}

}  // namespace holon
