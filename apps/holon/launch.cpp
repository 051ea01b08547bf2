#include "launch.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <exception>

#include "command.hpp"

namespace holon::cli {

int run_with_ranks(const std::function<int(Ranks*)>& action) {
  const std::unique_ptr<Ranks> ranks = launched_ranks();
  if (!ranks) return action(nullptr);
  int status = 0;
  std::exception_ptr problem;
  try {
    status = action(ranks.get());
  } catch (...) {
    problem = std::current_exception();
    status = exit_status(problem);
  }
  const std::vector<int> statuses = ranks->end(status);
  if (statuses.empty()) {  // the others wait for what this rank can't give
    if (problem) say(problem);
    ranks->abort(status);
  }
  const auto first = std::find_if(statuses.begin(), statuses.end(), [](int s) { return s != 0; });
  if (problem && first - statuses.begin() == ranks->rank()) say(problem);
  return first == statuses.end() ? 0 : *first;
}

void on_first_rank(Ranks* ranks, const std::function<void()>& action) {
  if (ranks == nullptr) return action();
  std::exception_ptr problem;
  std::string told;
  if (ranks->rank() == 0) {
    try {
      action();
    } catch (const std::exception& error) {
      problem = std::current_exception();
      told = std::to_string(exit_status(problem)) + " " + error.what();
    }
  }
  told = ranks->all_gather(told).front();
  if (problem) std::rethrow_exception(problem);
  if (told.empty()) return;
  const auto gap = told.find(' ');
  const std::string text = told.substr(gap + 1);
  switch (std::stoi(told.substr(0, gap))) {
    case 2:
      throw InputError(text);
    case 3:
      throw Refused(text);
    case 4:
      throw SystemError(text);
    default:
      throw NumericalFailure(text);
  }
}

}  // namespace holon::cli
