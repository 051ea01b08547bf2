// holon report: makes report.html again from an output folder.
#include "holon/report/report_page.hpp"

#include <cstdio>
#include <memory>

#include "command.hpp"

namespace holon::cli {

void add_report(CLI::App& program, Action& action) {
  auto* command =
      program.add_subcommand("report", "Write the self-contained HTML report of an output folder");
  auto folder = std::make_shared<std::string>();
  command->add_option("DIR", *folder, "Output folder of a run")->required();
  command->callback([folder, &action] {
    action = [folder] {
      report::write_report(*folder);
      std::printf("%s\n", (std::filesystem::path(*folder) / "report.html").string().c_str());
      return 0;
    };
  });
}

}  // namespace holon::cli
