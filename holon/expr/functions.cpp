#include "holon/expr/functions.hpp"

#include "holon/expr/language.hpp"
#include "holon/expr/tokens.hpp"

#include <algorithm>
#include <array>

namespace holon::expr {

namespace {

using Kind = Function::Kind;

constexpr std::array functions{
    Function{"exp", Kind::operation, 1, 1, Op::exp},
    Function{"expm1", Kind::operation, 1, 1, Op::expm1},
    Function{"exprel", Kind::pure},
    Function{"log", Kind::operation, 1, 1, Op::log},
    Function{"ln", Kind::operation, 1, 1, Op::log},
    Function{"log10", Kind::pure},
    Function{"log2", Kind::pure},
    Function{"log1p", Kind::operation, 1, 1, Op::log1p},
    Function{"sqrt", Kind::operation, 1, 1, Op::sqrt},
    Function{"cbrt", Kind::root},
    Function{"sin", Kind::operation, 1, 1, Op::sin},
    Function{"cos", Kind::operation, 1, 1, Op::cos},
    Function{"tan", Kind::operation, 1, 1, Op::tan},
    Function{"asin", Kind::operation, 1, 1, Op::asin},
    Function{"acos", Kind::operation, 1, 1, Op::acos},
    Function{"atan", Kind::operation, 1, 1, Op::atan},
    Function{"atan2", Kind::operation, 2, 2, Op::atan2},
    Function{"sinh", Kind::operation, 1, 1, Op::sinh},
    Function{"cosh", Kind::operation, 1, 1, Op::cosh},
    Function{"tanh", Kind::operation, 1, 1, Op::tanh},
    Function{"erf", Kind::operation, 1, 1, Op::erf},
    Function{"abs", Kind::operation, 1, 1, Op::abs},
    Function{"sign", Kind::operation, 1, 1, Op::sign},
    Function{"floor", Kind::operation, 1, 1, Op::floor},
    Function{"ceil", Kind::operation, 1, 1, Op::ceil},
    Function{"mod", Kind::operation, 2, 2, Op::modulo},
    Function{"min", Kind::extremum, 2, -1, Op::minimum},
    Function{"max", Kind::extremum, 2, -1, Op::maximum},
    Function{"pow", Kind::operation, 2, 2, Op::power},
    Function{"heaviside", Kind::step},
    Function{"if", Kind::choice, 3, 3},
    Function{"piecewise", Kind::choice, 3, -1},
    Function{"pulse", Kind::pulse, 3, 5},
    Function{"dot", Kind::tensor, 2, 2},
    Function{"cross", Kind::tensor, 2, 2},
    Function{"norm", Kind::tensor},
    Function{"transpose", Kind::tensor},
    Function{"inverse", Kind::tensor},
    Function{"det", Kind::tensor},
    Function{"trace", Kind::tensor},
    Function{"outer", Kind::tensor, 2, 2},
    Function{"identity", Kind::tensor},
};

constexpr std::array<std::string_view, 6> reserved_names{"time", "position", "pi", "true", "false", "inf"};

}  // namespace

std::optional<Function> find_function(std::string_view name) {
  const auto found =
      std::find_if(functions.begin(), functions.end(), [&](const Function& f) { return f.name == name; });
  if (found == functions.end()) return std::nullopt;
  return *found;
}

std::vector<std::string> function_names() {
  std::vector<std::string> names;
  for (const Function& f : functions) names.emplace_back(f.name);
  return names;
}

bool is_reserved(std::string_view name) {
  return is_keyword(name) || find_function(name).has_value() ||
         std::find(reserved_names.begin(), reserved_names.end(), name) != reserved_names.end();
}

}  // namespace holon::expr
