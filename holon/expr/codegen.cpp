#include "holon/expr/codegen.hpp"

#include "holon/expr/instruction_order.hpp"
#include "holon/expr/kernel_plan.hpp"

#include <limits>
#include <unordered_map>

#include <llvm/IR/Constants.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>

namespace holon::expr {

namespace {

constexpr std::size_t instructions_per_function = 2000;
constexpr std::size_t long_window = 800;   // of instruction_order.hpp, with 32 registers
constexpr std::size_t short_window = 150;  // with 16

bool gives_truth_value(Op op) {
  switch (op) {
    case Op::less:
    case Op::less_equal:
    case Op::equal:
    case Op::logical_and:
    case Op::logical_or:
    case Op::logical_not:
      return true;
    default:
      return false;
  }
}

enum class Part { uniforms, sites };
constexpr std::uint64_t nothing_computed = ~std::uint64_t{0};  // -1

class ModuleEmitter {
 public:
  ModuleEmitter(llvm::LLVMContext& context, const KernelProgram& program, const VectorTarget& target)
      : context_(context),
        program_(program),
        target_(target),
        plan_(plan_kernel(program, instructions_per_function)),
        module_(std::make_unique<llvm::Module>("holon", context)),
        builder_(context),
        int64_(builder_.getInt64Ty()),
        pointer_(builder_.getPtrTy()),
        parameters_{pointer_, pointer_, pointer_, int64_, int64_, pointer_, pointer_, int64_} {
    for (const RangeGuard& g : program.guards) guards_.emplace(g.node.id, &g);
    // Numerators brought to a common denominator overflow sooner than the quotients that they replace.
    outputs_need_check_ = !program.guards.empty();
  }

  EmittedModule emit() {
    std::vector<llvm::Function*> uniform_functions, site_functions;
    for (const auto& terms : plan_.uniform_functions)
      uniform_functions.push_back(emit_part(Part::uniforms, terms));
    for (const auto& terms : plan_.site_functions) site_functions.push_back(emit_part(Part::sites, terms));
    if (site_functions.size() > 1) site_functions.push_back(emit_writer());
    emit_kernel(uniform_functions, site_functions);
    KernelLayout layout{.lanes = static_cast<std::uint32_t>(target_.lanes)};
    for (const auto& terms : plan_.site_functions)
      layout.operations += static_cast<std::uint32_t>(terms.size());
    layout.reports = reports_ || uniforms_may_be_refused_ ? 1 : 0;
    layout.scratch = plan_.uniform_slots + std::uint64_t{plan_.strip_slots} * KernelPlan::strip;
    emit_constant("holon_kernel_lanes", layout.lanes);
    emit_constant("holon_kernel_scratch", layout.scratch);
    return {std::move(module_), layout};
  }

 private:
  // A value may be held as a real number, as a truth value, or both.
  struct Held {
    llvm::Value* real = nullptr;
    llvm::Value* truth = nullptr;
  };
  enum Argument : unsigned { in, out, uniforms, begin, end, scratch, unresolved, reported };

  void emit_constant(const char* symbol, std::uint64_t value) {
    auto* global = new llvm::GlobalVariable(*module_, int64_, true, llvm::GlobalValue::ExternalLinkage,
                                            builder_.getInt64(value), symbol);
    global->setVisibility(llvm::GlobalValue::HiddenVisibility);
  }

  void set_attributes(llvm::Function& function) {
    function.setDoesNotThrow();
    // Spilled vectors must not straddle cache lines: the calling convention aligns the stack to 16 bytes
    // only.
    if (target_.lanes > 2)
      function.addFnAttr(llvm::Attribute::getWithStackAlignment(context_, llvm::Align(64)));
    if (target_.set == InstructionSet::avx512) {
      // Without these a processor that prefers 256 bits would have every vector of 512 split in two.
      function.addFnAttr("min-legal-vector-width", "512");
      function.addFnAttr("prefer-vector-width", "512");
    }
  }

  llvm::Value* argument(Argument a) { return function_->getArg(a); }

  llvm::BasicBlock* new_block(const char* label) {
    return llvm::BasicBlock::Create(context_, label, function_);
  }

  void begin_function(llvm::StringRef symbol, llvm::GlobalValue::LinkageTypes linkage, VectorMath& math) {
    auto* type = llvm::FunctionType::get(int64_, parameters_, false);
    function_ = llvm::Function::Create(type, linkage, symbol, *module_);
    function_->addFnAttr(llvm::Attribute::NoInline);
    set_attributes(*function_);
    held_.clear();
    math_ = &math;
    builder_.SetInsertPoint(new_block("entry"));
  }

  /// One function: a loop over the vectors of [begin, end) for sites, straight code for uniforms.
  llvm::Function* emit_part(Part part, const std::vector<Node>& terms) {
    VectorMath math(builder_, target_);
    begin_function("part", llvm::Function::InternalLinkage, math);
    if (part == Part::uniforms) {
      emit_uniform_terms(terms);
    } else {
      emit_site_loop(terms);
    }
    math_ = nullptr;
    return function_;
  }

  void emit_uniform_terms(const std::vector<Node>& terms) {
    for (const Node n : terms) {
      emit_term(n);
      const std::uint32_t slot = plan_.uniform_slot[n.id];
      if (slot != KernelPlan::none)
        builder_.CreateAlignedStore(builder_.CreateExtractElement(real(n), builder_.getInt64(0)),
                                    uniform_address(slot), llvm::Align(8));
    }
    llvm::Value* count = argument(reported);
    if (math_->unresolved()) {
      llvm::Value* mask = lane_bits(math_->unresolved());
      count = builder_.CreateOr(count, builder_.CreateZExt(mask, int64_));
      uniforms_may_be_refused_ = true;
    }
    builder_.CreateRet(count);
  }

  llvm::Value* lane_bits(llvm::Value* lanes) {
    return builder_.CreateBitCast(lanes, builder_.getIntNTy(static_cast<unsigned>(target_.lanes)));
  }

  /// The only site function writes the outputs; of several each leaves what others need in strips.
  void emit_site_loop(const std::vector<Node>& terms) {
    const bool alone = plan_.site_functions.size() == 1;
    const bool last = &terms == &plan_.site_functions.back();
    Loop loop = begin_loop();
    if (&terms == &plan_.site_functions.front())
      for (const RangeGuard& g : program_.guards)
        if (program_.graph[g.node].op == Op::symbol) check_range(real(g.node), g);
    for (const Node n : terms) {
      emit_term(n);
      const std::uint32_t slot = plan_.strip_slot[n.id];
      if (slot != KernelPlan::none) store(real(n), strip_address(slot));
    }
    if (!alone && last)
      for (const Node n : plan_.copied_outputs) store(real(n), strip_address(plan_.strip_slot[n.id]));
    std::vector<llvm::Value*> values;
    for (const Node n : program_.outputs)
      if (alone || held_.contains(n.id)) values.push_back(real(n));
    if (outputs_need_check_) check_outputs(values);
    if (alone) {
      write_or_refuse(loop, math_->unresolved(), [&] {
        for (std::size_t k = 0; k < values.size(); ++k)
          store(values[k], column_address(out, builder_.getInt64(k)));
      });
    } else {
      keep_unresolved();
    }
    end_loop(loop);
    interleave_chains(*loop.body, target_.wide_tables ? long_window : short_window);
  }

  /// The function that writes the outputs of several site functions from their strips.
  llvm::Function* emit_writer() {
    VectorMath math(builder_, target_);
    begin_function("write", llvm::Function::InternalLinkage, math);
    std::vector<std::uint32_t> offsets;
    for (const Node n : program_.outputs)
      offsets.push_back(
          static_cast<std::uint32_t>(plan_.uniform_slots + plan_.strip_slot[n.id] * KernelPlan::strip));
    auto* table = llvm::ConstantDataArray::get(context_, offsets);
    auto* global = new llvm::GlobalVariable(*module_, table->getType(), true,
                                            llvm::GlobalValue::InternalLinkage, table, "offsets");
    Loop loop = begin_loop();
    llvm::Value* outside = nullptr;
    if (any_reported_) outside = builder_.CreateFCmpONE(load(strip_address(0)), math_->constant(0.0));
    write_or_refuse(loop, outside, [&] {
      auto* before = builder_.GetInsertBlock();
      auto* each = new_block("output");
      auto* all = new_block("all");
      builder_.CreateBr(each);
      builder_.SetInsertPoint(each);
      auto* k = builder_.CreatePHI(int64_, 2);
      k->addIncoming(builder_.getInt64(0), before);
      llvm::Value* entry_address = builder_.CreateGEP(builder_.getInt32Ty(), global, k);
      llvm::Value* offset =
          builder_.CreateZExt(builder_.CreateLoad(builder_.getInt32Ty(), entry_address), int64_);
      offset = builder_.CreateAdd(offset, builder_.CreateSub(site_, argument(begin)));
      store(load(builder_.CreateGEP(builder_.getDoubleTy(), argument(scratch), offset)),
            column_address(out, k));
      llvm::Value* next = builder_.CreateAdd(k, builder_.getInt64(1));
      k->addIncoming(next, each);
      builder_.CreateCondBr(builder_.CreateICmpULT(next, builder_.getInt64(program_.outputs.size())), each,
                            all);
      builder_.SetInsertPoint(all);
    });
    end_loop(loop);
    math_ = nullptr;
    return function_;
  }

  /// A loop over the vectors of [begin, end) that carries the number of vectors reported so far.
  struct Loop {
    llvm::BasicBlock *entry, *body, *next, *done;
    llvm::BasicBlock* refuse = nullptr;  // where a vector is reported
    llvm::PHINode* count = nullptr;
    llvm::Value* count_if_refused = nullptr;
  };

  Loop begin_loop() {
    Loop loop{builder_.GetInsertBlock(), new_block("body"), new_block("next"), new_block("done")};
    builder_.CreateCondBr(builder_.CreateICmpSLT(argument(begin), argument(end)), loop.body, loop.done);
    builder_.SetInsertPoint(loop.body);
    site_ = builder_.CreatePHI(int64_, 2, "site");
    loop.count = builder_.CreatePHI(int64_, 2, "count");
    site_->addIncoming(argument(begin), loop.entry);
    loop.count->addIncoming(argument(reported), loop.entry);
    return loop;
  }

  void end_loop(const Loop& loop) {
    llvm::BasicBlock* written = builder_.GetInsertBlock();
    builder_.CreateBr(loop.next);
    builder_.SetInsertPoint(loop.next);
    llvm::Value* new_count = loop.count;
    if (loop.refuse) {
      auto* merged = builder_.CreatePHI(int64_, 2);
      merged->addIncoming(loop.count, written);
      merged->addIncoming(loop.count_if_refused, loop.refuse);
      new_count = merged;
    }
    llvm::Value* next_site =
        builder_.CreateAdd(site_, builder_.getInt64(static_cast<std::uint64_t>(target_.lanes)));
    site_->addIncoming(next_site, loop.next);
    loop.count->addIncoming(new_count, loop.next);
    builder_.CreateCondBr(builder_.CreateICmpSLT(next_site, argument(end)), loop.body, loop.done);
    builder_.SetInsertPoint(loop.done);
    auto* result = builder_.CreatePHI(int64_, 2);
    result->addIncoming(argument(reported), loop.entry);
    result->addIncoming(new_count, loop.next);
    builder_.CreateRet(result);
  }

  /// Writes the outputs unless a lane is out of range; then reports the vector.
  template <class Write>
  void write_or_refuse(Loop& loop, llvm::Value* outside, Write write) {
    auto* writes = new_block("write");
    if (!outside) {
      builder_.CreateBr(writes);
    } else {
      reports_ = true;
      loop.refuse = new_block("refuse");
      llvm::Value* mask = lane_bits(outside);
      builder_.CreateCondBr(builder_.CreateICmpNE(mask, llvm::Constant::getNullValue(mask->getType())),
                            loop.refuse, writes);
      builder_.SetInsertPoint(loop.refuse);
      llvm::Value* record = builder_.CreateOr(builder_.CreateShl(site_, builder_.getInt64(8)),
                                              builder_.CreateZExt(mask, int64_));
      builder_.CreateAlignedStore(record, builder_.CreateGEP(int64_, argument(unresolved), loop.count),
                                  llvm::Align(8));
      loop.count_if_refused = builder_.CreateAdd(loop.count, builder_.getInt64(1));
      builder_.CreateBr(loop.next);
    }
    builder_.SetInsertPoint(writes);
    write();
  }

  /// Adds the lanes that this function found out of range to those of the functions before it.
  void keep_unresolved() {
    llvm::Value* lanes = math_->unresolved();
    if (!lanes) return;
    if (any_reported_)
      lanes = builder_.CreateOr(lanes, builder_.CreateFCmpONE(load(strip_address(0)), math_->constant(0.0)));
    // The first strip is read and written here; the order of instructions is free to change all the same,
    // because the store needs what was loaded.
    store(real_of_truth(lanes), strip_address(0));
    any_reported_ = true;
  }

  llvm::Value* uniform_address(std::uint32_t slot) {
    return builder_.CreateConstGEP1_64(builder_.getDoubleTy(), argument(scratch), slot);
  }

  /// Strips lie behind the uniforms; a strip starts with the first site of the call to this function.
  llvm::Value* strip_address(std::uint32_t slot) {
    llvm::Value* offset = builder_.CreateSub(site_, argument(begin));
    const std::uint64_t first = plan_.uniform_slots + std::uint64_t{slot} * KernelPlan::strip;
    offset = builder_.CreateAdd(offset, builder_.getInt64(first));
    return builder_.CreateGEP(builder_.getDoubleTy(), argument(scratch), offset);
  }

  llvm::Value* column_address(Argument columns, llvm::Value* index) {
    llvm::Value* column = builder_.CreateAlignedLoad(
        pointer_, builder_.CreateGEP(pointer_, argument(columns), index), llvm::Align(8));
    return builder_.CreateGEP(builder_.getDoubleTy(), column, site_);
  }

  llvm::Value* load(llvm::Value* address) {
    return builder_.CreateAlignedLoad(math_->real_type(), address, llvm::Align(8));
  }
  void store(llvm::Value* value, llvm::Value* address) {
    builder_.CreateAlignedStore(value, address, llvm::Align(8));
  }

  llvm::Value* broadcast(llvm::Value* address) {
    llvm::Value* scalar = builder_.CreateAlignedLoad(builder_.getDoubleTy(), address, llvm::Align(8));
    return builder_.CreateVectorSplat(static_cast<unsigned>(target_.lanes), scalar);
  }

  llvm::Value* real(Node n) {
    Held& held = held_[n.id];
    if (!held.real) held.real = held.truth ? real_of_truth(held.truth) : fetch(n);
    return held.real;
  }

  llvm::Value* truth(Node n) {
    Held& held = held_[n.id];
    if (!held.truth) held.truth = builder_.CreateFCmpUNE(real(n), math_->constant(0.0));
    return held_[n.id].truth;
  }

  llvm::Value* real_of_truth(llvm::Value* lanes) {
    return builder_.CreateSelect(lanes, math_->constant(1.0), math_->constant(0.0));
  }

  /// A value that this function does not compute.
  llvm::Value* fetch(Node n) {
    const Term& term = program_.graph[n];
    if (term.op == Op::constant) return math_->constant(term.value);
    if (term.op == Op::symbol) {
      const Binding& b = program_.bindings[term.symbol];
      if (b.source == Binding::Source::column) return load(column_address(in, builder_.getInt64(b.index)));
      return broadcast(builder_.CreateConstGEP1_64(builder_.getDoubleTy(), argument(uniforms), b.index));
    }
    if (!plan_.varies[n.id]) return broadcast(uniform_address(plan_.uniform_slot[n.id]));
    return load(strip_address(plan_.strip_slot[n.id]));
  }

  void emit_term(Node n) {
    const Term& term = program_.graph[n];
    const Node a = term.argument[0], b = term.argument[1], c = term.argument[2];
    Held held;
    if (gives_truth_value(term.op)) {
      held.truth = truth_value(term.op, a, b);
    } else if (term.op == Op::select) {
      held.real = builder_.CreateSelect(truth(a), real(b), real(c));
    } else if (term.op == Op::add || term.op == Op::subtract || term.op == Op::multiply) {
      held.real = arithmetic(term.op, real(a), real(b));
    } else if (term.op == Op::divide && by_newton(n)) {
      held.real = math_->quotient_by_newton(real(a), real(b));
    } else {
      held.real = math_->apply(term.op, real(a), arity(term.op) > 1 ? real(b) : nullptr);
    }
    held_[n.id] = held;
    const auto guard = guards_.find(n.id);
    if (guard != guards_.end()) check_range(real(n), *guard->second);
  }

  /// Every second division, where a NaN made by it reaches an output and so is noticed: both ways of dividing
  /// run side by side.
  bool by_newton(Node n) {
    if (!target_.wide_tables || !plan_.poisons_output[n.id]) return false;
    const bool newton = divisions_++ % 2 == 0;
    if (newton) outputs_need_check_ = true;
    return newton;
  }

  /// Reports the lanes in which an output is not a finite number.
  void check_outputs(const std::vector<llvm::Value*>& values) {
    llvm::Value* zero = math_->constant(0.0);
    llvm::Value* sum = zero;
    for (llvm::Value* value : values) sum = math_->multiply_add(value, zero, sum);
    math_->report(builder_.CreateFCmpUNO(sum, sum));
  }

  llvm::Value* arithmetic(Op op, llvm::Value* a, llvm::Value* b) {
    // a b + c may round once. No other liberty: the rest of the flags would break NaN and range reductions.
    llvm::IRBuilderBase::FastMathFlagGuard restore(builder_);
    llvm::FastMathFlags flags;
    flags.setAllowContract(true);
    builder_.setFastMathFlags(flags);
    if (op == Op::add) return builder_.CreateFAdd(a, b);
    if (op == Op::subtract) return builder_.CreateFSub(a, b);
    return builder_.CreateFMul(a, b);
  }

  llvm::Value* truth_value(Op op, Node a, Node b) {
    switch (op) {
      case Op::less:
        return builder_.CreateFCmpOLT(real(a), real(b));
      case Op::less_equal:
        return builder_.CreateFCmpOLE(real(a), real(b));
      case Op::equal:
        return builder_.CreateFCmpOEQ(real(a), real(b));
      case Op::logical_and:
        return builder_.CreateAnd(truth(a), truth(b));
      case Op::logical_or:
        return builder_.CreateOr(truth(a), truth(b));
      default:
        return builder_.CreateNot(truth(a));
    }
  }

  void check_range(llvm::Value* value, const RangeGuard& guard) {
    const double infinity = std::numeric_limits<double>::infinity();
    if (guard.lower > -infinity) math_->report(builder_.CreateFCmpOLT(value, math_->constant(guard.lower)));
    if (guard.upper < infinity) math_->report(builder_.CreateFCmpOGT(value, math_->constant(guard.upper)));
  }

  /// The function that the outside calls.
  void emit_kernel(const std::vector<llvm::Function*>& uniform_functions,
                   const std::vector<llvm::Function*>& site_functions) {
    auto* type = llvm::FunctionType::get(int64_, llvm::ArrayRef(parameters_).drop_back(), false);
    function_ = llvm::Function::Create(type, llvm::Function::ExternalLinkage, kernel_symbol, *module_);
    set_attributes(*function_);
    auto* entry = llvm::BasicBlock::Create(context_, "entry", function_);
    builder_.SetInsertPoint(entry);
    const auto call = [&](llvm::Function* f, llvm::Value* first, llvm::Value* last,
                          llvm::Value* count) -> llvm::Value* {
      return builder_.CreateCall(f, {argument(in), argument(out), argument(uniforms), first, last,
                                     argument(scratch), argument(unresolved), count});
    };
    llvm::Value* none = builder_.getInt64(0);
    llvm::Value* refused = none;
    for (llvm::Function* f : uniform_functions) refused = call(f, argument(begin), argument(end), refused);
    if (uniforms_may_be_refused_) {
      auto* refuse = llvm::BasicBlock::Create(context_, "refuse", function_);
      auto* compute = llvm::BasicBlock::Create(context_, "compute", function_);
      builder_.CreateCondBr(builder_.CreateICmpNE(refused, none), refuse, compute);
      builder_.SetInsertPoint(refuse);
      builder_.CreateRet(builder_.getInt64(nothing_computed));
      builder_.SetInsertPoint(compute);
      entry = compute;
    }
    if (site_functions.size() == 1) {
      builder_.CreateRet(call(site_functions.front(), argument(begin), argument(end), none));
      return;
    }
    auto* strip = llvm::BasicBlock::Create(context_, "strip", function_);
    auto* done = llvm::BasicBlock::Create(context_, "done", function_);
    builder_.CreateCondBr(builder_.CreateICmpSLT(argument(begin), argument(end)), strip, done);
    builder_.SetInsertPoint(strip);
    auto* first = builder_.CreatePHI(int64_, 2);
    auto* count = builder_.CreatePHI(int64_, 2);
    first->addIncoming(argument(begin), entry);
    count->addIncoming(none, entry);
    llvm::Value* after = builder_.CreateAdd(first, builder_.getInt64(KernelPlan::strip));
    llvm::Value* last =
        builder_.CreateSelect(builder_.CreateICmpSLT(after, argument(end)), after, argument(end));
    llvm::Value* reported_now = count;
    for (llvm::Function* f : site_functions) reported_now = call(f, first, last, reported_now);
    first->addIncoming(after, strip);
    count->addIncoming(reported_now, strip);
    builder_.CreateCondBr(builder_.CreateICmpSLT(after, argument(end)), strip, done);
    builder_.SetInsertPoint(done);
    auto* result = builder_.CreatePHI(int64_, 2);
    result->addIncoming(none, entry);
    result->addIncoming(reported_now, strip);
    builder_.CreateRet(result);
  }

  llvm::LLVMContext& context_;
  const KernelProgram& program_;
  VectorTarget target_;
  KernelPlan plan_;
  std::unique_ptr<llvm::Module> module_;
  llvm::IRBuilder<> builder_;
  llvm::Type* int64_;
  llvm::Type* pointer_;
  std::vector<llvm::Type*> parameters_;
  std::unordered_map<std::uint32_t, const RangeGuard*> guards_;
  std::size_t divisions_ = 0;
  bool outputs_need_check_ = false;       // a result can be NaN or infinite where it should not be
  bool reports_ = false;                  // some lane can be out of range
  bool any_reported_ = false;             // a site function so far can find lanes out of range
  bool uniforms_may_be_refused_ = false;  // likewise a uniform function

  // The function being emitted.
  llvm::Function* function_ = nullptr;
  llvm::PHINode* site_ = nullptr;
  VectorMath* math_ = nullptr;
  std::unordered_map<std::uint32_t, Held> held_;
};

}  // namespace

EmittedModule emit_module(llvm::LLVMContext& context, const KernelProgram& program,
                          const VectorTarget& target) {
  return ModuleEmitter(context, program, target).emit();
}

}  // namespace holon::expr
