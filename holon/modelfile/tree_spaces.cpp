// Spaces of type tree and region.
#include "holon/engine/coefficient.hpp"
#include "holon/modelfile/build.hpp"
#include "holon/space/region_space.hpp"
#include "holon/space/swc_file.hpp"
#include "holon/space/tree_space.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace holon::modelfile {

using Value = Document::Value;

namespace {

constexpr double micrometre = 1e-6;  // of lengths in SWC files [m]

class TreeReader {
 public:
  TreeReader(Loader& loader, std::string name, const Value& value)
      : loader_(loader), path_("spaces." + name), name_(std::move(name)), value_(value) {}

  std::shared_ptr<const Space> read() {
    const Value *list = value_.find("branches"), *file = value_.find("file"),
                *spacing = value_.find("spacing");
    if (spacing == nullptr) return nullptr;  // reported by validate_model
    const auto step = length(*spacing, path_ + ".spacing");
    const auto measure = measure_of();
    if ((list == nullptr) == (file == nullptr))
      return fault(
          value_.place, path_,
          list == nullptr ? "nothing says what the branches are" : "both 'branches' and 'file' are given",
          "branches: {NAME: {length: ..., radius: ...}, ...}, or file: NAME.swc");
    const auto places = file != nullptr ? TreeSpace::Places::space : TreeSpace::Places::distance;
    const auto made = file != nullptr ? traced(*file) : stated(*list);
    if (!made || !step || !measure) return nullptr;
    try {
      return std::make_shared<TreeSpace>(name_, *made, *step, *measure, places,
                                         loader_.dimensions().at("length"));
    } catch (const InputError& problem) {
      loader_.take(problem, value_.place, path_);
      return nullptr;
    }
  }

 private:
  std::nullptr_t fault(const Place& place, const std::string& path, const std::string& message,
                       const std::string& expected) {
    loader_.error(place, path, message, expected);
    return nullptr;
  }

  std::optional<double> length(const Value& value, const std::string& path) {
    const auto found = loader_.quantity(value, path, loader_.dimensions().at("length"));
    if (found && !(*found > 0.0)) {
      fault(value.place, path, found_text(loader_, value, path), "a positive length");
      return std::nullopt;
    }
    return found;
  }

  std::optional<TreeSpace::Measure> measure_of() {
    const Value* value = value_.find("measure");
    const auto text =
        value != nullptr ? loader_.text(*value, path_ + ".measure") : std::optional<std::string>("area");
    if (!text) return std::nullopt;
    if (*text == "area") return TreeSpace::Measure::area;
    if (*text == "volume") return TreeSpace::Measure::volume;
    if (*text == "length") return TreeSpace::Measure::length;
    return std::nullopt;  // reported by validate_model
  }

  std::optional<std::vector<TreeBranch>> traced(const Value& file) {
    const auto found = loader_.file(file, path_ + ".file");
    if (!found) return std::nullopt;
    try {
      return read_swc(*found, loader_.dimensions().at("length").dimensionless() ? 1.0 : micrometre);
    } catch (const InputError& problem) {
      loader_.take(problem, file.place, path_ + ".file");
      return std::nullopt;
    }
  }

  /// Branches in an order in which parents come first.
  std::optional<std::vector<TreeBranch>> stated(const Value& list) {
    const std::string path = path_ + ".branches";
    if (list.kind != Value::Kind::mapping || list.mapping.empty()) {
      fault(list.place, path, "is " + list.description(), "NAME: {length: ..., radius: ..., parent: ...}");
      return std::nullopt;
    }
    bool whole = true;
    std::vector<const Value::Member*> open;
    for (const Value::Member& member : list.mapping) open.push_back(&member);
    std::sort(open.begin(), open.end(), [](const auto* a, const auto* b) { return a->key < b->key; });
    std::vector<TreeBranch> made;
    std::map<std::string, std::size_t> index;
    while (!open.empty()) {
      const std::size_t before = open.size();
      for (auto each = open.begin(); each != open.end();) {
        const Value& value = (*each)->value;
        const std::string here = path + '.' + (*each)->key;
        const Value* parent = value.find("parent");
        const auto name = parent != nullptr ? loader_.text(*parent, here + ".parent") : std::nullopt;
        if (parent != nullptr && (!name || list.find(*name) == nullptr)) {
          if (name)
            loader_.error(parent->place, here + ".parent", "there is no branch '" + *name + "'", "",
                          suggestion(*name, names_of(list)));
          return std::nullopt;
        }
        if (name && !index.contains(*name)) {
          ++each;
          continue;
        }
        auto branch = this->branch((*each)->key, value, here);
        whole = whole && branch;
        if (branch && name) branch->parent = index.at(*name);
        index[(*each)->key] = made.size();
        made.push_back(branch.value_or(TreeBranch{}));
        each = open.erase(each);
      }
      if (open.size() == before) {
        fault(open.front()->key_place, path + '.' + open.front()->key, "its parents lead back to itself",
              "a tree");
        return std::nullopt;
      }
    }
    return whole ? std::optional(std::move(made)) : std::nullopt;
  }

  static std::vector<std::string> names_of(const Value& list) {
    std::vector<std::string> names;
    for (const Value::Member& member : list.mapping) names.push_back(member.key);
    return names;
  }

  std::optional<TreeBranch> branch(const std::string& name, const Value& value, const std::string& path) {
    bool whole = true;
    for (const Value::Member& member : value.mapping) {
      static const std::vector<std::string> known{"length", "radius", "parent", "at"};
      if (std::find(known.begin(), known.end(), member.key) != known.end()) continue;
      loader_.error(member.key_place, path + '.' + member.key, "unknown key '" + member.key + "'", "",
                    suggestion(member.key, known));
      whole = false;
    }
    const Value *length_value = value.find("length"), *radius = value.find("radius");
    for (const auto& [key, given] : {std::pair("length", length_value), {"radius", radius}})
      if (given == nullptr) {
        loader_.error(value.place, path, fmt::format("the key '{}' is missing", key), "length and radius");
        whole = false;
      }
    if (!whole) return std::nullopt;
    const bool tapers = radius->kind == Value::Kind::list;
    if (tapers && radius->list.size() != 2) {
      fault(radius->place, path + ".radius", "has " + std::to_string(radius->list.size()) + " values",
            "one radius, or those of both ends");
      return std::nullopt;
    }
    const auto long_ = length(*length_value, path + ".length");
    const auto begin = length(tapers ? radius->list[0] : *radius, path + ".radius"),
               end = length(tapers ? radius->list[1] : *radius, path + ".radius");
    TreeBranch made{.name = name};
    if (const Value* at = value.find("at")) {
      const auto where = loader_.text(*at, path + ".at");
      if (!where) return std::nullopt;
      if (*where != "start" && *where != "end") {
        fault(at->place, path + ".at", "is '" + *where + "'", "start or end, of the parent");
        return std::nullopt;
      }
      made.at_start = *where == "start";
    }
    if (!long_ || !begin || !end) return std::nullopt;
    made.pieces.push_back({*long_, *begin, *end});
    return made;
  }

  Loader& loader_;
  std::string path_, name_;
  const Value& value_;
};

}  // namespace

std::shared_ptr<const Space> tree_space(Loader& loader, const std::string& name, const Value& value) {
  return TreeReader(loader, name, value).read();
}

std::optional<std::vector<char>> sites_where(Loader& loader, const std::shared_ptr<const Space>& space,
                                             const Value& where, const std::string& key) {
  if (where.kind != Value::Kind::scalar || !where.is_equation()) {
    loader.error(where.place, key, "is " + where.description(),
                 "an equation of place, such as =position.x < 2 mm");
    return std::nullopt;
  }
  const auto equation = loader.equation(where, key, Scope::geometry);
  if (!equation || !loader.fits(where, key, equation->dimension(), Dimension{})) return std::nullopt;
  const auto coefficient = Coefficient::equation(
      [equation = *equation](expr::Graph& graph) { return equation.lower(graph).nodes.front(); });
  const ParameterTable none;
  const CoefficientKernel kernel(key, coefficient, space, FieldTable{}, none, loader.model().kernels);
  std::vector<double> holds(space->sites());
  ThreadPool one(1);
  kernel.evaluate(State(std::make_shared<FieldTable>(), std::make_shared<ParameterTable>(), 0), 0.0, holds,
                  one);
  std::vector<char> inside(holds.size());
  for (std::size_t site = 0; site < holds.size(); ++site) inside[site] = holds[site] != 0.0 ? 1 : 0;
  return inside;
}

std::shared_ptr<const Space> region_space(Loader& loader, const std::string& name, const Value& value) {
  const std::string path = "spaces." + name;
  const Value *of = value.find("of"), *where = value.find("where"), *branches = value.find("branches");
  if (of == nullptr) return nullptr;  // reported by validate_model
  const auto owner = loader.text(*of, path + ".of");
  const auto whole = owner ? loader.space(*owner, of->place, path + ".of") : nullptr;
  if (!whole) return nullptr;
  if (whole->varies()) {
    loader.error(of->place, path + ".of", "'" + *owner + "' is a population, whose agents come and go",
                 "a space whose sites stay");
    return nullptr;
  }
  if (where == nullptr && branches == nullptr) {
    loader.error(value.place, path, "nothing says which sites belong to it",
                 "where: an equation of place, or branches: a list of branches of a tree");
    return nullptr;
  }
  std::vector<char> inside(whole->sites(), 1);
  if (where != nullptr) {
    auto found = sites_where(loader, whole, *where, path + ".where");
    if (!found) return nullptr;
    inside = std::move(*found);
  }
  if (branches != nullptr) {
    const auto* tree = dynamic_cast<const TreeSpace*>(whole.get());
    if (tree == nullptr) {
      loader.error(branches->place, path + ".branches", "'" + *owner + "' has no branches",
                   "a space of type tree");
      return nullptr;
    }
    std::vector<std::string> known;
    for (const TreeBranch& branch : tree->branches()) known.push_back(branch.name);
    std::vector<char> chosen(inside.size(), 0);
    const std::vector<Value> listed =
        branches->kind == Value::Kind::list ? branches->list : std::vector<Value>{*branches};
    for (const Value& each : listed) {
      const auto text = loader.text(each, path + ".branches");
      const auto found = text ? std::find(known.begin(), known.end(), *text) : known.end();
      if (found == known.end()) {
        if (text)
          loader.error(each.place, path + ".branches", "'" + *owner + "' has no branch '" + *text + "'", "",
                       suggestion(*text, known));
        return nullptr;
      }
      const auto b = static_cast<std::size_t>(found - known.begin());
      for (std::size_t site = tree->first_site(b); site < tree->end_site(b); ++site)
        chosen[site] = inside[site];
    }
    inside = std::move(chosen);
  }
  std::vector<std::size_t> sites;
  for (std::size_t site = 0; site < inside.size(); ++site)
    if (inside[site] != 0 && whole->inside(site)) sites.push_back(site);
  if (sites.empty()) {
    loader.error((where != nullptr ? where : branches)->place, path,
                 "no site of '" + *owner + "' belongs to it", "at least one site");
    return nullptr;
  }
  return std::make_shared<RegionSpace>(name, whole, std::move(sites));
}

}  // namespace holon::modelfile
