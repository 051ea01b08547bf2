// The dimension of an expression: which sums, comparisons and function arguments make sense.
#include "holon/expr/functions.hpp"
#include "holon/expr/known_dimension.hpp"
#include "holon/expr/language.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace holon::expr {

namespace {

/// A dimension, or none in particular: 0 and infinity fit any.
struct Measure {
  std::optional<Dimension> dimension;
  bool fits(const Measure& o) const { return !dimension || !o.dimension || *dimension == *o.dimension; }
  bool plain() const { return !dimension || dimension->dimensionless(); }
};

const Measure number_measure{Dimension{}};

std::string described(const Measure& m) {
  if (m.plain()) return "a number";
  const std::string name = m.dimension->name(), text = m.dimension->text();
  return name == text ? "[" + text + "]" : name + " [" + text + "]";
}

/// What a number without a unit is: without dimension, or in a unit that is not written.
enum class Numbers { plain, in_any_unit };

class DimensionCheck {
 public:
  DimensionCheck(Numbers numbers, const NameToDimension& names, const std::string& path,
                 Diagnostics& diagnostics)
      : numbers_(numbers), names_(names), path_(path), diagnostics_(diagnostics) {}

  std::optional<Dimension> check(const Syntax& s) {
    try {
      const Measure found = measure(s);
      return partly_known() ? found.dimension : found.dimension.value_or(Dimension{});
    } catch (const Mistake&) { return std::nullopt; }
  }

 private:
  struct Mistake {};

  bool partly_known() const { return numbers_ == Numbers::in_any_unit; }

  [[noreturn]] void fail(const Place& place, std::string message, std::string expected = "",
                         std::string hint = "") {
    diagnostics_.error(place, path_, std::move(message), std::move(expected), std::move(hint));
    throw Mistake{};
  }

  Measure measure(const Syntax& s) {
    switch (s.kind) {
      case Syntax::Kind::number:
        return s.number == 0.0 || partly_known() ? Measure{} : number_measure;
      case Syntax::Kind::quantity:
        return {s.unit.dimension()};
      case Syntax::Kind::name:
        return name(s);
      case Syntax::Kind::call:
        return call(s);
      case Syntax::Kind::unary:
        return s.text == "!" ? (measure(*s.parts[0]), number_measure) : measure(*s.parts[0]);
      case Syntax::Kind::binary:
        return s.text == "^" ? power(s, *s.parts[0], *s.parts[1]) : chain(s);
      case Syntax::Kind::chain:
        return chain(s);
      case Syntax::Kind::conditional: {
        measure(*s.parts[0]);
        return equal(s.place, "the two cases are", measure(*s.parts[1]), measure(*s.parts[2]));
      }
      case Syntax::Kind::array: {
        Measure all = measure(*s.parts[0]);
        for (std::size_t k = 1; k < s.parts.size(); ++k) {
          all = equal(s.parts[k]->place, "the components of an array are", all, measure(*s.parts[k]));
        }
        return all;
      }
      case Syntax::Kind::index:
      case Syntax::Kind::member:
        return measure(*s.parts[0]);
    }
    return {};
  }

  Measure name(const Syntax& s) {
    if (s.text == "pi" || s.text == "true" || s.text == "false") return number_measure;
    if (s.text == "inf") return {};
    if (const auto known = names_(s.text)) return {*known};
    if (const std::size_t dot = s.text.rfind('.'); dot != std::string::npos) {
      const std::string component = s.text.substr(dot + 1);
      const bool is_component = component == "x" || component == "y" || component == "z";
      if (const auto known = names_(s.text.substr(0, dot)); known && is_component) return {*known};
    }
    if (const auto known = names_(s.text + ".x")) return {*known};
    if (partly_known()) return {};
    fail(s.place, "the dimension of '" + s.text + "' is not known");
  }

  Measure equal(const Place& place, const std::string& what, const Measure& a, const Measure& b) {
    if (!a.fits(b)) fail(place, what + " " + described(a) + " and " + described(b), "equal dimensions");
    return a.dimension ? a : b;
  }

  Measure chain(const Syntax& s) {
    Measure result = measure(*s.parts[0]);
    std::size_t word = 0;
    for (std::size_t k = 1; k < s.parts.size(); ++k) {
      const std::size_t end = std::min(s.text.find(' ', word), s.text.size());
      const std::string op = s.text.substr(word, end - word);
      word = end + 1;
      const Measure next = measure(*s.parts[k]);
      if (op == "*" || op == "/") {
        result = scaled(result, next, op == "*");
      } else if (op == "&&" || op == "||") {
        result = number_measure;
      } else if (op == "+" || op == "-") {
        result = equal(s.place, op == "+" ? "the parts of a sum are" : "the parts of a difference are",
                       result, next);
      } else {
        equal(s.place, "the sides of '" + op + "' are", result, next);
        result = next;
      }
    }
    const bool compares = s.text.find_first_of("<>=!") != std::string::npos;
    return compares ? number_measure : result;
  }

  static Measure scaled(const Measure& a, const Measure& b, bool product) {
    if (!a.dimension) return a;  // 0 times anything is 0
    if (!b.dimension) return b;
    return {product ? *a.dimension * *b.dimension : *a.dimension / *b.dimension};
  }

  Measure power(const Syntax& s, const Syntax& base, const Syntax& exponent) {
    const Measure b = measure(base), e = measure(exponent);
    if (!e.plain()) fail(exponent.place, "an exponent is " + described(e), "a number");
    if (b.plain()) return b.dimension || partly_known() ? b : number_measure;
    Diagnostics ignored;
    Graph graph;
    const auto constant =
        lower(graph, exponent, [](const std::string&) { return std::nullopt; }, {}, path_, ignored);
    if (!constant || !constant->shape.empty() || !graph.is_constant(constant->nodes.front())) {
      if (partly_known()) return {};
      fail(s.place, "a power of " + described(b) + " needs a known exponent", "a constant",
           "divide the base by a quantity of its dimension first");
    }
    const double exponent_value = graph.value(constant->nodes.front());
    if (partly_known() && exponent_value != std::round(exponent_value)) return {};
    return {root_or_power(s.place, *b.dimension, exponent_value)};
  }

  Dimension root_or_power(const Place& place, const Dimension& d, double exponent) {
    try {
      return d.pow(exponent);
    } catch (const InputError& problem) {
      fail(place, problem.diagnostics().front().message, problem.diagnostics().front().expected);
    }
  }

  Measure call(const Syntax& s) {
    const auto f = find_function(s.text);
    const auto count = static_cast<int>(s.parts.size());
    if (!f && partly_known()) {  // defined by the equations
      for (const SyntaxPtr& part : s.parts) measure(*part);
      return {};
    }
    if (!f) fail(s.place, "the dimension of the function '" + s.text + "' is not known");
    if (count < f->least || (f->most >= 0 && count > f->most))
      fail(s.place, "'" + s.text + "' has " + std::to_string(count) + " arguments here");
    std::vector<Measure> a;
    for (const SyntaxPtr& part : s.parts) a.push_back(measure(*part));
    switch (f->kind) {
      case Function::Kind::pure:
        return all_plain(s, a);
      case Function::Kind::root:
        return a[0].plain() ? a[0] : Measure{root_or_power(s.place, *a[0].dimension, 1.0 / 3.0)};
      case Function::Kind::step:
        return number_measure;
      case Function::Kind::extremum:
        return all_equal(s, a, a.size());
      case Function::Kind::pulse:
        return pulse(s, a);
      case Function::Kind::choice:
        return choice(s, a);
      case Function::Kind::tensor:
        return tensor(s, a);
      case Function::Kind::operation:
        break;
    }
    switch (f->op) {
      case Op::sqrt:
        return a[0].plain() ? a[0] : Measure{root_or_power(s.place, *a[0].dimension, 0.5)};
      case Op::abs:
        return a[0];
      case Op::sign:
        return number_measure;
      case Op::modulo:
        return all_equal(s, a, 2);
      case Op::atan2:
        return all_equal(s, a, 2), number_measure;
      case Op::power:
        return power(s, *s.parts[0], *s.parts[1]);
      default:
        return all_plain(s, a);
    }
  }

  Measure all_plain(const Syntax& s, const std::vector<Measure>& a) {
    for (std::size_t k = 0; k < a.size(); ++k) {
      if (!a[k].plain()) {
        fail(s.parts[k]->place, "'" + s.text + "' of " + described(a[k]), "a number without a dimension",
             "divide by a quantity of the same dimension");
      }
    }
    return number_measure;
  }

  Measure all_equal(const Syntax& s, const std::vector<Measure>& a, std::size_t count) {
    Measure all = a[0];
    for (std::size_t k = 1; k < count; ++k)
      all = equal(s.parts[k]->place, "the arguments of '" + s.text + "' are", all, a[k]);
    return all;
  }

  Measure pulse(const Syntax& s, const std::vector<Measure>& a) {
    all_equal(s, a, std::min<std::size_t>(a.size(), 4));
    if (a.size() == 5 && !a[4].plain())
      fail(s.parts[4]->place, "the count of 'pulse' is " + described(a[4]), "a number");
    return number_measure;
  }

  /// if(c, a, b) and piecewise(value, condition, ..., otherwise).
  Measure choice(const Syntax& s, const std::vector<Measure>& a) {
    const bool simple = s.text == "if";
    Measure all = simple ? a[1] : a[0];
    for (std::size_t k = 2; k < a.size(); k += simple ? 1 : 2) {
      all = equal(s.parts[k]->place, "the cases of '" + s.text + "' are", all, a[k]);
    }
    return all;
  }

  Measure tensor(const Syntax& s, const std::vector<Measure>& a) {
    if (s.text == "dot" || s.text == "cross" || s.text == "outer") return scaled(a[0], a[1], true);
    if (s.text == "identity") return number_measure;
    if (s.text == "inverse") return scaled(number_measure, a[0], false);
    if (s.text != "det" || a[0].plain()) return a[0];
    if (s.parts[0]->kind == Syntax::Kind::array)
      return {a[0].dimension->pow(static_cast<double>(s.parts[0]->parts.size()))};
    fail(s.place, "the dimension of 'det' is known only for a matrix that is written out or has none");
  }

  Numbers numbers_;
  const NameToDimension& names_;
  const std::string& path_;
  Diagnostics& diagnostics_;
};

}  // namespace

std::optional<Dimension> dimension_of(const Syntax& syntax, const NameToDimension& names,
                                      const std::string& path, Diagnostics& diagnostics) {
  return DimensionCheck(Numbers::plain, names, path, diagnostics).check(syntax);
}

std::optional<Dimension> known_dimension(const Syntax& syntax, const NameToDimension& names,
                                         const std::string& path, Diagnostics& diagnostics) {
  return DimensionCheck(Numbers::in_any_unit, names, path, diagnostics).check(syntax);
}

}  // namespace holon::expr
