// The recipe of process type `kinetics`: what a section of a model file says becomes fields, and equations
// lowered to them. Its parts stand in files of their own: fields and names (kinetics_recipe.cpp), what
// symbols of the component stand for (kinetics_symbols.cpp), what goes to other processes' fields
// (kinetics_contributions.cpp), values and tolerances at the start (kinetics_start.cpp).
#pragma once

#include "holon/modelfile/loader.hpp"
#include "holon/pointwise/component.hpp"
#include "holon/pointwise/kinetics_process.hpp"
#include "holon/pointwise/kinetics_recipe.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace holon::pointwise {

using modelfile::ProcessContext;
using modelfile::Section;

class KineticsRecipe final : public modelfile::ProcessRecipe {
 public:
  void declare(ProcessContext& context) override;
  std::unique_ptr<Process> make(ProcessContext& context) override;

 private:
  /// The value of a name under an option that is a mapping; null where it is not there.
  static const modelfile::Document::Value* member(const Section& section, const std::string& option,
                                                  const std::string& name);
  /// Where that value stands.
  static std::string path(const Section& section, const std::string& option, const std::string& name);
  void declare_states(ProcessContext& context);
  void declare_contributions(ProcessContext& context);
  void declare_jumps(ProcessContext& context);
  void declare_parameters(ProcessContext& context);
  void declare_memory(ProcessContext& context);
  void check_names(const ProcessContext& context, const std::string& option,
                   const std::vector<ComponentPort>& allowed, const std::string& what) const;

  void check_plain_values(const ProcessContext& context) const;

  /// What a name of the component stands for in kernels.
  struct Replacement {
    KineticsSystem& system;
    std::unordered_map<std::uint32_t, expr::Node> nodes;
  };
  void replace_states(Replacement& replacement) const;
  void replace_parameters(ProcessContext& context, Replacement& replacement) const;
  void replace_inputs(ProcessContext& context, Replacement& replacement) const;
  void replace_time_and_place(Replacement& replacement) const;
  expr::Node node_of(Replacement& replacement, const std::string& name, const Coefficient& coefficient) const;
  void check_spaces(const ProcessContext& context, const KineticsSystem& system) const;
  void add_contributions(ProcessContext& context, KineticsSystem& system) const;
  void read_initial_values(ProcessContext& context, Kinetics::Setup& setup) const;
  StepOptions read_step(ProcessContext& context, const std::vector<Coefficient>& initial) const;
  std::vector<std::string> conversions(const ProcessContext& context) const;

  std::optional<Component> component_;
  std::vector<FieldId> states_, outputs_;
  std::vector<double> state_factor_;  // component's number = factor * field's number
  std::vector<bool> shared_;          // the state is a field of the section `fields`
  /// What `contribute` says of a field that is no state of the component.
  struct Contribution {
    std::string name;
    Place place;
    FieldId gathered = 0;  // over an advance
  };
  void connect_contributions(ProcessContext& context, KineticsSystem& system);
  void connect_through(ProcessContext& context, KineticsSystem& system, const Contribution& contribution,
                       const WayBack& way) const;
  std::vector<Contribution> contributions_;
  /// The new values of a jump among lowered roots.
  std::vector<KineticsSystem::Assignment> assignments(const ComponentJump& jump, KineticsSystem& system,
                                                      std::span<const expr::Node> values) const;
  std::vector<FieldId> event_channels_, receiver_channels_;
  std::optional<FieldId> sides_;
  std::optional<FieldId> memory_;
  std::map<std::string, ParameterId> parameters_;  // settable at run time
};

}  // namespace holon::pointwise
