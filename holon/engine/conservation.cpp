#include "holon/engine/conservation.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/model.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace holon {

namespace {

class Look {
 public:
  explicit Look(Model& model) : model_(model), fields_(*model.fields) {}

  void run() {
    refuse_contributions_to_determined();
    for (FieldId id = 0; id < fields_.size(); ++id)
      if (!fields_[id].conserved.empty() && !changes(id)) warn_of_rest(id);
    for (const auto& process : model_.processes)
      for (const WayBack& way : model_.ways_back) look_through(*process, way);
  }

 private:
  using Role = Port::Role;
  static bool has(const Process& process, Role role, FieldId field) {
    const Ports ports = process.ports();
    return std::any_of(ports.begin(), ports.end(),
                       [&](const Port& port) { return port.role == role && port.field == field; });
  }
  static bool assigns(const Process& process, FieldId field) {
    const std::vector<FieldId> assigned = process.assigned();
    return std::find(assigned.begin(), assigned.end(), field) != assigned.end();
  }
  static bool gives(const Process& process, FieldId field) {
    return has(process, Role::advance, field) || has(process, Role::contribute, field);
  }

  void refuse_contributions_to_determined() const {
    for (const auto& process : model_.processes)
      for (const Port& port : process->ports()) {
        if (port.role != Role::contribute) continue;
        for (const auto& other : model_.processes)
          if (has(*other, Role::determine, port.field) || assigns(*other, port.field))
            throw InputError(Diagnostic{
                .path = "processes." + process->name() + ".contribute",
                .message =
                    fmt::format("'{}' follows from other fields ('{}' says what it is): nothing can be "
                                "added to it",
                                fields_[port.field].name, other->name()),
                .expected = "a field that a process advances, or a coupling from one"});
      }
  }

  /// Also what only appears and vanishes with the agents that hold it: restructure keeps books about it.
  bool changes(FieldId field) const {
    return std::any_of(model_.processes.begin(), model_.processes.end(), [&](const auto& process) {
      return gives(*process, field) || has(*process, Role::determine, field) || books(*process, field);
    });
  }
  static bool books(const Process& process, FieldId field) {
    const std::vector<LedgerAccount> accounts = process.ledger_accounts();
    return std::any_of(accounts.begin(), accounts.end(),
                       [&](const LedgerAccount& account) { return account.field == field; });
  }

  void warn_of_rest(FieldId id) {
    const Field& field = fields_[id];
    model_.warnings.push_back(
        {.severity = Diagnostic::Severity::warning,
         .path = "fields." + field.name,
         .message = fmt::format("'{}' holds '{}', and no process advances it or contributes to it: it stays "
                                "as it is",
                                field.name, field.conserved.begin()->first),
         .hint = "contribute to it where it is used, or leave 'conserved' out if it is kept from outside"});
  }

  /// The quantity that both a process's own fields and another field hold.
  std::string shared(const Process& process, FieldId other) const {
    for (const Port& port : process.ports())
      if (port.role == Role::advance && port.field != other)
        for (const auto& [quantity, weight] : fields_[port.field].conserved)
          if (fields_[other].conserved.contains(quantity)) return quantity;
    return "";
  }

  void look_through(const Process& process, const WayBack& way) {
    if (!has(process, Role::read, way.field) || gives(process, way.of)) return;
    const std::string quantity = shared(process, way.of);
    if (quantity.empty()) return;
    for (const auto& other : model_.processes)
      if (other.get() != &process && gives(*other, way.of) && knows_of(*other, *fields_[way.field].space))
        return;
    const std::string &made = fields_[way.field].name, &of = fields_[way.of].name;
    model_.warnings.push_back(
        {.severity = Diagnostic::Severity::warning,
         .path = "processes." + process.name(),
         .message = fmt::format("it holds '{}' and sees that of '{}' through '{}', but nothing is taken from "
                                "'{}' for it: what it gains, nobody loses",
                                quantity, of, made, of),
         .hint = fmt::format("contribute: {{{}: = ...}} there, or a process of type exchange", made)});
  }

  /// Whether a process has to do with fields of a space, itself or through what others determine for it.
  bool knows_of(const Process& process, const Space& space) const {
    std::set<FieldId> seen;
    std::vector<FieldId> open;
    for (const Port& port : process.ports()) open.push_back(port.field);
    while (!open.empty()) {
      const FieldId field = open.back();
      open.pop_back();
      if (!seen.insert(field).second) continue;
      if (fields_[field].space.get() == &space) return true;
      for (const auto& other : model_.processes)
        if (has(*other, Role::determine, field))
          for (const FieldId from : other->determined_from()) open.push_back(from);
    }
    return false;
  }

  Model& model_;
  const FieldTable& fields_;
};

}  // namespace

void look_at_conservation(Model& model) { Look(model).run(); }

}  // namespace holon
