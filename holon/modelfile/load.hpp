// From a model file to a Model.
#pragma once

#include "holon/engine/model.hpp"
#include "holon/modelfile/registry.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace holon::modelfile {

/// "parameters.step=0.01 ms" from the command line. A plain number is in the unit in which the model file
/// states that value.
struct Override {
  std::string path;
  std::string value;
};
Override parse_override(const std::string& text);  ///< throws InputError

struct LoadOptions {
  enum class Studies { build, leave_out };
  std::vector<Override> overrides;
  Studies studies = Studies::build;
  expr::KernelOptions kernels;
  /// Called when all spaces and fields are declared and nothing is filled yet: may refuse the model for its
  /// size.
  std::function<void(const Model&)> foresee;
};

struct Loaded {
  Loaded();
  Loaded(Loaded&&) noexcept;
  ~Loaded();
  std::shared_ptr<const Model> model;
  std::vector<std::unique_ptr<Study>> studies;  ///< what the section `study` asks for (study.hpp)
  std::vector<Diagnostic> warnings;
  /// Lines for `holon check`: each conversion factor between a component's units and what it is connected to.
  std::vector<std::string> conversions;
};

/// Reads, validates and builds. Throws InputError with all mistakes at once.
Loaded load(const std::filesystem::path& file, const Registry& registry, const LoadOptions& options);

/// The same for a text that stands in no file: `name` is shown in messages, `folder` is where files are
/// looked up.
Loaded load_text(std::string_view text, const std::string& name, const std::filesystem::path& folder,
                 const Registry& registry, const LoadOptions& options);

/// JSON Schema (2020-12) of model files with all registered types.
std::string json_schema(const Registry& registry);
/// The reference page of a type in Markdown.
std::string reference(const ProcessType& type);
std::string reference(const ObserverType& type);
std::string reference(const StudyType& type);

}  // namespace holon::modelfile
