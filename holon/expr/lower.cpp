#include "holon/expr/lowering.hpp"
#include "holon/expr/truth_value.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace holon::expr {

namespace {

constexpr int deepest_expansion = 500;
constexpr std::size_t most_work = 5'000'000, work_of_a_call = 20;

bool is_component_name(std::string_view s) { return s == "x" || s == "y" || s == "z"; }

std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> result(1);
  for (const char c : text) {
    if (c == ' ') {
      result.emplace_back();
    } else {
      result.back() += c;
    }
  }
  return result;
}

bool compares(std::string_view op) {
  return op == "<" || op == "<=" || op == ">" || op == ">=" || op == "==" || op == "!=";
}

std::string argument_count(const Function& f) {
  const std::string least = std::to_string(f.least);
  if (f.most == f.least) return f.least == 1 ? "1 argument" : least + " arguments";
  return f.most < 0 ? "at least " + least + " arguments"
                    : least + " to " + std::to_string(f.most) + " arguments";
}

}  // namespace

void Lowering::report(const Place& place, std::string message, std::string expected, std::string hint) {
  std::string inside;
  if (!calls_.empty()) inside = " (in the function '" + calls_.back() + "')";
  diagnostics_.error(place, path_, message + inside, std::move(expected), std::move(hint));
}

void Lowering::fail(const Place& place, std::string message, std::string expected, std::string hint) {
  // What follows from an unknown name is no mistake of its own.
  if (!unknown_names_) report(place, std::move(message), std::move(expected), std::move(hint));
  throw Mistake{};
}

template <class Operation>
Value Lowering::shaped(const Place& place, const Operation& operation) {
  try {
    Value v = operation();
    charge(place, v.nodes.size());
    return v;
  } catch (const ShapeMistake& mistake) { fail(place, mistake.message, "", mistake.hint); }
}

void Lowering::charge(const Place& place, std::size_t work) {
  work_ += work;
  if (work_ > most_work)
    fail(place, "the equations expand to more than " + std::to_string(most_work) + " terms");
}

std::optional<Value> Lowering::lower(const Syntax& syntax) {
  depth_ = 0;
  arguments_ = nullptr;
  calls_.clear();
  unknown_names_ = false;
  try {
    Value result = value(syntax);
    if (unknown_names_) return std::nullopt;
    return result;
  } catch (const Mistake&) { return std::nullopt; }
}

Value Lowering::value(const Syntax& s) {
  if (depth_ >= deepest_expansion) fail(s.place, "nested too deeply, counting the functions that are called");
  ++depth_;
  charge(s.place, 1);
  Value result;
  switch (s.kind) {
    case Syntax::Kind::number:
      result = Value::scalar(graph_.constant(s.number));
      break;
    case Syntax::Kind::quantity:
      result = Value::scalar(graph_.constant(Quantity{s.number, s.unit}.si()));
      break;
    case Syntax::Kind::name:
      result = name(s);
      break;
    case Syntax::Kind::call:
      result = call(s);
      break;
    case Syntax::Kind::unary:
      result = unary(s);
      break;
    case Syntax::Kind::binary:
    case Syntax::Kind::chain:
      result = chain(s, words(s.text));
      break;
    case Syntax::Kind::conditional:
      result = conditional(s, *s.parts[0], value(*s.parts[1]), value(*s.parts[2]));
      break;
    case Syntax::Kind::array:
    case Syntax::Kind::index:
    case Syntax::Kind::member:
      result = component(s);
      break;
  }
  --depth_;
  return result;
}

// --- names ---

std::optional<Value> Lowering::lookup(const std::string& text) {
  if (arguments_ != nullptr) {
    if (const auto found = arguments_->find(text); found != arguments_->end()) return found->second;
  }
  return names_(text);
}

Value Lowering::name(const Syntax& s) {
  if (s.text == "pi") return Value::scalar(graph_.constant(std::numbers::pi));
  if (s.text == "true") return Value::scalar(graph_.constant(1.0));
  if (s.text == "false") return Value::scalar(graph_.constant(0.0));
  if (s.text == "inf") return Value::scalar(graph_.constant(std::numeric_limits<double>::infinity()));
  if (auto found = lookup(s.text)) return *found;
  // v.x is a component of v; p is a vector where p.x and p.y exist.
  if (const std::size_t dot = s.text.rfind('.');
      dot != std::string::npos && is_component_name(s.text.substr(dot + 1))) {
    if (const auto base = lookup(s.text.substr(0, dot)))
      return member(s.place, *base, s.text.substr(dot + 1));
  }
  Value parts{{0}, {}};
  for (const char* component : {".x", ".y", ".z"}) {
    const auto found = names_(s.text + component);
    if (!found || !found->shape.empty()) break;
    parts.nodes.push_back(found->nodes.front());
    ++parts.shape[0];
  }
  if (!parts.nodes.empty()) return parts;
  report_unknown_name(s);
  return Value::scalar(graph_.symbol(s.text));  // stands in, so that further unknown names are found too
}

void Lowering::report_unknown_name(const Syntax& s) {
  unknown_names_ = true;
  if (find_function(s.text) || functions_.contains(s.text)) {
    return report(s.place, "'" + s.text + "' is a function", "", "write " + s.text + "(...)");
  }
  std::vector<std::string> candidates = candidates_;
  if (arguments_ != nullptr) {
    for (const auto& [argument, ignored] : *arguments_) candidates.push_back(argument);
  }
  report(s.place, "unknown name '" + s.text + "'", "", suggestion(s.text, candidates));
}

Value Lowering::member(const Place& place, const Value& base, std::string_view which) {
  if (base.shape.size() != 1 || base.shape[0] > 3) {
    fail(place, shape_text(base.shape) + " has no component '." + std::string(which) + "'",
         "a vector of up to 3");
  }
  return shaped(place, [&] { return tensor_index(base, which == "x" ? 0 : which == "y" ? 1 : 2); });
}

Value Lowering::component(const Syntax& s) {
  if (s.kind == Syntax::Kind::member) return member(s.place, value(*s.parts[0]), s.text);
  if (s.kind == Syntax::Kind::index) {
    Value v = value(*s.parts[0]);
    for (std::size_t k = 1; k < s.parts.size(); ++k) {
      const int index = whole_number(*s.parts[k]);
      v = shaped(s.place, [&] { return tensor_index(v, index); });
    }
    return v;
  }
  std::vector<Value> rows;
  for (const SyntaxPtr& part : s.parts) rows.push_back(value(*part));
  return shaped(s.place, [&] { return tensor_array(rows); });
}

// --- numbers and conditions ---

Node Lowering::number_in(const Syntax& s, const Value& v) {
  if (!v.shape.empty()) fail(s.place, shape_text(v.shape) + " stands where a number is needed", "a number");
  return v.nodes.front();
}

Node Lowering::number(const Syntax& s) { return number_in(s, value(s)); }

Node Lowering::condition(const Syntax& s) {
  const Node n = number(s);
  if (s.kind == Syntax::Kind::number || s.kind == Syntax::Kind::quantity || !is_truth_value(graph_, n)) {
    const std::string text =
        s.text.size() <= 40 && !s.text.empty() && s.parts.empty() ? s.text : graph_.text(n).substr(0, 60);
    fail(s.place, "a number stands where a condition is needed: " + text, "a comparison, true or false",
         "write " + text + " != 0");
  }
  return n;
}

int Lowering::whole_number(const Syntax& s) {
  const Node n = number(s);
  const double v = graph_.is_constant(n) ? graph_.value(n) : -1.0;
  if (!(v >= 0.0 && v <= 1e6 && v == std::floor(v)))
    fail(s.place, "an index or size must be known beforehand", "a whole number, from 0");
  return static_cast<int>(v);
}

// --- operators ---

Value Lowering::unary(const Syntax& s) {
  if (s.text == "!") return Value::scalar(graph_.make(Op::logical_not, condition(*s.parts[0])));
  Value v = value(*s.parts[0]);
  if (s.text == "-") {
    for (Node& n : v.nodes) n = graph_.negate(n);
  }
  return v;
}

Value Lowering::chain(const Syntax& s, const std::vector<std::string>& operators) {
  if (compares(operators.front())) return comparison(s, operators);
  if (operators.front() == "||" || operators.front() == "&&") {
    const Op op = operators.front() == "||" ? Op::logical_or : Op::logical_and;
    Node result = condition(*s.parts[0]);
    for (std::size_t k = 1; k < s.parts.size(); ++k) result = graph_.make(op, result, condition(*s.parts[k]));
    return Value::scalar(result);
  }
  Value result = value(*s.parts[0]);
  for (std::size_t k = 1; k < s.parts.size(); ++k) {
    const Value next = value(*s.parts[k]);
    result = joined(operators[k - 1], s, result, next);
  }
  return result;
}

Value Lowering::joined(std::string_view op, const Syntax& s, const Value& a, const Value& b) {
  if (op == "^") return Value::scalar(graph_.power(number_in(s, a), number_in(s, b)));
  return shaped(s.place, [&] {
    if (op == "+") return tensor_sum(graph_, Op::add, a, b);
    if (op == "-") return tensor_sum(graph_, Op::subtract, a, b);
    if (op == "/") return tensor_quotient(graph_, a, b);
    charge(s.place, tensor_work(a, b));
    return tensor_product(graph_, a, b);
  });
}

Value Lowering::comparison(const Syntax& s, const std::vector<std::string>& operators) {
  std::vector<Node> sides;
  for (const SyntaxPtr& part : s.parts) sides.push_back(number(*part));
  Node all = graph_.constant(1.0);
  for (std::size_t k = 0; k < operators.size(); ++k) {
    const std::string& op = operators[k];
    const Node a = sides[k], b = sides[k + 1];
    Node one;
    if (op == "<") one = graph_.make(Op::less, a, b);
    if (op == ">") one = graph_.make(Op::less, b, a);
    if (op == "<=") one = graph_.make(Op::less_equal, a, b);
    if (op == ">=") one = graph_.make(Op::less_equal, b, a);
    if (op == "==" || op == "!=") one = graph_.make(Op::equal, a, b);
    if (op == "!=") one = graph_.make(Op::logical_not, one);
    all = graph_.make(Op::logical_and, all, one);
  }
  return Value::scalar(all);
}

Value Lowering::conditional(const Syntax& s, const Syntax& condition_part, const Value& a, const Value& b) {
  const Node c = condition(condition_part);
  return shaped(s.place, [&] { return tensor_select(graph_, c, a, b); });
}

// --- functions ---

Value Lowering::call(const Syntax& s) {
  if (const auto function = functions_.find(s.text); function != functions_.end())
    return user_call(s, *function->second);
  if (const auto function = find_function(s.text)) return built_in(s, *function);
  if (lookup(s.text)) {
    fail(s.place, "'" + s.text + "' is not a function", "", "for a product write " + s.text + "*(...)");
  }
  std::vector<std::string> known = function_names();
  for (const auto& [known_name, ignored] : functions_) known.push_back(known_name);
  const std::string nearest = nearest_name(s.text, known);
  fail(s.place, "unknown function '" + s.text + "'", "",
       nearest.empty() ? "" : "did you mean '" + nearest + "'?");
}

Value Lowering::user_call(const Syntax& s, const Statement& function) {
  if (s.parts.size() != function.arguments.size()) {
    fail(s.place, "'" + s.text + "' has " + std::to_string(s.parts.size()) + " arguments here",
         std::to_string(function.arguments.size()) + ", as at " + function.place.text());
  }
  Arguments arguments;
  std::pair<std::string, std::vector<std::uint32_t>> key{s.text, {}};
  for (std::size_t k = 0; k < s.parts.size(); ++k) {
    const Value& v = arguments[function.arguments[k]] = value(*s.parts[k]);
    key.second.push_back(static_cast<std::uint32_t>(v.shape.size()));
    for (const int extent : v.shape) key.second.push_back(static_cast<std::uint32_t>(extent));
    for (const Node n : v.nodes) key.second.push_back(n.id);
    charge(s.place, v.nodes.size());
  }
  if (const auto known = inlined_.find(key); known != inlined_.end()) return known->second;
  charge(s.place, work_of_a_call);
  const Arguments* const outer = arguments_;
  arguments_ = &arguments;
  calls_.push_back(s.text);
  Value result = value(*function.value);
  calls_.pop_back();
  arguments_ = outer;
  inlined_.emplace(std::move(key), result);
  return result;
}

Value Lowering::built_in(const Syntax& s, const Function& f) {
  const auto count = static_cast<int>(s.parts.size());
  if (count < f.least || (f.most >= 0 && count > f.most)) {
    fail(
        s.place,
        "'" + s.text + "' has " + std::to_string(count) + (count == 1 ? " argument" : " arguments") + " here",
        argument_count(f));
  }
  switch (f.kind) {
    case Function::Kind::choice:
      return choice(s);
    case Function::Kind::pulse:
      return Value::scalar(pulse(s));
    case Function::Kind::step:
      return Value::scalar(graph_.make(Op::less_equal, graph_.constant(0.0), number(*s.parts[0])));
    case Function::Kind::pure:
    case Function::Kind::root:
      return Value::scalar(formula(s.text, number(*s.parts[0])));
    case Function::Kind::operation: {
      const Node a = number(*s.parts[0]);
      return Value::scalar(graph_.make(f.op, a, count > 1 ? number(*s.parts[1]) : Node{}));
    }
    case Function::Kind::extremum: {
      Node result = number(*s.parts[0]);
      for (std::size_t k = 1; k < s.parts.size(); ++k)
        result = graph_.make(f.op, result, number(*s.parts[k]));
      return Value::scalar(result);
    }
    case Function::Kind::tensor:
      break;
  }
  if (s.text == "identity") {
    const int size = whole_number(*s.parts[0]);
    return shaped(s.place, [&] { return tensor_identity(graph_, size); });
  }
  std::vector<Value> arguments;
  for (const SyntaxPtr& part : s.parts) arguments.push_back(value(*part));
  return shaped(s.place, [&] { return tensor_function(graph_, s.text, arguments); });
}

/// if(c, a, b) and piecewise(value1, condition1, ..., otherwise).
Value Lowering::choice(const Syntax& s) {
  if (s.text == "if") return conditional(s, *s.parts[0], value(*s.parts[1]), value(*s.parts[2]));
  if (s.parts.size() % 2 == 0) {
    fail(s.place, "'piecewise' has " + std::to_string(s.parts.size()) + " arguments here",
         "pairs of value and condition, then a value for all other cases");
  }
  Value result = value(*s.parts.back());
  for (std::size_t k = s.parts.size() - 1; k >= 2; k -= 2) {
    result = conditional(s, *s.parts[k - 1], value(*s.parts[k - 2]), result);
  }
  return result;
}

Node Lowering::pulse(const Syntax& s) {
  const Node t = number(*s.parts[0]), start = number(*s.parts[1]), duration = number(*s.parts[2]);
  const Node begun = graph_.make(Op::less_equal, start, t);
  if (s.parts.size() == 3) {
    return graph_.make(Op::logical_and, begun, graph_.make(Op::less, t, graph_.add(start, duration)));
  }
  const Node period = number(*s.parts[3]);
  const Node phase = graph_.make(Op::modulo, graph_.subtract(t, start), period);
  const Node on = graph_.make(Op::logical_and, begun, graph_.make(Op::less, phase, duration));
  if (s.parts.size() == 4) return on;
  const Node end = graph_.add(start, graph_.multiply(number(*s.parts[4]), period));
  return graph_.make(Op::logical_and, on, graph_.make(Op::less, t, end));
}

Node Lowering::formula(std::string_view function, Node x) {
  if (function == "log10")
    return graph_.multiply(graph_.constant(std::numbers::log10e), graph_.make(Op::log, x));
  if (function == "log2")
    return graph_.multiply(graph_.constant(std::numbers::log2e), graph_.make(Op::log, x));
  if (function == "cbrt") {
    const Node root = graph_.power(graph_.make(Op::abs, x), graph_.constant(1.0 / 3.0));
    return graph_.multiply(graph_.make(Op::sign, x), root);
  }
  // exprel: (exp(x) - 1)/x, near 0 by its series, whose first left-out term is below 1e-18, that of its
  // derivative 1e-15
  constexpr double near = 0.01;
  constexpr int terms = 7;
  Node series = graph_.constant(1.0);
  for (int k = terms; k >= 2; --k) {
    const Node next = graph_.multiply(graph_.constant(1.0 / k), graph_.multiply(x, series));
    series = graph_.add(graph_.constant(1.0), next);
  }
  const Node small = graph_.make(Op::less, graph_.make(Op::abs, x), graph_.constant(near));
  return graph_.select(small, series, graph_.divide(graph_.make(Op::expm1, x), x));
}

std::optional<Value> lower(Graph& graph, const Syntax& syntax, const NameToValue& names,
                           const std::vector<std::string>& candidates, const std::string& path,
                           Diagnostics& diagnostics) {
  const UserFunctions none;
  return Lowering(graph, names, candidates, none, path, diagnostics).lower(syntax);
}

}  // namespace holon::expr
