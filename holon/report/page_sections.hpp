// The parts of a report that are text and tables.
#pragma once

#include "holon/report/output_folder.hpp"

#include <string>

namespace holon::report {

/// A text of a JSON object, or `otherwise` if it is absent or no text.
std::string text_of(const nlohmann::ordered_json& json, const char* key, const std::string& otherwise = "");

std::string header_section(const OutputFolder& folder);   ///< title, state of the run, one summary line
std::string results_section(const OutputFolder& folder);  ///< beside published values, with deviations
std::string events_section(const OutputFolder& folder);   ///< events and warnings
std::string ledger_section(const OutputFolder& folder);   ///< the books of each conserved quantity
std::string timings_section(const OutputFolder& folder);  ///< by process
std::string model_section(const OutputFolder& folder);    ///< the model's text with line numbers
std::string environment_section(
    const OutputFolder& folder);  ///< version, seed, threads, instruction set, hash

}  // namespace holon::report
