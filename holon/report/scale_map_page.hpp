// The scale-separation map as a picture: a box for each process on logarithmic axes of space and time.
#pragma once

#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

namespace holon::report {

/// Boxes, pairs, what could be quasi-steady and the recommended schedule, from what stands in scales.json.
std::string scale_map_section(const nlohmann::ordered_json& scales);

/// The section of a report whose folder holds a scales.json; empty otherwise. Throws InputError when the file
/// is damaged.
std::string scale_map_section(const std::filesystem::path& folder);

/// Writes DIR/scales.html from DIR/scales.json.
void write_scale_map_page(const std::filesystem::path& folder);

}  // namespace holon::report
