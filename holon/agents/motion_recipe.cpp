// The process type `motion` in model files.
#include "holon/agents/motion.hpp"
#include "holon/agents/types.hpp"
#include "holon/modelfile/loader.hpp"

namespace holon::agents {

namespace {

using modelfile::Option;
using modelfile::ProcessContext;
using modelfile::Schema;

class MotionRecipe final : public modelfile::ProcessRecipe {
 public:
  void declare(ProcessContext& context) override {
    setup_.name = context.name;
    setup_.space = std::dynamic_pointer_cast<const Population>(context.space);
    if (!setup_.space) {
      context.section.error("space", "'" + context.space->name() + "' is no population",
                            "a space of type population");
      throw modelfile::Abandoned{};
    }
    if (setup_.space->dimensions() == 0) {
      context.section.error("space", "the agents of '" + context.space->name() + "' have no places", "",
                            "give the population 'in: GRID'");
      throw modelfile::Abandoned{};
    }
    Motion::declare(setup_, *context.model.fields);
  }

  std::unique_ptr<Process> make(ProcessContext& context) override {
    const modelfile::Section& section = context.section;
    setup_.velocity = section.coefficients("velocity");
    const auto axes = static_cast<std::size_t>(setup_.space->dimensions());
    if (!section.has("velocity")) setup_.velocity.assign(axes, Coefficient(0.0));
    if (setup_.velocity.size() != axes)
      section.error("velocity",
                    "has " + std::to_string(setup_.velocity.size()) + " component" +
                        (setup_.velocity.size() == 1 ? "" : "s") + ", and '" + setup_.space->name() +
                        "' is in a space of " + std::to_string(axes) + (axes == 1 ? " axis" : " axes"),
                    "one for each axis: " + std::string(axes == 1   ? "[=...]"
                                                        : axes == 2 ? "[=..., =...]"
                                                                    : "[=..., =..., =...]"));
    setup_.diffusivity = section.coefficient("diffusivity");
    if (const auto d = setup_.diffusivity.constant(); d && !(*d >= 0.0))
      section.error("diffusivity", "is " + number_text(*d), "a diffusivity that is not negative");
    for (const Coefficient& each : setup_.velocity) refuse_values_per_site(section, "velocity", each);
    refuse_values_per_site(section, "diffusivity", setup_.diffusivity);
    if (!section.has("velocity") && !section.has("diffusivity"))
      section.error("", "says neither how fast the agents move nor how they walk at random",
                    "velocity: [=..., =...], diffusivity: D, or both");
    read_box(section);
    read_sides(section);
    if (section.loader().has_errors()) return nullptr;
    return std::make_unique<Motion>(setup_, context.model);
  }

 private:
  static void refuse_values_per_site(const modelfile::Section& section, const char* key,
                                     const Coefficient& coefficient) {
    if (coefficient.values_per_site() != nullptr)
      section.error(key, "has one value for each site, and the agents of a population come and go",
                    "numbers or equations of place, time and the agents' fields");
  }

  /// The frame's box, or that of a grid inside of it.
  void read_box(const modelfile::Section& section) {
    setup_.box = setup_.space->box();
    if (!section.has("within")) return;
    const auto grid = std::dynamic_pointer_cast<const GridSpace>(section.space("within"));
    if (!grid || grid->dimensions() != setup_.space->dimensions()) {
      section.error("within",
                    "'" + section.text("within") + "' is no grid with the axes of '" +
                        setup_.space->frame()->name() + "', in which the agents are",
                    "a grid");
      throw modelfile::Abandoned{};
    }
    for (int a = 0; a < grid->dimensions(); ++a) {
      const auto& frame = setup_.space->box()[static_cast<std::size_t>(a)];
      const double low = grid->axis(a).origin, high = low + grid->extent(a);
      const double slack = 1e-9 * frame.extent();
      if (low < frame.low - slack || high > frame.high + slack) {
        section.error("within",
                      "'" + grid->name() + "' reaches beyond '" + setup_.space->frame()->name() + "' along " +
                          "xyz"[a] + ", in which the agents are",
                      "a grid inside of it");
        throw modelfile::Abandoned{};
      }
      setup_.box[static_cast<std::size_t>(a)] = {low, high, grid->axis(a).periodic};
    }
  }

  void read_sides(const modelfile::Section& section) {
    const std::string at_sides = section.text("at_sides");
    setup_.at_sides = at_sides == "stop"    ? Motion::AtSides::stop
                      : at_sides == "error" ? Motion::AtSides::fail
                                            : Motion::AtSides::reflect;
    if (at_sides != "periodic") return;
    for (std::size_t a = 0; a < setup_.box.size(); ++a)
      if (!setup_.box[a].periodic) {
        section.error("at_sides",
                      std::string("the space in which the agents move is not periodic along ") + "xyz"[a],
                      "reflect, stop or error",
                      "say 'periodic: [x, y]' of the grid; agents follow it without more words");
        return;
      }
  }

  Motion::Setup setup_;
};

}  // namespace

modelfile::ProcessType motion_type() {
  modelfile::ProcessType type;
  type.name = "motion";
  type.documentation =
      "Agents move: dx = v dt + sqrt(2 D) dW. The velocity v has one equation for each axis, over time, "
      "'position.x', fields of the agents and what couplings see at their places (of type gradient: the "
      "slope "
      "of a field); the random walk's diffusivity D is a number or an equation.\n\n"
      "A step takes half of the walk, moves by the explicit midpoint rule, and takes the other half: order 2 "
      "in the step, also where the velocity follows a field through a coupling. The walk is drawn by id and "
      "step, the same for any number of threads. Where D differs from place to place it is that at the "
      "beginning of each half (Ito).\n\n"
      "Agents stay in the grid that the population is in, or in a smaller one (within). Along its periodic "
      "axes "
      "they come in on the other side; 'at_sides' says what happens at other sides.";
  type.schema = Schema("motion", "Agents move with a velocity and walk at random.");
  type.schema.add("space", Option::Type::space, "The population.");
  Option component;
  component.type = Option::Type::coefficient;
  component.dimension = "length/time";
  type.schema.list("velocity", component, "One for each axis: [=..., =...].").make_optional();
  type.schema
      .coefficient("diffusivity", "length^2/time", "Of the random walk: <dx^2> = 2 D t along each axis.")
      .with_default("0");
  type.schema
      .choice(
          "at_sides", {"reflect", "stop", "periodic", "error"},
          "What happens at the sides of the space: agents are reflected, stay there, come in on the other "
          "side (a periodic grid; they always do there), or end the run.")
      .with_default("reflect");
  type.schema
      .add("within", Option::Type::space,
           "The grid in which they stay (default: the one the population is in).")
      .make_optional();
  type.recipe = []() -> std::unique_ptr<modelfile::ProcessRecipe> {
    return std::make_unique<MotionRecipe>();
  };
  return type;
}

}  // namespace holon::agents
