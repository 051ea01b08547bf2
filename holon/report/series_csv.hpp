// Series as comma-separated text: one header line "time [ms],V [mV]", then rows of numbers with 17
// significant digits, so that reading gives the same doubles back.
#pragma once

#include "holon/engine/observer.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace holon::report {

/// Appends a number with 17 significant digits; "inf", "-inf", "nan". The same in every locale.
void append_number(std::string& text, double value);

std::string series_csv(const Series& series);

/// What series_csv wrote. Throws InputError with line and rule; `name` is the file's name for messages.
Series read_series_csv(std::string_view text, const std::string& name);

/// Writes series/NAME.csv for each; whole files or not at all (SystemError).
void write_series(const std::filesystem::path& folder, const std::map<std::string, Series>& series);

}  // namespace holon::report
