#include "holon/expr/instruction_order.hpp"

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include <llvm/IR/BasicBlock.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/IntrinsicsX86.h>

namespace holon::expr {

namespace {

/// What an instruction costs on a processor of this decade: cycles until its result is there (half as much
/// again as the manuals say, since arguments also come from memory), quarters of a cycle for which it keeps
/// the vector units busy, and cycles for which it keeps the divider busy.
struct Cost {
  std::uint32_t latency = 1;
  std::uint32_t vector_quarters = 0;
  std::uint32_t divider = 0;
};

Cost cost_of(const llvm::Instruction& instruction) {
  switch (instruction.getOpcode()) {
    case llvm::Instruction::FMul:
      // A product that one sum uses becomes part of a fused instruction.
      if (instruction.hasOneUse() && instruction.hasAllowContract()) {
        const auto* user = llvm::cast<llvm::Instruction>(instruction.user_back());
        if (user->hasAllowContract() && user->getOpcode() != llvm::Instruction::FMul) return {0, 0, 0};
      }
      return {6, 2, 0};
    case llvm::Instruction::FAdd:
    case llvm::Instruction::FSub:
    case llvm::Instruction::FCmp:
      return {6, 2, 0};
    case llvm::Instruction::FDiv:
      return {36, 6, 16};
    case llvm::Instruction::Load:
      return {10, 0, 0};
    case llvm::Instruction::Select:
    case llvm::Instruction::And:
    case llvm::Instruction::Or:
    case llvm::Instruction::Xor:
    case llvm::Instruction::Shl:
    case llvm::Instruction::LShr:
    case llvm::Instruction::Add:
    case llvm::Instruction::Sub:
      return {2, 2, 0};
    case llvm::Instruction::Call:
      break;
    default:
      return {0, 0, 0};
  }
  const auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
  switch (call ? call->getIntrinsicID() : llvm::Intrinsic::not_intrinsic) {
    case llvm::Intrinsic::sqrt:
      return {48, 6, 24};
    case llvm::Intrinsic::x86_avx512_vpermi2var_pd_512:
      return {5, 4, 0};
    case llvm::Intrinsic::x86_avx512_rcp14_pd_512:
      return {10, 8, 0};
    default:
      return {6, 2, 0};
  }
}

class Simulation {
 public:
  Simulation(llvm::BasicBlock& block, std::size_t window) : window_(window) {
    std::unordered_map<const llvm::Instruction*, std::size_t> index;
    for (llvm::Instruction& i : block) {
      if (llvm::isa<llvm::PHINode>(i) || i.isTerminator()) continue;
      const std::size_t n = entries_.size();
      index.emplace(&i, n);
      entries_.push_back({.instruction = &i, .cost = cost_of(i)});
      for (const llvm::Value* operand : i.operands()) {
        const auto* argument = llvm::dyn_cast<llvm::Instruction>(operand);
        const auto found = argument ? index.find(argument) : index.end();
        if (found != index.end()) depend(n, found->second);
      }
    }
  }

  std::vector<llvm::Instruction*> order() {
    std::vector<llvm::Instruction*> issued;
    issued.reserve(entries_.size());
    std::size_t first = 0, entered = 0;                        // the window is [first, first + window_)
    std::uint64_t now = 0, vector_free = 0, divider_free = 0;  // [quarters of a cycle]
    while (issued.size() < entries_.size()) {
      for (; entered < entries_.size() && entered < first + window_; ++entered)
        if (entries_[entered].waiting == 0) ready_.insert(entered);
      std::size_t chosen = none;
      std::uint64_t soonest = ~std::uint64_t{0};
      for (const std::size_t n : ready_) {
        const Entry& e = entries_[n];
        std::uint64_t start = std::max(e.arguments_ready, now);
        if (e.cost.vector_quarters) start = std::max(start, vector_free);
        if (e.cost.divider) start = std::max(start, divider_free);
        if (start < soonest) soonest = start, chosen = n;
        if (start == now) break;
      }
      Entry& e = entries_[chosen];
      now = soonest;
      if (e.cost.vector_quarters) vector_free = now + e.cost.vector_quarters;
      if (e.cost.divider) divider_free = now + 4 * std::uint64_t{e.cost.divider};
      ready_.erase(chosen);
      e.done = true;
      issued.push_back(e.instruction);
      const std::uint64_t result = now + 4 * std::uint64_t{e.cost.latency};
      for (const std::size_t user : e.users) {
        Entry& u = entries_[user];
        u.arguments_ready = std::max(u.arguments_ready, result);
        if (--u.waiting == 0 && user < entered) ready_.insert(user);
      }
      while (first < entries_.size() && entries_[first].done) ++first;
    }
    return issued;
  }

 private:
  static constexpr std::size_t none = ~std::size_t{0};
  struct Entry {
    llvm::Instruction* instruction = nullptr;
    Cost cost;
    std::vector<std::size_t> users;
    std::uint64_t arguments_ready = 0;  // [quarters of a cycle]
    std::size_t waiting = 0;            // arguments not yet issued
    bool done = false;
  };
  struct SortedIndices {
    std::vector<std::size_t> values;
    void insert(std::size_t n) { values.insert(std::lower_bound(values.begin(), values.end(), n), n); }
    void erase(std::size_t n) { values.erase(std::lower_bound(values.begin(), values.end(), n)); }
    std::vector<std::size_t>::const_iterator begin() const { return values.begin(); }
    std::vector<std::size_t>::const_iterator end() const { return values.end(); }
  };

  void depend(std::size_t user, std::size_t argument) {
    entries_[argument].users.push_back(user);
    ++entries_[user].waiting;
  }

  std::size_t window_;
  std::vector<Entry> entries_;
  SortedIndices ready_;
};

}  // namespace

void interleave_chains(llvm::BasicBlock& block, std::size_t window) {
  const std::vector<llvm::Instruction*> order = Simulation(block, window).order();
  for (llvm::Instruction* i : order) i->moveBefore(block.getTerminator());
}

}  // namespace holon::expr
