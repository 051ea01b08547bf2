#include "holon/report/results_json.hpp"

#include <cmath>

#include <nlohmann/json.hpp>

namespace holon::report {

namespace {

using Json = nlohmann::ordered_json;

Json number(double value) {
  if (std::isnan(value)) return nullptr;
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return value;
}

Json entry(const ResultValue& result) {
  Json out = Json::object();
  if (const auto* scalar = std::get_if<double>(&result.value)) {
    out["value"] = number(*scalar);
    if (std::isnan(*scalar)) out["why"] = "the value is not a number";
  } else if (const auto* array = std::get_if<std::vector<double>>(&result.value)) {
    out["value"] = Json::array();
    for (const double value : *array) out["value"].push_back(number(value));
  } else if (const auto* text = std::get_if<std::string>(&result.value)) {
    out["value"] = *text;
  } else {
    out["value"] = nullptr;
    out["why"] = std::get<ResultValue::Missing>(result.value).why;
  }
  out["unit"] = result.unit.text();
  return out;
}

}  // namespace

std::string results_json(const std::map<std::string, ResultValue>& results) {
  Json out = Json::object();
  for (const auto& [name, result] : results) out[name] = entry(result);
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace holon::report
