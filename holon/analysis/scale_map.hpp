// The scale-separation map of a model: what each process resolves and spans, how every two of them stand to
// each other, what could be quasi-steady, and the schedule that follows.
//
// Space: a process resolves the spacing of the space that its fields live on and spans the size of that
// space. Time: it spans the slowest and resolves the fastest time of its Jacobian (1/|eigenvalue|), for
// transport the time across the domain and across a spacing; or the step that the schedule gives it, where
// that is finer and not shared with a faster process. The model file's section `scales` may state the boxes
// instead.
//
// For two processes with extents l < L: epsilon = l/L; at one diffusivity their times are as epsilon^2 : 1
// (l^2/D to L^2/D), at one speed as epsilon : 1 (l/v to L/v).
#pragma once

#include "holon/analysis/scale_box.hpp"
#include "holon/analysis/time_scales.hpp"
#include "holon/engine/simulation.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace holon::analysis {

struct ProcessScales {
  std::string name, type, space_name;
  ScaleInterval space, time;
  std::string space_source, time_source;  ///< where the numbers are from
  double fastest = 0.0, slowest = 0.0;    ///< its own times, whatever the schedule [coherent]; 0: not known
  double step = 0.0;                      ///< that the schedule advances it by [coherent time]
  double stable_step = 0.0;               ///< infinity if unconditionally stable
  bool at_once = false;  ///< it says what its fields are at any moment: without a time, and in no pair
  bool relaxes = false;  ///< every mode decays: a quasi-steady state can exist
  TimeScales spectrum;
  std::size_t sites = 0;
};

struct PairScales {
  std::size_t fast = 0, slow = 0;    ///< indices of processes: by time, else by space, else by order
  std::size_t small = 0, large = 0;  ///< by space
  Relation space = Relation::unknown, time = Relation::unknown;
  double epsilon = 0.0;  ///< l/L; 0: not known
  double tau_ratio_diffusion = 0.0, tau_ratio_advection = 0.0;
  double epsilon_time = 0.0;  ///< extent of the fast over resolution of the slow one; 0: not known
  double time_ratio = 0.0;    ///< slowest time of the fast over fastest time of the slow one; 0: not known
  Pattern pattern = Pattern::interact;
  bool many_instances = false;          ///< separated in space: micro problems at many macro sites
  std::vector<std::string> fields;      ///< through which one acts on the other
  std::optional<std::string> declared;  ///< a pattern that the model file states
};

/// Something that could be replaced by its quasi-steady state.
struct QuasiSteady {
  std::string process, relative_to;
  std::vector<std::string> states;  ///< of the process; empty: all
  std::vector<std::string>
      others;          ///< its states that don't follow; empty: the states are those of `process` alone
  double ratio = 0.0;  ///< fast over slow time
  double error_order_0 = 0.0, error_order_1 = 0.0;  ///< relative: ratio, and its square
};

struct RecommendedSchedule {
  double step = 0.0;  ///< [coherent time]
  std::string yaml;   ///< what could stand in the model file; empty: the model's own schedule stays
  std::vector<std::string> reasons;
};

struct ScaleMap {
  std::string title;
  Dimension length, time;  ///< none in a dimensionless model
  std::vector<ProcessScales> processes;
  std::vector<PairScales> pairs;
  std::vector<QuasiSteady> quasi_steady;
  RecommendedSchedule schedule;
  std::vector<std::string> warnings;  ///< declared patterns that the numbers speak against
};

/// A state that eigenvalues are taken at.
struct Look {
  State state;
  double time = 0.0;  ///< coherent
};

/// At one or more states: a process resolves the fastest and spans the slowest time of all looks.
ScaleMap scale_map(const Model& model, const std::vector<const State*>& states,
                   const std::vector<double>& times, ThreadPool& threads);
ScaleMap scale_map(const Model& model, const std::vector<Look>& looks, ThreadPool& threads);

/// States at the start and along the run, at most `most`; the start alone where the run is longer than
/// `most_site_steps` sites times steps. A run that fails ends the looks.
std::vector<Look> looks_along(std::shared_ptr<const Model> model, int threads, std::size_t most = 9,
                              double most_site_steps = 2e7);

RecommendedSchedule recommend(const Model& model, const ScaleMap& map);

std::string text(const ScaleMap& map);
std::string json(const ScaleMap& map);

/// "20 um", "3.4 d": in the unit of the power of ten or of the calendar that reads best; plain numbers in a
/// dimensionless model.
std::string length_text(double coherent, const Dimension& dimension);
std::string time_text(double coherent, const Dimension& dimension);

}  // namespace holon::analysis
