#include "holon/engine/averaging.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/delayed_transfer.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace holon {

namespace {

/// A period as a fraction of a macro step: the best with a denominator below 2^31 (continued fractions).
Fraction part_of_step(double period, double macro_step) {
  constexpr double largest = 2147483648.0;
  double rest = period / macro_step;
  std::int64_t p = 1, q = 0, p_before = 0, q_before = 1;
  for (;;) {
    const double whole = std::floor(rest);
    const double next_q = whole * static_cast<double>(q) + static_cast<double>(q_before);
    const double next_p = whole * static_cast<double>(p) + static_cast<double>(p_before);
    if (next_q >= largest || next_p >= largest) break;
    p_before = std::exchange(p, static_cast<std::int64_t>(next_p));
    q_before = std::exchange(q, static_cast<std::int64_t>(next_q));
    const double value = static_cast<double>(p) / static_cast<double>(q);
    if (rest == whole || std::fabs(value * macro_step - period) <= 1e-15 * period) break;
    rest = 1.0 / (rest - whole);
  }
  return Fraction::of(p, q);
}

std::vector<ProcessId> processes_of(const std::vector<Instruction>& part) {
  std::vector<ProcessId> processes;
  for (const Instruction& instruction : part) processes.push_back(instruction.process);
  return processes;
}

std::vector<FieldId> real_fields_of(const Model& model, const std::vector<Instruction>& part) {
  std::set<FieldId> fields;
  for (const ProcessId process : processes_of(part))
    for (const FieldId field : fields_changed_by(*model.processes[process], *model.fields))
      if ((*model.fields)[field].type == FieldType::real) fields.insert(field);
  return {fields.begin(), fields.end()};
}

std::vector<std::vector<double>> columns_of(const State& state, const std::vector<FieldId>& fields) {
  std::vector<std::vector<double>> columns;
  for (const FieldId field : fields)
    for (int c = 0; c < state.fields()[field].components; ++c) {
      const auto column = state.real(field, c);
      columns.emplace_back(column.begin(), column.end());
    }
  return columns;
}

}  // namespace

Averaging::Averaging(const Execution& execution, std::size_t average)
    : execution_(execution),
      model_(execution.model()),
      average_(model_.program.averages[average]),
      slow_fields_(real_fields_of(model_, average_.slow)),
      fast_fields_(real_fields_of(model_, average_.fast)),
      period_(part_of_step(average_.options.period, model_.schedule.step)) {}

Averaging::Slow Averaging::slow_of(const State& state) const {
  Slow slow{columns_of(state, slow_fields_), {}};
  for (AccountId a = 0; a < model_.accounts.size(); ++a) slow.accounts.push_back(state.account(a).value());
  return slow;
}

void Averaging::set_fields(State& state, const std::vector<std::vector<double>>& columns) const {
  std::size_t next = 0;
  for (const FieldId field : slow_fields_)
    for (int c = 0; c < (*model_.fields)[field].components; ++c)
      std::ranges::copy(columns[next++], state.real(field, c).begin());
}

std::vector<std::vector<double>> Averaging::fast_of(const State& state) const {
  return columns_of(state, fast_fields_);
}

void Averaging::fast_substep(State& state, Time begin, std::int64_t number, const Inputs& inputs) const {
  const Fraction part = period_ * Fraction::of(1, average_.options.steps);
  const Time from = begin + part * Fraction{number, 1};
  for (const Instruction& instruction : average_.fast)
    execution_.run(state, instruction, from + instruction.begin * part, from + instruction.end * part,
                   inputs);
}

void Averaging::run_to_cycle(State& state, Time& begin, const Inputs& inputs) const {
  const Time first = begin;
  double change = 0.0;
  for (std::int64_t cycle = 0; cycle < average_.options.most; ++cycle) {
    const auto before = fast_of(state);
    std::vector<double> size(before.size(), 0.0);
    for (std::int64_t n = 0; n < average_.options.steps; ++n) {
      fast_substep(state, begin, n, inputs);
      const auto now = fast_of(state);
      for (std::size_t k = 0; k < now.size(); ++k)
        for (const double value : now[k]) size[k] = std::max(size[k], std::fabs(value));
    }
    begin = begin + period_;
    const auto after = fast_of(state);
    change = 0.0;
    for (std::size_t k = 0; k < after.size(); ++k)
      for (std::size_t site = 0; site < after[k].size(); ++site)
        if (size[k] > 0.0) change = std::max(change, std::fabs(after[k][site] - before[k][site]) / size[k]);
    if (change <= average_.options.tolerance) return;
  }
  std::string names;
  for (const ProcessId process : processes_of(average_.fast))
    names += (names.empty() ? "" : ", ") + model_.processes[process]->name();
  throw NumericalFailure(fmt::format(
      "average: {} did not become periodic in {} periods of {} in the step that begins at t = {}: over the "
      "last period the fields changed by {:.2g} of their size, and the tolerance is {:.2g}; is the period "
      "right?",
      names, average_.options.most, moment_text(average_.options.period, model_.schedule),
      moment_text(first.value(model_.schedule.step), model_.schedule), change, average_.options.tolerance));
}

Averaging::Slow Averaging::gain(State& state, Time& begin, const Inputs& inputs) const {
  const Slow start = slow_of(state);
  Slow sum = start;
  for (auto& column : sum.columns) std::ranges::fill(column, 0.0);
  std::ranges::fill(sum.accounts, 0.0);
  const Fraction part = period_ * Fraction::of(1, average_.options.steps);
  for (std::int64_t n = 0; n < average_.options.steps; ++n) {
    const Time from = begin + part * Fraction{n, 1};
    std::vector<CompensatedSum> accounts;
    for (AccountId a = 0; a < model_.accounts.size(); ++a) accounts.push_back(state.account(a));
    for (const Instruction& instruction : average_.slow)
      execution_.run(state, instruction, from + instruction.begin * part, from + instruction.end * part,
                     inputs);
    const Slow now = slow_of(state);
    for (std::size_t k = 0; k < sum.columns.size(); ++k)
      for (std::size_t site = 0; site < sum.columns[k].size(); ++site)
        sum.columns[k][site] += now.columns[k][site] - start.columns[k][site];
    for (AccountId a = 0; a < accounts.size(); ++a) {
      sum.accounts[a] += now.accounts[a] - accounts[a].value();
      state.account(a) = accounts[a];
    }
    set_fields(state, start.columns);
    fast_substep(state, begin, n, inputs);
  }
  begin = begin + period_;
  return sum;
}

void Averaging::advance(State& state, Time begin, Time end, const Inputs& inputs) {
  const double periods = end.fraction_since(begin).value() / period_.value();
  const Slow start = slow_of(state);
  Time now = begin;  // of the fast processes
  run_to_cycle(state, now, inputs);
  Slow sum = gain(state, now, inputs);
  const auto moved = [&](double share) {
    auto columns = start.columns;
    for (std::size_t k = 0; k < columns.size(); ++k)
      for (std::size_t site = 0; site < columns[k].size(); ++site)
        columns[k][site] += share * sum.columns[k][site];
    return columns;
  };
  if (average_.options.order == 2) {
    set_fields(state, moved(0.5 * periods));
    run_to_cycle(state, now, inputs);
    sum = gain(state, now, inputs);
  }
  set_fields(state, moved(periods));
  for (AccountId a = 0; a < sum.accounts.size(); ++a) state.account(a).add(periods * sum.accounts[a]);
}

void check_averages(const Model& model) {
  const auto refuse = [](const Average& average, std::string message, std::string expected) {
    throw InputError(Diagnostic{.place = average.place,
                                .path = "schedule.average",
                                .message = std::move(message),
                                .expected = std::move(expected)});
  };
  for (const Average& average : model.program.averages) {
    for (const auto* part : {&average.fast, &average.slow})
      for (const Instruction& instruction : *part) {
        if (instruction.window || instruction.average)
          refuse(average, "has an iterate or an average inside", "processes, lie, strang and subcycle");
        const Process& process = *model.processes[instruction.process];
        if (process.traits().resizes)
          refuse(average, fmt::format("'{}' changes the number of sites", process.name()),
                 "processes on a fixed number of sites");
        for (const Port& port : process.ports())
          if (port.role == Port::Role::emit || port.role == Port::Role::receive)
            refuse(average,
                   fmt::format("'{}' has events, whose times do not come again with a cycle", process.name()),
                   "processes without events");
        for (const ProcessId before : model.determination.before(process))
          if (dynamic_cast<const DelayedTransfer*>(model.processes[before].get()) != nullptr)
            refuse(average, fmt::format("'{}' looks into the past", process.name()),
                   "processes without delays");
      }
    std::set<FieldId> fast;
    for (const FieldId field : real_fields_of(model, average.fast)) fast.insert(field);
    for (const FieldId field : real_fields_of(model, average.slow))
      if (fast.contains(field))
        refuse(average, fmt::format("'{}' is advanced by both parts", (*model.fields)[field].name),
               "each field advanced by one part");
    if (average.options.period > model.schedule.step * (1.0 + 1e-9))
      refuse(average,
             fmt::format("the period of {} is longer than the macro step of {}",
                         moment_text(average.options.period, model.schedule),
                         moment_text(model.schedule.step, model.schedule)),
             "a step of at least one period");
  }
}

}  // namespace holon
