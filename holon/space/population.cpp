#include "holon/space/population.hpp"

#include "holon/base/error.hpp"
#include "holon/base/random.hpp"
#include "holon/space/point_kernel.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace holon {

namespace {

std::vector<Population::Side> box_of(const std::string& name, const Space* frame) {
  if (frame == nullptr) return {};
  const auto* grid = dynamic_cast<const GridSpace*>(frame);
  if (grid == nullptr)
    throw InputError(fmt::format("the population '{}' can't live in '{}'; a population lives in a grid", name,
                                 frame->name()));
  std::vector<Population::Side> box;
  for (int a = 0; a < grid->dimensions(); ++a)
    box.push_back({grid->axis(a).origin, grid->axis(a).origin + grid->extent(a), grid->axis(a).periodic});
  return box;
}

/// Numbers of lattice cells along the axes: as near to cubes as the box allows, at least `count` in all.
std::vector<std::size_t> lattice_cells(const std::vector<Population::Side>& box, std::size_t count) {
  double volume = 1.0;
  for (const auto& side : box) volume *= side.extent();
  const double pitch = std::pow(volume / static_cast<double>(std::max<std::size_t>(count, 1)),
                                1.0 / static_cast<double>(box.size()));
  std::vector<std::size_t> cells;
  std::size_t all = 1;
  for (const auto& side : box) {
    cells.push_back(
        std::max<std::size_t>(1, static_cast<std::size_t>(std::floor(side.extent() / pitch * (1.0 + 1e-9)))));
    all *= cells.back();
  }
  while (all < count) {  // refine the axis whose cells are longest
    std::size_t longest = 0;
    for (std::size_t a = 1; a < box.size(); ++a)
      if (box[a].extent() / static_cast<double>(cells[a]) >
          box[longest].extent() / static_cast<double>(cells[longest]))
        longest = a;
    all = all / cells[longest] * (cells[longest] + 1);
    ++cells[longest];
  }
  return cells;
}

}  // namespace

Population::Population(std::string name, std::shared_ptr<const Space> frame, std::size_t count,
                       Placement placement, Dimension length)
    : Space(std::move(name), length),
      frame_(std::move(frame)),
      count_(count),
      placement_(std::move(placement)),
      box_(box_of(this->name(), frame_.get())) {
  if (frame_ != nullptr && frame_->sites_inside() == 0)
    throw InputError(fmt::format("'{}' has no site inside its domain for agents to be in", frame_->name()));
  if (placement_.rule != Placement::Rule::listed) return;
  require(frame_ != nullptr && placement_.listed.size() == count_, "listed positions are one per agent");
  for (std::size_t k = 0; k < count_; ++k)
    for (std::size_t a = 0; a < box_.size(); ++a) {
      const double x = placement_.listed[k][a];
      const double slack = 1e-9 * box_[a].extent();
      if (x >= box_[a].low - slack && x <= box_[a].high + slack) continue;
      throw InputError(fmt::format(
          "agent {} of '{}' is placed at {} = {} outside '{}', which goes from {} to {} along this axis "
          "(numbers in {})",
          k, this->name(), "xyz"[a], number_text(x), frame_ -> name(), number_text(box_[a].low),
          number_text(box_[a].high), length_dimension().dimensionless() ? "pure numbers" : "m"));
    }
  for (std::size_t k = 0; k < count_; ++k)
    if (!in_domain(placement_.listed[k]))
      throw InputError(fmt::format("agent {} of '{}' is placed outside of the domain of '{}'", k,
                                   this->name(), frame_->name()));
}

bool Population::in_domain(const Position& place) const {
  const auto* grid = dynamic_cast<const GridSpace*>(frame_.get());
  return grid == nullptr || holon::in_domain(*grid, place);
}

Position Population::position(std::size_t) const {
  require(false, "the positions of a population are its field 'position'");
  return {};
}

std::string Population::site_text(std::size_t site) const {
  return fmt::format("agent number {} of {}", site, name());
}

std::vector<Position> Population::positions_at_start(std::uint64_t seed) const {
  if (placement_.rule == Placement::Rule::listed) return placement_.listed;
  std::vector<Position> positions(count_);
  if (box_.empty()) return positions;
  const std::uint32_t stream = stream_of("place " + name());
  if (placement_.rule == Placement::Rule::random) {
    for (std::size_t k = 0; k < count_; ++k)
      for (std::uint32_t draw = 0; draw == 0 || !in_domain(positions[k]);)
        for (std::size_t a = 0; a < box_.size(); ++a)
          positions[k][a] =
              box_[a].low + box_[a].extent() * uniform({.seed = seed, .process = stream, .site = k}, draw++);
    return positions;
  }
  if (placement_.rule == Placement::Rule::ball) {
    double radius = std::numeric_limits<double>::infinity();
    for (const Side& side : box_) radius = std::min(radius, 0.5 * side.extent());
    for (std::size_t k = 0; k < count_; ++k) {
      // Draws in the cube around the ball until one is inside.
      double square = 2.0;
      for (std::uint32_t draw = 0; square > 1.0;) {
        square = 0.0;
        for (std::size_t a = 0; a < box_.size(); ++a) {
          const double u = 2.0 * uniform({.seed = seed, .process = stream, .site = k}, draw++) - 1.0;
          square += u * u;
          positions[k][a] = 0.5 * (box_[a].low + box_[a].high) + radius * u;
        }
      }
    }
    return positions;
  }
  const auto cells = lattice_cells(box_, count_);
  for (std::size_t k = 0; k < count_; ++k) {
    std::size_t rest = k;
    for (std::size_t a = 0; a < box_.size(); ++a) {
      const double middle = static_cast<double>(rest % cells[a]) + 0.5;
      positions[k][a] = box_[a].low + box_[a].extent() * middle / static_cast<double>(cells[a]);
      rest /= cells[a];
    }
  }
  return positions;
}

PopulationFields declare_population_fields(FieldTable& fields,
                                           const std::shared_ptr<const Population>& space) {
  const std::string prefix = space->name() + '.', hidden = space->name() + ':';
  const auto integer = [&](const std::string& name, std::shared_ptr<const Space> on,
                           const char* description) {
    return fields.add(
        {.name = name, .space = std::move(on), .type = FieldType::integer, .description = description});
  };
  const auto books = std::make_shared<const PointSpace>(space->name() + " as a whole");
  PopulationFields made;
  made.id = integer(prefix + "id", space, "unique for ever");
  made.parent = integer(prefix + "parent", space, "the id of the agent that it came from; -1 at the start");
  made.founder = integer(prefix + "founder", space, "the id of its ancestor at the start");
  made.generation = integer(prefix + "generation", space, "divisions behind it");
  made.fate = integer(prefix + "fate", space, "at the next restructure: 0 stay, 1 divide, 2 die");
  made.next_id = integer(hidden + "next_id", books, "the next id to be given");
  made.commits = integer(hidden + "commits", books, "how often structural edits were committed");
  if (space->frame() == nullptr) return made;
  const Unit length = Unit::coherent(space->length_dimension());
  made.position = fields.add({.name = prefix + "position",
                              .space = space,
                              .components = space->dimensions(),
                              .unit = length,
                              .description = "where it is"});
  made.radius =
      fields.add({.name = prefix + "radius", .space = space, .unit = length, .description = "radius"});
  return made;
}

PopulationFields population_fields(const FieldTable& fields, const Space& population) {
  const std::string prefix = population.name() + '.', hidden = population.name() + ':';
  PopulationFields found;
  found.id = fields.id(prefix + "id");
  found.parent = fields.id(prefix + "parent");
  found.founder = fields.id(prefix + "founder");
  found.generation = fields.id(prefix + "generation");
  found.fate = fields.id(prefix + "fate");
  found.next_id = fields.id(hidden + "next_id");
  found.commits = fields.id(hidden + "commits");
  if (population.dimensions() == 0) return found;
  found.position = fields.id(prefix + "position");
  found.radius = fields.id(prefix + "radius");
  return found;
}

}  // namespace holon
