#include "holon/modelfile/coupling_types.hpp"

#include "holon/engine/gradient_geometry.hpp"
#include "holon/modelfile/build.hpp"
#include "holon/modelfile/loader.hpp"
#include "holon/space/grid_remap.hpp"
#include "holon/space/network.hpp"
#include "holon/space/population.hpp"
#include "holon/space/product_maps.hpp"
#include "holon/space/region_space.hpp"
#include "holon/space/side_trace.hpp"
#include "holon/space/trace_space.hpp"
#include "holon/space/whole_space_maps.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace holon::modelfile {

std::string space_words(const Space& space) {
  switch (space.type()) {
    case Space::Type::point:
      return "one site (point)";
    case Space::Type::grid:
      return "a grid";
    case Space::Type::product:
      return "a product space";
    case Space::Type::named_points:
      return "named points";
    case Space::Type::population:
      return space.dimensions() == 0 ? "a well-mixed population" : "a population";
    case Space::Type::radial:
      return "a radial grid";
    case Space::Type::trace:
      return "a side of a grid";
    case Space::Type::region:
      return "a part of a space";
    case Space::Type::tree:
      return "a tree of branches";
    case Space::Type::network:
      return "the nodes of a network";
    case Space::Type::edges:
      return "the edges of a network";
  }
  return "a space";
}

namespace {

/// Points with places of their own.
bool has_points(const Space& space) {
  return space.type() == Space::Type::named_points || space.type() == Space::Type::population;
}

/// The side that one space is of the other, or null.
const TraceSpace* side_of(const Space& side, const Space& grid) {
  const auto* trace = dynamic_cast<const TraceSpace*>(&side);
  return trace != nullptr && trace->grid().get() == &grid ? trace : nullptr;
}

/// The region that one space is of the other, or null.
const RegionSpace* part_of(const Space& part, const Space& whole) {
  const auto* region = dynamic_cast<const RegionSpace*>(&part);
  return region != nullptr && region->whole().get() == &whole ? region : nullptr;
}

/// Whether one space is the edges of the other.
bool edges_of(const Space& edges, const Space& network) {
  const auto* space = dynamic_cast<const EdgeSpace*>(&edges);
  return space != nullptr && space->network().get() == &network;
}

Unit per_measure(const Unit& unit, const Space& space) {
  Dimension measure;
  for (int a = 0; a < space.measure_power(); ++a) measure = measure * space.length_dimension();
  return measure.dimensionless() ? unit : unit / Unit::coherent(measure);
}

Unit times_measure(const Unit& unit, const Space& space) {
  Dimension measure;
  for (int a = 0; a < space.measure_power(); ++a) measure = measure * space.length_dimension();
  return measure.dimensionless() ? unit : unit * Unit::coherent(measure);
}

Unit per_length(const Unit& unit, const Space& space) {
  const Dimension length = space.length_dimension();
  return length.dimensionless() ? unit : unit / Unit::coherent(length);
}

class Chooser {
 public:
  explicit Chooser(const CouplingRequest& request)
      : request_(request),
        section_(request.section),
        field_(request.fields[request.from]),
        from_(*field_.space),
        to_(*request.to) {}

  CouplingChoice choose() {
    if (field_.type != FieldType::real || field_.components != 1)
      fail(fmt::format("'{}' is no real field of one component", field_.name),
           "a real field of one component");
    const std::vector<std::string> possible = this->possible();
    if (possible.empty())
      fail(fmt::format("there is no coupling from '{}' ({}) to '{}' ({})", from_.name(), space_words(from_),
                       to_.name(), space_words(to_)),
           existing());
    std::string type = possible.front();
    choice_.reason = reason(type);
    if (section_.has("type")) {
      const std::string wanted = section_.text("type");
      if (std::find(possible.begin(), possible.end(), wanted) == possible.end()) {
        std::string list;
        for (const std::string& each : possible) list += (list.empty() ? "" : " or ") + each;
        section_.error("type",
                       fmt::format("'{}' does not lead from '{}' ({}) to '{}' ({})", wanted, from_.name(),
                                   space_words(from_), to_.name(), space_words(to_)),
                       list);
        throw Abandoned{};
      }
      type = wanted;
      choice_.reason = "as stated";
    }
    choice_.type = type;
    make(type);
    make_way_back(type);
    refuse_idle_options(type);
    return std::move(choice_);
  }

 private:
  [[noreturn]] void fail(const std::string& message, const std::string& expected) const {
    section_.loader().error(request_.place, request_.path, message, expected);
    throw Abandoned{};
  }

  /// All types that lead from one space to the other; the first is taken where none is stated.
  std::vector<std::string> possible() const {
    using Type = Space::Type;
    if (&from_ == &to_) return {"identity"};
    const auto* product = dynamic_cast<const ProductSpace*>(&to_);
    if (product != nullptr && &product->macro() == &from_) return {"lift"};
    product = dynamic_cast<const ProductSpace*>(&from_);
    if (product != nullptr && &product->macro() == &to_) return {"average", "integrate"};
    if (to_.type() == Type::point) {
      if (field_.kind == FieldKind::amount) return {"sum"};
      if (has_points(from_)) return {"average", "sum"};
      if (field_.kind == FieldKind::density) return {"integrate", "average"};
      return {"average", "integrate"};
    }
    if (from_.type() == Type::point) return {"broadcast"};
    if (from_.type() == Type::grid && has_points(to_) && to_.dimensions() > 0) return {"sample", "gradient"};
    if (has_points(from_) && from_.dimensions() > 0 && to_.type() == Type::grid) return {"deposit"};
    if (from_.type() == Type::grid && to_.type() == Type::grid) return {"remap"};
    if (edges_of(to_, from_)) return {"gather"};
    if (edges_of(from_, to_)) return {"scatter"};
    if (side_of(to_, from_) != nullptr) return {"trace"};
    if (side_of(from_, to_) != nullptr) return {"flux"};
    if (part_of(to_, from_) != nullptr) return {"restrict"};
    if (part_of(from_, to_) != nullptr) return {"extend"};
    return {};
  }

  std::string reason(const std::string& type) const {
    const auto between = [&](const char* why) {
      return fmt::format("chosen from {} to {}{}", space_words(from_), space_words(to_), why);
    };
    if (type == "identity") return "chosen because both are the same space";
    if (type == "integrate" || type == "average" || type == "sum")
      return between("") + fmt::format(" and '{}' is of kind {}", field_.name, name(field_.kind));
    if (type == "deposit")
      return between(": an amount per point becomes a density, as the adjoint of sample");
    if (type == "restrict")
      return "chosen because '" + to_.name() + "' is a region of '" + from_.name() + "'";
    if (type == "extend")
      return "chosen because '" + from_.name() + "' is a region of '" + to_.name() + "': zero outside";
    if (type == "trace") return "chosen because '" + to_.name() + "' is a side of '" + from_.name() + "'";
    if (type == "flux")
      return "chosen because '" + from_.name() + "' is a side of '" + to_.name() +
             "': what crosses it arrives in the sites behind, as the adjoint of trace";
    if (type == "gather")
      return "chosen because '" + to_.name() + "' are the edges of '" + from_.name() + "'";
    if (type == "scatter")
      return "chosen because '" + from_.name() + "' are the edges of '" + to_.name() +
             "': sums over the edges that end at a node";
    if (type == "remap") return between(" over the same domain: by overlaps, which keeps the content");
    return between("");
  }

  std::string existing() const {
    const std::string to_one = "one site (average, integrate or sum)";
    switch (from_.type()) {
      case Space::Type::grid:
        return "from a grid: to points (sample, gradient), to a grid over the same domain (remap), to its "
               "sides "
               "(trace), to " +
               to_one + ", or to a product over it (lift)";
      case Space::Type::named_points:
      case Space::Type::population:
        return "from points: to a grid (deposit), or to " + to_one;
      case Space::Type::radial:
        return "from a radial grid: to its sides (trace), or to " + to_one;
      case Space::Type::trace:
        return "from a side: to its grid (flux), or to " + to_one;
      case Space::Type::product:
        return "from a product: to its macro space (average or integrate), or to " + to_one;
      case Space::Type::network:
        return "from nodes: to the edges of their network (gather), or to " + to_one;
      case Space::Type::edges:
        return "from edges: to the nodes of their network (scatter), or to " + to_one;
      case Space::Type::point:
        return "from one site: to any space (broadcast)";
      case Space::Type::region:
        return "from a region: to the whole (extend), or to " + to_one;
      case Space::Type::tree:
        return "from a tree: to its regions (restrict), or to " + to_one;
    }
    return "";
  }

  void make(const std::string& type) {
    choice_.unit = field_.unit;
    choice_.kind = field_.kind;
    if (type == "identity") {
      if (!from_.varies()) return fixed(std::make_shared<IdentityMap>(from_));
      return counted(request_.from, [](std::size_t n) {
        return std::make_shared<IdentityMap>(std::vector<double>(n, 1.0));
      });
    }
    if (type == "broadcast") {
      choice_.kind = FieldKind::value;
      if (!to_.varies()) return fixed(std::make_shared<BroadcastMap>(to_));
      return counted(population_fields(request_.fields, to_).id, [](std::size_t n) {
        return std::make_shared<BroadcastMap>(std::vector<double>(n, 1.0));
      });
    }
    if (type == "trace" || type == "flux") {
      const TraceSpace& side = *side_of(type == "trace" ? to_ : from_, type == "trace" ? from_ : to_);
      auto trace = std::make_shared<SideTrace>(*side.grid(), side.axis(), side.side());
      if (type == "trace") return fixed(std::move(trace));
      choice_.kind = FieldKind::density;
      choice_.unit = per_measure(times_measure(field_.unit, from_), to_);
      return fixed(std::make_shared<AdjointMap>(std::move(trace)));
    }
    if (type == "restrict" || type == "extend") {
      auto restriction = std::make_shared<Restriction>(
          *part_of(type == "restrict" ? to_ : from_, type == "restrict" ? from_ : to_));
      if (type == "restrict") return fixed(std::move(restriction));
      return fixed(std::make_shared<AdjointMap>(std::move(restriction)));
    }
    if (type == "gather" || type == "scatter") {
      const bool gather = type == "gather";
      const auto& network = *dynamic_cast<const EdgeSpace&>(gather ? to_ : from_).network();
      if (!gather) return fixed(std::make_shared<AdjointMap>(gather_map(network, EdgeEnd::target)));
      choice_.kind = FieldKind::value;
      return fixed(gather_map(network, section_.text("end") == "target" ? EdgeEnd::target : EdgeEnd::source));
    }
    if (type == "lift") return fixed(std::make_shared<LiftMap>(dynamic_cast<const ProductSpace&>(to_)));
    if (type == "remap") {
      if (field_.kind == FieldKind::amount)
        fail(fmt::format("'{}' is an amount per site, which depends on the grid", field_.name),
             "a field of kind density or value");
      return fixed(std::make_shared<GridRemap>(dynamic_cast<const GridSpace&>(from_),
                                               dynamic_cast<const GridSpace&>(to_)));
    }
    if (type == "sample" || type == "gradient" || type == "deposit") return points(type);
    whole(type);
  }

  /// The map whose adjoint brings contributions back: it takes 1 to 1, as a mean does where content is summed
  /// up.
  void make_way_back(const std::string& type) {
    if (type == "integrate" || type == "sum") {
      choice_.way_back = mean(type == "sum" ? Weights::one : Weights::measure);
    } else if (type == "deposit") {
      choice_.no_way_back = fmt::format(
          "which of the points of '{}' gave what is on the grid can't be told; contribute at the points",
          from_.name());
    } else if (type == "extend") {
      choice_.no_way_back = "outside of the region there is nothing to take from; contribute in the region";
    } else if (type == "gradient") {
      choice_.no_way_back =
          "a slope holds nothing that could be taken; contribute through a coupling of type sample";
    } else if (type == "flux") {
      choice_.no_way_back = "what crosses a side is decided at the side; contribute there";
    } else {
      choice_.way_back = choice_.geometry;
    }
  }

  enum class Weights { measure, one };
  std::shared_ptr<const CouplingGeometry> mean(Weights weights) const {
    if (from_.varies())
      return std::make_shared<CountedGeometry>(request_.from, [](std::size_t n) {
        return std::make_shared<AverageMap>(std::vector<double>(n, 1.0));
      });
    if (const auto* product = dynamic_cast<const ProductSpace*>(&from_); product && to_.sites() != 1)
      return std::make_shared<FixedGeometry>(std::make_shared<MicroAverageMap>(*product));
    return std::make_shared<FixedGeometry>(
        weights == Weights::one ? std::make_shared<AverageMap>(std::vector<double>(from_.sites(), 1.0))
                                : std::make_shared<AverageMap>(from_));
  }

  void fixed(std::shared_ptr<const LinearMap> map) {
    choice_.geometry = std::make_shared<FixedGeometry>(std::move(map));
  }

  /// A map that depends on the number of agents; `counted` is a field of theirs.
  void counted(FieldId field, std::function<std::shared_ptr<const LinearMap>(std::size_t)> make) {
    choice_.geometry = std::make_shared<CountedGeometry>(field, std::move(make));
  }

  /// To one site, or over the micro space of a product.
  void whole(const std::string& type) {
    if (const auto* product = dynamic_cast<const ProductSpace*>(&from_); product && to_.sites() != 1) {
      if (type == "average") return fixed(std::make_shared<MicroAverageMap>(*product));
      choice_.unit = times_measure(field_.unit, product->micro());
      return fixed(std::make_shared<AdjointMap>(std::make_shared<LiftMap>(*product)));
    }
    choice_.kind = type == "average" ? FieldKind::value : FieldKind::amount;
    if (from_.varies()) {
      const bool average = type == "average";
      return counted(request_.from, [average](std::size_t n) -> std::shared_ptr<const LinearMap> {
        if (average) return std::make_shared<AverageMap>(std::vector<double>(n, 1.0));
        return std::make_shared<AdjointMap>(std::make_shared<BroadcastMap>(std::vector<double>(n, 1.0)));
      });
    }
    if (type == "average") return fixed(std::make_shared<AverageMap>(from_));
    if (type == "sum")
      return fixed(std::make_shared<AdjointMap>(
          std::make_shared<BroadcastMap>(std::vector<double>(from_.sites(), 1.0))));
    choice_.unit = times_measure(field_.unit, from_);
    fixed(std::make_shared<AdjointMap>(std::make_shared<BroadcastMap>(from_)));
  }

  void points(const std::string& type) {
    const bool sample = type != "deposit";
    const auto& space = sample ? request_.to : field_.space;
    const auto grid = std::dynamic_pointer_cast<const GridSpace>(sample ? field_.space : request_.to);
    if (space->dimensions() != grid->dimensions())
      fail(fmt::format("'{}' has {} axes, '{}' has {}", space->name(), space->dimensions(), grid->name(),
                       grid->dimensions()),
           "points in the coordinates of the grid");
    PointKernel kernel;
    const std::string shape = section_.text("kernel");
    kernel.shape = shape == "nearest"  ? PointKernel::Shape::nearest
                   : shape == "sphere" ? PointKernel::Shape::sphere
                                       : PointKernel::Shape::linear;
    kernel.width = static_cast<int>(section_.integer("width"));
    if (kernel.width < 1 || kernel.width > 8) {
      section_.error("width", fmt::format("is {}", kernel.width), "1 to 8");
      throw Abandoned{};
    }
    std::optional<double> radius;
    if (section_.has("radius")) {
      radius = section_.quantity("radius");
      if (!(*radius > 0.0)) section_.error("radius", "is not positive", "a positive length");
    }
    PointPlaces places(space, request_.fields, radius);
    const bool response = type == "sample" && section_.has("source");
    if ((kernel.shape == PointKernel::Shape::sphere || response) && !places.has_radius()) {
      section_.error(response ? "source" : "kernel",
                     fmt::format("nothing says how large the points of '{}' are", space->name()),
                     "an option 'radius' beside it, or a population, whose cells have radii");
      throw Abandoned{};
    }
    std::optional<PointGeometry::Responses> responses;
    if (response) {
      if (!section_.has("diffusivity")) {
        section_.error("source", "what the points feel of their own source depends on how fast it spreads",
                       "an option 'diffusivity' beside it");
        throw Abandoned{};
      }
      const double d = section_.quantity("diffusivity");
      if (!(d > 0.0)) {
        section_.error("diffusivity", "is not positive", "a positive diffusivity");
        throw Abandoned{};
      }
      responses.emplace();
      responses->medium.diffusivity = {d, d, d};
      responses->medium.decay = section_.quantity("decay");
      if (!section_.flag("neighbours")) responses->neighbours = PointResponses::Neighbours::none;
    }
    auto geometry = std::make_shared<PointGeometry>(grid, kernel, std::move(places), responses);
    std::string width = kernel.shape == PointKernel::Shape::linear && kernel.width > 1
                            ? fmt::format(" over {} spacings", kernel.width)
                            : "";
    choice_.details.push_back(
        fmt::format("kernel: {}{}{}", shape, width, section_.has("kernel") ? "" : " (default)"));
    if (response) {
      choice_.details.push_back(
          "with the concentration at the points' own surfaces: what they give off beyond what the grid shows "
          "(lattice Green function), at any position and spacing");
      choice_.response = geometry;
    }
    if (type == "gradient") {
      choice_.kind = FieldKind::value;
      choice_.unit = per_length(field_.unit, *grid);
      choice_.geometry = std::make_shared<GradientGeometry>(std::move(geometry), along(*grid));
    } else if (sample) {
      choice_.kind = FieldKind::value;
      choice_.geometry = std::move(geometry);
    } else {
      choice_.kind = FieldKind::density;
      choice_.unit = per_measure(field_.unit, *grid);
      choice_.geometry = std::make_shared<AdjointGeometry>(std::move(geometry));
    }
  }

  /// The axis along which a slope is wanted.
  int along(const GridSpace& grid) const {
    if (!section_.has("along")) {
      section_.error("along", "a slope is that along an axis", "along: x, y or z");
      throw Abandoned{};
    }
    const int axis = section_.text("along")[0] - 'x';
    if (axis >= grid.dimensions() || grid.count(axis) < 2) {
      section_.error("along",
                     fmt::format("'{}' has {} along {}", grid.name(),
                                 axis >= grid.dimensions() ? "no axis" : "one site", "xyz"[axis]),
                     "an axis with several sites");
      throw Abandoned{};
    }
    return axis;
  }

  /// Options that mean nothing here are mistakes.
  void refuse_idle_options(const std::string& type) const {
    const bool sample = type == "sample", points = sample || type == "gradient" || type == "deposit";
    const auto refuse = [&](const char* key, const std::string& why) {
      if (!is_stated(section_, key)) return;
      section_.loader().error(section_.key_place(key), section_.path_of(key),
                              fmt::format("'{}' means nothing here: {}", key, why), "", "leave it out");
    };
    if (type != "gradient") refuse("along", fmt::format("the coupling is of type {}", type));
    refuse("side", "only a trace from the micro spaces of a product needs one");
    if (type != "gather") refuse("end", fmt::format("the coupling is of type {}", type));
    if (type != "gather" && type != "identity")
      for (const char* key : {"delay", "degree"})
        refuse(key, fmt::format("only gather and identity look into the past, and this is {}", type));
    if (!section_.has("delay")) refuse("degree", "there is no 'delay'");
    if (!points)
      for (const char* key : {"kernel", "width", "radius", "source", "diffusivity", "decay", "neighbours"})
        refuse(key, fmt::format("the coupling is of type {}", type));
    if (points && !sample)
      for (const char* key : {"source", "diffusivity", "decay", "neighbours"})
        refuse(key, fmt::format("it belongs to what points sample, and this coupling is of type {}", type));
    if (sample && !section_.has("source"))
      for (const char* key : {"diffusivity", "decay", "neighbours"})
        refuse(key, "no 'source' says what the points give off");
    if (points && section_.has("width") && section_.text("kernel") != "linear")
      refuse("width", "it belongs to the linear kernel");
  }

  const CouplingRequest& request_;
  const Section& section_;
  const Field& field_;
  const Space& from_;
  const Space& to_;
  CouplingChoice choice_;
};

}  // namespace

CouplingChoice choose_coupling(const CouplingRequest& request) { return Chooser(request).choose(); }

}  // namespace holon::modelfile
