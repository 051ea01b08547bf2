#include "holon/report/report_page.hpp"

#include "holon/base/file.hpp"
#include "holon/report/page_sections.hpp"
#include "holon/report/scale_map_page.hpp"
#include "holon/report/xml_text.hpp"

namespace holon {

extern const std::string_view page_style, page_plot_script, page_colour_script, page_frames_script,
    page_agents_script;

namespace report {

namespace {

/// JSON inside a script element: no "<" may stand in it, or a text could end the element, and no "//", so
/// that it holds no address.
std::string script_json(const nlohmann::json& json) {
  std::string out;
  for (const char c : json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)) {
    if (c == '<')
      out += "\\u003c";
    else if (c == '/' && out.ends_with('/'))
      out += "\\u002f";
    else
      out += c;
  }
  return out;
}

std::string script(std::string_view text) { return "<script>\n" + std::string(text) + "</script>\n"; }

}  // namespace

std::string report_html(const std::filesystem::path& folder, const PageBudget& budget) {
  const OutputFolder output(folder);
  const std::string title = text_of(output.run(), "title", "Run");
  const nlohmann::json data = {{"series", series_data(output, budget)},
                               {"frames", frames_data(output, budget)},
                               {"agents", agents_data(output, budget)}};
  std::string page =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
      escape_html(title) + "</title>\n<style>\n" + std::string(page_style) +
      "</style>\n</head>\n<body>\n<main>\n";
  page += header_section(output);
  page += results_section(output);
  if (!data["frames"].empty()) page += "<section id=\"frames\"><h2>Fields</h2></section>\n";
  if (!data["agents"].empty()) page += "<section id=\"agents\"><h2>Agents</h2></section>\n";
  if (!data["series"].empty()) page += "<section id=\"curves\"><h2>Curves</h2></section>\n";
  page += scale_map_section(folder);
  page += events_section(output) + ledger_section(output) + timings_section(output) + model_section(output) +
          environment_section(output);
  page += "</main>\n<script type=\"application/json\" id=\"data\">" + script_json(data) + "</script>\n";
  page += script(page_colour_script) + script(page_plot_script) + script(page_frames_script) +
          script(page_agents_script);
  return page + "</body>\n</html>\n";
}

void write_report(const std::filesystem::path& folder) {
  write_file(folder / "report.html", report_html(folder));
}

}  // namespace report
}  // namespace holon
