// Observers watch a run and never change it. They see complete states: a pending Strang half step is
// evaluated on a copy for them.
#pragma once

#include "holon/base/parallel.hpp"
#include "holon/engine/archive.hpp"
#include "holon/engine/state.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace holon {

class Model;
class System;

/// A number, an array, a text, or nothing with the reason.
struct ResultValue {
  struct Missing {
    std::string why;
  };
  std::variant<double, std::vector<double>, std::string, Missing> value;
  Unit unit;
};

/// A table of columns with units; the first column is the independent variable.
struct Series {
  struct Column {
    std::string name;
    Unit unit;
  };
  std::vector<Column> columns;
  std::vector<std::vector<double>> rows;
};

/// One frame of a field for output.
struct FieldFrame {
  std::string name;   ///< of the observer
  double time = 0.0;  ///< coherent
  std::int64_t number = 0;
  struct Column {
    std::string name;
    Unit unit;
    std::vector<double> values;  ///< one per site of the space
  };
  std::shared_ptr<const Space> space;
  std::vector<Column> columns;
  std::vector<Position> points =
      {};  ///< of a population: where its agents are; columns have a value for each
};

/// Where frames go while a run goes on (implemented in `report`).
class FrameWriter {
 public:
  virtual ~FrameWriter() = default;
  virtual void write(const FieldFrame& frame) = 0;
};

/// What an observer sees.
struct Observation {
  const State& state;       ///< complete: no half step pending
  double time = 0.0;        ///< coherent
  double macro_step = 0.0;  ///< coherent
  bool first = false, last = false;
  ThreadPool& threads;
  FrameWriter* frames = nullptr;  ///< null when fields are not written
};

/// One observation of one run; what it has gathered is part of a checkpoint.
class Observer {
 public:
  virtual ~Observer() = default;
  /// True if it wants to see the state at the end of macro step `index` (0 is the start). Asked before the
  /// state is completed for it.
  /// The last state is shown to every observer, wanted or not.
  virtual bool wants(std::int64_t index) const = 0;
  /// Moments inside the macro step that begins at `index` at which it wants to see the state: fractions of
  /// the step between 0 and 1, increasing. A copy is advanced to each by a shortened step with the run's own
  /// methods, so that what it sees is of their order and the run goes on as if nobody had looked.
  virtual std::vector<Fraction> between(std::int64_t /*index*/) const { return {}; }
  virtual void observe(const Observation& observation) = 0;
  /// True once it has all that it waits for ("every site activated"): may end a run through `stop_when`.
  virtual bool complete() const { return false; }
  /// Named outcomes, asked once at the end ("apd90" of an action-potential observer). The unnamed one ("") is
  /// its main outcome.
  virtual std::map<std::string, ResultValue> results() const { return {}; }
  /// Tables for series/NAME.csv.
  virtual std::map<std::string, Series> series() const { return {}; }
  virtual void save(Archive& archive) const = 0;
  virtual void load(const Archive& archive) = 0;
};

/// The immutable description of an observer in a Model; makes the object that gathers during a run.
class ObserverRecipe {
 public:
  explicit ObserverRecipe(std::string name) : name_(std::move(name)) {}
  virtual ~ObserverRecipe() = default;
  const std::string& name() const { return name_; }
  virtual std::unique_ptr<Observer> start(const Model& model) const = 0;
  virtual std::vector<std::string> description() const { return {}; }
  /// False if it never looks at the field: determined fields are computed only for those who look at them.
  virtual bool reads(FieldId /*field*/) const { return true; }
  /// Names of the outcomes that it will give ("" is the main one), to check `results:` before a run; empty if
  /// they are not known beforehand.
  virtual std::vector<std::string> outcomes() const { return {}; }
  /// The unit of one of them where it is known before a run: equations over results need its dimension.
  virtual std::optional<Unit> outcome_unit(const std::string& /*outcome*/) const { return std::nullopt; }
  /// Asked while the model is built for its outcome at a place (`results: {x: {of: NAME, at: [20 mm]}}`):
  /// notes the place and gives the outcome's name, or nothing if it has no outcomes at places. Throws
  /// InputError when the place is outside its space.
  virtual std::optional<std::string> outcome_at(const Position&) { return std::nullopt; }

 private:
  std::string name_;
};

}  // namespace holon
