#include "holon/expr/machine_code.hpp"

#include "holon/base/error.hpp"

#include <cstring>
#include <map>
#include <mutex>

#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringMap.h>
#include <llvm/BinaryFormat/ELF.h>
#include <llvm/CodeGen/MachineModuleInfo.h>
#include <llvm/CodeGen/Passes.h>
#include <llvm/CodeGen/TargetPassConfig.h>
#include <llvm/Config/llvm-config.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Module.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Object/ELFObjectFile.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/Target/TargetOptions.h>
#include <llvm/TargetParser/Host.h>

namespace holon::expr {

namespace {

struct Processor {
  std::string triple, name, features;
};

Processor processor(InstructionSet set) {
  if (set == InstructionSet::native) set = host_instruction_set();
  if (set == host_instruction_set()) {
    std::string features;
    for (const auto& feature : llvm::sys::getHostCPUFeatures())
      features += (feature.second ? "+" : "-") + feature.first().str() + ",";
    return {llvm::sys::getProcessTriple(), llvm::sys::getHostCPUName().str(), features};
  }
  constexpr const char* x86 = "x86_64-unknown-linux-gnu";
  switch (set) {
    case InstructionSet::avx512:
      return {x86, "x86-64-v4", ""};
    case InstructionSet::avx2:
      return {x86, "x86-64-v3", ""};
    case InstructionSet::neon:
      return {"aarch64-unknown-linux-gnu", "generic", "+neon"};
    default:
      return {x86, "x86-64", ""};
  }
}

void initialise_targets() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64Target();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64AsmPrinter();
  });
}

llvm::CodeGenOptLevel code_generation_level(int optimisation) {
  if (optimisation <= 0) return llvm::CodeGenOptLevel::None;
  if (optimisation == 1) return llvm::CodeGenOptLevel::Less;
  return optimisation == 2 ? llvm::CodeGenOptLevel::Default : llvm::CodeGenOptLevel::Aggressive;
}

std::uint64_t aligned(std::uint64_t offset, std::uint64_t alignment) {
  return (offset + alignment - 1) / alignment * alignment;
}

template <class T>
T expect(llvm::Expected<T> value, std::string_view sentence) {
  if (!value) {
    llvm::consumeError(value.takeError());
    require(false, sentence);
  }
  return std::move(*value);
}

constexpr std::string_view broken_object = "the code generator wrote an object that can't be read back";

}  // namespace

std::string code_generation_target(InstructionSet set) {
  const Processor p = processor(set);
  return std::string(LLVM_VERSION_STRING) + " " + p.triple + " " + p.name + " " + p.features;
}

std::string compile_to_object(llvm::Module& module, InstructionSet set, int optimisation) {
  initialise_targets();
  const Processor p = processor(set);
  std::string error;
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(p.triple, error);
  require(target != nullptr, "the LLVM library has no code generator for this processor");
  const std::unique_ptr<llvm::TargetMachine> machine(
      target->createTargetMachine(p.triple, p.name, p.features, llvm::TargetOptions{}, llvm::Reloc::PIC_,
                                  llvm::CodeModel::Small, code_generation_level(optimisation)));
  module.setTargetTriple(p.triple);
  module.setDataLayout(machine->createDataLayout());
  for (llvm::Function& f : module) {
    if (f.isDeclaration()) continue;
    f.addFnAttr("target-cpu", p.name);
    if (!p.features.empty()) f.addFnAttr("target-features", p.features);
  }
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  // The usual code generator without its scheduler, which would undo the order that the module was given
  // (instruction_order.hpp).
  llvm::legacy::PassManager passes;
  auto& generator = static_cast<llvm::LLVMTargetMachine&>(*machine);
  llvm::TargetPassConfig* configuration = generator.createPassConfig(passes);
  configuration->disablePass(&llvm::MachineSchedulerID);
  configuration->setDisableVerify(true);
  passes.add(configuration);
  auto* information = new llvm::MachineModuleInfoWrapperPass(&generator);
  passes.add(information);
  bool refused = configuration->addISelPasses();
  configuration->addMachinePasses();
  configuration->setInitialized();
  refused = refused || generator.addAsmPrinter(passes, stream, nullptr, llvm::CodeGenFileType::ObjectFile,
                                               information->getMMI().getContext());
  passes.add(llvm::createFreeMachineFunctionPass());
  require(!refused, "the LLVM library can't write objects for this processor");
  passes.run(module);
  return {bytes.begin(), bytes.end()};
}

MachineImage link_image(const std::string& object, std::string_view function) {
  const auto file = expect(
      llvm::object::ObjectFile::createELFObjectFile(llvm::MemoryBufferRef(object, "kernel")), broken_object);
  std::map<llvm::object::SectionRef, std::uint64_t> offset;
  MachineImage image;
  for (const llvm::object::SectionRef& section : file->sections()) {
    const bool kept =
        section.isText() || (llvm::object::ELFSectionRef(section).getFlags() & llvm::ELF::SHF_ALLOC);
    if (!kept || section.getSize() == 0) continue;
    const std::uint64_t start =
        aligned(image.bytes.size(), std::max<std::uint64_t>(64, section.getAlignment().value()));
    image.bytes.resize(start);
    image.bytes += expect(section.getContents(), broken_object);
    offset[section] = start;
  }
  const auto place_of = [&](const llvm::object::SymbolRef& symbol) {
    const auto section = expect(symbol.getSection(), broken_object);
    require(section != file->section_end() && offset.contains(*section),
            "a kernel refers to something outside itself");
    return offset.at(*section) + expect(symbol.getAddress(), broken_object);
  };
  for (const llvm::object::SectionRef& section : file->sections()) {
    const auto relocated = expect(section.getRelocatedSection(), broken_object);
    if (relocated == file->section_end() || !offset.contains(*relocated)) continue;
    for (const llvm::object::RelocationRef& relocation : section.relocations()) {
      const std::uint64_t type = relocation.getType();
      require(type == llvm::ELF::R_X86_64_PC32 || type == llvm::ELF::R_X86_64_PLT32,
              "a kernel holds a reference that depends on where it is mapped");
      const std::uint64_t from = offset.at(*relocated) + relocation.getOffset();
      const std::int64_t addend =
          expect(llvm::object::ELFRelocationRef(relocation).getAddend(), broken_object);
      const auto distance =
          static_cast<std::int32_t>(static_cast<std::int64_t>(place_of(*relocation.getSymbol())) + addend -
                                    static_cast<std::int64_t>(from));
      std::memcpy(image.bytes.data() + from, &distance, sizeof distance);
    }
  }
  for (const llvm::object::SymbolRef& symbol : file->symbols()) {
    if (expect(symbol.getName(), broken_object) == llvm::StringRef(function)) {
      image.entry = place_of(symbol);
      return image;
    }
  }
  require(false, "a kernel's object lacks its function");
  return image;
}

}  // namespace holon::expr
