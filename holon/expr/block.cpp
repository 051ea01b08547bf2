// A block of equations: who defines what, in which order, and the graph nodes of all of it.
#include "holon/expr/lowering.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace holon::expr {

namespace {

constexpr std::size_t most_mistakes = 50;

struct Uses {
  std::set<std::string> names, functions;
};

void collect(const Syntax& s, Uses& uses) {
  if (s.kind == Syntax::Kind::name) uses.names.insert(s.text);
  if (s.kind == Syntax::Kind::call) uses.functions.insert(s.text);
  for (const SyntaxPtr& part : s.parts) collect(*part, uses);
}

/// An order in which everything comes after what it needs. Cycles are given to `cycle` as lists of indices.
template <class Cycle>
std::vector<std::size_t> topological_order(const std::vector<std::vector<std::size_t>>& needs,
                                           const Cycle& cycle) {
  enum class Mark : std::uint8_t { unseen, open, done };
  std::vector<Mark> mark(needs.size(), Mark::unseen);
  std::vector<std::size_t> order;
  std::vector<std::pair<std::size_t, std::size_t>> stack;
  for (std::size_t root = 0; root < needs.size(); ++root) {
    if (mark[root] == Mark::unseen) stack.emplace_back(root, 0);
    while (!stack.empty()) {
      auto& [k, next] = stack.back();
      mark[k] = Mark::open;
      if (next == needs[k].size()) {
        mark[k] = Mark::done;
        order.push_back(k);
        stack.pop_back();
        continue;
      }
      const std::size_t need = needs[k][next++];
      if (mark[need] == Mark::unseen) {
        stack.emplace_back(need, 0);
      } else if (mark[need] == Mark::open) {
        std::vector<std::size_t> path;
        const auto start =
            std::find_if(stack.begin(), stack.end(), [&](const auto& s) { return s.first == need; });
        for (auto s = start; s != stack.end(); ++s) path.push_back(s->first);
        cycle(path);
      }
    }
  }
  return order;
}

class Block {
 public:
  Block(Graph& graph, const std::vector<Statement>& statements, const std::vector<std::string>& symbols,
        const std::string& path, Diagnostics& diagnostics)
      : graph_(graph), path_(path), diagnostics_(diagnostics), symbols_(symbols.begin(), symbols.end()) {
    for (const Statement& s : statements) declare(s);
    known_.insert(known_.end(), symbols.begin(), symbols.end());
    for (const Statement* s : rates_) known_.push_back(s->name);
    for (const Statement* s : assignments_) known_.push_back(s->name);
    std::sort(known_.begin(), known_.end());
    known_.erase(std::unique(known_.begin(), known_.end()), known_.end());
  }

  std::optional<Component> lower() {
    if (!order_functions() || !order_assignments()) return std::nullopt;
    const NameToValue names = [this](const std::string& name) { return value_of(name); };
    Lowering lowering(graph_, names, known_, functions_, path_, diagnostics_);
    Component result;
    for (const Statement* s : assignments_) {
      if (!room_for_mistakes(*s)) return std::nullopt;
      std::optional<Value> v = lowering.lower(*s->value);
      if (!v) {
        ++mistakes_;
        v = Value::scalar(graph_.symbol(s->name));  // stands in, so that its users are not called wrong too
      } else {
        name_components(s->name, *v, result);
      }
      values_[s->name] = std::move(*v);
    }
    for (const Statement* s : rates_) {
      if (!room_for_mistakes(*s)) return std::nullopt;
      const std::optional<Value> v = lowering.lower(*s->value);
      if (v && !v->shape.empty()) {
        fail(*s, "the rate of '" + s->name + "' is " + shape_text(v->shape), "a number",
             "write one rate for each component");
      } else if (v) {
        result.states.push_back(s->name);
        result.rates.push_back(v->nodes.front());
      } else {
        ++mistakes_;
      }
    }
    check_unused_functions();
    if (mistakes_ > 0) return std::nullopt;
    return result;
  }

 private:
  void fail(const Statement& s, std::string message, std::string expected = "", std::string hint = "") {
    ++mistakes_;
    diagnostics_.error(s.place, path_, std::move(message), std::move(expected), std::move(hint));
  }

  bool room_for_mistakes(const Statement& s) {
    if (mistakes_ < most_mistakes) return true;
    fail(s, "more than " + std::to_string(most_mistakes) +
                " mistakes; the rest of the equations was not looked at");
    return false;
  }

  void declare(const Statement& s) {
    if (mistakes_ >= most_mistakes) return;
    if (is_reserved(s.name))
      return fail(s, "'" + s.name + "' is reserved and can't be defined", "another name");
    const auto [first, is_new] = defined_.emplace(s.name, &s);
    if (!is_new) {
      return fail(s, "'" + s.name + "' is defined twice: already at " + first->second->place.text());
    }
    if (s.kind != Statement::Kind::rate && symbols_.contains(s.name)) {
      return fail(
          s,
          "'" + s.name +
              "' is defined twice: it is already given to the equations as an input, parameter or state",
          "another name");
    }
    if (s.kind == Statement::Kind::rate) {
      rates_.push_back(&s);
    } else if (s.kind == Statement::Kind::assignment) {
      assignments_.push_back(&s);
    } else {
      functions_.emplace(s.name, &s);
    }
  }

  bool report_cycle(const std::vector<const Statement*>& members, std::string_view what) {
    std::string text;
    for (const Statement* s : members) text += s->name + " -> ";
    fail(*members.front(), std::string(what) + ": " + text + members.front()->name);
    return false;
  }

  /// Refuses functions that call themselves; finds the names that each function needs, also through others.
  bool order_functions() {
    std::unordered_map<std::string, std::size_t> index;
    std::vector<const Statement*> list;
    for (const auto& [name, statement] : functions_) {
      index.emplace(name, list.size());
      list.push_back(statement);
    }
    std::vector<std::vector<std::size_t>> needs(list.size());
    std::vector<Uses> uses(list.size());
    for (std::size_t k = 0; k < list.size(); ++k) {
      collect(*list[k]->value, uses[k]);
      for (const std::string& argument : list[k]->arguments) uses[k].names.erase(argument);
      for (const std::string& f : uses[k].functions) {
        if (const auto found = index.find(f); found != index.end()) needs[k].push_back(found->second);
      }
    }
    bool sound = true;
    const std::vector<std::size_t> order =
        topological_order(needs, [&](const std::vector<std::size_t>& cycle) {
          std::vector<const Statement*> members;
          for (const std::size_t k : cycle) members.push_back(list[k]);
          sound = report_cycle(members, "functions can't call themselves");
        });
    if (!sound) return false;
    for (const std::size_t k : order) {
      for (const std::size_t f : needs[k]) {
        uses[k].names.insert(uses[f].names.begin(), uses[f].names.end());
        if (uses[k].names.size() > most_names_of_a_function) {
          fail(*list[k], "the function '" + list[k]->name + "' depends on more than " +
                             std::to_string(most_names_of_a_function) + " names");
          return false;
        }
      }
      function_names_[list[k]->name] = uses[k].names;
    }
    return true;
  }

  bool order_assignments() {
    std::unordered_map<std::string, std::size_t> index;
    for (std::size_t k = 0; k < assignments_.size(); ++k) index.emplace(assignments_[k]->name, k);
    std::vector<std::vector<std::size_t>> needs(assignments_.size());
    const auto add = [&](std::size_t k, const std::string& name) {
      auto found = index.find(name);
      if (found == index.end() && !symbols_.contains(name))
        found = index.find(name.substr(0, name.rfind('.')));
      if (found != index.end()) needs[k].push_back(found->second);
    };
    for (std::size_t k = 0; k < assignments_.size(); ++k) {
      const Uses uses = used_by(*assignments_[k]);
      for (const std::string& name : uses.names) add(k, name);
      for (const std::string& f : uses.functions) {
        if (const auto found = function_names_.find(f); found != function_names_.end()) {
          for (const std::string& name : found->second) add(k, name);
        }
      }
    }
    for (const Statement* s : rates_) used_by(*s);
    bool sound = true;
    const std::vector<std::size_t> order =
        topological_order(needs, [&](const std::vector<std::size_t>& cycle) {
          std::vector<const Statement*> members;
          for (const std::size_t k : cycle) members.push_back(assignments_[k]);
          if (mistakes_ < most_mistakes) report_cycle(members, "these equations need each other");
          sound = false;
        });
    std::vector<const Statement*> sorted;
    for (const std::size_t k : order) sorted.push_back(assignments_[k]);
    assignments_ = std::move(sorted);
    return sound;
  }

  Uses used_by(const Statement& s) {
    Uses uses;
    collect(*s.value, uses);
    called_.insert(uses.functions.begin(), uses.functions.end());
    return uses;
  }

  std::optional<Value> value_of(const std::string& name) {
    if (const auto found = values_.find(name); found != values_.end()) return found->second;
    const auto statement = defined_.find(name);
    const bool state = statement != defined_.end() && statement->second->kind == Statement::Kind::rate;
    if (state || symbols_.contains(name)) return Value::scalar(graph_.symbol(name));
    return std::nullopt;
  }

  static void name_components(const std::string& name, const Value& v, Component& component) {
    if (v.shape.empty()) {
      component.assignments[name] = v.nodes.front();
      return;
    }
    const std::size_t columns = v.shape.size() == 2 ? static_cast<std::size_t>(v.shape[1]) : 1;
    for (std::size_t k = 0; k < v.nodes.size(); ++k) {
      std::string index = "[" + std::to_string(k / columns) + "]";
      if (v.shape.size() == 2) index += "[" + std::to_string(k % columns) + "]";
      component.assignments[name + index] = v.nodes[k];
      if (v.shape.size() == 1 && v.nodes.size() <= 3)
        component.assignments[name + "." + "xyz"[k]] = v.nodes[k];
    }
  }

  /// Functions that nothing calls are never expanded; at least their names must exist.
  void check_unused_functions() {
    for (const auto& [name, statement] : functions_) {
      if (called_.contains(name)) continue;
      for (const std::string& used : names_used(*statement->value)) {
        const auto& a = statement->arguments;
        if (std::find(a.begin(), a.end(), used) != a.end() || value_of(used)) continue;
        if (value_of(used.substr(0, used.rfind('.'))) || value_of(used + ".x")) continue;
        if (mistakes_ < most_mistakes) {
          fail(*statement, "unknown name '" + used + "' in the function '" + name + "'", "",
               suggestion(used, known_));
        }
      }
    }
  }

  static constexpr std::size_t most_names_of_a_function = 10'000;

  Graph& graph_;
  const std::string& path_;
  Diagnostics& diagnostics_;
  std::unordered_set<std::string> symbols_;
  std::vector<std::string> known_;
  std::unordered_map<std::string, const Statement*> defined_;
  std::vector<const Statement*> rates_, assignments_;
  UserFunctions functions_;
  std::unordered_map<std::string, std::set<std::string>> function_names_;  // names that a function needs
  std::unordered_set<std::string> called_;         // functions used by rates and assignments
  std::unordered_map<std::string, Value> values_;  // of assignments, as they are lowered
  std::size_t mistakes_ = 0;
};

}  // namespace

std::optional<Component> lower_block(Graph& graph, const std::vector<Statement>& statements,
                                     const std::vector<std::string>& symbols, const std::string& path,
                                     Diagnostics& diagnostics) {
  return Block(graph, statements, symbols, path, diagnostics).lower();
}

}  // namespace holon::expr
