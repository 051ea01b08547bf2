#include "holon/analysis/scale_map.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace holon::analysis {

namespace {

struct NamedUnit {
  const char* name;
  double factor;
};

constexpr std::array<NamedUnit, 7> length_units{
    {{"nm", 1e-9}, {"um", 1e-6}, {"mm", 1e-3}, {"cm", 1e-2}, {"m", 1.0}, {"km", 1e3}, {"Mm", 1e6}}};
constexpr std::array<NamedUnit, 8> time_units{{{"ns", 1e-9},
                                               {"us", 1e-6},
                                               {"ms", 1e-3},
                                               {"s", 1.0},
                                               {"min", 60.0},
                                               {"h", 3600.0},
                                               {"d", 86400.0},
                                               {"year", 31557600.0}}};

template <std::size_t N>
std::string in_best_unit(double value, const std::array<NamedUnit, N>& units) {
  const NamedUnit* best = &units.front();
  for (const NamedUnit& unit : units)
    if (value >= unit.factor * (1.0 - 5e-5)) best = &unit;  // as four digits are rounded
  return fmt::format("{:.4g} {}", value / best->factor, best->name);
}

template <std::size_t N>
std::string scale_text(double value, const Dimension& dimension, const std::array<NamedUnit, N>& units) {
  if (std::isinf(value)) return "unlimited";
  if (!(value > 0.0)) return "?";
  return dimension.dimensionless() ? fmt::format("{:.4g}", value) : in_best_unit(value, units);
}

std::string ratio_text(double ratio) { return ratio > 0.0 ? fmt::format("{:.4g}", ratio) : "?"; }

std::string relation_sentence(const ScaleMap& map, const PairScales& pair) {
  std::string text = fmt::format("time {}, space {}: {} ({})", name(pair.time), name(pair.space),
                                 name(pair.pattern), operators(pair.pattern));
  if (pair.many_instances)
    text += fmt::format("; many instances of '{}', one at each macro site", map.processes[pair.small].name);
  return text;
}

std::string subject(const QuasiSteady& quasi) {
  if (quasi.states.empty()) return quasi.process;
  if (quasi.states.size() > quasi.others.size())
    return fmt::format("all states of {} but {}", quasi.process, fmt::join(quasi.others, ", "));
  return fmt::format("{}", fmt::join(quasi.states, ", "));
}

nlohmann::ordered_json number(double value) {
  if (std::isinf(value)) return "inf";
  if (value == 0.0) return nullptr;
  return value;
}

nlohmann::ordered_json interval(const ScaleInterval& interval, const std::string& unit,
                                const std::string& source) {
  return {{"resolution", number(interval.resolution)},
          {"extent", number(interval.extent)},
          {"unit", unit},
          {"source", source}};
}

}  // namespace

std::string length_text(double coherent, const Dimension& dimension) {
  return scale_text(coherent, dimension, length_units);
}

std::string time_text(double coherent, const Dimension& dimension) {
  return scale_text(coherent, dimension, time_units);
}

std::string text(const ScaleMap& map) {
  std::string out = map.title.empty() ? "Scales\n" : "Scales: " + map.title + "\n";
  const auto length = [&](double value) { return length_text(value, map.length); };
  const auto time = [&](double value) { return time_text(value, map.time); };
  std::size_t widest = 8;
  for (const ProcessScales& process : map.processes)
    widest = std::max(widest, process.name.size() + process.type.size() + 3);
  out += fmt::format("\n{:<{}}  {:<24}{:<26}{:<14}{}\n", "  process", widest + 2, "space", "time", "step",
                     "largest stable step");
  for (const ProcessScales& process : map.processes) {
    const auto range = [](const std::string& low, const std::string& high) {
      return low == high ? low : low + " to " + high;
    };
    out += fmt::format(
        "  {:<{}}  {:<24}{:<26}{:<14}{}\n", fmt::format("{} ({})", process.name, process.type), widest,
        process.space.known() ? range(length(process.space.resolution), length(process.space.extent))
                              : "no extent",
        process.time.known() ? range(time(process.time.resolution), time(process.time.extent))
        : process.at_once    ? "at once"
                             : "not known",
        time(process.step), time(process.stable_step));
  }
  out += "\nWhere the numbers are from\n";
  for (const ProcessScales& process : map.processes) {
    out += fmt::format(
        "  {}: space: {}; time: {}", process.name,
        process.space_source.empty() ? "'" + process.space_name + "' has no extent" : process.space_source,
        process.time_source.empty() ? "not known" : process.time_source);
    if (process.spectrum.neutral > 0)
      out += fmt::format("; {} neutral mode{}", process.spectrum.neutral,
                         process.spectrum.neutral > 1 ? "s" : "");
    if (process.spectrum.grows) out += "; a mode grows";
    out += "\n";
  }
  if (!map.pairs.empty()) out += "\nPairs\n";
  for (const PairScales& pair : map.pairs) {
    out += fmt::format("  {} - {}\n", map.processes[pair.fast].name, map.processes[pair.slow].name);
    if (pair.epsilon > 0.0)
      out += fmt::format("    epsilon = {} / {} = {}; times: {} at one diffusivity, {} at one speed\n",
                         length(map.processes[pair.small].space.extent),
                         length(map.processes[pair.large].space.extent), ratio_text(pair.epsilon),
                         ratio_text(pair.tau_ratio_diffusion), ratio_text(pair.tau_ratio_advection));
    if (pair.epsilon_time > 0.0)
      out += fmt::format("    extent of the faster over resolution of the slower: {} / {} = {}\n",
                         time(map.processes[pair.fast].time.extent),
                         time(map.processes[pair.slow].time.resolution), ratio_text(pair.epsilon_time));
    out += "    " + relation_sentence(map, pair) + "\n";
    out += pair.fields.empty() ? "    not coupled directly\n"
                               : fmt::format("    coupled through {}\n", fmt::join(pair.fields, ", "));
  }
  if (!map.quasi_steady.empty()) out += "\nWhat could be quasi-steady, and the relative error of that\n";
  for (const QuasiSteady& quasi : map.quasi_steady)
    out += fmt::format("  {} against {}: {:.3g} at order 0, {:.3g} at order 1\n", subject(quasi),
                       quasi.relative_to == quasi.process ? "its other states" : quasi.relative_to,
                       quasi.error_order_0, quasi.error_order_1);
  out += fmt::format("\nRecommended\n  {}\n",
                     map.schedule.yaml.empty() ? "the schedule that the model has" : map.schedule.yaml);
  for (const std::string& reason : map.schedule.reasons) out += "  - " + reason + "\n";
  return out;
}

std::string json(const ScaleMap& map) {
  using Json = nlohmann::ordered_json;
  const std::string length = map.length.dimensionless() ? "1" : "m",
                    time = map.time.dimensionless() ? "1" : "s";
  Json out{{"title", map.title}, {"processes", Json::array()}};
  for (const ProcessScales& process : map.processes)
    out["processes"].push_back({{"name", process.name},
                                {"type", process.type},
                                {"on", process.space_name},
                                {"sites", process.sites},
                                {"space", interval(process.space, length, process.space_source)},
                                {"time", interval(process.time, time, process.time_source)},
                                {"fastest_time", number(process.fastest)},
                                {"slowest_time", number(process.slowest)},
                                {"times", process.spectrum.times},
                                {"neutral_modes", process.spectrum.neutral},
                                {"grows", process.spectrum.grows},
                                {"step", number(process.step)},
                                {"stable_step", number(process.stable_step)}});
  out["pairs"] = Json::array();
  for (const PairScales& pair : map.pairs) {
    Json entry{{"fast", map.processes[pair.fast].name},
               {"slow", map.processes[pair.slow].name},
               {"small", map.processes[pair.small].name},
               {"large", map.processes[pair.large].name},
               {"epsilon", number(pair.epsilon)},
               {"tau_ratio_diffusion", number(pair.tau_ratio_diffusion)},
               {"tau_ratio_advection", number(pair.tau_ratio_advection)},
               {"epsilon_time", number(pair.epsilon_time)},
               {"time_ratio", number(pair.time_ratio)},
               {"region", {{"space", name(pair.space)}, {"time", name(pair.time)}}},
               {"pattern", name(pair.pattern)},
               {"operators", operators(pair.pattern)},
               {"many_instances", pair.many_instances},
               {"coupled_through", pair.fields}};
    if (pair.declared) entry["declared"] = *pair.declared;
    out["pairs"].push_back(std::move(entry));
  }
  out["quasi_steady"] = Json::array();
  for (const QuasiSteady& quasi : map.quasi_steady)
    out["quasi_steady"].push_back({{"process", quasi.process},
                                   {"states", quasi.states},
                                   {"other_states", quasi.others},
                                   {"relative_to", quasi.relative_to},
                                   {"ratio", quasi.ratio},
                                   {"error_order_0", quasi.error_order_0},
                                   {"error_order_1", quasi.error_order_1}});
  out["recommended"] = {{"step", map.schedule.step},
                        {"unit", time},
                        {"schedule", map.schedule.yaml},
                        {"reasons", map.schedule.reasons}};
  out["warnings"] = map.warnings;
  return out.dump(2) + "\n";
}

}  // namespace holon::analysis
