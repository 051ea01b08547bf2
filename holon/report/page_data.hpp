// The numbers that a report's curves and animations draw, thinned so that the page stays small.
#pragma once

#include "holon/report/output_folder.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace holon::report {

std::string base64(std::string_view bytes);  ///< RFC 4648, with padding

/// Indices of the points that a curve keeps: in each of `buckets` equal runs of points the least and the
/// greatest (and the first that is no number), so that no peak is lost; and both ends. All if there are few.
std::vector<std::size_t> thinned(std::span<const double> values, std::size_t buckets);

/// How much a page may hold.
struct PageBudget {
  std::size_t series_points = 250000;  ///< of all curves together: 16 bytes each
  std::size_t frame_values = 3000000;  ///< of all animations together: 2 bytes each
  std::size_t curves_of_a_series = 120;
  std::size_t agents = 40000;  ///< of all pictures of populations together: 8 bytes a number
};

/// {"name", "x": {"name", "unit"}, "columns": [{"name", "unit", "x", "y"}], "note"}: x and y are base64 of
/// little-endian doubles. The folds and Hopf points of a branch (a series NAME_points with the columns
/// uncertainty, transversality, curvature and omega, beside a series NAME with the same first column) are no
/// curves: they stand in NAME's entry as "points": [{"name", "unit", "values"}].
nlohmann::json series_data(const OutputFolder& folder, const PageBudget& budget);

/// {"name", "dimensions", "count", "spacing", "origin", "length_unit", "times", "time_unit", "note",
///  "columns": [{"name", "unit", "least", "greatest", "frames"}]}: frames are base64 of little-endian 16-bit
/// numbers from 0 (least) to 65534 (greatest); 65535 is no number.
nlohmann::json frames_data(const OutputFolder& folder, const PageBudget& budget);

/// The last frame of each population: {"name", "dimensions", "low", "high", "length_unit", "time",
/// "time_unit", "note", "places": one per axis, "columns": [{"name", "unit", "values"}]}: places and values
/// are base64 of little-endian doubles; the first two columns are id and radius.
nlohmann::json agents_data(const OutputFolder& folder, const PageBudget& budget);

}  // namespace holon::report
