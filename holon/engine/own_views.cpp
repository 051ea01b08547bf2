#include "holon/engine/own_views.hpp"

#include "holon/engine/delayed_transfer.hpp"
#include "holon/solve/sparse_lu.hpp"

#include <algorithm>
#include <map>

namespace holon {

namespace {

bool has_port(const Process& process, FieldId field, Port::Role role) {
  const Ports ports = process.ports();
  return std::any_of(ports.begin(), ports.end(),
                     [&](const Port& port) { return port.field == field && port.role == role; });
}

bool follows(const Model& model, FieldId field, const std::vector<FieldId>& own) {
  for (const auto& process : model.processes) {
    if (!has_port(*process, field, Port::Role::determine)) continue;
    if (dynamic_cast<const DelayedTransfer*>(process.get()) != nullptr) return false;
    const std::vector<FieldId> from = process->determined_from();
    return std::any_of(from.begin(), from.end(), [&](FieldId source) {
      return std::find(own.begin(), own.end(), source) != own.end() || follows(model, source, own);
    });
  }
  return false;
}

/// Whether waveforms of what it reads reach it within its steps.
bool follows_waveforms(const Process& process) {
  return process.traits().follows_inputs || process.type() == "diffusion" || process.type() == "cable";
}

bool can_be_repeated(const Process& process) {
  const Traits traits = process.traits();
  const Ports ports = process.ports();
  return !traits.stochastic && !traits.resizes && process.assigned().empty() &&
         std::none_of(ports.begin(), ports.end(), [](const Port& port) {
           return port.role == Port::Role::emit || port.role == Port::Role::receive;
         });
}

void follow(const Model& model, ScheduleNode& node) {
  using Kind = ScheduleNode::Kind;
  if (node.kind == Kind::together || node.kind == Kind::average || node.kind == Kind::iterate) return;
  for (ScheduleNode& child : node.children) follow(model, child);
  if (node.kind != Kind::advance || node.steady) return;
  const Process& process = *model.processes[node.process];
  if (!follows_waveforms(process) || !can_be_repeated(process) ||
      !own_view(model, process, own_fields(process, *model.fields)))
    return;
  ScheduleNode window;
  window.kind = Kind::iterate;
  window.of_itself = true;
  window.place = node.place;
  window.iterate = IterateOptions{};
  window.iterate->acceleration.relaxation = 1.0;  // what comes back is mostly weak: the plain iteration first
  window.iterate->tolerance = 1e-3;               // of what explicit steps would be wrong by
  window.children.push_back(std::move(node));
  node = std::move(window);
}

/// Rows of a Jacobian in terms of a process's own fields alone.
class Elimination {
 public:
  Elimination(const Layout& own, const Layout& all, const FieldTable& fields) : place_(all.size()) {
    for (const FieldId field : own.fields()) {
      const std::size_t count = own.sites(field) * static_cast<std::size_t>(fields[field].components);
      for (std::size_t k = 0; k < count; ++k) place_[all.offset(field) + k] = own.offset(field) + k;
    }
  }

  /// What a determiner makes of what is known so far: its residuals A d + b(u) are zero.
  void determine(const std::vector<SparseBuilder::Entry>& entries, bool solves) {
    Rows rows;
    std::map<std::size_t, std::size_t> inner;  // of its unknowns: their number among them
    for (const SparseBuilder::Entry& entry : entries)
      if (entry.row == entry.column) inner.emplace(entry.row, inner.size());
    std::vector<solve::MatrixEntry> matrix;
    for (const SparseBuilder::Entry& entry : entries) {
      if (place_[entry.row]) continue;
      if (inner.contains(entry.row) && inner.contains(entry.column))
        matrix.push_back({inner.at(entry.row), inner.at(entry.column), entry.value});
      else
        add(rows[entry.row], entry);
    }
    if (solves) rows = solved(rows, inner, matrix);
    slopes_.merge(rows);
  }

  /// The rows of its own fields.
  SparseBuilder remaining(const std::vector<SparseBuilder::Entry>& entries, const Layout& own) const {
    Rows rows;
    for (const SparseBuilder::Entry& entry : entries)
      if (place_[entry.row]) add(rows[*place_[entry.row]], entry);
    SparseBuilder result(own);
    for (const auto& [row, columns] : rows)
      for (const auto& [column, value] : columns) result.add(row, column, value);
    return result;
  }

 private:
  using Row = std::map<std::size_t, double>;
  using Rows = std::map<std::size_t, Row>;

  void add(Row& row, const SparseBuilder::Entry& entry) const {
    if (place_[entry.column]) {
      row[*place_[entry.column]] += entry.value;
    } else if (const auto through = slopes_.find(entry.column); through != slopes_.end()) {
      for (const auto& [column, slope] : through->second) row[column] += entry.value * slope;
    }
  }

  /// -A^-1 b, column by column.
  static Rows solved(const Rows& rows, const std::map<std::size_t, std::size_t>& inner,
                     const std::vector<solve::MatrixEntry>& matrix) {
    solve::SparseLu factors;
    if (!factors.factor(inner.size(), matrix)) return {};  // what it solves fails by itself
    std::map<std::size_t, std::vector<double>> columns;
    for (const auto& [row, slopes] : rows)
      for (const auto& [column, value] : slopes) {
        auto& b = columns.try_emplace(column, inner.size(), 0.0).first->second;
        b[inner.at(row)] = -value;
      }
    Rows result;
    for (auto& [column, b] : columns) {
      factors.solve(b);
      for (const auto& [row, number] : inner)
        if (b[number] != 0.0) result[row][column] = b[number];
    }
    return result;
  }

  std::vector<std::optional<std::size_t>> place_;  // of unknowns among its own
  Rows slopes_;                                    // of determined unknowns
};

}  // namespace

std::vector<FieldId> own_fields(const Process& process, const FieldTable& fields) {
  std::vector<FieldId> own;
  for (const Port& port : process.ports())
    if (port.role == Port::Role::advance && fields[port.field].type == FieldType::real)
      own.push_back(port.field);
  return own;
}

std::optional<FieldId> own_view(const Model& model, const Process& process, const std::vector<FieldId>& own) {
  for (const Port& port : process.ports())
    if (port.role == Port::Role::read && follows(model, port.field, own)) return port.field;
  return std::nullopt;
}

SparseBuilder own_jacobian(const Model& model, const Process& process, const Layout& own, const State& state,
                           double time, ThreadPool& threads) {
  const std::vector<ProcessId> before = model.determination.before(process);
  std::vector<FieldId> unknowns = own.fields();
  for (const ProcessId p : before)
    for (const Port& port : model.processes[p]->ports())
      if (port.role == Port::Role::determine && (*model.fields)[port.field].type == FieldType::real)
        unknowns.push_back(port.field);
  std::sort(unknowns.begin(), unknowns.end());
  unknowns.erase(std::unique(unknowns.begin(), unknowns.end()), unknowns.end());
  const Layout all(*model.fields, unknowns);
  const auto entries_of = [&](const Process& one) {
    SparseBuilder entries(all);
    Workspace work;
    work.threads = &threads;
    one.jacobian(state, time, work, entries);
    return entries.compressed();
  };
  Elimination elimination(own, all, *model.fields);
  for (const ProcessId p : before)
    elimination.determine(entries_of(*model.processes[p]), model.processes[p]->solves_to_determine());
  return elimination.remaining(entries_of(process), own);
}

void follow_own_views(Model& model) {
  ScheduleNode& root = model.schedule.root;
  const bool pending = root.kind == ScheduleNode::Kind::strang && root.merge && !root.children.empty() &&
                       root.children.front().kind == ScheduleNode::Kind::advance;
  if (!pending) return follow(model, root);
  for (std::size_t c = 1; c < root.children.size(); ++c) follow(model, root.children[c]);
}

}  // namespace holon
