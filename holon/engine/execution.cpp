#include "holon/engine/execution.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/averaging.hpp"
#include "holon/engine/delayed_transfer.hpp"
#include "holon/engine/transfer.hpp"
#include "holon/engine/window_iteration.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include <fmt/format.h>

namespace holon {

namespace {

constexpr int most_halvings = 20;

bool contains(const std::vector<FieldId>& fields, FieldId field) {
  return std::find(fields.begin(), fields.end(), field) != fields.end();
}

/// Columns of a State that hold something else for a while.
class Substituted {
 public:
  explicit Substituted(State& state) : state_(&state) {}
  Substituted(const Substituted&) = delete;
  Substituted& operator=(const Substituted&) = delete;
  ~Substituted() {
    for (const Kept& kept : kept_) {
      const auto column = state_->real(kept.field, kept.component);
      std::copy(kept.values.begin(), kept.values.end(), column.begin());
    }
  }
  void put(FieldId field, const Waveform& waveform, double time) {
    for (int c = 0; c < waveform.components; ++c) {
      const auto column = state_->real(field, c);
      kept_.push_back({field, c, {column.begin(), column.end()}});
      waveform.evaluate(time, c, 0, column.size(), column);
    }
  }

 private:
  struct Kept {
    FieldId field;
    int component;
    std::vector<double> values;
  };
  State* state_;
  std::vector<Kept> kept_;
};

}  // namespace

Execution::Execution(std::shared_ptr<const Model> model, ThreadPool& threads, Ranks* ranks)
    : model_(std::move(model)),
      threads_(&threads),
      distribution_(*model_, ranks),
      routes_(model_->connections, *model_->fields, *model_->parameters, model_->kernels),
      work_(model_->processes.size()),
      seconds_(model_->processes.size(), 0.0) {
  for (ProcessId process = 0; process < work_.size(); ++process) {
    work_[process].threads = &threads;
    work_[process].share = distribution_.share(process);
  }
  for (const auto& process : model_->processes) reads_.push_back(reads_of(*process));
  for (const auto& process : model_->processes) {
    const auto* delayed = dynamic_cast<const DelayedTransfer*>(process.get());
    if (delayed == nullptr) continue;
    std::vector<std::size_t> owners;
    for (std::size_t p = 0; p < model_->processes.size(); ++p) {
      const Ports ports = model_->processes[p]->ports();
      if (std::any_of(ports.begin(), ports.end(), [&](const Port& port) {
            return port.field == delayed->from() &&
                   (port.role == Port::Role::advance || port.role == Port::Role::contribute);
          }))
        owners.push_back(p);
    }
    if (owners.size() == 1)
      reads_[owners.front()].remembers.push_back(delayed);
    else
      remembered_by_steps_.push_back(delayed);
  }
}

Execution::Reads Execution::reads_of(const Process& process) const {
  Reads reads;
  reads.follows_inputs = process.traits().follows_inputs;
  reads.determiners = model_->determination.before(process);
  for (const Port& port : process.ports())
    if (port.role == Port::Role::read) reads.direct.push_back(port.field);
  for (const ProcessId determiner : reads.determiners)
    if (const auto* delayed = dynamic_cast<const DelayedTransfer*>(model_->processes[determiner].get()))
      reads.past.push_back(delayed);
  for (const ProcessId determiner : reads.determiners)
    for (const FieldId field : model_->processes[determiner]->determined_from())
      reads.through_determined.push_back(field);
  return reads;
}

void Execution::determine(State& state, const std::vector<ProcessId>& processes, double time) const {
  for (const ProcessId process : processes) {
    const Process& mechanism = *model_->processes[process];
    if (distribution_.ranks() != nullptr) {
      const std::vector<FieldId> from = mechanism.determined_from();
      distribution_.complete(state, [&](FieldId field) { return contains(from, field); });
    }
    mechanism.determine(state, time, work_[process]);
  }
}

void Execution::run(State& state, const Instruction& instruction, Time begin, Time end,
                    const Inputs& inputs) const {
  if (!instruction.window && !instruction.average)
    return advance(state, instruction.process, begin, end, inputs);
  distribution_.complete(state);
  if (instruction.average)
    Averaging(*this, *instruction.average).advance(state, begin, end, inputs);
  else
    WindowIteration(*this, *instruction.window).advance(state, begin, end, inputs);
}

void Execution::advance(State& state, ProcessId process, Time begin, Time end, const Inputs& inputs) const {
  // In equal parts, none of them longer than the process hears from itself later.
  const double longest = model_->longest_advance[process];
  const double length = Interval{begin, end, model_->schedule.step}.dt();
  const std::int64_t parts =
      length <= longest ? 1 : static_cast<std::int64_t>(std::ceil(length / longest * (1.0 - 1e-12)));
  const Fraction part = parts == 1 ? Fraction{} : end.fraction_since(begin) * Fraction::of(1, parts);
  const Reads& reads = reads_[process];
  for (std::int64_t n = 0; n < parts; ++n) {
    const Time from = n == 0 ? begin : begin + part * Fraction{n, 1};
    const Time to = n + 1 == parts ? end : begin + part * Fraction{n + 1, 1};
    const std::size_t happened = state.events.happened.size();
    if (reads.past.empty()) {
      advance_part(state, process, from, to, inputs);
    } else {
      Inputs with_past = inputs;
      const Interval interval{from, to, model_->schedule.step};
      for (const DelayedTransfer* delayed : reads.past)
        if (contains(reads.direct, delayed->to()))
          with_past.set(delayed->to(), delayed->waveform(state, interval.t0(), interval.t1(), *threads_));
      advance_part(state, process, from, to, with_past);
    }
    routes_.send(state, happened, *threads_);
    for (const DelayedTransfer* delayed : reads.remembers) {
      distribution_.complete(state, [&](FieldId field) { return field == delayed->from(); });
      delayed->record(state, to.value(model_->schedule.step), *threads_);
    }
  }
}

void Execution::advance_part(State& state, ProcessId process, Time begin, Time end,
                             const Inputs& inputs) const {
  const Reads& reads = reads_[process];
  const Interval interval{begin, end, model_->schedule.step};
  Substituted substituted(state);
  if (inputs.empty() && reads.past.empty()) {
    determine(state, reads.determiners, interval.t0());
    book_carried(state, process, interval);
    advance_in_pieces(state, process, begin, end, inputs);
    return;
  }
  // What it can't follow in time by itself, it sees as it is in the middle of the interval.
  const double middle = 0.5 * (interval.t0() + interval.t1());
  for (const auto& [field, waveform] : inputs.all())
    if (contains(reads.through_determined, field)) substituted.put(field, *waveform, middle);
  determine(state, reads.determiners, reads.determiners.empty() ? interval.t0() : middle);
  book_carried(state, process, interval);
  if (!reads.follows_inputs)
    for (const auto& [field, waveform] : inputs.all())
      if (contains(reads.direct, field)) substituted.put(field, *waveform, middle);
  advance_in_pieces(state, process, begin, end, inputs);
}

void Execution::book_carried(State& state, ProcessId reader, const Interval& interval) const {
  for (const Carried& carried : model_->carried) {
    if (carried.reader != reader) continue;
    const auto& coupling = static_cast<const Transfer&>(*model_->processes[carried.coupling]);
    const Crossing crossing = *coupling.carries(state, *threads_);
    AccountId account = carried.first;
    for (const double rate : {crossing.left, crossing.arrived, crossing.moved})
      state.account(account++).add(rate * carried.factor * interval.dt());
  }
}

void Execution::advance_in_pieces(State& state, ProcessId process, Time begin, Time end,
                                  const Inputs& inputs) const {
  Workspace& work = work_[process];
  const Process& mechanism = *model_->processes[process];
  const auto clock = std::chrono::steady_clock::now();
  int halvings = 0;
  Fraction part = end.fraction_since(begin);
  Time at = begin;
  while (at < end) {
    Time to = at + part;
    if (to > end) to = end;
    const Interval interval{at, to, model_->schedule.step};
    distribution_.before(state, process);
    Outcome outcome;
    const auto advance = [&] {
      outcome = mechanism.advance(state, interval, inputs, work);
      look_for_failure(state, process, interval, outcome);
      return outcome.why == Outcome::Why::failed ? failure_text(mechanism, outcome) : std::string();
    };
    if (work.share != nullptr)
      distribution_.advance_share(state, process, advance);
    else
      advance();
    if (outcome.why == Outcome::Why::failed ||
        (outcome.why == Outcome::Why::rejected && halvings == most_halvings))
      throw NumericalFailure(failure_text(mechanism, outcome));
    if (outcome.why == Outcome::Why::rejected) {
      // The process left its fields as they were: try again in halves.
      ++halvings;
      part = part * Fraction{1, 2};
      continue;
    }
    at = outcome.why == Outcome::Why::event && outcome.reached > at && outcome.reached < to ? outcome.reached
                                                                                            : to;
  }
  seconds_[process] += std::chrono::duration<double>(std::chrono::steady_clock::now() - clock).count();
}

std::string Execution::failure_text(const Process& process, const Outcome& outcome) const {
  std::string message = fmt::format("process '{}' failed", process.name());
  if (!outcome.what.field.empty()) message += fmt::format(": field '{}'", outcome.what.field);
  if (!outcome.what.place.empty()) message += fmt::format(" at {}", outcome.what.place);
  return message + fmt::format(", t = {}{}", moment_text(outcome.what.time, model_->schedule),
                               outcome.what.message.empty() ? "" : ": " + outcome.what.message);
}

void Execution::look_for_failure(const State& state, ProcessId process, const Interval& interval,
                                 Outcome& outcome) const {
  const Process& mechanism = *model_->processes[process];
  if (outcome.why != Outcome::Why::done || outcome.seen_finite || mechanism.detects_failure()) return;
  const Partition* const share = work_[process].share;
  for (const Port& port : mechanism.ports()) {
    if (port.role != Port::Role::advance) continue;
    const Field& field = (*model_->fields)[port.field];
    if (field.type != FieldType::real) continue;
    for (int c = 0; c < field.components; ++c) {
      const auto values = state.real(port.field, c);
      const SiteRange own = share != nullptr ? share->own() : SiteRange{0, values.size()};
      const auto found = first_not_finite(values.subspan(own.begin, own.size()), *threads_);
      if (!found) continue;
      const std::size_t site = own.begin + *found;
      outcome.why = Outcome::Why::failed;
      outcome.what = {mechanism.name(), field.name, fmt::format("the value is {}", number_text(values[site])),
                      state.site_text(*field.space, site), interval.t1()};
      return;
    }
  }
}

void Execution::macro_step(State& state, Fraction part) const {
  static const Inputs none;
  const Program& program = model_->program;
  const Time start{state.time.index, {}};
  state.events.happened.clear();
  const auto at = [&](Fraction f) { return start + f * part; };
  if (program.merged) {
    // A half that is pending from the step before is taken together with this step's first half.
    const Time from = state.counter.pending_half ? start + (program.closing.begin - Fraction{1, 1})
                                                 : at(program.opening.begin);
    run(state, program.opening, from, at(program.opening.end), none);
    state.counter.pending_half = false;
  }
  for (const Instruction& instruction : program.body)
    if (start.index % instruction.every == 0)
      run(state, instruction, at(instruction.begin), at(instruction.end), none);
  if (program.merged) {
    if (part == Fraction{1, 1})
      state.counter.pending_half = true;
    else
      run(state, program.closing, at(program.closing.begin), at(program.closing.end), none);
  }
  state.time = start + part;
  for (const DelayedTransfer* delayed : remembered_by_steps_) {
    distribution_.complete(state, [&](FieldId field) { return field == delayed->from(); });
    delayed->record(state, state.time.value(model_->schedule.step), *threads_);
  }
}

void Execution::close_half_step(State& state) const {
  if (!state.counter.pending_half) return;
  const Time start{state.time.index - 1, {}};
  const Instruction& closing = model_->program.closing;
  run(state, closing, start + closing.begin, start + closing.end, {});
  state.counter.pending_half = false;
}

std::vector<ProcessTiming> Execution::timings() const {
  std::vector<ProcessTiming> timings;
  for (std::size_t p = 0; p < work_.size(); ++p)
    timings.push_back({model_->processes[p]->name(), seconds_[p], work_[p].counters});
  return timings;
}

}  // namespace holon
