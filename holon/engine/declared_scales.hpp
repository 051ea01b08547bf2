// What a model file states about scales: boxes that replace what would be computed from the discretisation,
// and patterns by which processes are said to be joined.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace holon {

struct DeclaredScales {
  struct Box {
    std::optional<std::pair<double, double>> space, time;  ///< resolution and extent [coherent unit]
  };
  std::map<std::string, Box> boxes;  ///< by process
  struct Joint {
    std::string one, other;  ///< processes
    std::string pattern;     ///< interact, call_release, dispatch
  };
  std::vector<Joint> patterns;
};

}  // namespace holon
