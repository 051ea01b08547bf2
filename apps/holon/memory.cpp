// How much memory a model needs, foreseen before it is asked for.
#include "holon/base/error.hpp"
#include "holon/engine/model.hpp"

#include <fstream>
#include <string>

#include "command.hpp"
#include <fmt/format.h>
#include <unistd.h>

namespace holon::cli {

namespace {

/// A run holds its state, a copy for looks inside steps, one for checkpoints, and that one as a file.
constexpr double states_of_a_run = 4.0;

/// Memory that the system can give [bytes]; without that figure, all that it has.
double present_bytes() {
  std::ifstream table("/proc/meminfo");
  for (std::string name, unit; table >> name;) {
    double kilobytes = 0.0;
    if (!(table >> kilobytes)) break;
    if (name == "MemAvailable:") return 1024.0 * kilobytes;
    std::getline(table, unit);
  }
  return static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

/// Coordinates of all sites, and scratch of the processes: two columns.
double working_bytes(const Model& model) {
  double bytes = 0.0;
  for (const auto& [name, space] : model.spaces)
    bytes += sizeof(double) * static_cast<double>(space->sites()) * (space->dimensions() + 2);
  return bytes;
}

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
  const double needed = states_of_a_run * state_bytes(model) + working_bytes(model);
  const double present = present_bytes();
  if (needed > present)
    throw Refused(
        fmt::format("the model needs about {:.3g} GB of memory for its fields, and this machine has {:.3g} "
                    "GB to give; a coarser spacing or a smaller size needs less",
                    needed / 1e9, present / 1e9));
}

}  // namespace holon::cli
