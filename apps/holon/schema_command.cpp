// holon schema: JSON Schema of model files, for editors.
#include <cstdio>

#include "command.hpp"

namespace holon::cli {

void add_schema(CLI::App& program, Action& action) {
  auto* command = program.add_subcommand("schema", "Print the JSON Schema of model files");
  command->callback([&action] {
    action = [] {
      std::printf("%s\n", modelfile::json_schema(registry()).c_str());
      return 0;
    };
  });
}

}  // namespace holon::cli
