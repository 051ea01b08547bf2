// From syntax to graph nodes: one walk, used for single expressions (lower) and for blocks (lower_block).
#pragma once

#include "holon/expr/functions.hpp"
#include "holon/expr/language.hpp"
#include "holon/expr/tensor.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace holon::expr {

/// Functions that a block defines, by name. The statements outlive the lowering; none calls itself, also not
/// by others.
using UserFunctions = std::map<std::string, const Statement*, std::less<>>;

class Lowering {
 public:
  Lowering(Graph& graph, const NameToValue& names, const std::vector<std::string>& candidates,
           const UserFunctions& functions, const std::string& path, Diagnostics& diagnostics)
      : graph_(graph),
        names_(names),
        candidates_(candidates),
        functions_(functions),
        path_(path),
        diagnostics_(diagnostics) {}

  /// Nothing after a mistake, which has been reported.
  std::optional<Value> lower(const Syntax& syntax);

 private:
  struct Mistake {};  // thrown after it has been reported, caught in lower()
  using Arguments = std::map<std::string, Value, std::less<>>;

  void report(const Place& place, std::string message, std::string expected = "", std::string hint = "");
  [[noreturn]] void fail(const Place& place, std::string message, std::string expected = "",
                         std::string hint = "");
  template <class Operation>
  Value shaped(const Place& place, const Operation& operation);
  void charge(const Place& place, std::size_t work);

  Value value(const Syntax& s);
  Value name(const Syntax& s);
  std::optional<Value> lookup(const std::string& text);
  void report_unknown_name(const Syntax& s);
  Value unary(const Syntax& s);
  Value chain(const Syntax& s, const std::vector<std::string>& operators);
  Value joined(std::string_view op, const Syntax& place, const Value& a, const Value& b);
  Value comparison(const Syntax& s, const std::vector<std::string>& operators);
  Value conditional(const Syntax& s, const Syntax& condition_part, const Value& a, const Value& b);
  Value component(const Syntax& s);
  Value member(const Place& place, const Value& base, std::string_view which);
  Value call(const Syntax& s);
  Value user_call(const Syntax& s, const Statement& function);
  Value built_in(const Syntax& s, const Function& function);
  Value choice(const Syntax& s);
  Node pulse(const Syntax& s);
  Node formula(std::string_view function, Node x);

  Node number(const Syntax& s);
  Node number_in(const Syntax& s, const Value& v);
  Node condition(const Syntax& s);
  int whole_number(const Syntax& s);

  Graph& graph_;
  const NameToValue& names_;
  const std::vector<std::string>& candidates_;
  const UserFunctions& functions_;
  const std::string& path_;
  Diagnostics& diagnostics_;
  const Arguments* arguments_ = nullptr;  // of the function that is being inlined
  std::map<std::pair<std::string, std::vector<std::uint32_t>>, Value> inlined_;
  std::vector<std::string> calls_;  // functions that are being inlined
  int depth_ = 0;
  bool unknown_names_ = false;
  std::size_t work_ = 0;
};

}  // namespace holon::expr
