// Coefficients that are stated site by site: {file: values.txt, unit: mV}, {file: table.csv, column: NAME,
// unit: mV} or {values: [1, 2], unit: mV}.
#include "holon/base/file.hpp"
#include "holon/modelfile/build.hpp"
#include "holon/modelfile/table_file.hpp"

#include <algorithm>

namespace holon::modelfile {

using Value = Document::Value;

std::vector<Value> read_values(const std::filesystem::path& file) {
  const std::string content = read_file(file);
  std::vector<Value> values;
  std::size_t at = 0;
  for (int line = 1; at < content.size(); ++line) {
    const std::size_t end = std::min(content.find('\n', at), content.size());
    const std::size_t remark = std::min(content.find('#', at), end);
    const std::size_t first = content.find_first_not_of(" \t\r", at);
    if (first < remark) {
      const std::size_t last = content.find_last_not_of(" \t\r", remark - 1);
      Value value;
      value.kind = Value::Kind::scalar;
      value.place = {file.string(), line, static_cast<int>(first - at) + 1};
      value.scalar = content.substr(first, last + 1 - first);
      values.push_back(std::move(value));
    }
    at = end + 1;
  }
  return values;
}

std::optional<Coefficient> Loader::values_per_site(const Value& value, const std::string& path,
                                                   const std::optional<Dimension>& needed) {
  const Value* file = value.find("file");
  const Value* stated = value.find("values");
  const Value* unit_text = value.find("unit");
  const Value* column = value.find("column");
  for (const Value::Member& member : value.mapping)
    if (member.key != "file" && member.key != "values" && member.key != "unit" && member.key != "column")
      error(member.key_place, path + '.' + member.key, "unknown key '" + member.key + "'", "",
            suggestion(member.key, {"file", "column", "values", "unit"}));
  if (column != nullptr && file == nullptr)
    error(column->place, path + ".column", "a column belongs to a table", "'file' beside it");
  if ((file == nullptr) == (stated == nullptr)) {
    error(value.place, path, "values for each site need either 'file' or 'values'");
    return std::nullopt;
  }
  const auto unit =
      unit_text != nullptr ? read_unit(*this, *unit_text, path + ".unit") : std::optional(Unit{});
  if (!unit) return std::nullopt;
  if (needed && !fits(unit_text != nullptr ? *unit_text : value, path, unit->dimension(), *needed))
    return std::nullopt;
  std::vector<Value> list;
  if (stated != nullptr) {
    if (stated->kind != Value::Kind::list) {
      error(stated->place, path + ".values", "is " + stated->description(), "a list of numbers");
      return std::nullopt;
    }
    list = stated->list;
  } else {
    const auto name = this->file(*file, path + ".file");
    if (!name) return std::nullopt;
    const auto wanted = column != nullptr ? text(*column, path + ".column") : std::nullopt;
    if (column != nullptr && !wanted) return std::nullopt;
    if (wanted) {
      const TableFile table = read_table(*name);
      const std::size_t found = table.column(*wanted);
      if (found == table.names.size()) {
        error(column->place, path + ".column", "the table has no column '" + *wanted + "'", "",
              suggestion(*wanted, table.column_names()));
        return std::nullopt;
      }
      for (const auto& row : table.rows) list.push_back(row[found]);
    } else {
      list = read_values(*name);
    }
  }
  std::vector<double> values;
  bool whole = true;
  for (const Value& element : list) {
    const auto number = element.kind == Value::Kind::scalar ? parse_number(element.scalar) : std::nullopt;
    if (!number)
      error(element.place, path, "'" + element.scalar + "' is no number", "one number for each site");
    whole = whole && number;
    values.push_back(number.value_or(0.0) * unit->factor() + unit->offset());
  }
  return whole ? std::optional(Coefficient::per_site(std::move(values))) : std::nullopt;
}

}  // namespace holon::modelfile
