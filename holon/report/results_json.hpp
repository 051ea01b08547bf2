// results.json: every result under its name with value and unit.
#pragma once

#include "holon/engine/observer.hpp"

#include <map>
#include <string>

namespace holon::report {

/// {"name": {"value": ..., "unit": "mV"}}: a number that reads back as the same double, an array, a text, or
/// null with "why". Infinity is the text "inf" or "-inf"; a number that is none is null with a why.
std::string results_json(const std::map<std::string, ResultValue>& results);

}  // namespace holon::report
