// How much memory a model needs, foreseen before it is asked for.
#include "holon/base/error.hpp"
#include "holon/engine/model.hpp"

#include "command.hpp"
#include <fmt/format.h>
#include <unistd.h>

namespace holon::cli {

namespace {

/// A run holds its state, a copy for pending half steps, one for checkpoints, and that one as a file.
constexpr double states_of_a_run = 4.0;

}  // namespace

double state_bytes(const Model& model) {
  double bytes = 0.0;
  for (FieldId id = 0; id < model.fields->size(); ++id) {
    const Field& field = (*model.fields)[id];
    bytes +=
        static_cast<double>(sizeof(double)) * static_cast<double>(field.space->sites()) * field.components;
  }
  return bytes;
}

void check_memory(const Model& model) {
  const double needed = states_of_a_run * state_bytes(model);
  const double present =
      static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGESIZE));
  if (needed > present)
    throw Refused(
        fmt::format("the model needs about {:.3g} GB of memory for its fields, and this machine has {:.3g} "
                    "GB; a coarser spacing or a smaller size needs less",
                    needed / 1e9, present / 1e9));
}

}  // namespace holon::cli
