#include "holon/expr/merge_exponentials.hpp"

#include "holon/expr/linear_form.hpp"
#include "holon/expr/value_range.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

namespace holon::expr {

namespace {

constexpr int largest_multiple = 8;       // rounding errors of E^m grow as m
constexpr double largest_exponent = 138;  // e^138 = 10^60
constexpr double largest_offset = 100;    // |c| of a factor e^c, and of arguments where x = 0
constexpr double same_ratio = 1e-15;      // relative, of scales that are read from decimal numbers

/// exp(scale u + offset), where u is a linear form whose first coefficient is 1.
struct Member {
  Node exponential;
  double scale = 0.0, offset = 0.0;
  std::optional<std::size_t> family;
  int multiple = 1;
};

/// Members whose scales are integer multiples of that of the base, computed from powers of the base's
/// exponential.
struct Family {
  Node base_argument;
  double base_scale = 0.0, base_offset = 0.0;
  int sign = 1;  // the power computed is E = exp(sign (base_scale u + base_offset))
  std::map<int, Node> powers;
};

/// Exponentials of arguments that are multiples of one linear form, up to offsets.
struct Direction {
  LinearForm form;  // of the first member's argument
  std::vector<Member> members;
};

std::optional<int> multiple(double scale, double base) {
  const double ratio = scale / base, rounded = std::round(ratio);
  if (rounded == 0.0 || std::fabs(rounded) > largest_multiple) return std::nullopt;
  if (std::fabs(ratio - rounded) > same_ratio * std::fabs(ratio)) return std::nullopt;
  return static_cast<int>(rounded);
}

class Merging {
 public:
  explicit Merging(const KernelProgram& program)
      : from_(program),
        forms_(program.graph),
        nodes_(reachable(program.graph, program.outputs)),
        ranges_(value_ranges(program)) {
    to_.bindings = program.bindings;
    find_denominators();
    find_directions();
    for (Direction& d : directions_) find_families(d);
  }

  KernelProgram rewritten() {
    for (const Node n : nodes_) rebuilt(n);
    for (const Node n : from_.outputs) to_.outputs.push_back(rebuilt(n));
    for (const Direction& d : directions_) bound(d);
    return std::move(to_);
  }

 private:
  /// Terms that vary from site to site, and terms that enter a denominator through sums and products.
  void find_denominators() {
    varies_.assign(from_.graph.size(), false);
    in_denominator_.assign(from_.graph.size(), false);
    for (const Node n : nodes_) {
      const Term& term = from_.graph[n];
      if (term.op == Op::symbol)
        varies_[n.id] = from_.bindings[term.symbol].source == Binding::Source::column;
      for (int k = 0; k < arity(term.op); ++k)
        if (varies_[term.argument[static_cast<std::size_t>(k)].id]) varies_[n.id] = true;
    }
    for (auto n = nodes_.rbegin(); n != nodes_.rend(); ++n) {
      const Term& term = from_.graph[*n];
      const bool passes = in_denominator_[n->id] && (term.op == Op::add || term.op == Op::subtract ||
                                                     term.op == Op::multiply || term.op == Op::negate);
      if (passes || term.op == Op::divide) {
        if (passes || in_denominator_[n->id]) in_denominator_[term.argument[0].id] = true;
        if (arity(term.op) > 1) in_denominator_[term.argument[1].id] = true;
      }
    }
  }

  void find_directions() {
    std::map<std::vector<std::pair<std::uint32_t, double>>, std::size_t> known;
    for (const Node n : nodes_) {
      const Term& term = from_.graph[n];
      if (term.op != Op::exp || !varies_[n.id]) continue;
      const LinearForm& form = forms_.of(term.argument[0]);
      if (form.terms.empty() || std::fabs(form.offset) > largest_offset) continue;
      const double scale = form.terms.front().second;
      auto proportions = form.terms;
      for (auto& [id, coefficient] : proportions) coefficient = std::round(coefficient / scale * 1e12);
      const auto [place, added] = known.emplace(std::move(proportions), directions_.size());
      if (added) directions_.push_back({form, {}});
      directions_[place->second].members.push_back({n, scale, form.offset, {}, 1});
    }
  }

  void find_families(Direction& direction) {
    auto& members = direction.members;
    std::stable_sort(members.begin(), members.end(), [](const Member& a, const Member& b) {
      return std::fabs(a.scale) < std::fabs(b.scale);
    });
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (members[i].family) continue;
      int positive = 0, negative = 0;
      for (std::size_t j = i + 1; j < members.size(); ++j) {
        const auto m = members[j].family ? std::nullopt : multiple(members[j].scale, members[i].scale);
        if (!m || std::fabs(members[j].offset - *m * members[i].offset) > largest_offset) continue;
        members[j].family = families_.size();
        members[j].multiple = *m;
        ++(*m > 0 ? positive : negative);
      }
      if (positive + negative == 0) continue;
      members[i].family = families_.size();
      families_.push_back({.base_argument = from_.graph[members[i].exponential].argument[0],
                           .base_scale = members[i].scale,
                           .base_offset = members[i].offset,
                           .sign = negative > positive + 1 ? -1 : 1});
    }
    for (const Member& m : members)
      if (m.family) member_of_[m.exponential.id] = m;
  }

  /// Nodes are rebuilt in order, but for the argument of a family's base, which may stand behind the first
  /// member; both are sums of the same terms, so no more than such sums is rebuilt ahead.
  Node rebuilt(Node n) {
    const auto known = rebuilt_.find(n.id);
    if (known != rebuilt_.end()) return known->second;
    const Node made = rebuild(n);
    rebuilt_.emplace(n.id, made);
    return made;
  }

  Node rebuild(Node n) {
    const Term& term = from_.graph[n];
    if (term.op == Op::constant) return to_.graph.constant(term.value);
    if (term.op == Op::symbol) return to_.graph.symbol(from_.graph.symbol_name(n));
    const auto member = member_of_.find(n.id);
    if (member != member_of_.end()) return merged(member->second);
    Node argument[3]{};
    for (int k = 0; k < arity(term.op); ++k)
      argument[k] = rebuilt(term.argument[static_cast<std::size_t>(k)]);
    return to_.graph.make(term.op, argument[0], argument[1], argument[2]);
  }

  /// e^c E^m
  Node merged(const Member& member) {
    Family& family = families_[*member.family];
    const double left_over = member.offset - static_cast<double>(member.multiple) * family.base_offset;
    const Node factor =
        to_.graph.constant(static_cast<double>(std::exp(static_cast<long double>(left_over))));
    const int m = member.multiple * family.sign;
    return m > 0 ? to_.graph.multiply(factor, power(family, m)) : to_.graph.divide(factor, power(family, -m));
  }

  Node power(Family& family, int m) {
    const auto known = family.powers.find(m);
    if (known != family.powers.end()) return known->second;
    Node result;
    if (m == 1) {
      const Node argument = rebuilt(family.base_argument);
      result = to_.graph.make(Op::exp, family.sign > 0 ? argument : to_.graph.negate(argument));
    } else if (m % 2 == 0) {
      result = to_.graph.multiply(power(family, m / 2), power(family, m / 2));
    } else {
      result = to_.graph.multiply(power(family, m - 1), power(family, 1));
    }
    family.powers.emplace(m, result);
    return result;
  }

  /// Finds the range of u in which no exponential of the direction exceeds the bound (and none of a family
  /// falls below its inverse), and guards it.
  void bound(const Direction& direction) {
    ValueRange u;
    bool bounded = true;
    for (const Member& m : direction.members) {
      if (!m.family && !in_denominator_[m.exponential.id]) continue;
      ValueRange argument{m.family ? -largest_exponent : ValueRange{}.lower, largest_exponent};
      const ValueRange natural = ranges_[from_.graph[m.exponential].argument[0].id];
      if (natural.lower >= argument.lower && natural.upper <= argument.upper) continue;
      u = intersection(
          u, (argument - ValueRange{m.offset, m.offset}) * ValueRange{1.0 / m.scale, 1.0 / m.scale});
      bounded = false;
    }
    if (!bounded) add_guard(direction, u);
    for (const Member& m : direction.members) {
      const ValueRange argument = u * ValueRange{m.scale, m.scale} + ValueRange{m.offset, m.offset};
      imply(rebuilt(m.exponential), argument);
    }
    for (const Member& m : direction.members) {
      if (!m.family) continue;
      const Family& family = families_[*m.family];
      const double scale = family.sign * family.base_scale, offset = family.sign * family.base_offset;
      imply(family.powers.at(1), u * ValueRange{scale, scale} + ValueRange{offset, offset});
    }
  }

  void imply(Node exponential, const ValueRange& argument) {
    to_.implied.push_back({exponential, std::exp(argument.lower), std::exp(argument.upper)});
  }

  void add_guard(const Direction& direction, const ValueRange& u) {
    // A form of one term is checked there: other directions and the range of the whole program profit.
    if (direction.form.terms.size() == 1) {
      to_.guards.push_back({rebuilt({direction.form.terms.front().first}), u.lower, u.upper});
      return;
    }
    // Otherwise at the argument of a member that is computed in any case: a family's base or one without a
    // family.
    const auto computed = std::find_if(direction.members.begin(), direction.members.end(),
                                       [](const Member& m) { return !m.family || m.multiple == 1; });
    const ValueRange argument =
        u * ValueRange{computed->scale, computed->scale} + ValueRange{computed->offset, computed->offset};
    to_.guards.push_back(
        {rebuilt(from_.graph[computed->exponential].argument[0]), argument.lower, argument.upper});
  }

  const KernelProgram& from_;
  KernelProgram to_;
  LinearForms forms_;
  std::vector<Node> nodes_;
  std::vector<ValueRange> ranges_;
  std::vector<bool> varies_, in_denominator_;
  std::vector<Direction> directions_;
  std::vector<Family> families_;
  std::unordered_map<std::uint32_t, Member> member_of_;
  std::unordered_map<std::uint32_t, Node> rebuilt_;
};

}  // namespace

KernelProgram merge_exponentials(const KernelProgram& program) { return Merging(program).rewritten(); }

}  // namespace holon::expr
