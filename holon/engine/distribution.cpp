#include "holon/engine/distribution.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace holon {

namespace {

/// Processes in iterated windows and averages: what these keep and compare are whole columns.
std::set<ProcessId> in_windows(const Program& program) {
  std::set<ProcessId> found;
  for (const Window& window : program.windows)
    for (const Window::Member& member : window.members)
      found.insert(member.processes.begin(), member.processes.end());
  for (const Average& average : program.averages)
    for (const auto* part : {&average.fast, &average.slow})
      for (const Instruction& instruction : *part) found.insert(instruction.process);
  return found;
}

std::vector<FieldId> fields_touched_by(const Process& process, const FieldTable& fields) {
  std::vector<FieldId> touched = fields_changed_by(process, fields);
  for (const Port& port : process.ports())
    if (port.role == Port::Role::read) touched.push_back(port.field);
  std::sort(touched.begin(), touched.end());
  touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
  return touched;
}

}  // namespace

Distribution::Distribution(const Model& model, Ranks* ranks) : model_(&model), ranks_(ranks) {
  if (ranks_ == nullptr) return;
  const std::set<ProcessId> iterated = in_windows(model.program);
  for (ProcessId p = 0; p < model.processes.size(); ++p) {
    const Process& process = *model.processes[p];
    touched_.push_back(fields_touched_by(process, *model.fields));
    changed_.push_back(fields_changed_by(process, *model.fields));
    accounts_.emplace_back();
    for (AccountId account = 0; account < model.accounts.size(); ++account)
      if (model.accounts[account].process == process.name()) accounts_.back().push_back(account);
    share_.push_back(nullptr);
    const std::optional<Sharing> sharing = process.sharing();
    sharing_.push_back(sharing.value_or(Sharing{}));
    if (!sharing || iterated.contains(p)) continue;
    auto& partition = partitions_[sharing->space];
    if (!partition) partition = partition_of(*sharing->space, *ranks_);
    if (partition && partition->least() >= sharing->least) share_.back() = partition.get();
  }
  // Spaces along which nothing is shared have no owners.
  std::erase_if(partitions_, [&](const auto& entry) {
    return std::find(share_.begin(), share_.end(), entry.second.get()) == share_.end() || !entry.second;
  });
}

void Distribution::fetch(State& state, const std::vector<FieldId>& fields, std::size_t halo) const {
  // In an order that is the same on every rank: that of the fields.
  std::vector<std::pair<const Partition*, std::vector<std::span<double>>>> columns;
  for (const FieldId field : fields) {
    if (state.ghosts(field) >= halo) continue;
    const Field& what = (*model_->fields)[field];
    const auto found = partitions_.find(what.space.get());
    require(found != partitions_.end(), "a field that is not complete lives on a space that is shared");
    const Partition* const partition = found->second.get();
    auto of_space = std::find_if(columns.begin(), columns.end(),
                                 [&](const auto& known) { return known.first == partition; });
    if (of_space == columns.end()) of_space = columns.insert(columns.end(), {partition, {}});
    for (int c = 0; c < what.components; ++c) of_space->second.push_back(state.real(field, c));
    state.set_ghosts(field, halo);
  }
  for (const auto& [partition, of_space] : columns) {
    if (halo == State::all_sites)
      partition->complete(of_space);
    else
      partition->refresh(of_space, halo);
  }
}

void Distribution::before(State& state, ProcessId process) const {
  if (ranks_ == nullptr) return;
  const std::vector<FieldId>& touched = touched_[process];
  if (share_[process] == nullptr) return fetch(state, touched, State::all_sites);
  std::vector<FieldId> shared, others;
  for (const FieldId field : touched)
    ((*model_->fields)[field].space.get() == sharing_[process].space ? shared : others).push_back(field);
  fetch(state, others, State::all_sites);
  fetch(state, shared, sharing_[process].halo);
}

void Distribution::advance_share(State& state, ProcessId process,
                                 const std::function<std::string()>& advance) const {
  // Each rank books what its own sites bring in; all add up the same numbers in the same order.
  const std::vector<AccountId>& accounts = accounts_[process];
  std::vector<CompensatedSum> until_now;
  for (const AccountId account : accounts) until_now.push_back(std::exchange(state.account(account), {}));
  std::string failure;
  try {
    failure = advance();
  } catch (const NumericalFailure& problem) { failure = problem.what(); }
  std::vector<double> sums{failure.empty() ? 0.0 : 1.0};
  for (const AccountId account : accounts) sums.push_back(state.account(account).value());
  share_[process]->add_up(sums);
  for (std::size_t k = 0; k < accounts.size(); ++k) {
    state.account(accounts[k]) = until_now[k];
    state.account(accounts[k]).add(sums[1 + k]);
  }
  for (const FieldId field : changed_[process])
    if ((*model_->fields)[field].space.get() == sharing_[process].space) state.set_ghosts(field, 0);
  if (sums[0] == 0.0) return;
  for (const std::string& text : ranks_->all_gather(failure))
    if (!text.empty()) throw NumericalFailure(text);
}

void Distribution::complete(State& state, const std::function<bool(FieldId)>& wanted) const {
  if (ranks_ == nullptr) return;
  std::vector<FieldId> fields;
  for (FieldId field = 0; field < model_->fields->size(); ++field)
    if (state.ghosts(field) != State::all_sites && wanted(field)) fields.push_back(field);
  if (!fields.empty()) fetch(state, fields, State::all_sites);
}

void Distribution::complete(State& state) const {
  complete(state, [](FieldId) { return true; });
}

std::vector<Distribution::Line> Distribution::lines() const {
  std::vector<Line> lines;
  if (ranks_ == nullptr) return lines;
  const std::set<ProcessId> iterated = in_windows(model_->program);
  for (ProcessId p = 0; p < model_->processes.size(); ++p) {
    const Process& process = *model_->processes[p];
    const Sharing& sharing = sharing_[p];
    Line line{process.name(), {}, share_[p] != nullptr};
    if (line.shared)
      line.text = fmt::format("each rank its own sites of '{}'", sharing.space->name());
    else if (sharing.space == nullptr)
      line.text = "every rank all of it: its kind of process or scheme is not shared";
    else if (iterated.contains(p))
      line.text = "every rank all of it: it is part of an iterated window";
    else
      line.text = fmt::format("every rank all of it: '{}' can't be divided among {} ranks",
                              sharing.space->name(), ranks_->size());
    lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<Distribution::Part> Distribution::parts() const {
  std::vector<Part> parts;
  for (const auto& [name, space] : model_->spaces) {
    const auto found = partitions_.find(space.get());
    if (found == partitions_.end()) continue;
    for (int rank = 0; rank < ranks_->size(); ++rank) parts.push_back({rank, name, found->second->own(rank)});
  }
  return parts;
}

}  // namespace holon
