// Tables in files: names of columns in the first line, values separated by commas, '#' begins a remark.
#pragma once

#include "holon/modelfile/document.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace holon::modelfile {

struct TableFile {
  std::vector<Document::Value> names;              ///< of the columns, with their places
  std::vector<std::vector<Document::Value>> rows;  ///< as many values as columns
  /// The number of a column, or that of columns where there is none.
  std::size_t column(std::string_view name) const;
  std::vector<std::string> column_names() const;
};

/// Throws InputError (with the line) for rows of another length than the first, SystemError where the file
/// can't be read.
TableFile read_table(const std::filesystem::path& file);

}  // namespace holon::modelfile
