// What {together: {...}} in a schedule says, but for its processes.
#include "holon/modelfile/build.hpp"
#include "holon/modelfile/model_schema.hpp"
#include "holon/modelfile/validate.hpp"

#include <fmt/format.h>

namespace holon::modelfile {

using Value = Document::Value;

const Schema& together_schema() {
  static const Schema schema = [] {
    using Type = Option::Type;
    Schema s("together",
             "Processes that are advanced as one system of equations, with what couplings and laws determine "
             "between them: monolithic implicit steps, by Newton's method.");
    Option process;
    process.type = Type::anything;
    s.list("do", process, "the processes; those of fields at rest have 'integrator: steady'").least = 1;
    s.choice("method", {"bdf2", "bdf1", "implicit_midpoint", "sdirk"},
             "bdf2: order 2, L-stable, begins with sdirk. bdf1: order 1. implicit_midpoint: order 2, keeps "
             "quadratic invariants. sdirk: two stages of order 2, L-stable (Alexander 1977)")
        .with_default("bdf2");
    s.add("steps", Type::integer, "equal ones in each step of the schedule").with_default("1");
    s.add("tolerance", Type::number,
          "instead of 'steps', with bdf2: error that a step may make, relative to the largest value of each "
          "field; steps are chosen by it")
        .make_optional();
    s.choice("solver", {"auto", "direct", "condensation", "krylov"},
             "of the linear equations. auto: by size ('holon check' says which). direct: sparse LU of all. "
             "condensation: what stands in small blocks at single places (a particle at every place of an "
             "electrode, states without transport, laws) is eliminated first. krylov: the same, and GMRES "
             "with incomplete LU for the rest, where complete factors would fill (large grids)")
        .with_default("auto");
    s.add("newton", Type::number,
          "how small the last correction of Newton's method has to be, relative to the largest value of each "
          "field")
        .with_default("1e-10");
    return s;
  }();
  return schema;
}

TogetherOptions read_together(Loader& loader, const Value& value, const std::string& path) {
  validate(loader, value, together_schema(), path, loader.dimensions(), Phase::keys);
  const Section section(loader, &value, &together_schema(), path, loader.dimensions());
  using Method = TogetherOptions::Method;
  const std::string method = section.text("method");
  TogetherOptions options;
  options.method = method == "bdf1"                ? Method::bdf1
                   : method == "implicit_midpoint" ? Method::implicit_midpoint
                   : method == "sdirk"             ? Method::sdirk
                                                   : Method::bdf2;
  options.steps = section.integer("steps");
  if (options.steps < 1) section.error("steps", fmt::format("is {}", options.steps), "at least 1");
  using solve::SolverChoice;
  const std::string solver = section.text("solver");
  options.solver = solver == "direct"         ? SolverChoice::direct
                   : solver == "condensation" ? SolverChoice::condensation
                   : solver == "krylov"       ? SolverChoice::krylov
                                              : SolverChoice::automatic;
  options.newton = section.number("newton");
  if (!(options.newton > 0.0 && options.newton <= 0.01))
    section.error("newton", fmt::format("is {}", options.newton), "a number above 0, at most 0.01");
  if (!section.has("tolerance")) return options;
  options.tolerance = section.number("tolerance");
  if (!(*options.tolerance > 0.0 && *options.tolerance < 1.0))
    section.error("tolerance", fmt::format("is {}", *options.tolerance), "a number between 0 and 1");
  if (options.method != Method::bdf2)
    section.error("tolerance", fmt::format("{} does not know its error", method), "method: bdf2, or 'steps'");
  if (value.kind == Value::Kind::mapping && value.find("steps") != nullptr)
    section.error("steps", "steps are chosen by their error where a tolerance is given", "one of both");
  return options;
}

}  // namespace holon::modelfile
