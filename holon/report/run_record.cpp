#include "holon/report/run_record.hpp"

#include "holon/expr/kernel.hpp"

#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

namespace holon::report {

namespace {

using Json = nlohmann::ordered_json;

Json timings(const RunRecord& record) {
  Json processes = Json::object();
  for (const ProcessTiming& timing : record.processes) {
    Json& entry = processes[timing.process];
    entry["seconds"] = timing.seconds;
    entry["steps"] = timing.counters.steps;
    const auto add = [&entry](const char* key, std::uint64_t count) {
      if (count > 0) entry[key] = count;
    };
    add("rejected", timing.counters.rejected);
    add("rate_evaluations", timing.counters.rate_evaluations);
    add("jacobian_evaluations", timing.counters.jacobian_evaluations);
    add("linear_iterations", timing.counters.linear_iterations);
    add("nonlinear_iterations", timing.counters.nonlinear_iterations);
  }
  Json timings = {{"startup_seconds", record.startup_seconds},
                  {"startup_cpu_seconds", record.startup_cpu_seconds},
                  {"run_seconds", record.run_seconds},
                  {"cpu_seconds", record.cpu_seconds},
                  {"processes", std::move(processes)}};
  for (const auto& [name, seconds] : record.study_seconds) timings["studies"][name] = seconds;
  return timings;
}

Json ledger(const std::vector<LedgerBalance>& balances) {
  Json out = Json::object();
  for (const LedgerBalance& balance : balances) {
    Json lines = Json::array();
    for (const LedgerLine& line : balance.lines)
      lines.push_back({{"process", line.process},
                       {"channel", line.channel},
                       {"amount", line.amount},
                       {"moved", line.moved}});
    Json crossings = Json::array();
    for (const LedgerCrossing& crossing : balance.crossings)
      crossings.push_back({{"process", crossing.process},
                           {"coupling", crossing.coupling},
                           {"left", crossing.left},
                           {"arrived", crossing.arrived},
                           {"difference", crossing.difference()},
                           {"relative_difference", crossing.relative_difference()}});
    out[balance.quantity] = {{"relative_residual", balance.relative_residual},
                             {"unit", balance.unit.text()},
                             {"held_at_start", balance.held_at_start},
                             {"held_now", balance.held_now},
                             {"produced_by_reactions", balance.produced_by_reactions},
                             {"lines", std::move(lines)},
                             {"couplings", std::move(crossings)}};
  }
  return out;
}

Json result_notes(const std::vector<ResultRecipe>& recipes) {
  Json out = Json::object();
  for (const ResultRecipe& recipe : recipes) {
    Json entry = Json::object();
    if (!recipe.description.empty()) entry["description"] = recipe.description;
    if (recipe.published) {
      Json published = {{"value", recipe.published->value},
                        {"unit", recipe.published->unit.text()},
                        {"source", recipe.published->source}};
      if (recipe.published->tolerance) published["tolerance"] = *recipe.published->tolerance;
      entry["published"] = std::move(published);
    }
    out[recipe.name] = std::move(entry);  // also without notes: their order is the model's
  }
  return out;
}

Json partition(const RunRecord& record) {
  Json out = Json::array();
  for (const Distribution::Part& part : record.partition)
    out.push_back(
        {{"rank", part.rank}, {"space", part.space}, {"sites", {part.sites.begin, part.sites.end}}});
  return out;
}

Json shared(const RunRecord& record) {
  Json out = Json::object();
  for (const Distribution::Line& line : record.shared) out[line.process] = line.text;
  return out;
}

const char* name(RunRecord::Status status) {
  switch (status) {
    case RunRecord::Status::running:
      return "running";
    case RunRecord::Status::done:
      return "done";
    case RunRecord::Status::failed:
      return "failed";
    case RunRecord::Status::interrupted:
      return "interrupted";
  }
  return "";
}

}  // namespace

void describe(const Simulation& simulation, RunRecord& record) {
  const Model& model = simulation.model();
  const Schedule& schedule = model.schedule;
  record.title = model.title;
  record.resolved_model = model.resolved;
  record.model_hash = model.hash;
  record.seed = simulation.state().seed;
  record.threads = simulation.threads().threads();
  const Distribution& distribution = simulation.distribution();
  record.ranks = distribution.ranks() != nullptr ? distribution.ranks()->size() : 1;
  record.shared = distribution.lines();
  record.partition = distribution.parts();
  const expr::InstructionSet set = model.kernels.instruction_set;
  record.instruction_set = name(set == expr::InstructionSet::native ? expr::host_instruction_set() : set);
  record.tier = name(model.kernels.tier);
  record.time_unit = schedule.time_unit;
  const double factor = schedule.time_unit.factor();
  record.step = schedule.step / factor;
  record.steps = schedule.steps;
  record.steps_done = simulation.state().time.index;
  record.time_reached = simulation.time() / factor;
  record.time_end = schedule.to_rest ? std::numeric_limits<double>::infinity()
                                     : schedule.step * static_cast<double>(schedule.steps) / factor;
  record.processes = simulation.timings();
  record.ledger = simulation.ledger();
  record.events = simulation.events();
  record.results = model.results;
}

std::string run_json(const RunRecord& record) {
  Json events = Json::array();
  for (const EventRecord& event : record.events)
    events.push_back({{"name", event.name},
                      {"time", event.time / record.time_unit.factor()},
                      {"unit", record.time_unit.text()}});
  Json out;
  out["status"] = name(record.status);
  if (!record.message.empty()) out["message"] = record.message;
  out["title"] = record.title;
  out["model"] = record.resolved_model;
  out["hash"] = record.model_hash;
  out["model_file"] = record.model_file;
  out["model_text"] = record.model_text;
  out["set"] = record.overrides;
  out["version"] = record.version;
  out["seed"] = record.seed;
  out["threads"] = record.threads;
  out["ranks"] = record.ranks;
  if (record.ranks > 1) out["partition"] = partition(record);
  if (record.ranks > 1) out["shared"] = shared(record);
  out["instruction_set"] = record.instruction_set;
  out["tier"] = record.tier;
  out["resumed"] = record.resumed;
  out["time"] = {{"unit", record.time_unit.text()}, {"step", record.step},
                 {"reached", record.time_reached},  {"end", record.time_end},
                 {"steps_done", record.steps_done}, {"steps", record.steps}};
  if (std::isinf(record.time_end)) out["time"]["end"] = out["time"]["steps"] = "inf";
  out["timings"] = timings(record);
  out["ledger"] = ledger(record.ledger);
  out["events"] = std::move(events);
  out["warnings"] = record.warnings;
  out["results"] = result_notes(record.results);
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace holon::report
