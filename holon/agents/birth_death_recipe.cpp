// The process type `birth_death` in model files.
#include "holon/agents/birth_death.hpp"
#include "holon/agents/types.hpp"
#include "holon/expr/truth_value.hpp"
#include "holon/modelfile/loader.hpp"

namespace holon::agents {

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
    BirthDeath::declare(setup_, *context.model.fields);
  }
  std::unique_ptr<Process> make(ProcessContext& context) override {
    setup_.birth = rate(context, "birth");
    setup_.death = rate(context, "death");
    setup_.divide_when = rule(context, "divide_when");
    setup_.die_when = rule(context, "die_when");
    if (context.section.loader().has_errors()) return nullptr;
    return std::make_unique<BirthDeath>(setup_, context.model);
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
  static Coefficient rule(ProcessContext& context, const char* key) {
    const Coefficient rule = context.section.coefficient(key);
    if (!context.section.has(key) || context.section.loader().has_errors()) return rule;
    bool condition = false;
    if (rule.values_per_site() == nullptr) {
      expr::Graph graph;
      condition = expr::is_truth_value(graph, rule.lower(graph));
    }
    if (!condition)
      context.section.error(key, "is a number, and a rule is true or false of each agent",
                            "a condition, such as =grow.mass > 2 pg");
    return rule;
  }
  BirthDeath::Setup setup_;
};

}  // namespace

modelfile::ProcessType birth_death_type() {
  modelfile::ProcessType type;
  type.name = "birth_death";
  type.documentation =
      "Agents divide with rate b and die with rate d, each at its own random moments: when the integral of a "
      "rate reaches a threshold drawn from the exponential distribution of mean 1, by seed, id and "
      "generation. "
      "Or they divide and die by rules, conditions that are true or false of each agent: 'divide_when: "
      "=grow.mass > 2 pg', 'die_when: =sugar_here < 0.1 mM'.\n\n"
      "Divisions and deaths are committed where the schedule says `restructure`, with daughters that live on "
      "from the moment of their birth; several generations may follow each other in one macro step. With "
      "constant rates the statistics are exact for any step. Rates may be equations of the agent's own "
      "fields, "
      "time and place: they are taken at the beginning of a step, for daughters at their birth (order 1 in "
      "the "
      "step).\n\n"
      "Rules may read what rates may. They are looked at at the end of each step of the process, so an agent "
      "acts at most one step late; daughters are looked at at the end of the next one. Where both rules "
      "hold, "
      "the agent dies.";
  type.schema = Schema("birth_death", "Agents divide and die, at random times or by rules.");
  type.schema.add("space", Option::Type::space, "The population.");
  type.schema.coefficient("birth", "1/time", "Rate of division.").with_default("0");
  type.schema.coefficient("death", "1/time", "Rate of death.").with_default("0");
  type.schema.coefficient("divide_when", "1", "Condition for division, such as =grow.mass > 2 pg.")
      .with_default("0");
  type.schema.coefficient("die_when", "1", "Condition for death, such as =age > 3 d && sugar_here < 0.1 mM.")
      .with_default("0");
  type.recipe = []() -> std::unique_ptr<modelfile::ProcessRecipe> {
    return std::make_unique<BirthDeathRecipe>();
  };
  return type;
}

}  // namespace holon::agents
