// A population: points with ids and radii that move, appear, divide and vanish.
//
// What changes is fields of the State, so a Population itself is immutable like every other space:
//   NAME.position    where the agents are: as many components as the frame has axes [m, or pure numbers]
//   NAME.radius      [m, or pure numbers]
//   NAME.id          unique for ever, from 0 on; NAME.parent: the id of the agent that it came from, -1 at
//   the
//                    start; NAME.founder: the id of the agent of the start that it descends from;
//                    NAME.generation: divisions behind it
//   NAME.fate        what becomes of it at the next `restructure`: see Fate
//   NAME:next_id, NAME:commits   the next id to be given, and how often edits were committed
// The number of agents is part of the State as well: State::sites(space) says how many there are, and spans
// of its fields have that length. Space::sites() is the number at the start. The order of the sites changes,
// ids stay: State::arrangement(space) tells whether number and order are what they were.
//
// A population without a frame is well mixed: it has neither positions nor radii.
#pragma once

#include "holon/space/field.hpp"
#include "holon/space/space.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace holon {

/// What becomes of an agent at the next commit of structural edits. Values of the field NAME.fate.
enum class Fate : std::int64_t { stay = 0, divide = 1, die = 2 };

class Population final : public Space {
 public:
  /// Where the agents are at the start.
  struct Placement {
    enum class Rule {
      random,   ///< uniform in the frame, drawn by id (Philox)
      ball,     ///< the same in the largest ball (disc, interval) in the middle of the frame
      lattice,  ///< the cells of the smallest regular lattice that has enough, filled in order
      listed
    };
    Rule rule = Rule::random;
    std::vector<Position> listed;  ///< one per agent for Rule::listed
  };
  /// `frame`: the space in which the agents are, null for a well-mixed population. Throws InputError where a
  /// listed position is outside the frame, or a frame has no box to place agents in.
  Population(std::string name, std::shared_ptr<const Space> frame, std::size_t count, Placement placement,
             Dimension length = Dimension::length());

  Type type() const override { return Type::population; }
  /// The number at the start; State::sites() is the number now.
  std::size_t sites() const override { return count_; }
  bool varies() const override { return true; }
  int dimensions() const override { return frame_ ? frame_->dimensions() : 0; }
  /// Never asked for: positions are the field NAME.position.
  Position position(std::size_t site) const override;
  double measure(std::size_t) const override { return 1.0; }
  int measure_power() const override { return 0; }
  std::optional<Stencil> interpolation(const Position&) const override { return std::nullopt; }
  std::optional<std::size_t> nearest(const Position&) const override { return std::nullopt; }
  /// State::site_text also knows the id and the place.
  std::string site_text(std::size_t site) const override;

  const Space* frame() const { return frame_.get(); }
  /// Whether a place belongs to the frame's domain, which may be a part of its box.
  bool in_domain(const Position& place) const;
  /// The frame's box along its axes: agents are kept inside; beyond a periodic side they come in again.
  struct Side {
    double low = 0.0, high = 0.0;
    bool periodic = false;
    double extent() const { return high - low; }
  };
  const std::vector<Side>& box() const { return box_; }
  /// The positions at the start, one per agent in order of the ids.
  std::vector<Position> positions_at_start(std::uint64_t seed) const;

 private:
  std::shared_ptr<const Space> frame_;
  std::size_t count_;
  Placement placement_;
  std::vector<Side> box_;
};

/// The fields of a population, by what they mean.
struct PopulationFields {
  FieldId id = 0, parent = 0, founder = 0, generation = 0, fate = 0, next_id = 0, commits = 0;
  std::optional<FieldId> position, radius;  ///< not of a well-mixed population
};

/// Declares them. Throws InputError where a name is taken.
PopulationFields declare_population_fields(FieldTable& fields,
                                           const std::shared_ptr<const Population>& space);
/// Finds them in a table in which they were declared.
PopulationFields population_fields(const FieldTable& fields, const Space& population);

}  // namespace holon
