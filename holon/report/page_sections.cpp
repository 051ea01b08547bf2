#include "holon/report/page_sections.hpp"

#include "holon/base/error.hpp"
#include "holon/base/readable_unit.hpp"
#include "holon/report/xml_text.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

namespace holon::report {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t longest_model_text = 1000000;

double number_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number() ? found->get<double>() : 0.0;
}

const Json& member(const Json& json, const char* key) {
  static const Json nothing = Json::object();
  const auto found = json.find(key);
  return found != json.end() && (found->is_object() || found->is_array()) ? *found : nothing;
}

/// For reading, not for computing with: eight significant digits at most.
std::string shown(double value, int digits = 8) {
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, "%.*g", digits, value);
  std::string text = buffer;
  if (!text.empty() && text[0] == '-') text.replace(0, 1, "\u2212");
  return text;
}

std::string seconds(double s) {
  if (s < 1e-3) return shown(s * 1e6, 3) + " \u00b5s";
  if (s < 1) return shown(s * 1e3, 3) + " ms";
  if (s < 120) return shown(s, 3) + " s";
  if (s < 7200) return shown(s / 60, 3) + " min";
  return shown(s / 3600, 3) + " h";
}

std::string count(double n) {
  std::string text = std::to_string(static_cast<long long>(n));
  for (std::ptrdiff_t at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), "\u202f");
  return text;
}

std::string unit_text(const std::string& unit) { return unit == "1" ? "" : unit; }

std::string cell(const std::string& html, const std::string& style = "") {
  return "<td" + (style.empty() ? "" : " class=\"" + style + "\"") + ">" + html + "</td>";
}

std::string table(const std::string& head, const std::string& rows) {
  return "<div class=\"wide\"><table><thead><tr>" + head + "</tr></thead><tbody>" + rows +
         "</tbody></table></div>\n";
}

/// The first of many values, how many there are, and between what they lie: all of them stand in
/// results.json.
std::string list_html(const Json& values) {
  constexpr std::size_t most = 6;
  std::string list;
  for (std::size_t i = 0; i < std::min(most, values.size()); ++i)
    list += (i == 0 ? "" : ", ") +
            (values[i].is_number() ? shown(values[i].get<double>(), 5) : escape_html(values[i].dump()));
  if (values.size() <= most) return list;
  double least = HUGE_VAL, greatest = -HUGE_VAL;
  for (const Json& value : values)
    if (value.is_number()) {
      least = std::min(least, value.get<double>());
      greatest = std::max(greatest, value.get<double>());
    }
  list += ", \u2026<small>" + count(static_cast<double>(values.size())) + " values";
  if (least <= greatest) list += ", from " + shown(least, 5) + " to " + shown(greatest, 5);
  return list + "</small>";
}

std::string value_html(const Json& entry) {
  const auto found = entry.find("value");
  if (found == entry.end() || found->is_null())
    return "<span class=\"missing\">none</span> <span class=\"why\">" + escape_html(text_of(entry, "why")) +
           "</span>";
  if (found->is_number()) return shown(found->get<double>());
  if (found->is_string()) return escape_html(found->get<std::string>());
  return list_html(*found);
}

/// A result beside what was published.
struct Comparison {
  bool published = false, judged = false, within = false;
  double deviation = 0.0, tolerance = 0.0, value = 0.0;  // in the result's unit
};

/// Published values belong to the model as its file states it: a run that --set made another is shown beside
/// them, but not judged.
bool as_stated(const OutputFolder& folder) { return member(folder.run(), "set").empty(); }

Comparison compare(const OutputFolder& folder, const Json& entry, const Json& note) {
  Comparison out;
  const Json& published = member(note, "published");
  const auto value = entry.find("value");
  if (published.empty()) return out;
  out.published = true;
  double factor = 1.0;
  try {
    factor = conversion_factor(Unit::parse(text_of(published, "unit", "1")),
                               Unit::parse(text_of(entry, "unit", "1")));
  } catch (const InputError&) {
    return {};  // not comparable: a published value in another dimension is refused when the model is read
  }
  out.value = number_of(published, "value") * factor;
  out.judged = published.contains("tolerance") && as_stated(folder);
  if (value == entry.end() || !value->is_number()) return out;
  out.deviation = value->get<double>() - out.value;
  out.tolerance = number_of(published, "tolerance") * factor;
  out.within = std::fabs(out.deviation) <= out.tolerance;
  return out;
}

std::string verdict(const Comparison& comparison) {
  if (!comparison.judged) return "";
  return comparison.within ? "<span class=\"ok\">ok</span>" : "<span class=\"off\">off</span>";
}

/// Where the value lies between the published value minus and plus twice the tolerance.
std::string gauge(const Comparison& comparison) {
  if (!comparison.judged || comparison.tolerance <= 0) return "";
  const double place = std::clamp(comparison.deviation / comparison.tolerance, -2.0, 2.0);
  char left[32];
  std::snprintf(left, sizeof left, "%.1f", 50 + 25 * place);
  return std::string("<span class=\"gauge\"><i></i><b class=\"") + (comparison.within ? "in" : "out") +
         "\" style=\"left:" + left + "%\"></b></span>";
}

/// Derivatives by one study of one result, which share a unit, as bars: how long the longest is.
struct Derivatives {
  std::string unit;
  double largest = 0.0;
  bool comparable = true;
};

/// Of a derivative STUDY.RESULT.PARAMETER: STUDY.RESULT. Empty for other results.
std::string derivative_of(const OutputFolder& folder, const std::string& name) {
  const Json& studies = member(member(folder.run(), "timings"), "studies");
  const Json& results = member(folder.run(), "results");
  const std::size_t first = name.find('.');
  if (first == std::string::npos || !studies.contains(name.substr(0, first))) return "";
  // Names of results and paths of parameters may hold dots themselves.
  for (std::size_t dot = name.find('.', first + 1); dot != std::string::npos; dot = name.find('.', dot + 1))
    if (results.contains(name.substr(first + 1, dot - first - 1))) return name.substr(0, dot);
  return "";
}

std::map<std::string, Derivatives> derivatives(const OutputFolder& folder) {
  std::map<std::string, Derivatives> all;
  for (const auto& [name, entry] : folder.results().items()) {
    const std::string of = derivative_of(folder, name);
    if (of.empty()) continue;
    const std::string unit = text_of(entry, "unit", "1");
    Derivatives& each = all.try_emplace(of, Derivatives{unit}).first->second;
    each.comparable = each.comparable && each.unit == unit;
    each.largest = std::max(each.largest, std::fabs(number_of(entry, "value")));
  }
  return all;
}

/// A bar from zero in the middle: to the right what raises the result, to the left what lowers it.
std::string signed_bar(double value, double largest) {
  const double half = 50.0 * std::min(1.0, std::fabs(value) / largest);
  char style[64];
  std::snprintf(style, sizeof style, "left:%.1f%%;width:%.1f%%", value < 0 ? 50.0 - half : 50.0, half);
  return std::string("<span class=\"signed\"><i></i><b class=\"") + (value < 0 ? "lowers" : "raises") +
         "\" style=\"" + style + "\"></b></span>";
}

std::string result_row(const OutputFolder& folder, const std::string& name, const Json& entry,
                       const Json& note, const std::map<std::string, Derivatives>& beside) {
  const Comparison comparison = compare(folder, entry, note);
  std::string row = "<tr><th scope=\"row\">" + escape_html(name);
  const std::string description = text_of(note, "description");
  if (!description.empty()) row += "<small>" + escape_html(description) + "</small>";
  const bool several = entry.contains("value") && entry["value"].is_array();
  row += "</th>" + cell(value_html(entry), several ? "number list" : "number") +
         cell(escape_html(unit_text(text_of(entry, "unit"))));
  if (!comparison.published) {
    const auto each = beside.find(derivative_of(folder, name));
    const bool drawn = each != beside.end() && each->second.comparable && each->second.largest > 0.0;
    const std::string bar = drawn ? signed_bar(number_of(entry, "value"), each->second.largest) : "";
    return row + "<td colspan=\"4\">" + bar + "</td></tr>";
  }
  const bool known = entry.contains("value") && entry["value"].is_number();
  std::string published = shown(comparison.value);
  if (member(note, "published").contains("tolerance"))
    published += " <span class=\"tolerance\">\u00b1 " + shown(comparison.tolerance, 3) + "</span>";
  std::string deviation;
  if (known) {
    deviation = (comparison.deviation > 0 ? "+" : "") + shown(comparison.deviation, 3);
    if (comparison.value != 0)
      deviation += " <small>(" + shown(100 * comparison.deviation / std::fabs(comparison.value), 2) +
                   "\u202f%)</small>";
  }
  const std::string source = text_of(member(note, "published"), "source");
  row += cell(published + "<small>" + escape_html(source) + "</small>", "number") + cell(deviation, "number");
  return row + cell(known ? gauge(comparison) : "") + cell(known ? verdict(comparison) : "") + "</tr>";
}

/// The unit in which the books of a quantity are short to read, and the factor that leads to it.
std::pair<Unit, double> readable_unit_of(const Json& books) {
  double largest =
      std::max(std::fabs(number_of(books, "held_at_start")), std::fabs(number_of(books, "held_now")));
  if (largest == 0.0)
    for (const Json& entry : member(books, "lines"))
      largest = std::max(largest, std::fabs(number_of(entry, "amount")));
  const Unit stored = Unit::parse(text_of(books, "unit", "1"));
  const Unit unit = with_fitting_prefix(stored, largest);
  return {unit, conversion_factor(stored, unit)};
}

}  // namespace

std::string text_of(const Json& json, const char* key, const std::string& otherwise) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : otherwise;
}

std::string header_section(const OutputFolder& folder) {
  const Json& run = folder.run();
  const std::string status = text_of(run, "status", "done");
  const Json& time = member(run, "time");
  const Json& timings = member(run, "timings");
  std::string unit = unit_text(text_of(time, "unit", "1"));
  if (!unit.empty()) unit = " " + unit;
  const double steps = number_of(time, "steps_done");
  std::string line;
  if (steps > 0)
    line = count(steps) + (steps == 1 ? " step of " : " steps of ") + shown(number_of(time, "step")) + unit +
           ", to " + shown(number_of(time, "reached")) + unit + ", ";
  line += "in " + seconds(number_of(timings, "run_seconds"));
  std::size_t judged = 0, within = 0;
  for (const auto& [name, entry] : folder.results().items()) {
    const Comparison comparison = compare(folder, entry, member(member(run, "results"), name.c_str()));
    judged += comparison.judged ? 1U : 0U;
    within += comparison.judged && comparison.within ? 1U : 0U;
  }
  if (judged > 0)
    line += "; " + std::to_string(within) + " of " + std::to_string(judged) + " published values reproduced";
  std::string html = "<header><p class=\"mark\">holon</p><h1>" + escape_html(text_of(run, "title", "Run")) +
                     "</h1>\n<p class=\"summary\"><span class=\"status " + escape_html(status) + "\">" +
                     escape_html(status) + "</span> " + line + "</p>\n";
  const std::string message = text_of(run, "message");
  if (!message.empty()) html += "<p class=\"message\">" + escape_html(message) + "</p>\n";
  return html + "</header>\n";
}

std::string results_section(const OutputFolder& folder) {
  if (folder.results().empty()) return "";
  std::string rows;
  bool published = false;
  const Json& notes = member(folder.run(), "results");
  const auto beside = derivatives(folder);
  std::vector<std::string> names;  // in the model's order
  for (const auto& [name, note] : notes.items())
    if (folder.results().contains(name)) names.push_back(name);
  for (const auto& [name, entry] : folder.results().items())
    if (!notes.contains(name)) names.push_back(name);
  for (const std::string& name : names) {
    const Json& note = member(notes, name.c_str());
    published = published || note.contains("published");
    rows += result_row(folder, name, folder.results().at(name), note, beside) + "\n";
  }
  std::string head = "<th>Result</th><th class=\"number\">Value</th><th>Unit</th>";
  head += published
              ? "<th class=\"number\">Published</th><th class=\"number\">Deviation</th><th></th><th></th>"
              : "<th colspan=\"4\"></th>";
  std::string note;
  if (published && !as_stated(folder))
    note =
        "<p class=\"note\">Published values belong to the model as its file states it; this run was set "
        "otherwise "
        "on the command line (see Environment), so it is not judged by them.</p>\n";
  return "<section><h2>Results</h2>\n" + table(head, rows) + note + "</section>\n";
}

std::string events_section(const OutputFolder& folder) {
  std::string html;
  const Json& events = member(folder.run(), "events");
  if (!events.empty()) {
    constexpr std::size_t most = 200;
    std::string rows;
    for (std::size_t i = 0; i < std::min(events.size(), most); ++i)
      rows += "<tr><th scope=\"row\">" + escape_html(text_of(events[i], "name")) + "</th>" +
              cell(shown(number_of(events[i], "time"), 12), "number") +
              cell(escape_html(unit_text(text_of(events[i], "unit")))) + "</tr>\n";
    if (events.size() > most)
      rows +=
          "<tr><td colspan=\"3\">and " + count(static_cast<double>(events.size() - most)) + " more</td></tr>";
    html += "<section><h2>Events</h2>\n" +
            table("<th>Event</th><th class=\"number\">Time</th><th>Unit</th>", rows) + "</section>\n";
  }
  const Json& warnings = member(folder.run(), "warnings");
  if (!warnings.empty()) {
    html += "<section><h2>Warnings</h2><ul class=\"warnings\">";
    for (const Json& warning : warnings)
      if (warning.is_string()) html += "<li>" + escape_html(warning.get<std::string>()) + "</li>";
    html += "</ul></section>\n";
  }
  return html;
}

std::string ledger_section(const OutputFolder& folder) {
  const Json& ledger = member(folder.run(), "ledger");
  if (ledger.empty()) return "";
  std::string rows;
  for (const auto& [quantity, books] : ledger.items()) {
    const auto [unit, factor] = readable_unit_of(books);
    const auto line = [scale = factor](const std::string& what, double amount, const std::string& style) {
      return "<tr class=\"" + style + "\"><td>" + what + "</td>" + cell(shown(scale * amount, 10), "number") +
             "<td></td></tr>\n";
    };
    rows += "<tr class=\"group\"><th scope=\"row\">" + escape_html(quantity) + "</th><td></td>" +
            cell(escape_html(unit_text(unit.text()))) + "</tr>\n";
    rows += line("held at the start", number_of(books, "held_at_start"), "");
    // A member of a `together` books nothing of its own: a line of zeros would say nothing.
    for (const Json& entry : member(books, "lines"))
      if (number_of(entry, "moved") != 0.0 || number_of(entry, "amount") != 0.0)
        rows += line(escape_html(text_of(entry, "process")) + ": " + escape_html(text_of(entry, "channel")),
                     number_of(entry, "amount"), "indented");
    rows += line("held at the end", number_of(books, "held_now"), "");
    rows += line("produced by reactions", number_of(books, "produced_by_reactions"), "");
    for (const Json& entry : member(books, "couplings")) {
      if (number_of(entry, "left") == 0.0 && number_of(entry, "arrived") == 0.0) continue;
      const std::string across =
          escape_html(text_of(entry, "coupling")) + " (" + escape_html(text_of(entry, "process")) + "): ";
      rows += line(across + "left the one side", number_of(entry, "left"), "indented");
      rows += line(across + "arrived on the other", number_of(entry, "arrived"), "indented");
      rows += line(across + "difference", number_of(entry, "difference"), "indented");
    }
    rows += "<tr class=\"residual\"><td>relative residual</td>" +
            cell(shown(number_of(books, "relative_residual"), 10), "number") + "<td></td></tr>\n";
  }
  return "<section><h2>Ledger</h2><p>What was held, brought in and taken out, from rate integrals inside the "
         "steps.</p>\n" +
         table("<th>Quantity</th><th class=\"number\">Amount</th><th>Unit</th>", rows) + "</section>\n";
}

std::string timings_section(const OutputFolder& folder) {
  const Json& timings = member(folder.run(), "timings");
  const Json& processes = member(timings, "processes");
  const double total = number_of(timings, "run_seconds");
  std::string rows;
  const auto row = [&](const std::string& name, double took, const std::string& steps,
                       const std::string& more) {
    char width[32];
    std::snprintf(width, sizeof width, "%.1f", total > 0 ? std::min(100.0, 100 * took / total) : 0.0);
    rows += "<tr><th scope=\"row\">" + name + "</th>" + cell(seconds(took), "number") +
            cell("<span class=\"bar\"><b style=\"width:" + std::string(width) + "%\"></b></span>") +
            cell(steps, "number") + cell(more) + "</tr>\n";
  };
  double inside = 0.0;
  for (const auto& [name, timing] : processes.items()) {
    std::string more;
    for (const char* key : {"rejected", "rate_evaluations", "jacobian_evaluations", "linear_iterations",
                            "nonlinear_iterations"}) {
      if (!timing.contains(key)) continue;
      std::string words = key;
      std::replace(words.begin(), words.end(), '_', ' ');
      more += (more.empty() ? "" : ", ") + count(number_of(timing, key)) + " " + words;
    }
    // What is advanced together with others, or only looked at, took no time of its own.
    if (number_of(timing, "seconds") == 0.0 && number_of(timing, "steps") == 0.0) continue;
    inside += number_of(timing, "seconds");
    row(escape_html(name), number_of(timing, "seconds"), count(number_of(timing, "steps")), more);
  }
  if (timings.contains("studies"))
    for (const auto& [name, took] : timings.at("studies").items()) {
      inside += took.get<double>();
      row("study " + escape_html(name), took.get<double>(), "", "");
    }
  row("observers, output, schedule", std::max(0.0, total - inside), "", "");
  rows += "<tr><th scope=\"row\">start of the program to the first step</th>" +
          cell(seconds(number_of(timings, "startup_seconds")), "number") + "<td colspan=\"3\"></td></tr>";
  return "<section><h2>Time</h2>\n" +
         table(
             "<th>Process</th><th class=\"number\">Time</th><th>Share of the run</th><th "
             "class=\"number\">Steps</th><th></th>",
             rows) +
         "</section>\n";
}

std::string environment_section(const OutputFolder& folder) {
  const Json& run = folder.run();
  std::string rows;
  const auto row = [&rows](const std::string& name, const std::string& value) {
    if (!value.empty())
      rows += "<tr><th scope=\"row\">" + name + "</th><td>" + escape_html(value) + "</td></tr>\n";
  };
  const auto plain = [&run](const char* key) {
    const auto found = run.find(key);
    return found == run.end()   ? std::string()
           : found->is_string() ? found->get<std::string>()
                                : found->dump();
  };
  row("Holon", plain("version"));
  row("Model file", plain("model_file"));
  for (const Json& set : member(run, "set"))
    if (set.is_string()) row("Set", set.get<std::string>());
  row("Model hash (SHA-256)", plain("hash"));
  row("Seed", plain("seed"));
  row("Threads", plain("threads"));
  row("Kernels", plain("tier") + ", " + plain("instruction_set"));
  return "<section><h2>Environment</h2>\n<div class=\"wide\"><table class=\"plain\"><tbody>" + rows +
         "</tbody></table></div></section>\n";
}

std::string model_section(const OutputFolder& folder) {
  const auto listing = [](std::string text) {
    if (text.size() > longest_model_text)
      text = text.substr(0, longest_model_text) + "\n# ... (cut off here)";
    std::string html = "<pre class=\"listing\">";
    std::size_t begin = 0;
    while (begin < text.size()) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      const std::string line = text.substr(begin, end - begin);
      // A comment begins the line or stands after a blank; inside quotes this colours too much, never too
      // little.
      std::size_t comment = line.find('#');
      while (comment != std::string::npos && comment > 0 && line[comment - 1] != ' ')
        comment = line.find('#', comment + 1);
      html += "<span>" + escape_html(line.substr(0, comment));
      if (comment != std::string::npos) html += "<i>" + escape_html(line.substr(comment)) + "</i>";
      html += "\n</span>";
      begin = end + 1;
    }
    return html + "</pre>\n";
  };
  const std::string text = text_of(folder.run(), "model_text"), resolved = text_of(folder.run(), "model");
  if (text.empty() && resolved.empty()) return "";
  std::string html = "<section><h2>Model</h2>\n";
  if (!text.empty()) html += listing(text);
  if (!resolved.empty())
    html +=
        "<details><summary>As it was resolved: includes, parameters and what was set on the command "
        "line</summary>" +
        listing(resolved) + "</details>\n";
  return html + "</section>\n";
}

}  // namespace holon::report
