#include "holon/transport/spatial_coefficients.hpp"

#include "holon/expr/breakpoints.hpp"

#include <cmath>

#include <fmt/format.h>

namespace holon::transport {

namespace {

/// A direction's length may differ from 1 by as much as three typed digits do.
constexpr double length_tolerance = 1e-3;
/// The cosine between fibre and sheet.
constexpr double right_angle_tolerance = 1e-3;

}  // namespace

SpatialCoefficients::Named SpatialCoefficients::named(const std::string& process, const std::string& key,
                                                      const Coefficient& coefficient,
                                                      const Model& model) const {
  return {key, coefficient,
          CoefficientKernel(process + " " + key, coefficient, grid_, *model.fields, *model.parameters,
                            model.kernels),
          coefficient.values_per_site() != nullptr || coefficient.depends_on("position.*"),
          coefficient.depends_on("field:*")};
}

SpatialCoefficients::SpatialCoefficients(const std::string& process, const DiffusionOptions& options,
                                         std::shared_ptr<const StructuredSpace> grid, const Model& model)
    : grid_(std::move(grid)) {
  const auto add = [&](std::vector<Named>& list, const std::string& key, const Coefficient& coefficient) {
    list.push_back(named(process, key, coefficient, model));
  };
  if (options.fibres) {
    const FibreConduction& fibres = *options.fibres;
    add(strength_, "diffusivity.along", fibres.along);
    add(strength_, "diffusivity.across", fibres.across);
    if (fibres.sheet) add(strength_, "diffusivity.sheet", *fibres.sheet);
    for (const Coefficient& c : fibres.fibre) add(fibre_, "diffusivity.fibre", c);
    for (const Coefficient& c : fibres.sheet_direction)
      add(sheet_direction_, "diffusivity.sheet_direction", c);
  } else {
    const std::size_t count = options.diffusivity.size();
    for (std::size_t a = 0; a < count; ++a)
      add(diffusivity_, count == 1 ? "diffusivity" : fmt::format("diffusivity[{}]", a),
          options.diffusivity[a]);
  }
  add(capacity_, "capacity", options.capacity);
  if (options.where) add(inside_, "where", *options.where);
}

std::vector<double> SpatialCoefficients::column(const Named& named, const State& state) const {
  ThreadPool one(1);
  std::vector<double> values(grid_->sites(), 1.0);
  if (named.follows && state.fields().size() == 0) return values;
  named.kernel.evaluate(state, 0.0, values, one);
  return values;
}

template <class Condition>
std::string SpatialCoefficients::where(const Values& values, Condition condition) const {
  for (std::size_t site = 0; site < grid_->sites(); ++site)
    if ((values.sites.inside.empty() || values.sites.inside[site] != 0) && condition(site))
      return grid_->site_text(site);
  return "";
}

SpatialCoefficients::Values SpatialCoefficients::evaluate(const State& state) const {
  Values values;
  set_inside(state, values);
  if (strength_.empty())
    set_axes(state, values);
  else
    set_fibres(state, values);
  if (values.faults.empty()) set_capacity(state, values);
  return values;
}

void SpatialCoefficients::set_inside(const State& state, Values& values) const {
  if (inside_.empty()) return;
  const auto mask = column(inside_.front(), state);
  values.sites.inside.resize(mask.size());
  for (std::size_t site = 0; site < mask.size(); ++site)
    values.sites.inside[site] = mask[site] != 0.0 && grid_->inside(site) ? 1 : 0;
  if (const auto fault = mask_fault(*grid_, values.sites.inside))
    values.faults.push_back({"where", fault->message, fault->expected, ""});
}

void SpatialCoefficients::set_axes(const State& state, Values& values) const {
  for (int a = 0; a < grid_->dimensions(); ++a) {
    const auto n = static_cast<std::size_t>(a);
    const Named& d = diffusivity_[diffusivity_.size() == 1 ? 0 : n];
    std::vector<double>& axis = values.sites.diagonal[n];
    if (n > 0 && diffusivity_.size() == 1)
      axis = values.sites.diagonal[0];
    else
      axis = column(d, state);
    const std::string place =
        where(values, [&](std::size_t site) { return !(axis[site] >= 0.0) || !std::isfinite(axis[site]); });
    if (!place.empty()) {
      values.faults.push_back(
          {d.key, "is negative or no number at " + place, "zero or a positive number", ""});
      return;
    }
    values.sites.face[n] = layered_faces(d, a, state);
  }
}

std::vector<double> SpatialCoefficients::layered_faces(const Named& named, int axis,
                                                       const State& state) const {
  if (!named.varies || named.follows) return {};
  const Coefficient& coefficient = named.coefficient;
  const std::string along = "position." + grid_->axis_name(axis);
  if (!coefficient.depends_on(along)) return {};
  for (const char* other : {"position.x", "position.y", "position.z"})
    if (other != along && coefficient.depends_on(other)) return {};
  expr::Graph graph;
  const expr::Node node = coefficient.lower(graph);
  const auto parameter = [&](std::string_view symbol) -> std::optional<double> {
    if (!symbol.starts_with("parameter:")) return std::nullopt;
    return state.parameter(state.parameter_table().id(symbol.substr(10)));
  };
  const expr::Breakpoints jumps(graph, std::span(&node, 1), graph.symbol(along), parameter);
  const auto diffusivity = [&](double x) {
    return static_cast<double>(expr::evaluate(
        graph, std::span(&node, 1),
        [&](std::string_view symbol) -> long double { return symbol == along ? x : *parameter(symbol); })[0]);
  };
  // The resistance between two places is the integral of 1/D, taken from jump to jump with Gauss' three
  // points.
  const auto resistance = [&](double from, double to) {
    double sum = 0.0;
    for (double begin = from; begin < to;) {
      const double end = std::min(to, jumps.next_after(begin));
      const double middle = 0.5 * (begin + end), half = 0.5 * (end - begin), off = std::sqrt(0.6) * half;
      const double weight = 0.5 * grid_->stretch(axis, begin, end);
      sum += weight *
             (8.0 / diffusivity(middle) + 5.0 / diffusivity(middle - off) + 5.0 / diffusivity(middle + off)) /
             9.0;
      begin = end;
    }
    return sum;
  };
  std::size_t stride = 1;
  for (int a = 0; a < axis; ++a) stride *= grid_->count(a);
  const std::size_t count = grid_->count(axis);
  const auto place = [&](std::size_t i) {
    return grid_->position(i * stride)[static_cast<std::size_t>(axis)];
  };
  std::vector<double> means(count, 0.0);
  for (std::size_t i = 0; i + 1 < count; ++i)
    means[i] =
        (grid_->uniform() ? grid_->distance_to_next(axis, i) : grid_->stretch(axis, place(i), place(i + 1))) /
        resistance(place(i), place(i + 1));
  if (grid_->periodic(axis)) {
    // Through the end of the box and in again at its beginning.
    means[count - 1] =
        grid_->distance_to_next(axis, count - 1) /
        (resistance(place(count - 1), grid_->high(axis)) + resistance(grid_->low(axis), place(0)));
  }
  std::vector<double> faces(grid_->sites());
  for (std::size_t site = 0; site < faces.size(); ++site) faces[site] = means[site / stride % count];
  return faces;
}

void SpatialCoefficients::set_fibres(const State& state, Values& values) const {
  const std::size_t sites = grid_->sites(), axes = fibre_.size();
  std::vector<std::vector<double>> strength;
  for (const Named& s : strength_) {
    strength.push_back(column(s, state));
    const std::vector<double>& column = strength.back();
    const std::string place = where(
        values, [&](std::size_t site) { return !(column[site] > 0.0) || !std::isfinite(column[site]); });
    if (!place.empty()) {
      values.faults.push_back(
          {s.key, "is not positive at " + place + ", so that the conduction is not positive definite",
           "a positive number everywhere", ""});
      return;
    }
  }
  const auto direction = [&](const std::vector<Named>& components) {
    std::array<std::vector<double>, 3> d;
    for (std::size_t a = 0; a < 3; ++a)
      d[a] = a < components.size() ? column(components[a], state) : std::vector<double>(sites, 0.0);
    double found = 0.0;
    const std::string place = where(values, [&](std::size_t site) {
      found = std::hypot(d[0][site], d[1][site], d[2][site]);
      return !(std::abs(found - 1.0) <= length_tolerance);
    });
    if (!place.empty())
      values.faults.push_back({components.front().key,
                               found == 0.0 ? "has length zero at " + place
                                            : fmt::format("has length {:.6g} at {}", found, place),
                               "a unit vector everywhere", "divide its components by its length"});
    for (std::size_t site = 0; site < sites; ++site) {
      const double length = std::hypot(d[0][site], d[1][site], d[2][site]);
      for (std::size_t a = 0; a < 3 && length > 0.0; ++a) d[a][site] /= length;
    }
    return d;
  };
  const auto f = direction(fibre_);
  std::array<std::vector<double>, 3> s;
  if (!sheet_direction_.empty()) {
    s = direction(sheet_direction_);
    const std::string place = where(values, [&](std::size_t site) {
      const double cosine = f[0][site] * s[0][site] + f[1][site] * s[1][site] + f[2][site] * s[2][site];
      return !(std::abs(cosine) <= right_angle_tolerance);
    });
    if (!place.empty() && values.faults.empty())
      values.faults.push_back({"diffusivity.sheet_direction",
                               "is not at right angles to the fibre at " + place,
                               "a unit vector across the fibres", ""});
  }
  if (!values.faults.empty()) return;
  const auto entry = [&](std::size_t a, std::size_t b) {
    std::vector<double> d(sites);
    for (std::size_t site = 0; site < sites; ++site) {
      const double along = strength[0][site], across = strength[1][site];
      d[site] = (a == b ? across : 0.0) + (along - across) * f[a][site] * f[b][site];
      if (strength.size() > 2) d[site] += (strength[2][site] - across) * s[a][site] * s[b][site];
    }
    return d;
  };
  for (std::size_t a = 0; a < axes; ++a) values.sites.diagonal[a] = entry(a, a);
  values.sites.cross[0] = axes > 1 ? entry(0, 1) : std::vector<double>(sites, 0.0);
  if (axes > 2) {
    values.sites.cross[1] = entry(0, 2);
    values.sites.cross[2] = entry(1, 2);
  }
  // Fibres that turn out to lie along the axes need no cross terms.
  bool crossed = false;
  for (const auto& pair : values.sites.cross)
    crossed = crossed || std::any_of(pair.begin(), pair.end(), [](double d) { return d != 0.0; });
  if (!crossed)
    for (auto& pair : values.sites.cross) pair.clear();
}

double SpatialCoefficients::uniform_capacity(const State& state) const {
  return capacity_.front().varies ? 1.0 : column(capacity_.front(), state).front();
}

void SpatialCoefficients::set_capacity(const State& state, Values& values) const {
  const Named& capacity = capacity_.front();
  auto column = this->column(capacity, state);
  const std::string place =
      where(values, [&](std::size_t site) { return !(column[site] > 0.0) || !std::isfinite(column[site]); });
  if (!place.empty()) {
    values.faults.push_back({"capacity", "is not positive at " + place, "a positive number everywhere", ""});
    return;
  }
  if (capacity.varies) {
    values.sites.capacity = std::move(column);
    return;
  }
  values.capacity = column.front();
  for (auto* group : {&values.sites.diagonal, &values.sites.face, &values.sites.cross})
    for (std::vector<double>& d : *group)
      for (double& v : d) v /= values.capacity;
}

}  // namespace holon::transport
