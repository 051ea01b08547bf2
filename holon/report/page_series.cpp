#include "holon/report/page_data.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace holon::report {

namespace {

std::string packed(const std::vector<double>& values) {
  return base64({reinterpret_cast<const char*>(values.data()), values.size() * sizeof(double)});
}

nlohmann::json curve(const Series& series, std::size_t column, std::size_t buckets) {
  std::vector<double> values;
  values.reserve(series.rows.size());
  for (const std::vector<double>& row : series.rows) values.push_back(row[column]);
  std::vector<double> x, y;
  for (const std::size_t i : thinned(values, buckets)) {
    x.push_back(series.rows[i][0]);
    y.push_back(values[i]);
  }
  return {{"name", series.columns[column].name},
          {"unit", series.columns[column].unit.text()},
          {"x", packed(x)},
          {"y", packed(y)}};
}

/// Whether a series holds the special points of the branch `of`.
bool holds_points(const Series& series, const Series& of) {
  constexpr std::array certificates = {"uncertainty", "transversality", "curvature", "omega"};
  if (series.columns.size() <= certificates.size() || series.columns[0].name != of.columns[0].name)
    return false;
  return std::equal(certificates.begin(), certificates.end(), series.columns.begin() + 1,
                    [](const char* name, const Series::Column& column) { return column.name == name; });
}

nlohmann::json points_data(const Series& series) {
  nlohmann::json out = nlohmann::json::array();
  for (std::size_t c = 0; c < series.columns.size(); ++c) {
    std::vector<double> values;
    for (const std::vector<double>& row : series.rows) values.push_back(row[c]);
    out.push_back({{"name", series.columns[c].name},
                   {"unit", series.columns[c].unit.text()},
                   {"values", packed(values)}});
  }
  return out;
}

}  // namespace

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t given = std::min<std::size_t>(3, bytes.size() - i);
    unsigned triple = 0;
    for (std::size_t k = 0; k < 3; ++k)
      triple = triple << 8 | (k < given ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) out += k <= given ? digits[triple >> (18 - 6 * k) & 63U] : '=';
  }
  return out;
}

std::vector<std::size_t> thinned(std::span<const double> values, std::size_t buckets) {
  std::vector<std::size_t> kept;
  const std::size_t count = values.size();
  if (count <= 3 * buckets + 2) {
    for (std::size_t i = 0; i < count; ++i) kept.push_back(i);
    return kept;
  }
  kept.push_back(0);
  for (std::size_t b = 0; b < buckets; ++b) {
    const std::size_t begin = b * count / buckets, end = (b + 1) * count / buckets;
    std::size_t least = end, greatest = end, missing = end;
    for (std::size_t i = begin; i < end; ++i) {
      if (std::isnan(values[i])) {
        missing = std::min(missing, i);
        continue;
      }
      if (least == end || values[i] < values[least]) least = i;
      if (greatest == end || values[i] > values[greatest]) greatest = i;
    }
    for (const std::size_t i : {least, greatest, missing})
      if (i != end) kept.push_back(i);
  }
  kept.push_back(count - 1);
  std::sort(kept.begin(), kept.end());
  kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
  return kept;
}

nlohmann::json series_data(const OutputFolder& folder, const PageBudget& budget) {
  const std::vector<std::string> names = folder.series_names();
  nlohmann::json out = nlohmann::json::array();
  const std::string suffix = "_points";
  const auto is_series = [&](const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  for (const std::string& name : names) {
    const Series series = folder.series(name);
    if (name.ends_with(suffix)) {
      const std::string of = name.substr(0, name.size() - suffix.size());
      if (is_series(of) && holds_points(series, folder.series(of))) continue;
    }
    const std::size_t curves = std::min(series.columns.size() - 1, budget.curves_of_a_series);
    if (curves == 0 || series.rows.empty()) continue;
    const std::size_t buckets =
        std::clamp<std::size_t>(budget.series_points / (2 * names.size() * curves), 20, 1200);
    nlohmann::json columns = nlohmann::json::array();
    for (std::size_t c = 1; c <= curves; ++c) columns.push_back(curve(series, c, buckets));
    std::string note;
    if (series.rows.size() > 3 * buckets + 2)
      note = std::to_string(series.rows.size()) + " rows; drawn through the extremes of " +
             std::to_string(buckets) + " parts";
    if (curves < series.columns.size() - 1)
      note += (note.empty() ? "" : "; ") + std::string("the first ") + std::to_string(curves) + " of " +
              std::to_string(series.columns.size() - 1) + " columns";
    out.push_back({{"name", name},
                   {"x", {{"name", series.columns[0].name}, {"unit", series.columns[0].unit.text()}}},
                   {"columns", std::move(columns)},
                   {"note", note}});
    if (!is_series(name + suffix)) continue;
    const Series points = folder.series(name + suffix);
    if (holds_points(points, series)) out.back()["points"] = points_data(points);
  }
  return out;
}

}  // namespace holon::report
