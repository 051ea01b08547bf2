#include "holon/modelfile/table_file.hpp"

#include "holon/base/error.hpp"
#include "holon/base/file.hpp"

#include <fmt/format.h>

namespace holon::modelfile {

namespace {

std::vector<Document::Value> cells(std::string_view line, const std::string& file, int number) {
  std::vector<Document::Value> result;
  std::size_t at = 0;
  while (at <= line.size()) {
    const std::size_t end = std::min(line.find(',', at), line.size());
    std::size_t first = at, last = end;
    const auto blank = [&](std::size_t i) { return line[i] == ' ' || line[i] == '\t' || line[i] == '\r'; };
    while (first < last && blank(first)) ++first;
    while (last > first && blank(last - 1)) --last;
    Document::Value value;
    value.kind = Document::Value::Kind::scalar;
    value.place = {file, number, static_cast<int>(first) + 1};
    value.scalar = std::string(line.substr(first, last - first));
    result.push_back(std::move(value));
    at = end + 1;
  }
  return result;
}

}  // namespace

std::size_t TableFile::column(std::string_view name) const {
  for (std::size_t c = 0; c < names.size(); ++c)
    if (names[c].scalar == name) return c;
  return names.size();
}

std::vector<std::string> TableFile::column_names() const {
  std::vector<std::string> list;
  for (const auto& name : names) list.push_back(name.scalar);
  return list;
}

TableFile read_table(const std::filesystem::path& file) {
  const std::string content = read_file(file);
  TableFile table;
  std::size_t at = 0;
  for (int number = 1; at < content.size(); ++number) {
    const std::size_t end = std::min(content.find('\n', at), content.size());
    const std::string_view line(content.data() + at, std::min(content.find('#', at), end) - at);
    at = end + 1;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    std::vector<Document::Value> row = cells(line, file.string(), number);
    if (table.names.empty()) {
      table.names = std::move(row);
      continue;
    }
    if (row.size() != table.names.size())
      throw InputError(Diagnostic{.place = {file.string(), number, 1},
                                  .message = fmt::format("the line has {} values, and the table {} columns",
                                                         row.size(), table.names.size()),
                                  .expected = "one value for each column"});
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace holon::modelfile
