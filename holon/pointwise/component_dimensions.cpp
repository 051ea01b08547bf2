#include "holon/pointwise/component_dimensions.hpp"

#include "holon/expr/known_dimension.hpp"

#include <set>

namespace holon::pointwise {

namespace {

class ComponentDimensions {
 public:
  ComponentDimensions(modelfile::Loader& loader, const std::vector<expr::Statement>& statements,
                      const std::map<std::string, Dimension>& declared, const std::string& path)
      : loader_(loader), declared_(declared), path_(path) {
    for (const expr::Statement& statement : statements)
      if (statement.kind == expr::Statement::Kind::assignment) assignments_[statement.name] = &statement;
    const Dimension time = declared.at("time"), rate = Dimension() / time;
    for (const auto& [name, dimension] : declared)
      states_times_ = states_times_ || (name != "time" && (dimension == time || dimension == rate));
  }

  void check(const expr::Statement& statement) {
    if (statement.kind == expr::Statement::Kind::function) return;
    const bool rate = statement.kind == expr::Statement::Kind::rate;
    const auto found = rate ? measure(statement) : of(statement.name, Look::behind_the_unit);
    const auto unit = declared_.find(statement.name);
    if (!found || unit == declared_.end()) return;
    const Dimension stated = rate ? unit->second / declared_.at("time") : unit->second;
    if (*found == stated) return;
    // x' = -x + tanh(y): its coefficients are 1 per unit of time. Where the component states times or rates,
    // one may have been forgotten.
    if (rate && !states_times_ && found->dimensionless() && unit->second.dimensionless()) return;
    loader_.warning(statement.place, path_,
                    "'" + statement.name + (rate ? "'' is " : "' is ") + described(*found) +
                        ", but by its unit " + described(stated));
  }

 private:
  enum class Look { at_the_unit, behind_the_unit };

  static std::string described(const Dimension& dimension) {
    return dimension.dimensionless() ? "a plain number"
                                     : "a quantity of " + modelfile::dimension_words(dimension);
  }

  /// Of a name: its unit's, or what its equation gives. Each equation is measured once.
  std::optional<Dimension> of(const std::string& name, Look look) {
    const auto unit = declared_.find(name);
    if (look == Look::at_the_unit && unit != declared_.end()) return unit->second;
    const auto assignment = assignments_.find(name);
    if (assignment == assignments_.end() || !seen_.insert(name).second) {
      const auto known = measured_.find(name);
      return known == measured_.end() ? std::nullopt : known->second;
    }
    return measured_[name] = measure(*assignment->second);
  }

  std::optional<Dimension> measure(const expr::Statement& statement) {
    Diagnostics found;
    const auto dimension = expr::known_dimension(
        *statement.value, [this](const std::string& name) { return of(name, Look::at_the_unit); }, path_,
        found);
    for (const Diagnostic& d : found.list())
      loader_.warning(d.place, d.path, d.message, "by the units that the component declares");
    return dimension;
  }

  modelfile::Loader& loader_;
  const std::map<std::string, Dimension>& declared_;
  const std::string& path_;
  bool states_times_ = false;  // whether a name besides time is a time or a rate by its unit
  std::map<std::string, const expr::Statement*> assignments_;
  std::map<std::string, std::optional<Dimension>> measured_;
  std::set<std::string> seen_;
};

}  // namespace

void warn_of_dimensions(modelfile::Loader& loader, const std::vector<expr::Statement>& statements,
                        const std::map<std::string, Dimension>& dimensions, const std::string& path) {
  ComponentDimensions check(loader, statements, dimensions, path);
  for (const expr::Statement& statement : statements) check.check(statement);
}

}  // namespace holon::pointwise
