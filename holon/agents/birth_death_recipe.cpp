// The process type `birth_death` in model files.
#include "holon/agents/birth_death.hpp"
#include "holon/agents/register.hpp"
#include "holon/modelfile/loader.hpp"
#include "holon/modelfile/registry.hpp"

namespace holon {

namespace {

using modelfile::Option;
using modelfile::ProcessContext;
using modelfile::Schema;

class BirthDeathRecipe final : public modelfile::ProcessRecipe {
 public:
  void declare(ProcessContext& context) override {
    setup_.name = context.name;
    setup_.space = std::dynamic_pointer_cast<const Population>(context.space);
    if (!setup_.space) {
      context.section.error("space", "'" + context.space->name() + "' is no population",
                            "a space of type population");
      throw modelfile::Abandoned{};
    }
    agents::BirthDeath::declare(setup_, *context.model.fields);
  }
  std::unique_ptr<Process> make(ProcessContext& context) override {
    setup_.birth = rate(context, "birth");
    setup_.death = rate(context, "death");
    if (context.section.loader().has_errors()) return nullptr;
    return std::make_unique<agents::BirthDeath>(setup_, context.model);
  }

 private:
  static Coefficient rate(ProcessContext& context, const char* key) {
    Coefficient rate = context.section.coefficient(key);
    if (rate.values_per_site() != nullptr)
      context.section.error(key, "has one value for each site, and the agents of a population come and go",
                            "a number or an equation of the agents' fields");
    if (const auto constant = rate.constant(); constant && !(*constant >= 0.0))
      context.section.error(key, "is " + number_text(*constant), "a rate that is not negative");
    return rate;
  }
  agents::BirthDeath::Setup setup_;
};

}  // namespace

void register_agents(modelfile::Registry& registry) {
  modelfile::ProcessType type;
  type.name = "birth_death";
  type.documentation =
      "Agents divide with rate b and die with rate d, each at its own random moments: when the integral of a "
      "rate "
      "reaches a threshold drawn from the exponential distribution of mean 1, by seed, id and generation.\n\n"
      "Divisions and deaths are committed where the schedule says `restructure`, with daughters that live on "
      "from "
      "the moment of their birth; several generations may follow each other in one macro step. With constant "
      "rates "
      "the statistics are exact for any step. Rates may be equations of the agent's own fields, time and "
      "place: they "
      "are taken at the beginning of a step, for daughters at their birth (order 1 in the step).";
  type.schema = Schema("birth_death", "Agents divide and die at random times.");
  type.schema.add("space", Option::Type::space, "The population.");
  type.schema.coefficient("birth", "1/time", "Rate of division.").with_default("0");
  type.schema.coefficient("death", "1/time", "Rate of death.").with_default("0");
  type.recipe = []() -> std::unique_ptr<modelfile::ProcessRecipe> {
    return std::make_unique<BirthDeathRecipe>();
  };
  registry.add(std::move(type));
}

}  // namespace holon
