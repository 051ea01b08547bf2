#include "holon/engine/site_kernel.hpp"

#include "holon/base/error.hpp"
#include "holon/base/random.hpp"
#include "holon/engine/coupling_line.hpp"
#include "holon/engine/process.hpp"
#include "holon/space/population.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace holon {

namespace {

/// Where a kernel's column or uniform comes from at run time.
struct From {
  enum class What {
    field,
    integer_field,
    random,
    coordinate,
    column,
    time,
    dt,
    parameter,
    uniform
  } what = What::field;
  std::size_t index = 0;  // field, axis, column, parameter or uniform
  int component = 0;
};

constexpr std::size_t sites_per_task = 4096;

}  // namespace

struct SiteKernel::Bound {
  std::vector<From> columns, uniforms;
  PopulationFields population;  // where numbers are drawn
};

SiteKernel::SiteKernel(const Source& source, std::shared_ptr<const Space> space, const FieldTable& fields,
                       const ParameterTable& parameters, const expr::KernelOptions& options)
    : space_(std::move(space)) {
  auto bound = std::make_shared<Bound>();
  expr::KernelSource kernel{source.name, source.graph, source.outputs, {}};
  const auto column = [&](const std::string& symbol, From from) {
    kernel.bindings.push_back({symbol, expr::Binding::Source::column, bound->columns.size()});
    bound->columns.push_back(from);
  };
  const auto uniform = [&](const std::string& symbol, From from) {
    kernel.bindings.push_back({symbol, expr::Binding::Source::uniform, bound->uniforms.size()});
    bound->uniforms.push_back(from);
  };
  const auto position_in = [&](const std::vector<std::string>& names, const std::string& symbol,
                               std::size_t prefix) {
    const auto found = std::find(names.begin(), names.end(), symbol.substr(prefix));
    require(found != names.end(), fmt::format("kernel '{}' is told of '{}'", source.name, symbol));
    return static_cast<std::size_t>(found - names.begin());
  };
  for (const expr::Node node : expr::free_symbols(*source.graph, source.outputs)) {
    const std::string& symbol = source.graph->symbol_name(node);
    if (symbol == "time") {
      uniform(symbol, {From::What::time});
    } else if (symbol == "dt") {
      uniform(symbol, {From::What::dt});
    } else if (symbol.starts_with("position.")) {
      const bool radius = symbol == "position.r";
      if (radius != (space_->type() == Space::Type::radial) && space_->type() != Space::Type::named_points &&
          space_->type() != Space::Type::trace)
        throw InputError(
            fmt::format("'{}' is no coordinate of '{}'{}", symbol, space_->name(),
                        radius ? ", which is no radial grid" : "; on a radial grid write position.r"));
      const int axis = radius ? 0 : symbol[9] - 'x';
      if (space_->varies())
        column(symbol, {From::What::field, fields.id(space_->name() + ".position"), axis});
      else
        column(symbol, {From::What::coordinate, static_cast<std::size_t>(axis)});
    } else if (symbol.starts_with("field:")) {
      std::string name = symbol.substr(6);
      int component = 0;
      if (name.ends_with(']')) {
        const auto open = name.rfind('[');
        std::from_chars(name.data() + open + 1, name.data() + name.size() - 1, component);
        name.resize(open);
      }
      const FieldId id = fields.id(name);
      const Field& field = fields[id];
      const From::What what =
          field.type == FieldType::integer ? From::What::integer_field : From::What::field;
      if (field.space.get() == space_.get())
        column(symbol, {what, id, component});
      else if (field.space->single())
        uniform(symbol, {what, id, component});
      else
        throw InputError(fmt::format("'{}' is used on space '{}', but lives on '{}'; it takes {}", name,
                                     space_->name(), field.space->name(), coupling_line(field, *space_)));
    } else if (symbol == "random:uniform" || symbol == "random:normal") {
      if (space_->type() != Space::Type::population)
        throw InputError(fmt::format("'{}' draws numbers for agents, and '{}' is no population", source.name,
                                     space_->name()));
      bound->population = population_fields(fields, *space_);
      column(symbol, {From::What::random, stream_of(source.name), symbol == "random:normal" ? 1 : 0});
    } else if (symbol.starts_with("parameter:")) {
      uniform(symbol, {From::What::parameter, parameters.id(symbol.substr(10))});
    } else if (symbol.starts_with("uniform:")) {
      uniform(symbol, {From::What::uniform, position_in(source.uniforms, symbol, 8)});
    } else if (symbol.starts_with("column:")) {
      column(symbol, {From::What::column, position_in(source.columns, symbol, 7)});
    } else {
      require(false, fmt::format("kernel '{}' knows what the symbol '{}' stands for", source.name, symbol));
    }
  }
  kernel_ = expr::Kernel::make(kernel, options);
  bound_ = std::move(bound);
}

void SiteKernel::run(const State& state, const Call& call, std::span<double* const> out, std::size_t begin,
                     std::size_t end) const {
  if (begin >= end) return;
  // Pointers are gathered anew for each call: States come and go, and their columns with them.
  thread_local std::vector<const double*> in;
  thread_local std::vector<double> uniforms;
  thread_local std::vector<std::vector<double>> waves;
  in.clear();
  uniforms.clear();
  std::size_t wave = 0;
  const auto column_of = [&](std::size_t sites) {
    if (waves.size() <= wave) waves.emplace_back();
    waves[wave].resize(sites);
    return waves[wave].data();
  };
  for (const From& from : bound_->columns) {
    switch (from.what) {
      case From::What::coordinate:
        in.push_back(space_->coordinates(static_cast<int>(from.index)).data());
        break;
      case From::What::column:
        in.push_back(call.columns[from.index]);
        break;
      case From::What::integer_field: {
        const auto numbers = state.integer(static_cast<FieldId>(from.index), from.component);
        in.push_back(column_of(end - begin) - begin);
        std::transform(numbers.begin() + static_cast<std::ptrdiff_t>(begin),
                       numbers.begin() + static_cast<std::ptrdiff_t>(end), waves[wave++].begin(),
                       [](std::int64_t n) { return static_cast<double>(n); });
        break;
      }
      case From::What::random: {
        in.push_back(column_of(end - begin) - begin);
        std::vector<double>& drawn = waves[wave++];
        const auto id = state.integer(bound_->population.id);
        const auto generation = state.integer(bound_->population.generation);
        for (std::size_t site = begin; site < end; ++site) {
          const RandomKey key{.seed = state.seed,
                              .process = static_cast<std::uint32_t>(from.index),
                              .site = static_cast<std::uint64_t>(id[site]),
                              .interval = static_cast<std::uint64_t>(generation[site])};
          drawn[site - begin] = from.component == 0 ? uniform(key, 0) : normal(key, 1);
        }
        break;
      }
      default: {
        const auto field = static_cast<FieldId>(from.index);
        const Waveform* waveform = call.inputs != nullptr ? call.inputs->find(field) : nullptr;
        if (waveform == nullptr) {
          in.push_back(state.real(field, from.component).data());
        } else {
          in.push_back(column_of(end - begin) - begin);
          waveform->evaluate(call.time, from.component, begin, end, waves[wave++]);
        }
      }
    }
  }
  for (const From& from : bound_->uniforms) {
    switch (from.what) {
      case From::What::time:
        uniforms.push_back(call.time);
        break;
      case From::What::dt:
        uniforms.push_back(call.dt);
        break;
      case From::What::parameter:
        uniforms.push_back(state.parameter(static_cast<ParameterId>(from.index)));
        break;
      case From::What::uniform:
        uniforms.push_back(call.uniforms[from.index]);
        break;
      case From::What::integer_field:
        uniforms.push_back(
            static_cast<double>(state.integer(static_cast<FieldId>(from.index), from.component)[0]));
        break;
      default: {
        const auto field = static_cast<FieldId>(from.index);
        const Waveform* waveform = call.inputs != nullptr ? call.inputs->find(field) : nullptr;
        double value = state.real(field, from.component)[0];
        if (waveform != nullptr) waveform->evaluate(call.time, from.component, 0, 1, std::span(&value, 1));
        uniforms.push_back(value);
      }
    }
  }
  kernel_.run(in.data(), out.data(), uniforms.data(), begin, end);
}

void SiteKernel::run(const State& state, const Call& call, std::span<double* const> out,
                     ThreadPool& threads) const {
  threads.for_range(state.sites(*space_), sites_per_task,
                    [&](std::size_t begin, std::size_t end) { run(state, call, out, begin, end); });
}

CoefficientKernel::CoefficientKernel(const std::string& name, const Coefficient& coefficient,
                                     std::shared_ptr<const Space> space, const FieldTable& fields,
                                     const ParameterTable& parameters, const expr::KernelOptions& options)
    : coefficient_(coefficient),
      time_(coefficient.depends_on("time")),
      fields_(coefficient.depends_on("field:*")) {
  if (coefficient.constant() || coefficient.values_per_site() != nullptr) return;
  expr::Graph graph;
  SiteKernel::Source source;
  source.name = name;
  source.graph = &graph;
  source.outputs = {coefficient.lower(graph)};
  kernel_ = SiteKernel(source, std::move(space), fields, parameters, options);
}

void CoefficientKernel::evaluate(const State& state, double time, std::span<double> out, ThreadPool& threads,
                                 const Inputs* inputs) const {
  if (const auto constant = coefficient_.constant()) {
    std::fill(out.begin(), out.end(), *constant);
  } else if (const auto* values = coefficient_.values_per_site()) {
    require(values->size() == out.size(), "values per site are as many as the sites");
    std::copy(values->begin(), values->end(), out.begin());
  } else {
    SiteKernel::Call call;
    call.time = time;
    call.inputs = inputs;
    double* const target = out.data();
    kernel_.run(state, call, std::span(&target, 1), threads);
  }
}

}  // namespace holon
