#include "holon/expr/kernel.hpp"

#include "holon/base/error.hpp"
#include "holon/base/hash.hpp"
#include "holon/expr/codegen.hpp"
#include "holon/expr/compiled_kernel.hpp"
#include "holon/expr/merge_divisions.hpp"
#include "holon/expr/merge_exponentials.hpp"
#include "holon/expr/share_reciprocals.hpp"

#include <ctime>

#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/raw_ostream.h>

namespace holon::expr {

namespace {

/// Changes with the code generator: kernels that an older one wrote are compiled anew.
constexpr std::string_view code_generator_version = "2";

double thread_cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

InstructionSet resolved(InstructionSet set) {
  return set == InstructionSet::native ? host_instruction_set() : set;
}

bool host_runs(InstructionSet set) {
  const InstructionSet host = host_instruction_set();
  if (set == host) return true;
  if (host == InstructionSet::neon || set == InstructionSet::neon) return false;
  if (host == InstructionSet::avx512) return true;
  return host == InstructionSet::avx2 && set == InstructionSet::sse2;
}

std::string cache_key(const KernelSource& source, const KernelOptions& options, InstructionSet set) {
  std::string text(code_generator_version);
  text += '\n';
  text += code_generation_target(set);
  text += '\n';
  text += name(set);
  text += options.merge_exponentials ? " merged " : " plain ";
  text += std::to_string(options.optimisation) + '\n';
  return sha256(text + serialise(source));
}

KernelProgram rewritten_program(const KernelSource& source, const KernelOptions& options) {
  KernelProgram program = kernel_program(source);
  return options.merge_exponentials ? share_reciprocals(merge_divisions(merge_exponentials(program)))
                                    : program;
}

CachedKernel compile(const KernelSource& source, const KernelOptions& options, InstructionSet set) {
  llvm::LLVMContext context;
  const KernelProgram program = rewritten_program(source, options);
  EmittedModule emitted = emit_module(context, program, vector_target(set));
  const std::string object = compile_to_object(*emitted.module, set, options.optimisation);
  return {emitted.layout, link_image(object, kernel_symbol)};
}

}  // namespace

struct Kernel::Implementation {
  std::string name;
  Tier tier = Tier::interpreter;
  InstructionSet set = InstructionSet::native;
  std::unique_ptr<const Interpreter> interpreter;
  std::unique_ptr<const CompiledKernel> compiled;
  bool from_cache = false;
  double seconds = 0.0;
};

Kernel Kernel::make(const KernelSource& source, const KernelOptions& options) {
  const double start = thread_cpu_seconds();
  auto made = std::make_shared<Implementation>();
  made->name = source.name;
  made->tier = options.tier;
  made->set = resolved(options.instruction_set);
  if (options.tier == Tier::compiled && !host_runs(made->set))
    throw InputError(
        Diagnostic{.path = source.name,
                   .message = "this machine does not run " + std::string(expr::name(made->set)) + " code",
                   .expected = "an instruction set up to " + std::string(expr::name(host_instruction_set())),
                   .hint = "leave the instruction set at 'native'"});
  if (options.tier == Tier::interpreter) {
    made->interpreter = std::make_unique<const Interpreter>(*source.graph, source.outputs, source.bindings);
  } else {
    const auto folder = options.use_cache ? kernel_cache_folder() : std::nullopt;
    const std::string key = folder ? cache_key(source, options, made->set) : std::string();
    std::optional<CachedKernel> kernel;
    if (folder) kernel = load_kernel(*folder, key);
    made->from_cache = kernel.has_value();
    if (!kernel) {
      kernel = compile(source, options, made->set);
      if (folder) store_kernel(*folder, key, *kernel);
    }
    made->compiled = std::make_unique<const CompiledKernel>(*kernel, source);
  }
  made->seconds = thread_cpu_seconds() - start;
  Kernel kernel;
  kernel.implementation_ = std::move(made);
  return kernel;
}

void Kernel::run(const double* const* in, double* const* out, const double* uniforms, std::size_t begin,
                 std::size_t end) const {
  if (begin >= end) return;
  if (implementation_->compiled)
    implementation_->compiled->run(in, out, uniforms, begin, end);
  else
    implementation_->interpreter->run(in, out, uniforms, begin, end);
}

const std::string& Kernel::name() const { return implementation_->name; }
Tier Kernel::tier() const { return implementation_->tier; }
InstructionSet Kernel::instruction_set() const { return implementation_->set; }
bool Kernel::from_cache() const { return implementation_->from_cache; }
double Kernel::compile_seconds() const { return implementation_->seconds; }

int Kernel::lanes() const {
  return implementation_->compiled ? static_cast<int>(implementation_->compiled->layout().lanes) : 1;
}

std::size_t Kernel::operations() const {
  return implementation_->compiled ? implementation_->compiled->layout().operations
                                   : implementation_->interpreter->operations();
}

std::string_view name(Tier tier) { return tier == Tier::interpreter ? "interpreter" : "compiled"; }

std::string_view name(InstructionSet set) {
  switch (set) {
    case InstructionSet::avx512:
      return "AVX-512";
    case InstructionSet::avx2:
      return "AVX2";
    case InstructionSet::sse2:
      return "SSE2";
    case InstructionSet::neon:
      return "NEON";
    case InstructionSet::native:
      break;
  }
  return "native";
}

InstructionSet host_instruction_set() {
#if defined(__x86_64__)
  static const InstructionSet host = [] {
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw"))
      return InstructionSet::avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return InstructionSet::avx2;
    return InstructionSet::sse2;
  }();
  return host;
#else
  return InstructionSet::neon;
#endif
}

std::string emit_llvm(const KernelSource& source, const KernelOptions& options) {
  llvm::LLVMContext context;
  const KernelProgram program = rewritten_program(source, options);
  const EmittedModule emitted =
      emit_module(context, program, vector_target(resolved(options.instruction_set)));
  std::string text;
  llvm::raw_string_ostream stream(text);
  emitted.module->print(stream, nullptr);
  return text;
}

std::string emit_object(const KernelSource& source, const KernelOptions& options) {
  llvm::LLVMContext context;
  const InstructionSet set = resolved(options.instruction_set);
  const KernelProgram program = rewritten_program(source, options);
  const EmittedModule emitted = emit_module(context, program, vector_target(set));
  return compile_to_object(*emitted.module, set, options.optimisation);
}

}  // namespace holon::expr
