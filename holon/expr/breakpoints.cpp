#include "holon/expr/breakpoints.hpp"

#include "holon/expr/term_value.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace holon::expr {

namespace {

bool compares(Op op) { return op == Op::less || op == Op::less_equal || op == Op::equal; }

bool jumps(Op op) {
  return compares(op) || op == Op::floor || op == Op::ceil || op == Op::sign || op == Op::modulo;
}

/// offset + slope t, or, with a period, offset + slope modulo(inner_offset + inner_slope t, period).
struct Form {
  bool known = false;
  double offset = 0.0, slope = 0.0;
  double inner_offset = 0.0, inner_slope = 0.0, period = 0.0;

  bool number() const { return known && slope == 0.0; }
  bool affine() const { return known && period == 0.0; }
};

Form scaled(Form f, double factor) {
  f.offset *= factor;
  f.slope *= factor;
  return f;
}

Form sum(const Form& a, const Form& b) {
  if (!a.known || !b.known || (!a.affine() && !b.number()) || (!b.affine() && !a.number())) return {};
  Form result = a.affine() ? b : a;
  result.offset = a.offset + b.offset;
  result.slope = a.slope + b.slope;
  return result;
}

}  // namespace

// --- one switch ---

double SwitchOfTime::state(double t) const {
  std::vector<double> value(steps_.size());
  for (std::size_t k = 0; k < steps_.size(); ++k) {
    const Step& s = steps_[k];
    const double a = value[s.argument[0]], b = value[s.argument[1]], c = value[s.argument[2]];
    if (s.op == Op::constant) {
      value[k] = s.value;
    } else if (s.op == Op::symbol) {
      value[k] = t;
    } else if (s.op == Op::modulo && k + 1 == steps_.size()) {
      value[k] = std::floor(a / b);
    } else {
      value[k] = term_value<double>(s.op, a, b, c);
    }
  }
  return value.back();
}

double SwitchOfTime::first_double(double estimate, double scale) const {
  // The estimate and the condition each carry a few rounding errors of this size.
  const double width =
      64 * std::numeric_limits<double>::epsilon() * std::max(std::fabs(estimate), std::fabs(scale));
  double before = estimate - width, after = estimate + width;
  const double old_state = state(before), new_state = state(after);
  if (old_state == new_state) return estimate;
  const double just_before = std::nextafter(estimate, -std::numeric_limits<double>::infinity());
  if (state(just_before) == old_state && state(estimate) == new_state) return estimate;
  for (double middle = before + (after - before) / 2; middle > before && middle < after;
       middle = before + (after - before) / 2) {
    (state(middle) == new_state ? after : before) = middle;
  }
  return after;
}

// --- finding the switches ---

class Breakpoints::Analysis {
 public:
  Analysis(Breakpoints& target, const Graph& graph, std::span<const Node> roots, Node time,
           const NumberOfSymbol& number)
      : target_(target), graph_(graph), order_(reachable(graph, roots)) {
    for (std::size_t k = 0; k < order_.size(); ++k) index_[order_[k].id] = k;
    value_.assign(order_.size(), 0.0);
    kind_.assign(order_.size(), Kind::other);
    form_.resize(order_.size());
    for (std::size_t k = 0; k < order_.size(); ++k) classify(k, time, number);
    find_windows(roots);
  }

  void run(const BreakpointSearch& search) {
    for (std::size_t k = 0; k < order_.size(); ++k) {
      if (kind_[k] != Kind::of_time || !jumps(graph_[order_[k]].op) || from_[k] >= until_[k]) continue;
      if (!add_exact(k) && search.end > search.begin) add_by_search(k, search);
    }
  }

 private:
  enum class Kind : std::uint8_t { number, of_time, other };

  std::size_t argument(std::size_t k, std::size_t j) const {
    return index_.at(graph_[order_[k]].argument[j].id);
  }

  void classify(std::size_t k, Node time, const NumberOfSymbol& number) {
    const Term& t = graph_[order_[k]];
    if (order_[k] == time) {
      kind_[k] = Kind::of_time;
      form_[k] = {true, 0.0, 1.0};
      return;
    }
    if (t.op == Op::constant || t.op == Op::symbol) {
      const std::optional<double> v = t.op == Op::constant ? t.value : number(graph_.symbol_name(order_[k]));
      if (v) set_number(k, *v);
      return;
    }
    std::array<double, 3> a{};
    bool of_time = false;
    for (std::size_t j = 0; j < static_cast<std::size_t>(arity(t.op)); ++j) {
      const std::size_t i = argument(k, j);
      if (kind_[i] == Kind::other) return;
      of_time = of_time || kind_[i] == Kind::of_time;
      a[j] = value_[i];
    }
    if (!of_time) return set_number(k, term_value<double>(t.op, a[0], a[1], a[2]));
    kind_[k] = Kind::of_time;
    form_[k] = form(k, t);
  }

  void set_number(std::size_t k, double v) {
    kind_[k] = Kind::number;
    value_[k] = v;
    form_[k] = {std::isfinite(v), v, 0.0};
  }

  Form form(std::size_t k, const Term& t) const {
    const Form& a = form_[argument(k, 0)];
    const Form& b = form_[argument(k, arity(t.op) > 1 ? 1 : 0)];
    switch (t.op) {
      case Op::negate:
        return scaled(a, -1.0);
      case Op::add:
        return sum(a, b);
      case Op::subtract:
        return sum(a, scaled(b, -1.0));
      case Op::multiply:
        return a.number() ? scaled(b, a.offset) : b.number() ? scaled(a, b.offset) : Form{};
      case Op::divide:
        return b.number() && b.offset != 0.0 ? scaled(a, 1.0 / b.offset) : Form{};
      case Op::modulo:
        if (!a.affine() || !b.number() || !(b.offset > 0.0)) return {};
        return {true, 0.0, 1.0, a.offset, a.slope, b.offset};
      default:
        return {};
    }
  }

  /// What has to be 0 for a comparison or sign to switch.
  Form difference(std::size_t k) const {
    const Form& a = form_[argument(k, 0)];
    return graph_[order_[k]].op == Op::sign ? a : sum(a, scaled(form_[argument(k, 1)], -1.0));
  }

  /// From when until when each term matters to the roots.
  void find_windows(std::span<const Node> roots) {
    from_.assign(order_.size(), infinity);
    until_.assign(order_.size(), -infinity);
    for (const Node r : roots) widen(index_.at(r.id), -infinity, infinity);
    for (std::size_t k = order_.size(); k-- > 0;) {
      const Term& t = graph_[order_[k]];
      for (std::size_t j = 0; j < static_cast<std::size_t>(arity(t.op)); ++j) {
        double from = from_[k], until = until_[k];
        if (t.op == Op::logical_and) narrow(argument(k, 1 - j), from, until);
        widen(argument(k, j), from, until);
      }
    }
  }

  void widen(std::size_t k, double from, double until) {
    from_[k] = std::min(from_[k], from);
    until_[k] = std::max(until_[k], until);
  }

  /// Narrows a window to where a condition can be true.
  void narrow(std::size_t k, double& from, double& until) const {
    const Term& t = graph_[order_[k]];
    if (t.op == Op::logical_and) {
      for (std::size_t j = 0; j < 2; ++j) narrow_by_comparison(argument(k, j), from, until);
    } else {
      narrow_by_comparison(k, from, until);
    }
  }

  void narrow_by_comparison(std::size_t k, double& from, double& until) const {
    const Op op = graph_[order_[k]].op;
    if (kind_[k] != Kind::of_time || (op != Op::less && op != Op::less_equal)) return;
    const Form d = difference(k);
    if (!d.affine() || d.slope == 0.0) return;
    const double root = -d.offset / d.slope;
    if (d.slope > 0.0) {
      until = std::min(until, root);
    } else {
      from = std::max(from, root);
    }
  }

  bool add_exact(std::size_t k) {
    const Op op = graph_[order_[k]].op;
    if (compares(op) || op == Op::sign) {
      const Form d = difference(k);
      if (!d.known) return false;
      if (d.slope == 0.0) return true;
      const double level = -d.offset / d.slope;
      if (d.affine()) {
        target_.single_.push_back(
            switch_at(k).first_double(level, std::max(std::fabs(d.offset), std::fabs(level))));
      } else if (level >= 0.0 && level <= d.period && d.inner_slope != 0.0) {
        add_periodic(k, (level - d.inner_offset) / d.inner_slope, d.period / d.inner_slope);
      }
      return true;
    }
    const Form& a = form_[argument(k, 0)];
    if (!a.affine()) return false;
    double spacing = 1.0;
    if (op == Op::modulo) {
      const Form& b = form_[argument(k, 1)];
      if (!b.number() || b.offset == 0.0) return false;
      spacing = b.offset;
    }
    if (a.slope != 0.0) add_periodic(k, -a.offset / a.slope, spacing / a.slope);
    return true;
  }

  void add_periodic(std::size_t k, double first, double spacing) {
    target_.periodic_.push_back({switch_at(k), first, std::fabs(spacing), from_[k], until_[k]});
  }

  void add_by_search(std::size_t k, const BreakpointSearch& search) {
    const SwitchOfTime term = switch_at(k);
    double before = search.begin, old_state = term.state(before);
    for (std::size_t i = 1; i <= search.samples; ++i) {
      const double fraction = static_cast<double>(i) / static_cast<double>(search.samples);
      const double t = search.begin + fraction * (search.end - search.begin);
      const double new_state = term.state(t);
      if (new_state != old_state && t > from_[k] && before < until_[k]) {
        double low = before, high = t;
        for (double m = low + (high - low) / 2; m > low && m < high; m = low + (high - low) / 2) {
          (term.state(m) == old_state ? low : high) = m;
        }
        target_.single_.push_back(high);
      }
      before = t;
      old_state = new_state;
    }
  }

  SwitchOfTime switch_at(std::size_t k) const {
    std::vector<SwitchOfTime::Step> steps;
    std::unordered_map<std::uint32_t, std::uint32_t> place;
    for (const Node n : reachable(graph_, std::span(&order_[k], 1))) {
      const std::size_t i = index_.at(n.id);
      const Term& t = graph_[n];
      SwitchOfTime::Step s;
      if (kind_[i] == Kind::number) {
        s.value = value_[i];
      } else {
        s.op = t.op;
        for (std::size_t j = 0; j < static_cast<std::size_t>(arity(t.op)); ++j)
          s.argument[j] = place.at(t.argument[j].id);
      }
      place[n.id] = static_cast<std::uint32_t>(steps.size());
      steps.push_back(s);
    }
    return SwitchOfTime(std::move(steps));
  }

  Breakpoints& target_;
  const Graph& graph_;
  std::vector<Node> order_;
  std::unordered_map<std::uint32_t, std::size_t> index_;
  std::vector<Kind> kind_;
  std::vector<double> value_;  // of numbers
  std::vector<Form> form_;
  std::vector<double> from_, until_;
};

Breakpoints::Breakpoints(const Graph& graph, std::span<const Node> roots, Node time,
                         const NumberOfSymbol& number, const BreakpointSearch& search) {
  Analysis(*this, graph, roots, time, number).run(search);
  std::sort(single_.begin(), single_.end());
  single_.erase(std::unique(single_.begin(), single_.end()), single_.end());
}

double Breakpoints::Periodic::next_after(double t) const {
  if (t >= until) return infinity;  // `until` itself is a breakpoint of the condition that ends the window
  const double start = std::max(t, from);
  const double scale = std::max(std::fabs(first), spacing);
  const double k = std::isfinite(start) ? std::floor((start - first) / spacing) : 0.0;
  for (double step = -1.0; step <= 3.0; step += 1.0) {
    const double switched = term.first_double(first + (k + step) * spacing, scale);
    if (switched > t && switched >= from) return switched;
  }
  return infinity;
}

double Breakpoints::next_after(double t) const {
  const auto next = std::upper_bound(single_.begin(), single_.end(), t);
  double earliest = next == single_.end() ? infinity : *next;
  for (const Periodic& p : periodic_) earliest = std::min(earliest, p.next_after(t));
  return earliest;
}

}  // namespace holon::expr
