#include "holon/expr/linear_form.hpp"

namespace holon::expr {

namespace {

LinearForm combined(const LinearForm& a, const LinearForm& b, double factor_of_b) {
  LinearForm sum{{}, a.offset + factor_of_b * b.offset};
  auto i = a.terms.begin();
  auto j = b.terms.begin();
  while (i != a.terms.end() || j != b.terms.end()) {
    if (j == b.terms.end() || (i != a.terms.end() && i->first < j->first)) {
      sum.terms.push_back(*i++);
    } else if (i == a.terms.end() || j->first < i->first) {
      sum.terms.emplace_back(j->first, factor_of_b * j->second);
      ++j;
    } else {
      const double coefficient = i->second + factor_of_b * j->second;
      if (coefficient != 0.0) sum.terms.emplace_back(i->first, coefficient);
      ++i, ++j;
    }
  }
  return sum;
}

}  // namespace

const LinearForm& LinearForms::of(Node n) {
  // Depth first without recursion: sums can nest as deep as a model is long.
  std::vector<Node> pending{n};
  while (!pending.empty()) {
    const Node next = pending.back();
    if (known_.contains(next.id)) {
      pending.pop_back();
      continue;
    }
    const Term& term = graph_[next];
    const bool sum = term.op == Op::add || term.op == Op::subtract || term.op == Op::negate ||
                     (term.op == Op::multiply &&
                      (graph_.is_constant(term.argument[0]) || graph_.is_constant(term.argument[1])));
    bool ready = true;
    for (int k = 0; sum && k < arity(term.op); ++k) {
      const Node argument = term.argument[static_cast<std::size_t>(k)];
      if (known_.contains(argument.id)) continue;
      pending.push_back(argument);
      ready = false;
    }
    if (!ready) continue;
    LinearForm form = sum ? read(next) : LinearForm{};
    if (!sum && term.op == Op::constant) form.offset = term.value;
    if (term.op != Op::constant && (!sum || form.terms.size() > most_terms)) form = {{{next.id, 1.0}}, 0.0};
    known_.emplace(next.id, std::move(form));
    pending.pop_back();
  }
  return known_.at(n.id);
}

LinearForm LinearForms::read(Node n) {
  const Term& term = graph_[n];
  const LinearForm& a = known_.at(term.argument[0].id);
  if (term.op == Op::negate) return combined({}, a, -1.0);
  const LinearForm& b = known_.at(term.argument[1].id);
  if (term.op == Op::add) return combined(a, b, 1.0);
  if (term.op == Op::subtract) return combined(a, b, -1.0);
  return a.terms.empty() ? combined({}, b, a.offset) : combined({}, a, b.offset);
}

}  // namespace holon::expr
