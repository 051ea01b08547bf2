#include "holon/engine/coupling_geometry.hpp"

#include <cstring>

namespace holon {

const LinearMap& CountedGeometry::map(const State& state, std::unique_ptr<Kept>& kept, ThreadPool&) const {
  struct Counted final : Kept {
    std::size_t sites = 0;
  };
  const std::size_t sites = state.sites(*state.fields()[counted_].space);
  auto* known = static_cast<Counted*>(kept.get());
  if (known == nullptr || known->sites != sites) {
    auto made = std::make_unique<Counted>();
    made->sites = sites;
    made->map = make_(sites);
    kept = std::move(made);
  }
  return *kept->map;
}

PointPlaces::PointPlaces(std::shared_ptr<const Space> space, const FieldTable& fields,
                         std::optional<double> radius)
    : space_(std::move(space)), same_radius_(radius.value_or(0.0)) {
  const auto find = [&](const char* what) -> std::optional<FieldId> {
    const std::string name = space_->name() + '.' + what;
    return fields.contains(name) ? std::optional(fields.id(name)) : std::nullopt;
  };
  position_ = find("position");
  id_ = find("id");
  if (!radius) radius_ = find("radius");
}

PointCloud PointPlaces::cloud(const State& state) const {
  PointCloud cloud;
  cloud.same_radius = same_radius_;
  for (int a = 0; a < space_->dimensions(); ++a)
    cloud.coordinate[static_cast<std::size_t>(a)] =
        position_ ? state.real(*position_, a) : space_->coordinates(a);
  if (radius_) cloud.radius = state.real(*radius_);
  if (id_) cloud.id = state.integer(*id_);
  return cloud;
}

std::vector<FieldId> PointPlaces::reads() const {
  std::vector<FieldId> fields;
  for (const auto& field : {position_, radius_, id_})
    if (field) fields.push_back(*field);
  return fields;
}

PointGeometry::PointGeometry(std::shared_ptr<const GridSpace> grid, PointKernel kernel, PointPlaces places,
                             std::optional<Responses> responses)
    : grid_(std::move(grid)),
      kernel_(kernel),
      places_(std::move(places)),
      responses_(responses),
      volumes_(std::make_shared<const std::vector<double>>(measures_of(*grid_))) {}

/// Points, and what was made for them.
struct PointGeometry::Made {
  std::array<std::vector<double>, 3> coordinate;
  std::vector<double> radius;
  std::vector<std::int64_t> id;
  PointSampling::Steady steady;
  Known known;

  explicit Made(const PointCloud& cloud) {
    for (std::size_t a = 0; a < 3; ++a)
      coordinate[a].assign(cloud.coordinate[a].begin(), cloud.coordinate[a].end());
    radius.assign(cloud.radius.begin(), cloud.radius.end());
    id.assign(cloud.id.begin(), cloud.id.end());
  }
  bool fits(const PointCloud& cloud) const {
    for (std::size_t a = 0; a < 3; ++a)
      if (!same(coordinate[a], cloud.coordinate[a])) return false;
    return same(radius, cloud.radius) && same_points(cloud);
  }
  /// Wherever they are.
  bool same_points(const PointCloud& cloud) const {
    return coordinate[0].size() == cloud.size() && same(id, cloud.id);
  }

 private:
  /// Bit by bit.
  static bool same(const auto& mine, const auto& theirs) {
    return mine.size() == theirs.size() &&
           (mine.empty() || std::memcmp(mine.data(), theirs.data(), mine.size() * sizeof mine[0]) == 0);
  }
};

PointGeometry::Known PointGeometry::at(const State& state, std::unique_ptr<Kept>& kept,
                                       ThreadPool& threads) const {
  struct KeptPoints final : Kept {
    std::shared_ptr<const Made> made;
  };
  const PointCloud cloud = places_.cloud(state);
  if (kept == nullptr) kept = std::make_unique<KeptPoints>();
  auto& mine = static_cast<KeptPoints&>(*kept);
  if (mine.made && (places_.fixed() || mine.made->fits(cloud))) return mine.made->known;
  {
    const std::scoped_lock lock(mutex_);
    mine.made = last_;
  }
  if (!mine.made || !mine.made->fits(cloud)) {
    const auto made = std::make_shared<Made>(cloud);
    made->steady = mine.made && mine.made->same_points(cloud) ? mine.made->steady
                                                              : PointSampling::steady(volumes_, cloud);
    made->known.sampling = std::make_shared<PointSampling>(*grid_, kernel_, cloud, threads, made->steady);
    if (responses_)
      made->known.responses = std::make_shared<PointResponses>(*grid_, kernel_, cloud, responses_->medium,
                                                               responses_->neighbours, threads);
    mine.made = made;
    const std::scoped_lock lock(mutex_);
    last_ = made;
  }
  mine.map = mine.made->known.sampling;
  return mine.made->known;
}

const LinearMap& PointGeometry::map(const State& state, std::unique_ptr<Kept>& kept,
                                    ThreadPool& threads) const {
  return *at(state, kept, threads).sampling;
}

const LinearMap& AdjointGeometry::map(const State& state, std::unique_ptr<Kept>& kept,
                                      ThreadPool& threads) const {
  struct Turned final : Kept {
    std::unique_ptr<Kept> inner;
    const LinearMap* of = nullptr;
    // Holds what `of` points to where the inner geometry keeps it.
    std::shared_ptr<const LinearMap> held;
  };
  if (kept == nullptr) kept = std::make_unique<Turned>();
  auto& turned = static_cast<Turned&>(*kept);
  const LinearMap& straight = geometry_->map(state, turned.inner, threads);
  if (&straight != turned.of || turned.map == nullptr) {
    turned.held = turned.inner ? turned.inner->map : nullptr;
    turned.of = &straight;
    turned.map = std::make_shared<AdjointMap>(
        turned.held ? turned.held : std::shared_ptr<const LinearMap>(std::shared_ptr<void>(), &straight));
  }
  return *turned.map;
}

}  // namespace holon
