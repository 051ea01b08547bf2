#include "holon/base/parallel.hpp"
#include "holon/engine/site_kernel.hpp"
#include "holon/modelfile/build.hpp"
#include "holon/modelfile/model_schema.hpp"
#include "holon/space/network.hpp"
#include "holon/space/pieces.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>

#include <fmt/format.h>

namespace holon::modelfile {

using Value = Document::Value;

namespace {

constexpr double most_sites = 2147483648.0;  // 2^31: columns and indices of one rank stay in memory

std::string type_of(const Value& space) {
  const Value* type = space.find("type");
  return type != nullptr && type->kind == Value::Kind::scalar ? type->scalar : "";
}

/// A number of the list, or the one value that stands for all axes.
const Value& along(const Value& value, std::size_t axis) {
  if (value.kind != Value::Kind::list) return value;
  return value.list[std::min(axis, value.list.size() - 1)];
}

/// Its key path: an index only where a list is written.
std::string along(const std::string& path, const Value& value, std::size_t axis) {
  return value.kind == Value::Kind::list
             ? path + '[' + std::to_string(std::min(axis, value.list.size() - 1)) + ']'
             : path;
}

/// An axis and the spacing that it is to be divided by.
struct Division {
  const Value* stated_spacing = nullptr;
  std::string path;  ///< of the spacing
  const Value* stated_size = nullptr;
  double extent = 0.0, spacing = 0.0;
};

bool divides(double extent, double spacing) {
  const double ratio = extent / spacing, intervals = std::round(ratio);
  return intervals >= 1.0 && std::abs(ratio - intervals) <= 1e-9 * ratio;
}

/// The next larger and the next smaller spacing that divide all extents; what there is of them.
std::vector<double> nearest_spacings(const std::vector<double>& extents, double spacing) {
  constexpr double most_tried =
      1e5;  // intervals: sizes that have so little in common are measured, not chosen
  const double shortest = *std::min_element(extents.begin(), extents.end());
  const auto fits_all = [&](double intervals) {
    return std::all_of(extents.begin(), extents.end(),
                       [&](double extent) { return divides(extent, shortest / intervals); });
  };
  const double held = std::floor(shortest / spacing);
  std::vector<double> result;
  for (double n = held; n >= std::max(1.0, held - most_tried) && result.empty(); n -= 1.0)
    if (fits_all(n)) result.push_back(shortest / n);
  const std::size_t larger = result.size();
  for (double n = held + 1.0; n <= held + most_tried && result.size() == larger; n += 1.0)
    if (fits_all(n)) result.push_back(shortest / n);
  return result;
}

class SpaceReader {
 public:
  SpaceReader(Loader& loader, const Value& root) : loader_(loader), root_(root) {}

  std::shared_ptr<const Space> read(const std::string& name, const Value& value) {
    const std::string type = type_of(value);
    const Dimension length = loader_.dimensions().at("length");
    if (type == "point") return std::make_shared<PointSpace>(name, length);
    if (type == "grid") return grid(name, value, length);
    if (type == "radial") return radial_space(loader_, name, value);
    if (type == "trace") return trace_space(loader_, name, value);
    if (type == "named_points") return points(name, value, length);
    if (type == "population") return read_population(loader_, name, value);
    if (type == "product") return product(name, value);
    if (type == "tree") return tree_space(loader_, name, value);
    if (type == "region") return region_space(loader_, name, value);
    if (type == "network") {
      auto network = network_space(loader_, name, value);
      if (network) loader_.model().spaces[name + ".edges"] = std::make_shared<EdgeSpace>(network);
      return network;
    }
    return nullptr;  // reported by validate_model
  }

 private:
  static std::string path(const std::string& name) { return "spaces." + name; }

  std::shared_ptr<const Space> grid(const std::string& name, const Value& value, const Dimension& length) {
    const Value* size = value.find("size");
    const Value* spacing = value.find("spacing");
    const Value* origin = value.find("origin");
    if (size == nullptr || spacing == nullptr || size->kind == Value::Kind::mapping) return nullptr;
    const std::size_t axes = size->kind == Value::Kind::list ? size->list.size() : 1;
    if (axes < 1 || axes > 3) return nullptr;
    for (const auto& [key, list] : {std::pair{"spacing", spacing}, std::pair{"origin", origin}}) {
      if (list == nullptr) continue;
      const bool one_for_all =
          std::string_view(key) == "spacing" && (list->kind == Value::Kind::scalar || list->list.size() == 1);
      if (one_for_all || (list->kind == Value::Kind::list && list->list.size() == axes)) continue;
      if (list->kind == Value::Kind::scalar && axes == 1) continue;
      if (list->kind == Value::Kind::mapping || list->kind == Value::Kind::null) return nullptr;
      loader_.error(list->place, path(name) + '.' + key,
                    "has " + std::to_string(list->list.size()) + " values, but the grid has " +
                        std::to_string(axes) + (axes == 1 ? " axis" : " axes"));
      return nullptr;
    }
    const auto periodic = periodic_axes(name, value, axes);
    std::vector<GridSpace::Axis> result;
    std::vector<Division> divisions;
    double sites = 1.0;
    bool whole = periodic.has_value();
    for (std::size_t a = 0; a < axes; ++a) {
      auto axis = this->axis(along(*size, a), along(path(name) + ".size", *size, a), along(*spacing, a),
                             along(path(name) + ".spacing", *spacing, a), length, divisions);
      if (origin != nullptr) {
        const auto corner =
            loader_.quantity(along(*origin, a), along(path(name) + ".origin", *origin, a), length);
        whole = whole && corner;
        if (axis) axis->origin = corner.value_or(0.0);
      }
      whole = whole && axis;
      if (!whole) continue;
      axis->periodic = (*periodic)[a];
      sites *= static_cast<double>(axis->intervals);
      result.push_back(*axis);
    }
    report_misfits(divisions);
    if (!whole) return nullptr;
    note_length_unit(name, along(*spacing, 0), along(*size, 0), length);
    if (sites > most_sites) {
      loader_.error(size->place, path(name) + ".size", "makes " + number_text(sites) + " sites",
                    "at most 2^31 sites", "choose a larger spacing");
      return nullptr;
    }
    const Value* arrangement = value.find("sites");
    const auto text = arrangement != nullptr ? loader_.text(*arrangement, path(name) + ".sites")
                                             : std::optional<std::string>("nodes");
    if (!text || (*text != "nodes" && *text != "cells")) return nullptr;
    auto made = std::make_shared<GridSpace>(
        name, *text == "cells" ? GridSpace::Sites::cells : GridSpace::Sites::nodes, std::move(result),
        length);
    const Value* where = value.find("where");
    return where != nullptr ? part(made, *where) : made;
  }

  /// The sites of a grid where an equation of place holds.
  std::shared_ptr<const Space> part(const std::shared_ptr<const GridSpace>& whole, const Value& where) {
    const std::string key = path(whole->name()) + ".where";
    auto inside = sites_where(loader_, whole, where, key);
    if (!inside) return nullptr;
    if (const auto fault = mask_fault(*whole, *inside)) {
      loader_.error(where.place, key, fault->message, fault->expected);
      return nullptr;
    }
    return std::make_shared<GridSpace>(*whole, std::move(*inside));
  }

  /// Equations give their values in the coherent unit, which nobody wrote.
  void note_length_unit(const std::string& name, const Value& spacing, const Value& size,
                        const Dimension& length) {
    for (const auto& [value, key] : {std::pair{&spacing, ".spacing"}, std::pair{&size, ".size"}}) {
      const auto written = loader_.constant(*value, path(name) + key);
      if (written && written->unit.dimension() == length && !length.dimensionless() &&
          written->unit.text() != Unit::coherent(length).text()) {
        loader_.note_length_unit(name, written->unit);
        return;
      }
    }
  }

  std::optional<GridSpace::Axis> axis(const Value& size, const std::string& size_path, const Value& spacing,
                                      const std::string& spacing_path, const Dimension& length,
                                      std::vector<Division>& divisions) {
    const auto extent = loader_.quantity(size, size_path, length);
    const auto distance = loader_.quantity(spacing, spacing_path, length);
    if (!extent || !distance) return std::nullopt;
    for (const auto& [value, number, key_path] :
         {std::tuple{&size, *extent, size_path}, std::tuple{&spacing, *distance, spacing_path}})
      if (!(number > 0.0) || !std::isfinite(number)) {
        loader_.error(value->place, key_path, found_text(loader_, *value, key_path),
                      "a finite, positive length");
        return std::nullopt;
      }
    const double ratio = *extent / *distance;
    if (ratio > most_sites) {
      loader_.error(spacing.place, spacing_path,
                    "makes " + number_text(std::round(ratio)) + " intervals along one axis",
                    "at most 2^31 sites", "choose a larger spacing");
      return std::nullopt;
    }
    const double intervals = std::round(ratio);
    divisions.push_back({&spacing, spacing_path, &size, *extent, *distance});
    if (!divides(*extent, *distance)) return std::nullopt;
    GridSpace::Axis result;
    result.intervals = static_cast<std::size_t>(intervals);
    result.spacing = *extent / intervals;
    return result;
  }

  /// Sizes that are no multiples of their spacing. One spacing for all axes is one mistake, and what is
  /// offered instead fits all of them.
  void report_misfits(const std::vector<Division>& divisions) {
    std::vector<Division> misfits;
    for (const Division& d : divisions)
      if (!divides(d.extent, d.spacing)) misfits.push_back(d);
    if (misfits.empty()) return;
    const bool shared = divisions.size() > 1 && divisions[0].stated_spacing == divisions[1].stated_spacing;
    std::vector<double> extents;
    for (const Division& d : divisions) extents.push_back(d.extent);
    const std::vector<double> common =
        shared ? nearest_spacings(extents, divisions[0].spacing) : std::vector<double>{};
    if (!common.empty())
      report_misfit(misfits, common, " all axes");
    else
      for (const Division& d : misfits) report_misfit({d}, nearest_spacings({d.extent}, d.spacing), "");
  }

  void report_misfit(const std::vector<Division>& misfits, const std::vector<double>& fitting,
                     const std::string& what) {
    const Division& first = misfits.front();
    const auto stated = loader_.constant(*first.stated_spacing, first.path);
    const Unit unit = stated ? stated->unit : Unit{};
    const auto text = [&](double length) { return rounded_text({length / unit.factor(), unit}); };
    std::string sizes, intervals, spacings;
    for (std::size_t i = 0; i < misfits.size(); ++i) {
      const Division& d = misfits[i];
      const std::string joint = i == 0 ? "" : i + 1 == misfits.size() ? " and " : ", ";
      sizes +=
          joint + text(d.extent) + (d.stated_size->is_equation() ? " (" + d.stated_size->scalar + ')' : "");
      intervals += joint + fmt::format("{:.9g}", d.extent / d.spacing);
    }
    for (const double spacing : fitting) spacings += (spacings.empty() ? "" : " or ") + text(spacing);
    const bool one = misfits.size() == 1;
    loader_.error(first.stated_spacing->place, first.path,
                  fmt::format("the {} {} {} of the spacing {}: {} {} intervals", one ? "size" : "sizes",
                              sizes, one ? "is no multiple" : "are no multiples", text(first.spacing),
                              one ? "it holds" : "they hold", intervals),
                  "", "the nearest spacings that fit" + what + " are " + spacings);
  }
  std::optional<std::vector<bool>> periodic_axes(const std::string& name, const Value& value,
                                                 std::size_t axes) {
    std::vector<bool> result(axes, false);
    const Value* list = value.find("periodic");
    if (list == nullptr) return result;
    std::vector<Value> names = list->list;
    if (list->kind == Value::Kind::scalar) names = {*list};
    for (const Value& axis : names) {
      const auto text = loader_.text(axis, path(name) + ".periodic");
      const std::size_t index =
          text && text->size() == 1 ? std::string_view("xyz").find(*text) : std::string_view::npos;
      if (index == std::string_view::npos) return std::nullopt;  // reported by validate_model
      if (index >= axes) {
        loader_.error(axis.place, path(name) + ".periodic", "the grid has no axis '" + *text + "'");
        return std::nullopt;
      }
      result[index] = true;
    }
    return result;
  }

  std::shared_ptr<const Space> points(const std::string& name, const Value& value, const Dimension& length) {
    const Value* list = value.find("points");
    if (list == nullptr || list->kind != Value::Kind::mapping || list->mapping.empty()) {
      if (list != nullptr && list->kind == Value::Kind::mapping)
        loader_.error(list->place, path(name) + ".points", "has no points", "at least one");
      return nullptr;
    }
    std::vector<std::string> names;
    std::vector<Position> positions;
    const Value& first = list->mapping.front().value;
    const int axes = first.kind == Value::Kind::list ? static_cast<int>(first.list.size()) : 0;
    if (axes < 1 || axes > 3) {
      loader_.error(first.place, path(name) + ".points." + list->mapping.front().key,
                    "is " + first.description(), "a place: a list of 1 to 3 coordinates");
      return nullptr;
    }
    bool whole = true;
    for (const Value::Member& point : list->mapping) {
      const auto place = loader_.position(point.value, path(name) + ".points." + point.key, axes);
      whole = whole && place;
      names.push_back(point.key);
      positions.push_back(place.value_or(Position{}));
    }
    if (!whole) return nullptr;
    return std::make_shared<NamedPoints>(name, std::move(names), std::move(positions), axes, length);
  }

  /// Product spaces may build on each other in any order.
  std::shared_ptr<const Space> product(const std::string& name, const Value& value) {
    std::array<std::shared_ptr<const Space>, 2> factors;
    open_.push_back(name);
    bool whole = true;
    for (std::size_t f = 0; f < 2; ++f) {
      const char* key = f == 0 ? "macro" : "micro";
      const Value* factor = value.find(key);
      const auto factor_name =
          factor != nullptr ? loader_.text(*factor, path(name) + '.' + key) : std::nullopt;
      if (factor_name) factors.at(f) = find(*factor_name, *factor, path(name) + '.' + key);
      whole = whole && factors.at(f);
    }
    open_.pop_back();
    if (!whole) return nullptr;
    for (const auto& factor : factors)
      if (factor->varies()) {
        loader_.error(value.place, path(name), "is a product with the population '" + factor->name() + "'",
                      "spaces whose sites do not change");
        return nullptr;
      }
    if (static_cast<double>(factors[0]->sites()) * static_cast<double>(factors[1]->sites()) > most_sites) {
      loader_.error(value.place, path(name), "has more than 2^31 sites");
      return nullptr;
    }
    return std::make_shared<ProductSpace>(name, factors[0], factors[1]);
  }

  std::shared_ptr<const Space> find(const std::string& name, const Value& use, const std::string& use_path) {
    auto& spaces = loader_.model().spaces;
    if (const auto known = spaces.find(name); known != spaces.end()) return known->second;
    if (std::find(open_.begin(), open_.end(), name) != open_.end()) {
      loader_.error(use.place, use_path, "the product space '" + name + "' is made of itself");
      return nullptr;
    }
    const Value* section = root_.find("spaces");
    const Value* value = section != nullptr ? section->find(name) : nullptr;
    if (value == nullptr || type_of(*value) != "product") return loader_.space(name, use.place, use_path);
    auto made = read(name, *value);
    if (made) spaces[name] = made;
    return made;
  }

  Loader& loader_;
  const Value& root_;
  std::vector<std::string> open_;
};

}  // namespace

void find_length_dimension(Loader& loader, const Value& root) {
  for (const auto* entry : entries(root, "spaces")) {
    std::string path = "spaces." + entry->key;
    const Value* length = entry->value.find("spacing");
    if (length != nullptr) path += ".spacing";
    const Value* points = entry->value.find("points");
    if (length == nullptr && points != nullptr && !points->mapping.empty()) {
      length = &points->mapping.front().value;
      path += ".points." + points->mapping.front().key;
    }
    if (length == nullptr || (length->kind == Value::Kind::list && length->list.empty())) continue;
    const Value& first = along(*length, 0);
    if (first.kind != Value::Kind::scalar) continue;
    const auto quantity = loader.constant(first, along(path, *length, 0));
    if (!quantity) continue;
    if (quantity->unit.dimension().dimensionless()) loader.set_dimension("length", Dimension{});
    return;
  }
}

void build_spaces(Loader& loader, const Value& root) {
  SpaceReader reader(loader, root);
  auto& spaces = loader.model().spaces;
  // What refers to other spaces comes after them.
  const auto rank = [](const Value& space) {
    const std::string type = type_of(space);
    return type == "population" || type == "trace" ? 1 : type == "region" ? 2 : type == "product" ? 3 : 0;
  };
  for (const int now : {0, 1, 2, 3})
    for (const auto* entry : entries(root, "spaces")) {
      if (spaces.contains(entry->key) || rank(entry->value) != now) continue;
      if (auto space = reader.read(entry->key, entry->value))
        spaces[entry->key] = std::move(space);
      else
        loader.mark_broken("spaces." + entry->key);
    }
}

}  // namespace holon::modelfile
