#include "holon/report/page_data.hpp"

#include <cstring>

namespace holon::report {

namespace {

std::string packed(const std::vector<double>& values) {
  std::string bytes(values.size() * sizeof(double), '\0');
  if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return base64(bytes);
}

/// Every `stride`-th value.
std::vector<double> strided(const std::vector<double>& values, std::size_t stride) {
  std::vector<double> out;
  for (std::size_t k = 0; k < values.size(); k += stride) out.push_back(values[k]);
  return out;
}

nlohmann::json last_frame(const OutputFolder& folder, const FrameList& list, std::size_t most) {
  const AgentImage image = folder.agents(list.files.back());
  const std::size_t agents = image.places.size(), stride = most == 0 ? 1 : (agents + most - 1) / most;
  const auto kept = [&](const std::vector<double>& values) {
    return packed(stride > 1 ? strided(values, stride) : values);
  };
  nlohmann::json places = nlohmann::json::array(), columns = nlohmann::json::array();
  for (std::size_t a = 0; a < static_cast<std::size_t>(image.dimensions); ++a) {
    std::vector<double> along;
    for (const Position& place : image.places) along.push_back(place[a]);
    places.push_back(kept(along));
  }
  for (const AgentImage::Column& column : image.columns)
    columns.push_back({{"name", column.name}, {"unit", column.unit}, {"values", kept(column.values)}});
  return {{"name", list.name},
          {"dimensions", image.dimensions},
          {"agents", agents},
          {"low", image.low},
          {"high", image.high},
          {"length_unit", image.length_unit},
          {"time", image.time},
          {"time_unit", image.time_unit},
          {"note", stride > 1 ? "one of " + std::to_string(stride) + " agents" : ""},
          {"places", std::move(places)},
          {"columns", std::move(columns)}};
}

}  // namespace

nlohmann::json agents_data(const OutputFolder& folder, const PageBudget& budget) {
  const std::vector<FrameList> lists = folder.frame_lists();
  nlohmann::json out = nlohmann::json::array();
  for (const FrameList& list : lists)
    if (!list.files.empty() && list.files.back().extension() == ".vtp")
      out.push_back(last_frame(folder, list, budget.agents / lists.size()));
  return out;
}

}  // namespace holon::report
