// 1e5 agents of which 1e4 divide and 1e4 die at each of 100 steps (issue 4): the same bit by bit for 1, 2 and
// 4 threads, with all contents accounted for. Under the address sanitizer as well: ./dev verify with the
// preset asan.
#include "holon/engine/turnover_case.hpp"

#include <gtest/gtest.h>

namespace holon::verification {
namespace {

constexpr std::size_t agents = 100000;
constexpr std::int64_t steps = 100;

TEST(RestructureLong, AHundredStepsOfHeavyTurnoverAreReproducibleAndConserveContents) {
  const test::TurnoverCase made(agents, steps, 0.1, 0.1);
  Archive reference;
  for (const int threads : {1, 2, 4}) {
    Simulation simulation(made.model, {.threads = threads, .seed = 1});
    simulation.run();
    const State& state = simulation.state();
    const double births = static_cast<double>(state.integer(made.field("cells:next_id"))[0]) - agents;
    EXPECT_NEAR(births / steps, 1e4, 2e3);  // the number of agents itself wanders
    for (const LedgerBalance& balance : simulation.ledger()) {
      EXPECT_LT(balance.relative_residual, 1e-12);
      EXPECT_EQ(balance.lines.empty(), false);
    }
    const Archive found = test::everything(state);
    if (threads == 1)
      reference = found;
    else
      EXPECT_EQ(found.entries(), reference.entries()) << threads << " threads";
  }
}

}  // namespace
}  // namespace holon::verification
