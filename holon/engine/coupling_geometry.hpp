// The linear map of a coupling, which may follow the state: cells move, divide and die.
#pragma once

#include "holon/engine/state.hpp"
#include "holon/space/point_responses.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace holon {

/// Makes a map for a state, and keeps it as long as it fits. What is kept is scratch of whoever asks.
class CouplingGeometry {
 public:
  struct Kept {
    virtual ~Kept() = default;
    std::shared_ptr<const LinearMap> map;
  };
  virtual ~CouplingGeometry() = default;
  virtual const LinearMap& map(const State& state, std::unique_ptr<Kept>& kept,
                               ThreadPool& threads) const = 0;
  /// The fields on which the map depends.
  virtual std::vector<FieldId> reads() const { return {}; }
};

/// A map for good.
class FixedGeometry final : public CouplingGeometry {
 public:
  explicit FixedGeometry(std::shared_ptr<const LinearMap> map) : map_(std::move(map)) {}
  const LinearMap& map(const State&, std::unique_ptr<Kept>&, ThreadPool&) const override { return *map_; }

 private:
  std::shared_ptr<const LinearMap> map_;
};

/// A map that depends on the number of a space's sites alone.
class CountedGeometry final : public CouplingGeometry {
 public:
  /// `counted`: a field whose sites are counted; `make` makes the map for a number of sites.
  CountedGeometry(FieldId counted, std::function<std::shared_ptr<const LinearMap>(std::size_t)> make)
      : counted_(counted), make_(std::move(make)) {}
  const LinearMap& map(const State& state, std::unique_ptr<Kept>& kept, ThreadPool& threads) const override;

 private:
  FieldId counted_;
  std::function<std::shared_ptr<const LinearMap>(std::size_t)> make_;
};

/// Where the points of a space are: named points for good, agents of a population where the State has them
/// (fields SPACE.position, SPACE.radius, SPACE.id).
class PointPlaces {
 public:
  /// `radius` of all points; without it SPACE.radius, or zero where there is none.
  PointPlaces(std::shared_ptr<const Space> space, const FieldTable& fields, std::optional<double> radius);
  PointCloud cloud(const State& state) const;
  std::vector<FieldId> reads() const;
  /// Whether they stay where they are for ever.
  bool fixed() const { return !position_ && !radius_ && !id_; }
  bool has_radius() const { return radius_.has_value() || same_radius_ > 0.0; }
  const Space& space() const { return *space_; }

 private:
  std::shared_ptr<const Space> space_;
  std::optional<FieldId> position_, radius_, id_;
  double same_radius_ = 0.0;
};

/// Between a grid and points, with the responses of the points where they are wanted. What was made last is
/// remembered, so that several processes that look at the same points make it once.
class PointGeometry final : public CouplingGeometry {
 public:
  struct Responses {
    DiffusiveMedium medium;
    PointResponses::Neighbours neighbours = PointResponses::Neighbours::near;
  };
  PointGeometry(std::shared_ptr<const GridSpace> grid, PointKernel kernel, PointPlaces places,
                std::optional<Responses> responses = std::nullopt);

  struct Known {
    std::shared_ptr<const PointSampling> sampling;
    std::shared_ptr<const PointResponses> responses;  ///< null where none are wanted
  };
  Known at(const State& state, std::unique_ptr<Kept>& kept, ThreadPool& threads) const;
  const LinearMap& map(const State& state, std::unique_ptr<Kept>& kept, ThreadPool& threads) const override;
  std::vector<FieldId> reads() const override { return places_.reads(); }
  const PointPlaces& places() const { return places_; }
  const PointKernel& kernel() const { return kernel_; }
  const GridSpace& grid() const { return *grid_; }
  const std::optional<Responses>& responses() const { return responses_; }

 private:
  std::shared_ptr<const GridSpace> grid_;
  PointKernel kernel_;
  PointPlaces places_;
  std::optional<Responses> responses_;
  std::shared_ptr<const std::vector<double>> volumes_;
  struct Made;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const Made> last_;
};

/// A geometry the other way round.
class AdjointGeometry final : public CouplingGeometry {
 public:
  explicit AdjointGeometry(std::shared_ptr<const CouplingGeometry> geometry)
      : geometry_(std::move(geometry)) {}
  const LinearMap& map(const State& state, std::unique_ptr<Kept>& kept, ThreadPool& threads) const override;
  std::vector<FieldId> reads() const override { return geometry_->reads(); }

 private:
  std::shared_ptr<const CouplingGeometry> geometry_;
};

}  // namespace holon
