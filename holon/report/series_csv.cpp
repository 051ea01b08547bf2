#include "holon/report/series_csv.hpp"

#include "holon/base/error.hpp"
#include "holon/base/file.hpp"

#include <charconv>
#include <cmath>
#include <limits>
#include <vector>

namespace holon::report {

namespace {

/// Names come from the model file and hold no comma or line break by its rules; a quoted field is written
/// where an expression's name does.
std::string header_field(const Series::Column& column) {
  const std::string text = column.name + " [" + column.unit.text() + "]";
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c == '\n' || c == '\r' ? ' ' : c;
  }
  return quoted + '"';
}

[[noreturn]] void fail(const std::string& name, int line, const std::string& message) {
  throw InputError(Diagnostic{Diagnostic::Severity::error, {name, line, 0}, "", message, "", ""});
}

/// The fields of one line; quoted ones without their quotes.
std::vector<std::string> split(std::string_view line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"') {
      fields.back() += '"';
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

Series::Column column_of(const std::string& field, const std::string& name) {
  const std::size_t open = field.rfind(" [");
  if (open == std::string::npos || field.back() != ']')
    fail(name, 1, "the column '" + field + "' has no unit; expected 'name [unit]'");
  return {field.substr(0, open), Unit::parse(field.substr(open + 2, field.size() - open - 3))};
}

double number_of(std::string_view field, const std::string& name, int line) {
  double value = 0.0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc() || end != field.data() + field.size())
    fail(name, line, "'" + std::string(field) + "' is no number");
  return value;
}

}  // namespace

void append_number(std::string& text, double value) {
  if (std::isnan(value)) {  // its sign tells nothing
    text += "nan";
    return;
  }
  char buffer[40];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::general,
                                          std::numeric_limits<double>::max_digits10);
  require(error == std::errc(), "a double fits into 40 characters");
  text.append(buffer, end);
}

std::string series_csv(const Series& series) {
  std::string text;
  for (std::size_t c = 0; c < series.columns.size(); ++c)
    text += (c == 0 ? "" : ",") + header_field(series.columns[c]);
  text += '\n';
  for (const std::vector<double>& row : series.rows) {
    require(row.size() == series.columns.size(), "a row of a series has one number per column");
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (c > 0) text += ',';
      append_number(text, row[c]);
    }
    text += '\n';
  }
  return text;
}

Series read_series_csv(std::string_view text, const std::string& name) {
  Series series;
  int number = 0;
  while (!text.empty()) {
    const std::size_t length = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, length);
    text.remove_prefix(std::min(length + 1, text.size()));
    ++number;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty()) continue;
    const std::vector<std::string> fields = split(line);
    if (series.columns.empty()) {
      for (const std::string& field : fields) series.columns.push_back(column_of(field, name));
      continue;
    }
    if (fields.size() != series.columns.size())
      fail(name, number,
           "the row has " + std::to_string(fields.size()) + " values; expected " +
               std::to_string(series.columns.size()) + ", one per column");
    std::vector<double> row;
    row.reserve(fields.size());
    for (const std::string& field : fields) row.push_back(number_of(field, name, number));
    series.rows.push_back(std::move(row));
  }
  if (series.columns.empty()) fail(name, 1, "the file is empty; expected a header line 'time [ms],V [mV]'");
  return series;
}

void write_series(const std::filesystem::path& folder, const std::map<std::string, Series>& series) {
  for (const auto& [name, table] : series) write_file(folder / (name + ".csv"), series_csv(table));
}

}  // namespace holon::report
