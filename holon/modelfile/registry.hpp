// The registry: process and observer types by name. A type is added by one registration with its schema.
#pragma once

#include "holon/engine/model.hpp"
#include "holon/modelfile/schema.hpp"
#include "holon/modelfile/section.hpp"

#include <memory>
#include <string>
#include <vector>

namespace holon::modelfile {

/// What a process type gets to read: its section, its name, its space, and the model under construction.
struct ProcessContext {
  std::string name;
  Section section;
  std::shared_ptr<const Space> space;  ///< null if the type takes it from its field
  Model& model;
};

/// One process of a model under construction. Fields of all processes are declared before any process is
/// made, so that processes can refer to each other's fields in any order.
class ProcessRecipe {
 public:
  virtual ~ProcessRecipe() = default;
  /// Adds the fields and run-time parameters that the process owns to the model.
  virtual void declare(ProcessContext& context) = 0;
  /// Makes the process. Called only if there was no error before.
  virtual std::unique_ptr<Process> make(ProcessContext& context) = 0;
};

struct ProcessType {
  std::string name;
  std::string documentation;  ///< governing equation, scheme, source
  Schema schema;
  bool needs_space = true;  ///< has an option `space`; otherwise it takes the space of its field
  std::unique_ptr<ProcessRecipe> (*recipe)() = nullptr;
};

struct ObserverContext {
  std::string name;
  Section section;
  const Model& model;
};

struct ObserverType {
  std::string name;
  std::string documentation;
  Schema schema;
  std::unique_ptr<ObserverRecipe> (*make)(ObserverContext& context) = nullptr;
};

class Study;

struct StudyContext {
  std::string name;
  Section section;
  const Model& model;
};

struct StudyType {
  std::string name;
  std::string documentation;
  Schema schema;
  std::unique_ptr<Study> (*make)(StudyContext& context) = nullptr;
};

/// All known types. Modules add theirs through a function that the program calls (no static constructors).
class Registry {
 public:
  void add(ProcessType type);
  void add(ObserverType type);
  void add(StudyType type);
  const ProcessType* process(std::string_view name) const;
  const ObserverType* observer(std::string_view name) const;
  const StudyType* study(std::string_view name) const;
  std::vector<std::string> process_names() const;
  std::vector<std::string> observer_names() const;
  std::vector<std::string> study_names() const;

 private:
  std::vector<ProcessType> processes_;
  std::vector<ObserverType> observers_;
  std::vector<StudyType> studies_;
};

}  // namespace holon::modelfile
