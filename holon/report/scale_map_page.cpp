#include "holon/report/scale_map_page.hpp"

#include "holon/base/error.hpp"
#include "holon/base/file.hpp"
#include "holon/report/page_sections.hpp"
#include "holon/report/xml_text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include <fmt/format.h>

namespace holon {

extern const std::string_view page_style;

namespace report {

namespace {

using Json = nlohmann::ordered_json;

struct Tick {
  double value;
  const char* text;
};
constexpr std::array<Tick, 10> time_ticks{{{1e-9, "1 ns"},
                                           {1e-6, "1 \u00b5s"},
                                           {1e-3, "1 ms"},
                                           {1.0, "1 s"},
                                           {60.0, "1 min"},
                                           {3600.0, "1 h"},
                                           {86400.0, "1 d"},
                                           {2592000.0, "30 d"},
                                           {31557600.0, "1 year"},
                                           {3155760000.0, "100 years"}}};
constexpr std::array<Tick, 8> length_ticks{{{1e-9, "1 nm"},
                                            {1e-8, "10 nm"},
                                            {1e-6, "1 \u00b5m"},
                                            {1e-5, "10 \u00b5m"},
                                            {1e-4, "100 \u00b5m"},
                                            {1e-3, "1 mm"},
                                            {1e-2, "1 cm"},
                                            {1.0, "1 m"}}};
constexpr std::array<const char*, 6> colours{"#2b5fb3", "#b3572b", "#1f7a4d",
                                             "#7a3f9d", "#9a6700", "#2a8a99"};
constexpr double left = 88, right = 860, top = 18, bottom = 380;  // of the plot in the picture

std::optional<double> number_in(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number() ? std::optional(found->get<double>()) : std::nullopt;
}

struct Box {
  std::string name;
  std::optional<double> small, large;  // space
  double fast = 0.0, slow = 0.0;
};

/// A logarithmic axis over the data, half a decade wider on both sides.
struct Axis {
  double low = 0.0, high = 0.0;  // log10
  double from, to;               // in the picture
  double at(double value) const { return from + (std::log10(value) - low) / (high - low) * (to - from); }
};

Axis axis_over(std::vector<double> values, double from, double to) {
  Axis axis{0.0, 1.0, from, to};
  if (values.empty()) return axis;
  const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
  axis.low = std::log10(*least) - 0.5;
  axis.high = std::log10(*greatest) + 0.5;
  return axis;
}

/// Ticks of the named units, or powers of ten where numbers are plain or the range is small.
template <std::size_t N>
std::vector<std::pair<double, std::string>> ticks_of(const Axis& axis, const std::array<Tick, N>& named,
                                                     const std::string& unit) {
  std::vector<std::pair<double, std::string>> ticks;
  const double low = std::pow(10.0, axis.low), high = std::pow(10.0, axis.high);
  if (unit != "1")
    for (const Tick& tick : named)
      if (tick.value >= low && tick.value <= high) ticks.emplace_back(tick.value, tick.text);
  if (ticks.size() >= 3) return ticks;
  ticks.clear();
  const double decades = std::max(1.0, std::ceil((axis.high - axis.low) / 8.0));
  for (double k = std::ceil(axis.low); k <= axis.high; k += decades)
    ticks.emplace_back(std::pow(10.0, k), fmt::format("1e{:.0f}{}", k, unit == "1" ? "" : " " + unit));
  return ticks;
}

std::string rule(double x1, double y1, double x2, double y2, const char* colour) {
  return fmt::format(R"(<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" stroke="{}"/>)", x1, y1, x2, y2,
                     colour);
}

std::string words(double x, double y, const std::string& text, const char* anchor, const char* colour,
                  const char* weight = "400") {
  return fmt::format(
      R"(<text x="{:.1f}" y="{:.1f}" text-anchor="{}" font-size="12" font-weight="{}" fill="{}">{}</text>)",
      x, y, anchor, weight, colour, escape_html(text));
}

std::string picture(const Json& scales) {
  std::vector<Box> boxes;
  std::vector<double> times, lengths;
  std::string time_unit = "s", length_unit = "m";
  for (const Json& process : scales.value("processes", Json::array())) {
    const Json space = process.value("space", Json::object()), time = process.value("time", Json::object());
    Box box{text_of(process, "name"), number_in(space, "resolution"), number_in(space, "extent")};
    time_unit = text_of(time, "unit", "s");
    length_unit = text_of(space, "unit", "m");
    const auto fast = number_in(time, "resolution"), slow = number_in(time, "extent");
    if (!fast || !slow || !(*fast > 0.0) || !(*slow > 0.0)) continue;
    box.fast = *fast;
    box.slow = *slow;
    times.insert(times.end(), {box.fast, box.slow});
    if (box.small && box.large)
      lengths.insert(lengths.end(), {*box.small, *box.large});
    else
      box.small.reset();
    boxes.push_back(std::move(box));
  }
  if (boxes.empty()) return "<p class=\"note\">No process has scales of time that are known.</p>\n";
  const bool pointlike = std::any_of(boxes.begin(), boxes.end(), [](const Box& box) { return !box.small; });
  const double floor = pointlike && !lengths.empty() ? bottom - 60.0 : bottom;
  const Axis x = axis_over(times, left, right), y = axis_over(lengths, floor, top);
  std::string svg =
      R"(<svg viewBox="0 0 880 430" role="img" aria-label="Scale-separation map" style="max-width:100%;height:auto">)";
  for (const auto& [value, text] : ticks_of(x, time_ticks, time_unit)) {
    svg += rule(x.at(value), top, x.at(value), bottom, "#e3e7ec");
    svg += words(x.at(value), bottom + 18, text, "middle", "#5c6675");
  }
  if (!lengths.empty())
    for (const auto& [value, text] : ticks_of(y, length_ticks, length_unit)) {
      svg += rule(left, y.at(value), right, y.at(value), "#e3e7ec");
      svg += words(left - 8, y.at(value) + 4, text, "end", "#5c6675");
    }
  if (floor < bottom || lengths.empty()) svg += words(left - 8, bottom - 22, "no extent", "end", "#5c6675");
  svg += rule(left, bottom, right, bottom, "#8b94a1") + rule(left, top, left, bottom, "#8b94a1");
  svg += words((left + right) / 2, bottom + 40, "time", "middle", "#1d2430", "600");
  svg += words(8, top - 4, "space", "start", "#1d2430", "600");
  std::vector<std::pair<double, double>> labels;  // taken places
  std::size_t points = 0;
  for (std::size_t k = 0; k < boxes.size(); ++k) {
    const Box& box = boxes[k];
    const char* colour = colours[k % colours.size()];
    constexpr double least = 6.0;  // so that a single scale is still seen
    double x0 = x.at(box.fast), width = x.at(box.slow) - x0, y0, height;
    if (box.small) {
      y0 = y.at(*box.large);
      height = y.at(*box.small) - y0;
    } else {
      y0 = bottom - 40 + 9.0 * static_cast<double>(points++ % 4);
      height = least;
    }
    if (width < least) {
      x0 -= (least - width) / 2;
      width = least;
    }
    if (height < least) {
      y0 -= (least - height) / 2;
      height = least;
    }
    svg += fmt::format(
        R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="3" fill="{}" fill-opacity=".16" stroke="{}" stroke-width="1.6"/>)",
        x0, y0, width, height, colour, colour);
    const bool at_the_right = x0 > 0.75 * right;
    double label_x = at_the_right ? x0 + width : x0, label_y = y0 - 5;
    while (std::any_of(labels.begin(), labels.end(), [&](const auto& place) {
      return std::abs(place.first - label_x) < 160 && std::abs(place.second - label_y) < 13;
    }))
      label_y -= 14;
    labels.emplace_back(label_x, label_y);
    svg += words(label_x, label_y, box.name, at_the_right ? "end" : "start", colour, "650");
  }
  return svg + "</svg>\n";
}

std::string shown(const std::optional<double>& value) {
  return value ? fmt::format("{:.4g}", *value) : "\u2013";
}

std::string pairs_table(const Json& scales) {
  std::string rows;
  for (const Json& pair : scales.value("pairs", Json::array())) {
    const Json region = pair.value("region", Json::object());
    rows += fmt::format(
        "<tr><th>{} \u2013 {}</th><td class=\"number\">{}</td><td class=\"number\">{}</td><td "
        "class=\"number\">{}</td><td>{}</td><td>{}</td><td>{}{}<small>{}</small></td></tr>",
        escape_html(text_of(pair, "fast")), escape_html(text_of(pair, "slow")),
        shown(number_in(pair, "epsilon")), shown(number_in(pair, "tau_ratio_diffusion")),
        shown(number_in(pair, "epsilon_time")), escape_html(text_of(region, "time")),
        escape_html(text_of(region, "space")), escape_html(text_of(pair, "pattern")),
        pair.value("many_instances", false) ? ", many instances" : "",
        escape_html(text_of(pair, "operators")));
  }
  if (rows.empty()) return "";
  return "<div class=\"wide\"><table><thead><tr><th>Fast \u2013 slow</th><th class=\"number\">\u03b5 = "
         "l/L</th><th "
         "class=\"number\">\u03b5\u00b2</th><th class=\"number\">time extent / resolution</th><th>Time</th>"
         "<th>Space</th><th>Coupling pattern</th></tr></thead><tbody>" +
         rows + "</tbody></table></div>\n";
}

std::string joined(const Json& names) {
  std::string text;
  for (const Json& name : names) text += (text.empty() ? "" : ", ") + name.get<std::string>();
  return text;
}

std::string quasi_steady_table(const Json& scales) {
  std::string rows;
  for (const Json& quasi : scales.value("quasi_steady", Json::array())) {
    const Json fast = quasi.value("states", Json::array()),
               others = quasi.value("other_states", Json::array());
    std::string states =
        fast.size() > others.size() && !others.empty() ? "all but " + joined(others) : joined(fast);
    const std::string process = text_of(quasi, "process"), other = text_of(quasi, "relative_to");
    rows += fmt::format(
        "<tr><th>{}</th><td>{}</td><td>{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td></tr>",
        escape_html(process), escape_html(states.empty() ? "all" : states),
        escape_html(other == process ? "its other states" : other), shown(number_in(quasi, "error_order_0")),
        shown(number_in(quasi, "error_order_1")));
  }
  if (rows.empty()) return "";
  return "<h3>What could be quasi-steady</h3>\n<div "
         "class=\"wide\"><table><thead><tr><th>Process</th><th>States</th>"
         "<th>Against</th><th class=\"number\">Relative error, order 0</th><th class=\"number\">order "
         "1</th></tr></thead><tbody>" +
         rows + "</tbody></table></div>\n";
}

std::string recommendation(const Json& scales) {
  const Json recommended = scales.value("recommended", Json::object());
  const std::string schedule = text_of(recommended, "schedule");
  if (schedule.empty()) return "";
  std::string text = "<h3>Recommended schedule</h3>\n<pre class=\"listing\"><span>" + escape_html(schedule) +
                     "</span></pre>\n<ul class=\"note\">";
  for (const Json& reason : recommended.value("reasons", Json::array()))
    text += "<li>" + escape_html(reason.get<std::string>()) + "</li>";
  return text + "</ul>\n";
}

Json read_scales(const std::filesystem::path& file) {
  try {
    return Json::parse(read_file(file));
  } catch (const Json::exception& problem) {
    throw InputError(fmt::format("{} is damaged: {}", file.string(), problem.what()));
  }
}

}  // namespace

std::string scale_map_section(const Json& scales) {
  try {
    return "<section id=\"scales\"><h2>Scales</h2>\n" + picture(scales) + pairs_table(scales) +
           quasi_steady_table(scales) + recommendation(scales) + "</section>\n";
  } catch (const Json::exception& problem) {
    throw InputError(fmt::format("scales.json is damaged: {}", problem.what()));
  }
}

std::string scale_map_section(const std::filesystem::path& folder) {
  const auto file = folder / "scales.json";
  return std::filesystem::exists(file) ? scale_map_section(read_scales(file)) : "";
}

void write_scale_map_page(const std::filesystem::path& folder) {
  const Json scales = read_scales(folder / "scales.json");
  const std::string title = text_of(scales, "title", "Scales");
  write_file(folder / "scales.html",
             "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
             "content=\"width=device-width, initial-scale=1\">\n<title>" +
                 escape_html(title) + "</title>\n<style>\n" + std::string(page_style) +
                 "</style>\n</head>\n<body>\n<main>\n<header><p class=\"mark\">Holon</p><h1>" +
                 escape_html(title) + "</h1></header>\n" + scale_map_section(scales) +
                 "</main>\n</body>\n</html>\n");
}

}  // namespace report
}  // namespace holon
