#include "holon/expr/interpreter.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>
#include <unordered_map>

namespace holon::expr {

namespace {

// Short enough that the processor works on several loops at once (divisions of one beside sums of the next),
// long enough that decoding costs little: measured on the ten Tusscher-Panfilov cell.
constexpr std::size_t strip_length = 64;
constexpr std::size_t few_sites = 2;  // up to here, sites are computed one by one
constexpr std::uint32_t no_slot = std::numeric_limits<std::uint32_t>::max();

double number_value(Op op, const double a, const double b, const double c) {
  switch (op) {  // the commonest operations without a call
    case Op::symbol:
      return a;
    case Op::add:
      return a + b;
    case Op::subtract:
      return a - b;
    case Op::multiply:
      return a * b;
    case Op::divide:
      return a / b;
    default:
      return site_value(op, a, b, c);
  }
}

/// Working memory of one thread, aligned to cache lines.
struct Workspace {
  std::vector<double> numbers;
  std::vector<const double*> pointers;

  double* room(std::size_t doubles) {
    constexpr std::size_t line = 64 / sizeof(double);
    if (numbers.size() < doubles + line) numbers.resize(doubles + line);
    const auto address = reinterpret_cast<std::uintptr_t>(numbers.data());
    return numbers.data() + ((64 - address % 64) % 64) / sizeof(double);
  }
  const double** room_for_pointers(std::size_t count) {
    if (pointers.size() < count) pointers.resize(count);
    return pointers.data();
  }
};

Workspace& workspace() {
  thread_local Workspace w;
  return w;
}

std::size_t rounded_up(std::size_t sites) {
  return (sites + strip_granularity - 1) / strip_granularity * strip_granularity;
}

/// Up to three arguments, by their places in the order of terms.
struct ArgumentList {
  std::array<std::uint32_t, 3> place{};
  std::size_t count = 0;

  void add(std::uint32_t p) { place[count++] = p; }
  std::size_t size() const { return count; }
  std::uint32_t operator[](std::size_t k) const { return place[k]; }
  const std::uint32_t* begin() const { return place.data(); }
  const std::uint32_t* end() const { return place.data() + count; }
};

}  // namespace

/// Translates a graph into the two programs.
class Interpreter::Assembly {
 public:
  Assembly(Interpreter& target, const Graph& graph, std::span<const Node> outputs, const StripLoops& loops)
      : target_(target), graph_(graph), outputs_(outputs), loops_(loops), order_(reachable(graph, outputs)) {
    for (std::size_t k = 0; k < order_.size(); ++k) index_[order_[k].id] = static_cast<std::uint32_t>(k);
    per_site_.assign(order_.size(), false);
    slot_.assign(order_.size(), no_slot);
    absorbed_.assign(order_.size(), no_slot);
    is_absorbed_.assign(order_.size(), false);
    own_arguments_.resize(order_.size());
    for (std::size_t k = 0; k < order_.size(); ++k) {
      const Term& t = graph_[order_[k]];
      for (std::size_t a = 0; a < static_cast<std::size_t>(arity(t.op)); ++a) {
        own_arguments_[k].add(index_.at(t.argument[a].id));
      }
    }
  }

  void bind(std::span<const Binding> bindings) {
    std::unordered_map<std::string, const Binding*> by_name;
    std::vector<std::string> names;
    for (const Binding& b : bindings) {
      by_name[b.symbol] = &b;
      names.push_back(b.symbol);
    }
    Diagnostics missing;
    for (std::size_t k = 0; k < order_.size(); ++k) {
      if (graph_[order_[k]].op != Op::symbol) continue;
      const std::string& symbol = graph_.symbol_name(order_[k]);
      const auto found = by_name.find(symbol);
      if (found == by_name.end()) {
        missing.error({}, "",
                      "the symbol '" + symbol + "' has no value: it is bound to no column and to no uniform",
                      "", suggestion(symbol, names));
        continue;
      }
      per_site_[k] = found->second->source == Binding::Source::column;
      (per_site_[k] ? target_.columns_ : target_.uniforms_)
          .push_back({static_cast<std::uint32_t>(k), found->second->index});
    }
    missing.throw_if_errors();
    for (std::size_t k = 0; k < order_.size(); ++k) {
      for (const std::uint32_t a : arguments(k)) per_site_[k] = per_site_[k] || per_site_[a];
    }
  }

  void assemble() {
    find_pairs();
    for (std::uint32_t k = 0; k < order_.size(); ++k) target_.operations_ += computed_per_site(k) ? 1 : 0;
    std::vector<std::uint32_t> first = depth_first(), second;
    for (std::uint32_t k = 0; k < order_.size(); ++k) {
      if (is_instruction(k)) second.push_back(k);
    }
    Allocation chosen = allocate(first), other = allocate(second);
    if (other.registers < chosen.registers) {
      chosen = std::move(other);
      first = std::move(second);
    }
    // An output that is an input column is copied, so that columns may be exchanged in place.
    std::vector<std::pair<std::uint32_t, std::uint32_t>> copies;
    for (const Node n : outputs_) {
      const std::uint32_t k = index_.at(n.id);
      if (per_site_[k] && graph_[n].op == Op::symbol) {
        copies.emplace_back(k, static_cast<std::uint32_t>(chosen.registers++));
      }
    }
    target_.registers_ = chosen.registers;
    place_slots(chosen);
    for (const std::uint32_t k : first) target_.site_program_.push_back(instruction(k));
    auto copy = copies.begin();
    for (const Node n : outputs_) {
      const std::uint32_t k = index_.at(n.id);
      if (copy != copies.end() && copy->first == k) {
        const std::uint32_t from = slot_[k];
        target_.site_program_.push_back(
            {Op::symbol, Op::constant, 0, loops_.copy, copy->second, from, from, from});
        target_.outputs_.push_back(copy->second);
        ++copy;
      } else {
        target_.outputs_.push_back(slot_[k]);
      }
    }
  }

 private:
  struct Allocation {
    std::size_t registers = 0;
    std::vector<std::uint32_t> of;  // by index in order_
  };

  /// Indices in order_ of a term's arguments.
  const ArgumentList& own_arguments(std::size_t k) const { return own_arguments_[k]; }

  /// As own_arguments; of a pair: those of the inner operation, then the other one of the outer.
  ArgumentList arguments(std::size_t k) const {
    if (absorbed_[k] == no_slot) return own_arguments(k);
    ArgumentList result = own_arguments(absorbed_[k]);
    for (const std::uint32_t a : own_arguments(k)) {
      if (a != absorbed_[k]) result.add(a);
    }
    return result;
  }

  bool computed_per_site(std::size_t k) const { return per_site_[k] && graph_[order_[k]].op != Op::symbol; }
  bool is_instruction(std::size_t k) const { return computed_per_site(k) && !is_absorbed_[k]; }

  unsigned form(const ArgumentList& arguments) const {
    unsigned result = 0;
    for (std::size_t j = 0; j < arguments.size(); ++j) result |= per_site_[arguments[j]] ? 0U : 1U << j;
    return result;
  }

  /// Joins a term with an argument that only it uses where there is a loop for both: fewer passes over
  /// registers.
  void find_pairs() {
    std::vector<std::uint32_t> uses(order_.size(), 0);
    for (std::size_t k = 0; k < order_.size(); ++k) {
      for (const std::uint32_t a : own_arguments(k)) ++uses[a];
    }
    for (const Node n : outputs_) uses[index_.at(n.id)] += 2;
    for (std::size_t k = 0; k < order_.size(); ++k) {
      if (!computed_per_site(k)) continue;
      const ArgumentList& own = own_arguments(k);
      for (std::size_t j = 0; j < own.size() && absorbed_[k] == no_slot; ++j) {
        const std::uint32_t a = own[j];
        if (!computed_per_site(a) || uses[a] != 1 || absorbed_[a] != no_slot) continue;
        if (own_arguments(a).size() + own.size() > 4) continue;  // more than three arguments in all
        absorbed_[k] = a;
        if (loops_(pair(k), pair_form(k)) == nullptr) absorbed_[k] = no_slot;
      }
      if (absorbed_[k] != no_slot) is_absorbed_[absorbed_[k]] = true;
    }
  }

  OperationPair pair(std::size_t k) const {
    const bool second = own_arguments(k)[0] != absorbed_[k];
    return {graph_[order_[absorbed_[k]]].op, graph_[order_[k]].op, second ? 1 : 0};
  }
  unsigned pair_form(std::size_t k) const {
    const ArgumentList a = arguments(k);
    return form(a) | (a.size() < 3 ? 4U : 0U);
  }

  /// An order of evaluation in which the argument that needs more registers comes first.
  std::vector<std::uint32_t> depth_first() const {
    std::vector<std::uint32_t> need(order_.size(), 0), result;
    std::vector<ArgumentList> by_need(order_.size());
    for (std::size_t k = 0; k < order_.size(); ++k) {
      if (!is_instruction(k)) continue;
      ArgumentList& a = by_need[k];
      for (const std::uint32_t argument : arguments(k)) {
        if (is_instruction(argument)) a.add(argument);
      }
      std::sort(
          a.place.begin(), a.place.begin() + static_cast<std::ptrdiff_t>(a.count),
          [&](std::uint32_t x, std::uint32_t y) { return need[x] != need[y] ? need[x] > need[y] : x < y; });
      need[k] = 1;
      for (std::uint32_t j = 0; j < a.size(); ++j) need[k] = std::max(need[k], need[a[j]] + j);
    }
    std::vector<bool> seen(order_.size(), false);
    std::vector<std::pair<std::uint32_t, std::size_t>> stack;
    for (const Node n : outputs_) {
      const std::uint32_t root = index_.at(n.id);
      if (is_instruction(root) && !seen[root]) stack.emplace_back(root, 0);
      if (!stack.empty()) seen[root] = true;
      while (!stack.empty()) {
        auto& [k, next] = stack.back();
        if (next == by_need[k].size()) {
          result.push_back(k);
          stack.pop_back();
          continue;
        }
        const std::uint32_t child = by_need[k][next++];
        if (!seen[child]) {
          seen[child] = true;
          stack.emplace_back(child, 0);
        }
      }
    }
    return result;
  }

  /// Registers by last use: the result may take the register of an argument that dies.
  Allocation allocate(const std::vector<std::uint32_t>& schedule) const {
    std::vector<std::size_t> last_use(order_.size(), 0);
    for (std::size_t i = 0; i < schedule.size(); ++i) {
      for (const std::uint32_t a : arguments(schedule[i])) last_use[a] = i;
    }
    for (const Node n : outputs_) last_use[index_.at(n.id)] = std::numeric_limits<std::size_t>::max();
    Allocation result;
    result.of.assign(order_.size(), no_slot);
    std::vector<std::uint32_t> free;
    for (std::size_t i = 0; i < schedule.size(); ++i) {
      for (const std::uint32_t argument : arguments(schedule[i])) {
        if (!is_instruction(argument) || last_use[argument] != i) continue;
        free.push_back(result.of[argument]);
        last_use[argument] = std::numeric_limits<std::size_t>::max();  // an argument may stand there twice
      }
      if (free.empty()) free.push_back(static_cast<std::uint32_t>(result.registers++));
      result.of[schedule[i]] = free.back();
      free.pop_back();
    }
    return result;
  }

  void place_slots(const Allocation& allocation) {
    std::size_t next = target_.registers_;
    for (Input& c : target_.columns_) {
      slot_[c.slot] = static_cast<std::uint32_t>(next++);
      c.slot = slot_[c.slot];
    }
    target_.first_number_ = next;
    for (std::size_t k = 0; k < order_.size(); ++k) {
      if (is_instruction(k)) {
        slot_[k] = allocation.of[k];
      } else if (!per_site_[k]) {
        slot_[k] = static_cast<std::uint32_t>(next++);
        const Term& t = graph_[order_[k]];
        target_.numbers_.push_back(t.op == Op::constant ? t.value : 0.0);
      }
    }
    for (Input& u : target_.uniforms_) u.slot = slot_[u.slot];
    target_.slots_ = next;
    for (std::size_t k = 0; k < order_.size(); ++k) {
      if (!per_site_[k] && arity(graph_[order_[k]].op) > 0)
        target_.uniform_program_.push_back(instruction(k));
    }
  }

  Instruction instruction(std::size_t k) const {
    const ArgumentList a = arguments(k);
    Instruction i;
    i.op = graph_[order_[k]].op;
    i.result = slot_[k];
    i.a = slot_[a[0]];
    i.b = slot_[a[a.size() > 1 ? 1 : 0]];
    i.c = slot_[a[a.size() > 2 ? 2 : 0]];
    if (absorbed_[k] != no_slot) {
      const OperationPair both = pair(k);
      i.inner = both.inner;
      i.position = both.position;
      i.loop = loops_(both, pair_form(k));
    } else if (per_site_[k]) {
      i.loop = loops_(i.op, form(a));
    }
    return i;
  }

  Interpreter& target_;
  const Graph& graph_;
  std::span<const Node> outputs_;
  const StripLoops& loops_;
  std::vector<Node> order_;
  std::unordered_map<std::uint32_t, std::uint32_t> index_;  // node id to index in order_
  std::vector<bool> per_site_;                              // by index in order_
  std::vector<std::uint32_t> slot_;                         // by index in order_
  std::vector<std::uint32_t> absorbed_;                     // the argument that is computed in the same loop
  std::vector<bool> is_absorbed_;
  std::vector<ArgumentList> own_arguments_;
};

Interpreter::Interpreter(const Graph& graph, std::span<const Node> outputs, std::span<const Binding> bindings)
    : Interpreter(graph, outputs, bindings, strip_loops()) {}

Interpreter::Interpreter(const Graph& graph, std::span<const Node> outputs, std::span<const Binding> bindings,
                         const StripLoops& loops) {
  Assembly assembly(*this, graph, outputs, loops);
  assembly.bind(bindings);
  assembly.assemble();
}

double Interpreter::value(const Instruction& i, const double* slots) {
  if (i.inner == Op::constant) return number_value(i.op, slots[i.a], slots[i.b], slots[i.c]);
  const double x = number_value(i.inner, slots[i.a], slots[i.b], 0.0), other = slots[i.c];
  return i.position == 0 ? number_value(i.op, x, other, 0.0) : number_value(i.op, other, x, 0.0);
}

void Interpreter::run(const double* const* in, double* const* out, const double* uniforms, std::size_t begin,
                      std::size_t end) const {
  if (begin >= end) return;
  const bool one_by_one = end - begin <= few_sites;
  const std::size_t length = std::min(strip_length, rounded_up(end - begin));
  const std::size_t slot_room = rounded_up(slots_);
  const std::size_t strip_room = one_by_one ? 0 : (registers_ + columns_.size()) * length;
  Workspace& work = workspace();
  double* const slots = work.room(slot_room + strip_room);
  if (!numbers_.empty())
    std::memcpy(slots + first_number_, numbers_.data(), numbers_.size() * sizeof(double));
  for (const Input& u : uniforms_) slots[u.slot] = uniforms[u.index];
  for (const Instruction& i : uniform_program_) slots[i.result] = value(i, slots);
  if (one_by_one) {
    run_sites(in, out, slots, begin, end);
  } else {
    run_strips(in, out, slots, slots + slot_room, work.room_for_pointers(slots_), begin, end);
  }
}

void Interpreter::run_sites(const double* const* in, double* const* out, double* slots, std::size_t begin,
                            std::size_t end) const {
  for (std::size_t site = begin; site < end; ++site) {
    for (const Input& c : columns_) slots[c.slot] = in[c.index][site];
    for (const Instruction& i : site_program_) slots[i.result] = value(i, slots);
    for (std::size_t k = 0; k < outputs_.size(); ++k) out[k][site] = slots[outputs_[k]];
  }
}

void Interpreter::run_strips(const double* const* in, double* const* out, double* slots, double* registers,
                             const double** pointers, std::size_t begin, std::size_t end) const {
  const std::size_t length = std::min(strip_length, rounded_up(end - begin));
  for (std::size_t r = 0; r < registers_; ++r) pointers[r] = registers + r * length;
  for (std::size_t s = first_number_; s < slots_; ++s) pointers[s] = slots + s;
  double* const padded_columns = registers + registers_ * length;
  for (std::size_t start = begin; start < end; start += length) {
    const std::size_t sites = std::min(length, end - start);
    const std::size_t computed = rounded_up(sites);
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      const double* column = in[columns_[c].index] + start;
      if (computed != sites) {  // the last strip is filled up with copies of its last site
        double* const copy = padded_columns + c * length;
        std::copy_n(column, sites, copy);
        std::fill(copy + sites, copy + computed, column[sites - 1]);
        column = copy;
      }
      pointers[columns_[c].slot] = column;
    }
    for (const Instruction& i : site_program_) {
      i.loop(registers + i.result * length, pointers[i.a], pointers[i.b], pointers[i.c], computed);
    }
    for (std::size_t k = 0; k < outputs_.size(); ++k) {
      double* const column = out[k] + start;
      if (outputs_[k] < registers_) {
        std::memcpy(column, pointers[outputs_[k]], sites * sizeof(double));
      } else {
        std::fill_n(column, sites, slots[outputs_[k]]);
      }
    }
  }
}

}  // namespace holon::expr
