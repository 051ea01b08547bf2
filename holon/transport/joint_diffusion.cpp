#include "holon/transport/joint_diffusion.hpp"

#include "holon/base/error.hpp"
#include "holon/transport/flux_diffusion.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace holon::transport {

struct JointDiffusion::JointScratch final : Scratch {
  std::vector<Workspace> parts;
};

JointDiffusion::JointDiffusion(std::string name, const Model& model, std::vector<DiffusionOptions> options)
    : Process(std::move(name)) {
  require(!options.empty(), "a joint process has at least one field");
  for (DiffusionOptions& each : options) {
    const Field& field = (*model.fields)[each.field];
    if (field.space != (*model.fields)[options.front().field].space)
      throw InputError(fmt::format("process '{}' needs fields on one space; '{}' lives on '{}'", this->name(),
                                   field.name, field.space->name()));
    Part part{field.name, make_diffusion(this->name(), model, std::move(each)), nullptr};
    part.uniform = dynamic_cast<const Diffusion*>(part.process.get());
    parts_.push_back(std::move(part));
  }
}

Ports JointDiffusion::ports() const {
  Ports all;
  for (const Part& part : parts_)
    for (const Port& port : part.process->ports()) all.push_back(port);
  return all;
}

std::vector<LedgerAccount> JointDiffusion::ledger_accounts() const {
  std::vector<LedgerAccount> all;
  for (const Part& part : parts_)
    for (LedgerAccount& account : part.process->ledger_accounts()) all.push_back(std::move(account));
  return all;
}

std::shared_ptr<const Capacity> JointDiffusion::capacity(FieldId field) const {
  for (const Part& part : parts_)
    if (auto capacity = part.process->capacity(field)) return capacity;
  return nullptr;
}

std::optional<std::pair<std::string, std::string>> JointDiffusion::capacity_obstacle(FieldId field) const {
  for (const Part& part : parts_)
    if (auto obstacle = part.process->capacity_obstacle(field)) return obstacle;
  return std::nullopt;
}

void JointDiffusion::set_accounts(std::vector<AccountId> accounts) {
  auto next = accounts.begin();
  for (Part& part : parts_) {
    const auto end = next + static_cast<std::ptrdiff_t>(part.process->ledger_accounts().size());
    part.process->set_accounts({next, end});
    next = end;
  }
  Process::set_accounts(std::move(accounts));
}

std::vector<Workspace>& JointDiffusion::workspaces(Workspace& work) const {
  auto* scratch = dynamic_cast<JointScratch*>(work.scratch.get());
  if (scratch == nullptr) {
    auto made = std::make_unique<JointScratch>();
    made->parts.resize(parts_.size());
    scratch = made.get();
    work.scratch = std::move(made);
  }
  for (Workspace& part : scratch->parts) part.threads = work.threads;
  return scratch->parts;
}

void JointDiffusion::count(Workspace& work) {
  for (Workspace& part : static_cast<JointScratch&>(*work.scratch).parts) {
    work.counters.linear_iterations += part.counters.linear_iterations;
    work.counters.rate_evaluations += part.counters.rate_evaluations;
    work.counters.jacobian_evaluations += part.counters.jacobian_evaluations;
    part.counters = {};
  }
}

Outcome JointDiffusion::advance(State& state, const Interval& interval, const Inputs& inputs,
                                Workspace& work) const {
  std::vector<Workspace>& own = workspaces(work);
  std::vector<DirectionalSweeps::Reflection> together;
  Outcome all{.reached = interval.end, .seen_finite = true};
  for (std::size_t p = 0; p < parts_.size(); ++p) {
    const Diffusion* uniform = parts_[p].uniform;
    if (uniform != nullptr && uniform->reflects()) {
      together.push_back(uniform->begin_reflection(state, interval, own[p]));
      continue;
    }
    Outcome outcome = parts_[p].process->advance(state, interval, inputs, own[p]);
    if (outcome.why != Outcome::Why::done) return outcome;
    all.seen_finite = all.seen_finite && outcome.seen_finite;
  }
  for (const bool finite : DirectionalSweeps::reflect(together, *work.threads))
    all.seen_finite = all.seen_finite && finite;
  for (std::size_t p = 0; p < parts_.size(); ++p)
    if (const Diffusion* uniform = parts_[p].uniform; uniform != nullptr && uniform->reflects())
      uniform->end_reflection(state, interval, own[p]);
  ++work.counters.steps;
  count(work);
  return all;
}

void JointDiffusion::determine(State& state, double time, Workspace& work) const {
  std::vector<Workspace>& own = workspaces(work);
  for (std::size_t p = 0; p < parts_.size(); ++p) parts_[p].process->determine(state, time, own[p]);
  count(work);
}

void JointDiffusion::rate(const State& state, double time, Workspace& work, Vector& rates) const {
  std::vector<Workspace>& own = workspaces(work);
  for (std::size_t p = 0; p < parts_.size(); ++p) parts_[p].process->rate(state, time, own[p], rates);
  count(work);
}

void JointDiffusion::jvp(const State& state, double time, const Vector& du, Workspace& work,
                         Vector& out) const {
  std::vector<Workspace>& own = workspaces(work);
  for (std::size_t p = 0; p < parts_.size(); ++p) parts_[p].process->jvp(state, time, du, own[p], out);
}

void JointDiffusion::vjp(const State& state, double time, const Vector& w, Workspace& work,
                         Vector& out) const {
  std::vector<Workspace>& own = workspaces(work);
  for (std::size_t p = 0; p < parts_.size(); ++p) parts_[p].process->vjp(state, time, w, own[p], out);
}

void JointDiffusion::jacobian(const State& state, double time, Workspace& work,
                              SparseBuilder& entries) const {
  std::vector<Workspace>& own = workspaces(work);
  for (std::size_t p = 0; p < parts_.size(); ++p) parts_[p].process->jacobian(state, time, own[p], entries);
  count(work);
}

double JointDiffusion::stable_step(const State& state) const {
  double smallest = std::numeric_limits<double>::infinity();
  for (const Part& part : parts_) smallest = std::min(smallest, part.process->stable_step(state));
  return smallest;
}

Scales JointDiffusion::scales(const State& state) const {
  Scales all = parts_.front().process->scales(state);
  for (const Part& part : parts_) {
    const Scales own = part.process->scales(state);
    all.space_resolution = std::min(all.space_resolution, own.space_resolution);
    all.space_extent = std::max(all.space_extent, own.space_extent);
    all.time_resolution = std::min(all.time_resolution, own.time_resolution);
    all.time_extent = std::max(all.time_extent, own.time_extent);
  }
  return all;
}

std::vector<std::string> JointDiffusion::description() const {
  // Fields of which the same is true share their lines.
  std::vector<std::pair<std::vector<std::string>, std::vector<std::string>>> groups;  // lines, fields
  for (const Part& part : parts_) {
    const std::vector<std::string> lines = part.process->description();
    const auto same =
        std::find_if(groups.begin(), groups.end(), [&](const auto& group) { return group.first == lines; });
    if (same == groups.end())
      groups.push_back({lines, {part.field}});
    else
      same->second.push_back(part.field);
  }
  std::vector<std::string> all;
  for (const auto& [lines, fields] : groups)
    for (const std::string& line : lines) all.push_back(fmt::format("{}: {}", fmt::join(fields, ", "), line));
  return all;
}

}  // namespace holon::transport
