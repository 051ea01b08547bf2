#include "holon/base/ranks.hpp"

#include "holon/base/error.hpp"

#include <cstdlib>

#include <dlfcn.h>

namespace holon {

namespace {

constexpr const char* library = "libholon_mpi.so";

/// How many processes a launcher says that it has started; 1 if there was none. A task of srun alone is no
/// rank: only with a process manager (PMI, PMIx) can it find the others.
int launched() {
  const auto number = [](const char* name) {
    const char* text = std::getenv(name);
    return text != nullptr ? std::atoi(text) : 0;
  };
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"})
    if (number(name) > 0) return number(name);
  const bool managed = std::getenv("PMIX_RANK") != nullptr || std::getenv("PMI_RANK") != nullptr;
  return managed && number("SLURM_NTASKS") > 0 ? number("SLURM_NTASKS") : 1;
}

}  // namespace

std::unique_ptr<Ranks> launched_ranks() {
  const int count = launched();
  if (count < 2) return nullptr;
  const auto cannot = [&] {
    const char* why = dlerror();
    return SystemError("started as one of " + std::to_string(count) + " ranks, but " + library +
                       " can't be loaded: " + (why != nullptr ? why : "no reason given"));
  };
  // Stays loaded until the program ends: what it made lives as long. MPI's own plug-ins look for its symbols.
  void* const handle = dlopen(library, RTLD_NOW | RTLD_GLOBAL);
  if (handle == nullptr) throw cannot();
  using Make = Ranks* (*)();
  const auto make = reinterpret_cast<Make>(dlsym(handle, "holon_make_ranks"));
  if (make == nullptr) throw cannot();
  std::unique_ptr<Ranks> ranks(make());
  if (ranks->size() == count) return ranks;
  const std::string found = std::to_string(ranks->size());
  ranks->end(0);
  throw SystemError("started as one of " + std::to_string(count) + " ranks, but MPI finds " + found +
                    "; the launcher (mpirun, srun) must belong to the MPI that Holon was built with");
}

}  // namespace holon
