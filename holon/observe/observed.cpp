#include "holon/observe/observed.hpp"

#include "holon/modelfile/loader.hpp"

#include <algorithm>
#include <limits>

namespace holon::observe {

namespace {

using modelfile::Section;
using Value = modelfile::Document::Value;

Observed of_field(const Model& model, FieldId id, const std::string& name) {
  const Field& field = (*model.fields)[id];
  return {name.empty() ? field.name : name, field.unit, field.space, id, {}};
}

/// cells.position.x; the components of fields that are no vectors are numbered.
std::string component_name(const Field& field, int component) {
  return field.name + (field.components <= 3 ? std::string(".") + "xyz"[component]
                                             : '[' + std::to_string(component) + ']');
}

/// All of a field, or that of its components which a text names; none where it names nothing of the kind.
std::vector<Observed> named(const Model& model, const std::string& text) {
  std::vector<Observed> found;
  for (FieldId id = 0; id < model.fields->size(); ++id) {
    const Field& field = (*model.fields)[id];
    if (!text.starts_with(field.name)) continue;
    // On a line a place has one component, which is x all the same.
    const bool place = field.space->varies() && field.name == field.space->name() + ".position";
    if (field.components == 1 && (text == field.name || (place && text == field.name + ".x")))
      return {of_field(model, id, "")};
    for (int c = 0; field.components > 1 && c < field.components; ++c) {
      const std::string name = component_name(field, c);
      if (text != field.name && text != name) continue;
      found.push_back(of_field(model, id, name));
      found.back().component = c;
    }
    if (!found.empty()) return found;
  }
  return found;
}

/// Whether an equation reads a field, or a component of it.
bool depends_on(const Coefficient& equation, const Field& field) {
  return equation.depends_on("field:" + field.name) || equation.depends_on("field:" + field.name + "[*");
}

/// The space on which an equation varies: that of its fields; without any, the model's only space of several
/// sites if it depends on the place.
std::shared_ptr<const Space> space_of(const Coefficient& equation, const Section& section, const Value& value,
                                      const std::string& path) {
  const Model& model = section.loader().model();
  std::shared_ptr<const Space> space, point;
  std::string owner;
  for (FieldId id = 0; id < model.fields->size(); ++id) {
    const Field& field = (*model.fields)[id];
    if (!depends_on(equation, field)) continue;
    if (field.space->single() && !space) point = field.space;
    if (field.space->single() || field.space == space) continue;
    if (space) {
      section.loader().error(value.place, path,
                             "'" + owner + "' lives on '" + space->name() + "' and '" + field.name +
                                 "' on '" + field.space->name() + "'",
                             "an equation over fields of one space");
      throw modelfile::Abandoned{};
    }
    space = field.space;
    owner = field.name;
  }
  if (space) return space;
  if (point) return point;
  if (!equation.depends_on("position.*")) return std::make_shared<const PointSpace>("point");
  std::vector<std::shared_ptr<const Space>> large;
  for (const auto& [name, each] : model.spaces)
    if (each->sites() > 1 && each->type() != Space::Type::named_points) large.push_back(each);
  if (large.size() == 1) return large.front();
  return std::make_shared<const PointSpace>("point");
}

std::string own_name(const std::string& field) { return field.substr(field.find('.') + 1); }

/// Columns get the field's own name unless two would be the same.
void shorten_names(std::vector<Observed>& all) {
  std::vector<std::string> names;
  for (const Observed& observed : all)
    names.push_back(observed.field ? own_name(observed.name) : observed.name);
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i].field && std::count(names.begin(), names.end(), names[i]) == 1) all[i].name = names[i];
}

/// The fields of a process: those that it advances, then its outputs. What its integrator keeps for itself
/// has another kind of name (PROCESS:NAME) and is left out.
std::vector<FieldId> fields_of(const Process& process, const FieldTable& fields) {
  std::vector<FieldId> ids;
  for (const Port& port : process.ports())
    if (port.role == Port::Role::advance && fields[port.field].name.find(':') == std::string::npos)
      ids.push_back(port.field);
  for (FieldId id = 0; id < fields.size(); ++id)
    if (fields[id].name.starts_with(process.name() + ".") &&
        std::find(ids.begin(), ids.end(), id) == ids.end())
      ids.push_back(id);
  return ids;
}

/// Refuses populations where sites have to stay.
Observed checked(const Section& section, const Value& value, const std::string& path, Sites sites,
                 Observed observed) {
  if (sites == Sites::may_change || !observed.space->varies()) return observed;
  section.loader().error(value.place, path,
                         "'" + observed.name + "' lives on the population '" + observed.space->name() +
                             "', whose agents come and go",
                         "something on a space whose sites stay",
                         "probe, mean, total, final, extremum, error and fields look at populations");
  throw modelfile::Abandoned{};
}

/// Adds what one text names: a process, a field or an equation.
void add_named(const Section& section, const Value& value, const std::string& path, Sites sites,
               std::vector<Observed>& all) {
  const Model& model = section.loader().model();
  // A coupling and its field have one name.
  if (value.kind == Value::Kind::scalar && !value.is_equation() && !model.fields->contains(value.scalar))
    for (const auto& process : model.processes)
      if (process->name() == value.scalar) {
        for (const FieldId id : fields_of(*process, *model.fields))
          for (Observed& each : named(model, (*model.fields)[id].name)) all.push_back(std::move(each));
        return;
      }
  if (value.kind == Value::Kind::scalar && !value.is_equation() && !value.block)
    if (std::vector<Observed> components = named(model, value.scalar); components.size() > 1) {
      for (Observed& each : components) all.push_back(checked(section, value, path, sites, std::move(each)));
      return;
    }
  all.push_back(read_observed(section, value, path, "", sites));
}

}  // namespace

bool Observed::reads(FieldId id) const {
  return field ? *field == id : std::find(fields.begin(), fields.end(), id) != fields.end();
}

Observed read_observed(const Section& section, const Value& value, const std::string& path,
                       const std::string& name, Sites sites) {
  modelfile::Loader& loader = section.loader();
  if (value.kind != Value::Kind::scalar || value.block) {
    loader.error(value.place, path, "is " + value.description(),
                 "the name of a field, or an =equation over fields");
    throw modelfile::Abandoned{};
  }
  if (!value.is_equation()) {
    std::vector<Observed> found = named(loader.model(), value.scalar);
    if (found.empty()) {
      loader.field(value.scalar, value.place, path);
      throw modelfile::Abandoned{};
    }
    if (found.size() > 1) {
      loader.error(
          value.place, path,
          "'" + value.scalar + "' has " + std::to_string(found.size()) + " components, and one is needed",
          "one of them: " + found.front().name + " to " + found.back().name);
      throw modelfile::Abandoned{};
    }
    if (!name.empty()) found.front().name = name;
    return checked(section, value, path, sites, std::move(found.front()));
  }
  const auto equation = loader.equation(value, path, modelfile::Scope::coefficient);
  if (!equation) throw modelfile::Abandoned{};
  const auto coefficient = loader.coefficient(value, path, equation->dimension());
  if (!coefficient) throw modelfile::Abandoned{};
  const FieldTable& table = *loader.model().fields;
  std::vector<FieldId> fields;
  for (FieldId id = 0; id < table.size(); ++id)
    if (depends_on(*coefficient, table[id])) fields.push_back(id);
  return checked(section, value, path, sites,
                 {name.empty() ? value.scalar.substr(1) : name, Unit::coherent(equation->dimension()),
                  space_of(*coefficient, section, value, path), std::nullopt, *coefficient, fields});
}

Observed read_observed(const Section& section, const std::string& key, Sites sites) {
  const Value* value = section.raw(key);
  if (value == nullptr) {
    section.error(key, "is missing", "the name of a field, or an =equation over fields");
    throw modelfile::Abandoned{};
  }
  return read_observed(section, *value, section.path() + "." + key, "", sites);
}

std::vector<Observed> read_all_observed(const Section& section, const std::string& key, Sites sites) {
  const Value* value = section.raw(key);
  if (value == nullptr) {
    section.error(key, "is missing", "a process, a field, an =equation, or a list of them");
    throw modelfile::Abandoned{};
  }
  const std::string path = section.path() + "." + key;
  std::vector<Observed> all;
  if (value->kind == Value::Kind::list) {
    for (std::size_t i = 0; i < value->list.size(); ++i)
      add_named(section, value->list[i], path + "[" + std::to_string(i) + "]", sites, all);
  } else {
    add_named(section, *value, path, sites, all);
  }
  if (all.empty()) {
    section.error(key, "names nothing", "a process, a field, an =equation, or a list of them");
    throw modelfile::Abandoned{};
  }
  shorten_names(all);
  return all;
}

Observed read_field(const Section& section, const std::string& key) {
  section.field(key);
  return read_observed(section, key);
}

ObservedValues::ObservedValues(const Observed& observed, const Model& model) : observed_(observed) {
  if (observed.field) {
    if ((*model.fields)[*observed.field].type == FieldType::integer) converts_ = true;
    return;
  }
  expr::Graph graph;
  SiteKernel::Source source;
  source.name = "observer " + observed.name;
  source.graph = &graph;
  // The equation is coherent; the numbers are to be in the unit.
  source.outputs = {graph.divide(observed.equation.lower(graph), graph.constant(observed.unit.factor()))};
  expr::KernelOptions options = model.kernels;
  options.tier = expr::Tier::interpreter;  // looked at now and then: compiling would cost more than it gains
  kernel_ = SiteKernel(source, observed.space, *model.fields, *model.parameters, options);
}

double ObservedValues::number(const State& state, std::size_t site) const {
  const FieldId field = *observed_.field;
  if (state.fields()[field].type == FieldType::integer)
    return static_cast<double>(state.integer(field, observed_.component)[site]);
  return state.real(field, observed_.component)[site];
}

double ObservedValues::of_agent(const State& state, double time, std::int64_t id) {
  const auto ids = state.integer(state.fields().id(observed_.space->name() + ".id"));
  const auto found = std::find(ids.begin(), ids.end(), id);
  if (found == ids.end()) return std::numeric_limits<double>::quiet_NaN();
  return at(state, time, Stencil{{static_cast<std::size_t>(found - ids.begin())}, {1.0}});
}

double ObservedValues::at(const State& state, double time, const Stencil& stencil) {
  double sum = 0.0;
  for (std::size_t k = 0; k < stencil.sites.size(); ++k) {
    const std::size_t site = stencil.sites[k];
    double value = 0.0;
    if (observed_.field) {
      value = number(state, site);
    } else {
      SiteKernel::Call call;
      call.time = time;
      column_.resize(state.sites(*observed_.space));
      double* const column = column_.data();
      kernel_.run(state, call, std::span(&column, 1), site, site + 1);
      value = column_[site];
    }
    // A site with the whole weight gives its value itself, also where it is infinite.
    sum = stencil.weights[k] == 1.0 ? value : sum + stencil.weights[k] * value;
  }
  return sum;
}

std::span<const double> ObservedValues::all(const State& state, double time, ThreadPool& threads) {
  if (observed_.field && !converts_) return state.real(*observed_.field, observed_.component);
  column_.resize(state.sites(*observed_.space));
  if (observed_.field) {
    for (std::size_t site = 0; site < column_.size(); ++site) column_[site] = number(state, site);
    return column_;
  }
  SiteKernel::Call call;
  call.time = time;
  double* const column = column_.data();
  kernel_.run(state, call, std::span(&column, 1), threads);
  return column_;
}

}  // namespace holon::observe
