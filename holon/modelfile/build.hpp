// The steps from the sections of a model file to a Model, in the order in which load() takes them.
#pragma once

#include "holon/modelfile/loader.hpp"

#include <memory>
#include <string>
#include <vector>

namespace holon {
class NetworkSpace;
}

namespace holon::modelfile {

/// Reads the file and what it includes into one tree.
Document::Value read_model(Loader& loader, const std::filesystem::path& file);
/// The same for a text that stands in no file; `name` is shown in messages.
Document::Value read_model_text(Loader& loader, std::string_view text, const std::string& name,
                                const std::filesystem::path& folder);
/// Applies --set; `folder` is that of the model file.
void apply_overrides(Loader& loader, Document::Value& root, const std::vector<Override>& overrides,
                     const std::filesystem::path& folder);
/// `output: {fields: {...}}` becomes an observer of type `fields` with that name.
void output_to_observer(Loader& loader, Document::Value& root);
/// Looks for mistakes in the branches of {choose: ...} that are not taken, as far as they show without a
/// model: syntax, units, and names of parameters, processes and fields.
void check_untaken(Loader& loader);
/// Holds every section against its schema.
void validate_model(Loader& loader, const Document::Value& root);
/// When all fields are declared: what observers say about them.
void validate_observers(Loader& loader, const Document::Value& root);

/// Whether time and length are physical or plain numbers in this model.
void find_time_dimension(Loader& loader, const Document::Value& root);
void find_length_dimension(Loader& loader, const Document::Value& root);
void build_spaces(Loader& loader, const Document::Value& root);
/// Null where it is wrong, which has been reported then.
std::shared_ptr<const Space> read_population(Loader& loader, const std::string& name,
                                             const Document::Value& value);
std::shared_ptr<const Space> radial_space(Loader& loader, const std::string& name,
                                          const Document::Value& value);
std::shared_ptr<const Space> trace_space(Loader& loader, const std::string& name,
                                         const Document::Value& value);
std::shared_ptr<const Space> tree_space(Loader& loader, const std::string& name,
                                        const Document::Value& value);
std::shared_ptr<const Space> region_space(Loader& loader, const std::string& name,
                                          const Document::Value& value);
/// The sites where an equation of place holds (1) and where not (0); nothing where it is no such equation.
std::optional<std::vector<char>> sites_where(Loader& loader, const std::shared_ptr<const Space>& space,
                                             const Document::Value& where, const std::string& key);
/// With its edges as a space of their own, NAME.edges.
std::shared_ptr<const NetworkSpace> network_space(Loader& loader, const std::string& name,
                                                  const Document::Value& value);
/// The fields that populations bring along; then those of the section `fields:`.
void build_fields(Loader& loader, const Document::Value& root);
/// With the coefficients that need all fields to be declared first.
void build_initial_values(Loader& loader, const Document::Value& root);

/// A process on its way into the model.
struct ProcessPlan {
  const ProcessType* type = nullptr;
  const Document::Value* value = nullptr;
  ProcessContext context;
  std::unique_ptr<ProcessRecipe> recipe;
};
std::vector<ProcessPlan> declare_processes(Loader& loader, const Document::Value& root);
/// Declares the fields of the couplings, once those of the processes are there, and makes their processes.
std::vector<std::unique_ptr<Process>> declare_couplings(Loader& loader, const Document::Value& root);
/// When all fields are declared: what processes say about them.
void check_processes(Loader& loader, const std::vector<ProcessPlan>& plans);
void make_processes(Loader& loader, std::vector<ProcessPlan>& plans);

/// The processes behind `restructure` nodes: one for each population that the schedule names, and for those
/// whose agents some process divides or removes where no schedule is stated. After all other processes.
void make_restructures(Loader& loader, const Document::Value& root);

/// What carries events from one process to another. After all processes.
void build_connections(Loader& loader, const Document::Value& root);

/// Step and end, and the tree as far as it is stated.
void build_schedule(Loader& loader, const Document::Value& root);
/// The tree that is meant where none is stated: all processes in order of their names. Model::finish() holds
/// it against the fields that they share.
void complete_schedule(Loader& loader, const Document::Value& root);
/// The options of an `iterate` node.
IterateOptions read_iterate(Loader& loader, const Document::Value& value, const std::string& path);
/// The options of a `together` node.
TogetherOptions read_together(Loader& loader, const Document::Value& value, const std::string& path);
void build_events(Loader& loader, const Document::Value& root);
/// What the file states about scales of processes and about how they are joined.
void build_scales(Loader& loader, const Document::Value& root);
void build_observers(Loader& loader, const Document::Value& root);
void build_results(Loader& loader, const Document::Value& root);
std::vector<std::unique_ptr<Study>> build_studies(Loader& loader, const Document::Value& root);

/// The model as one file that stands alone: included files merged, --set applied, branches taken, defaults
/// filled in, component files put in their place, free mappings in order of their names.
std::string resolved_text(Loader& loader, const Document::Value& root);

/// The numbers of a file with one in a line, as they are written; '#' begins a remark.
std::vector<Document::Value> read_values(const std::filesystem::path& file);

/// Members of a section with free names, in order of the names; none if the section is absent or no mapping.
std::vector<const Document::Value::Member*> entries(const Document::Value& root, std::string_view section);

/// Whether a key says something: it is given, and not just with the value that it has by default (as in
/// resolved models).
bool is_stated(const Section& section, std::string_view key);

/// What a value is, for messages: its number where it is an equation.
std::string found_text(Loader& loader, const Document::Value& value, const std::string& path);

}  // namespace holon::modelfile
