// report.html: one page that shows a run and needs nothing but itself. It holds no outside address, and it is
// made from the files of an output folder alone, so that it can be made again at any time.
#pragma once

#include "holon/report/page_data.hpp"

#include <filesystem>
#include <string>

namespace holon::report {

/// The page's text. Throws InputError when the folder is no output folder or a file in it is damaged.
std::string report_html(const std::filesystem::path& folder, const PageBudget& budget = {});

/// Writes DIR/report.html.
void write_report(const std::filesystem::path& folder);

}  // namespace holon::report
