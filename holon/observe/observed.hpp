// What an observer looks at: a field, or an equation over fields, time and place.
#pragma once

#include "holon/engine/observer.hpp"
#include "holon/engine/site_kernel.hpp"
#include "holon/modelfile/registry.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace holon::observe {

struct Observed {
  std::string name;  ///< of its column
  Unit unit;         ///< of its numbers: a field's own, or the coherent one of an equation's dimension
  std::shared_ptr<const Space> space;
  std::optional<FieldId> field;
  Coefficient equation;              ///< where it is no field
  std::vector<FieldId> fields = {};  ///< that the equation reads
  int component = 0;                 ///< of the field
  bool reads(FieldId id) const;
};

/// Whether an observer can look at populations, whose agents come, go and change their order.
enum class Sites { fixed, may_change };

/// Reads the name of a field, of a field's component (cells.position.x) or an `=equation`. The equation's
/// space is that of its fields. Reports what is wrong and throws modelfile::Abandoned.
Observed read_observed(const modelfile::Section& section, const modelfile::Document::Value& value,
                       const std::string& path, const std::string& name, Sites sites = Sites::fixed);
/// The same for an option that holds one.
Observed read_observed(const modelfile::Section& section, const std::string& key, Sites sites = Sites::fixed);

/// All that an option `of` names: a process (all its fields), a field, an =equation, or a list of fields and
/// processes. A field of several components is one column for each. Columns carry the field's own name, with
/// the process before it where two would be the same.
std::vector<Observed> read_all_observed(const modelfile::Section& section, const std::string& key,
                                        Sites sites = Sites::fixed);

/// The field that an option names.
Observed read_field(const modelfile::Section& section, const std::string& key);

/// Reads an Observed from states. Not for several threads at once.
class ObservedValues {
 public:
  ObservedValues(const Observed& observed, const Model& model);
  double at(const State& state, double time, const Stencil& stencil);
  /// Of the agent with this id; not a number where there is none.
  double of_agent(const State& state, double time, std::int64_t id);
  /// The values of all sites that there are now; valid until the next call.
  std::span<const double> all(const State& state, double time, ThreadPool& threads);

 private:
  double number(const State& state, std::size_t site) const;

  Observed observed_;
  SiteKernel kernel_;
  bool converts_ = false;  // a field of integers
  std::vector<double> column_;
};

}  // namespace holon::observe
