// holon list: the cookbook and the component types.
#include <algorithm>
#include <cstdio>

#include "command.hpp"

namespace holon::cli {

namespace {

/// The first sentence of a documentation text.
std::string first_sentence(const std::string& text) {
  std::string first = text.substr(0, std::min({text.find(". "), text.find('\n'), text.size()}));
  if (first.ends_with('.')) first.pop_back();
  return first;
}

int list() {
  const auto models = cookbook();
  std::size_t width = 24;
  for (const CookbookModel& model : models) width = std::max(width, model.name.size());
  std::printf("Models (holon run NAME -o DIR)\n");
  for (const CookbookModel& model : models)
    std::printf("  %-*s  %s\n", static_cast<int>(width), model.name.c_str(), model.title.c_str());
  std::printf("\nProcess types (holon show TYPE)\n");
  for (const std::string& name : registry().process_names())
    std::printf("  %-*s  %s\n", static_cast<int>(width), name.c_str(),
                first_sentence(registry().process(name)->documentation).c_str());
  std::printf("\nObserver types (holon show TYPE)\n");
  for (const std::string& name : registry().observer_names())
    std::printf("  %-*s  %s\n", static_cast<int>(width), name.c_str(),
                first_sentence(registry().observer(name)->documentation).c_str());
  std::printf("\nStudy types (holon show TYPE)\n");
  for (const std::string& name : registry().study_names())
    std::printf("  %-*s  %s\n", static_cast<int>(width), name.c_str(),
                first_sentence(registry().study(name)->documentation).c_str());
  return 0;
}

}  // namespace

void add_list(CLI::App& program, Action& action) {
  auto* command = program.add_subcommand("list", "List the cookbook's models and all component types");
  command->callback([&action] { action = list; });
}

}  // namespace holon::cli
