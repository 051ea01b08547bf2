#include "holon/study/dispersion_study.hpp"

#include "holon/analysis/dispersion.hpp"
#include "holon/base/error.hpp"
#include "holon/modelfile/load.hpp"
#include "holon/modelfile/loader.hpp"
#include "holon/study/analysed_model.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <optional>

#include <fmt/format.h>

namespace holon::study {

namespace {

using analysis::FastestWave;
using analysis::RepeatingCells;
using modelfile::Section;
using modelfile::Study;
using modelfile::StudyContext;
using modelfile::StudyOutcome;
using modelfile::StudyRun;

/// One over the unit in which the spacing of the grid is written along whose axis the waves go.
OutputUnit unit_of_waves(const StudyContext& context, int axis) {
  const Space* found = nullptr;
  for (const auto& [name, space] : context.model.spaces)
    if (dynamic_cast<const GridSpace*>(space.get()) != nullptr && axis < space->dimensions() &&
        (found == nullptr || space->sites() > found->sites()))
      found = space.get();
  return wavenumber_unit(found != nullptr ? context.section.loader().length_unit(*found) : Unit{});
}

struct Asked {
  std::string name, of;
  std::int64_t mode = 0;
  OutputUnit natural;
  std::optional<Unit> unit;  ///< that was asked for
};

struct Setup {
  int axis = 0;
  OutputUnit waves, rates;
  double cell = 0.0;
  double from = 0.0, to = 0.0;
  std::size_t points = 200;
  std::int64_t modes = 0;  ///< waves that fit into the domain; 0: any wave
  std::string parameter;   ///< empty: nothing is varied
  double low = 0.0, high = 0.0;
  std::vector<Asked> asked;
  std::vector<modelfile::Override> with;  ///< parameters that are others in the study
  analysis::NewtonOptions newton;
  double time = 0.0;
};

class DispersionStudy final : public Study {
 public:
  DispersionStudy(std::string name, Setup setup) : Study(std::move(name)), setup_(std::move(setup)) {}

  StudyOutcome run(const StudyRun& run) const override {
    const auto model = run.variant(setup_.with);
    const System system(model, run.threads);
    system.require_smooth("a dispersion relation");
    State state = model->initial_state(run.threads, run.seed);
    const RepeatingCells cells(system, state, setup_.axis, setup_.cell);
    const double shortest = std::numbers::pi / cells.length();
    if (setup_.modes == 0 && setup_.to > shortest * (1.0 + 1e-9))
      throw Refused(fmt::format(
          "it looks at wavenumbers up to {}, and those above pi over the length of a cell, {}, are "
          "others in disguise on this grid",
          setup_.waves.text(setup_.to), setup_.waves.text(shortest)));
    cells.make_uniform(state);
    system.determine(state, setup_.time);
    const Waves waves{*this, system, cells, run};
    const auto here = waves.at(state);
    run.progress(0.3);
    StudyOutcome outcome;
    outcome.series[name()] = table(here, cells);
    const FastestWave fastest = waves.fastest(here);
    const std::string beyond = waves.why_not_fastest(here, fastest);
    if (!beyond.empty()) outcome.warnings.push_back(warning(beyond));
    std::optional<Onset> onset, uniform;
    const auto wants = [&](const std::string& what) {
      return std::any_of(setup_.asked.begin(), setup_.asked.end(),
                         [&](const Asked& asked) { return asked.of == what; });
    };
    std::string why, why_uniform;
    if (wants("critical_parameter") || wants("critical_wavenumber"))
      onset = waves.onset(state, why, [&](const auto& linearised) { return waves.fastest(linearised); });
    if (onset) {
      State there = state.clone();
      there.set_parameter(system.parameters().id(setup_.parameter), onset->parameter);
      const auto linearised = waves.at(there);
      why = waves.why_not_fastest(linearised, waves.fastest(linearised));
      // What differs from no wave at all by less than the search for the fastest one does.
      const double longest = 1e-3 * setup_.to / static_cast<double>(setup_.points);
      if (why.empty() && onset->wavenumber < longest && waves.leaves_uniform_state(state))
        why = fmt::format(
            "the uniform state itself is left at {} = {:.9g}, before any wave grows on it (`uniform_onset`)",
            short_name(setup_.parameter), onset->parameter);
      if (!why.empty()) onset.reset();
    }
    run.progress(0.7);
    if (wants("uniform_onset"))
      uniform = waves.onset(state, why_uniform,
                            [](const auto& linearised) { return FastestWave{0.0, linearised.growth(0.0)}; });
    for (const Asked& asked : setup_.asked) {
      ResultValue value{0.0, asked.natural.unit};
      if (asked.of == "growth_rate" && asked.mode > 0 &&
          2 * asked.mode > static_cast<std::int64_t>(cells.cells()))
        value.value = ResultValue::Missing{
            fmt::format("wave {} is another one in disguise: {} cells around hold waves 1 to {}", asked.mode,
                        cells.cells(), cells.cells() / 2)};
      else if (asked.of == "growth_rate" && asked.mode > 0)
        value.value = asked.natural(
            here.growth(2.0 * std::numbers::pi * static_cast<double>(asked.mode) / cells.around()));
      else if (!beyond.empty() && (asked.of == "growth_rate" || asked.of == "wavenumber"))
        value.value = ResultValue::Missing{beyond};
      else if (asked.of == "growth_rate")
        value.value = asked.natural(fastest.growth);
      else if (asked.of == "wavenumber")
        value.value = asked.natural(fastest.wavenumber);
      else if (const auto& found = asked.of == "uniform_onset" ? uniform : onset; found)
        value.value = asked.natural(asked.of == "critical_wavenumber" ? found->wavenumber : found->parameter);
      else
        value.value = ResultValue::Missing{asked.of == "uniform_onset" ? why_uniform : why};
      outcome.results[asked.name] = in_asked_unit(value, asked.unit);
    }
    return outcome;
  }

  std::vector<std::string> description() const override {
    std::vector<std::string> lines{
        setup_.modes > 0 ? fmt::format("growth of the waves 1 to {} that fit into the domain", setup_.modes)
                         : fmt::format("growth of waves from {} to {}", setup_.waves.text(setup_.from),
                                       setup_.waves.text(setup_.to))};
    if (!setup_.parameter.empty())
      lines.push_back(fmt::format("onset between {} = {:g} and {:g}", short_name(setup_.parameter),
                                  setup_.low, setup_.high));
    return lines;
  }

 private:
  struct Onset {
    double parameter = 0.0, wavenumber = 0.0;
  };

  struct Waves {
    const DispersionStudy& study;
    const System& system;
    const RepeatingCells& cells;
    const StudyRun& run;

    /// Brings a uniform state to rest, which need not be stable, and linearises there.
    RepeatingCells::Linearised at(State& state) const {
      const auto constraints = analysis::active_constraints(system, state, study.setup_.time);
      auto outcome = analysis::newton(system, state, study.setup_.time, constraints, study.setup_.newton);
      if (!outcome.converged) throw NumericalFailure(fmt::format("no uniform steady state: {}", outcome.why));
      cells.make_uniform(state);  // of what round-off a nearly singular Jacobian has made larger
      return cells.linearise(state, study.setup_.time);
    }
    FastestWave fastest(const RepeatingCells::Linearised& linearised) const {
      if (study.setup_.modes == 0)
        return analysis::fastest_wave(linearised, study.setup_.from, study.setup_.to, study.setup_.points);
      FastestWave best{0.0, -HUGE_VAL};
      for (std::int64_t mode = 1; mode <= study.setup_.modes; ++mode) {
        const double q = 2.0 * std::numbers::pi * static_cast<double>(mode) / cells.around();
        if (const double growth = linearised.growth(q); growth > best.growth) best = {q, growth};
      }
      return best;
    }
    /// Whether a change that is the same everywhere grows at one end of the parameter's range and fades at
    /// the other. What is conserved does neither.
    bool leaves_uniform_state(const State& start) const {
      State state = start.clone();
      const auto growth = [&](double value) {
        state.set_parameter(system.parameters().id(study.setup_.parameter), value);
        return at(state).growth(0.0);
      };
      const double low = growth(study.setup_.low), high = growth(study.setup_.high);
      const double noise = 1e-9 * std::max(std::abs(low), std::abs(high));
      return std::min(low, high) < -noise && std::max(low, high) > noise;
    }
    /// Where waves between the range and the shortest that the grid holds grow faster than the fastest one
    /// in it; else empty.
    std::string why_not_fastest(const RepeatingCells::Linearised& linearised,
                                const FastestWave& fastest_inside) const {
      const OutputUnit &waves = study.setup_.waves, &rates = study.setup_.rates;
      const double end = study.setup_.to, shortest = std::numbers::pi / cells.length();
      if (study.setup_.modes > 0) return "";  // all that fit, or as many as are asked for
      const double noise = 1e-6 * std::abs(fastest_inside.growth);
      const auto points = static_cast<double>(study.setup_.points);
      for (double k = 1.0; k <= points; k += 1.0) {
        const double q = end * std::pow(shortest / end, k / points);
        if (const double growth = linearised.growth(q); growth > fastest_inside.growth + noise)
          return fmt::format(
              "waves beyond the range, which ends at {}, grow faster ({} at {}, {} inside it): `to` has to "
              "be "
              "larger",
              waves.text(end), rates.text(growth), waves.text(q), rates.text(fastest_inside.growth));
      }
      return "";
    }
    /// The parameter at which growth changes sign, by the Illinois method; nothing, with the reason, where it
    /// does not within the range.
    std::optional<Onset> onset(
        const State& start, std::string& why,
        const std::function<FastestWave(const RepeatingCells::Linearised&)>& wave) const {
      const Setup& setup = study.setup_;
      if (setup.parameter.empty()) {
        why = "the study varies no parameter";
        return std::nullopt;
      }
      const ParameterId parameter = system.parameters().id(setup.parameter);
      State state = start.clone();
      FastestWave last;
      const auto growth = [&](double value) {
        state.set_parameter(parameter, value);
        last = wave(at(state));
        return last.growth;
      };
      double a = setup.low, b = setup.high, fa = growth(a), fb = growth(b);
      if (!((fa < 0.0) != (fb < 0.0))) {
        why = fmt::format("growth is {} at {} = {:g} and {} at {:g}: no onset between", setup.rates.text(fa),
                          short_name(setup.parameter), a, setup.rates.text(fb), b);
        return std::nullopt;
      }
      int side = 0;
      for (int k = 0; k < 200 && std::abs(b - a) > 1e-12 * std::max(std::abs(a), std::abs(b)); ++k) {
        double c = (a * fb - b * fa) / (fb - fa);
        if (k % 8 == 7) c = 0.5 * (a + b);
        const double fc = growth(c);
        if (fc == 0.0) return Onset{c, last.wavenumber};
        if ((fc < 0.0) == (fa < 0.0)) {
          a = c;
          fa = fc;
          if (side == -1) fb *= 0.5;
          side = -1;
        } else {
          b = c;
          fb = fc;
          if (side == 1) fa *= 0.5;
          side = 1;
        }
      }
      const double at_onset = 0.5 * (a + b);
      growth(at_onset);
      return Onset{at_onset, last.wavenumber};
    }
  };

  Series table(const RepeatingCells::Linearised& linearised, const RepeatingCells& cells) const {
    const OutputUnit &waves = setup_.waves, &rates = setup_.rates;
    Series table;
    table.columns = {{"wavenumber", waves.unit}, {"growth_rate", rates.unit}, {"frequency", rates.unit}};
    const std::size_t points = setup_.modes > 0 ? static_cast<std::size_t>(setup_.modes) : setup_.points;
    for (std::size_t k = 0; k < points; ++k) {
      const double q = setup_.modes > 0
                           ? 2.0 * std::numbers::pi * static_cast<double>(k + 1) / cells.around()
                           : setup_.from + (setup_.to - setup_.from) * static_cast<double>(k) /
                                               static_cast<double>(std::max<std::size_t>(1, points - 1));
      const auto first = linearised.eigenvalues(q).front();
      table.rows.push_back({waves(q), rates(first.real()), rates(std::abs(first.imag()))});
    }
    return table;
  }

  Setup setup_;
};

/// Parameters that have other values in the study.
std::vector<modelfile::Override> other_parameters(const Section& section) {
  std::vector<modelfile::Override> others;
  const auto* with = section.raw("with");
  if (with == nullptr) return others;
  modelfile::Loader& loader = section.loader();
  for (const auto& member : with->mapping) {
    const std::string path = section.path_of("with") + "." + member.key;
    if (!loader.parameters().contains(member.key))
      loader.error(member.key_place, path, "there is no parameter '" + member.key + "'", "",
                   suggestion(member.key, loader.parameters().names()));
    else if (member.value.kind != modelfile::Document::Value::Kind::scalar)
      loader.error(member.value.place, path, "is " + member.value.description(), "a value or an =equation");
    else
      others.push_back({"parameters." + member.key, member.value.scalar});
  }
  return others;
}

std::unique_ptr<Study> make(StudyContext& context) {
  Section& section = context.section;
  Setup setup;
  const std::string axis = section.text("along");
  setup.axis = axis == "x" ? 0 : axis == "y" ? 1 : 2;
  setup.waves = unit_of_waves(context, setup.axis);
  setup.rates = rate_unit(context.model);
  if (section.has("cell")) setup.cell = section.quantity("cell");
  setup.modes = section.integer("modes");
  setup.points = static_cast<std::size_t>(std::max<std::int64_t>(3, section.integer("points")));
  if (setup.modes <= 0) {
    setup.modes = 0;
    for (const char* key : {"from", "to"})
      if (!section.has(key)) section.error(key, "is missing", "a range of wavenumbers, or `modes`");
    if (section.has("from") && section.has("to")) {
      setup.from = section.quantity("from");
      setup.to = section.quantity("to");
      for (const char* key : {"from", "to"})
        if (!std::isfinite(section.quantity(key)))
          section.error(key, "is not finite", "a wavenumber at which the range ends");
      if (!(setup.to > setup.from)) section.error("to", "is not above `from`");
    }
  }
  if (section.has("vary")) {
    const Section vary = section.section("vary");
    const StudyContext inner{context.name, vary, context.model};
    setup.parameter = varied_parameter(inner, "parameter");
    setup.low = in_unit_of(inner, "from", setup.parameter);
    setup.high = in_unit_of(inner, "to", setup.parameter);
    for (const char* key : {"from", "to"})
      if (!std::isfinite(key[0] == 'f' ? setup.low : setup.high))
        vary.error(key, "is not finite", "a value at which the range ends");
  }
  for (const std::string& name : section.keys("results")) {
    const Section result = section.child("results", name);
    Asked asked{name, result.text("of"), 0, {}, std::nullopt};
    if (result.has("mode")) asked.mode = result.integer("mode");
    if (asked.of == "growth_rate")
      asked.natural = setup.rates;
    else if (asked.of == "wavenumber" || asked.of == "critical_wavenumber")
      asked.natural = setup.waves;
    else if (!setup.parameter.empty())  // its numbers are in its own unit already
      asked.natural.unit = (*context.model.parameters)[context.model.parameters->id(setup.parameter)].unit;
    asked.unit = asked_unit(result, asked.natural.unit);
    if (setup.parameter.empty() && asked.of != "growth_rate" && asked.of != "wavenumber")
      result.error("of", fmt::format("'{}' needs a parameter to vary", asked.of), "`vary` in the study");
    setup.asked.push_back(std::move(asked));
  }
  setup.with = other_parameters(section);
  setup.newton = newton_options(section);
  setup.time = standing_time(section);
  return std::make_unique<DispersionStudy>(context.name, std::move(setup));
}

}  // namespace

modelfile::StudyType dispersion_type() {
  using modelfile::Option;
  using modelfile::Schema;
  modelfile::StudyType type;
  type.name = "dispersion";
  type.documentation =
      "Growth rates of waves on the uniform steady state of the model, from the Jacobian of the whole model "
      "as it "
      "is discretised, and the value of a parameter at which the first of them begins to grow. The domain is "
      "periodic along the axis; what lives at places between (cells in a bulk) repeats with `cell`. Gives "
      "the "
      "series NAME (wavenumber, growth_rate, frequency) and the results that are asked for.";
  type.schema = Schema("dispersion", "Which waves grow.");
  type.schema.choice("along", {"x", "y", "z"}, "the axis of the waves").with_default("x");
  type.schema
      .quantity("cell", "length", "length after which everything repeats; by default the grid's spacing")
      .make_optional();
  type.schema.quantity("from", "1/length", "the least wavenumber (2 pi over the wavelength)").make_optional();
  type.schema.quantity("to", "1/length", "the largest wavenumber").make_optional();
  type.schema.add("points", Option::Type::integer, "wavenumbers between them").with_default("200");
  type.schema
      .add("modes", Option::Type::integer,
           "instead of a range: the waves that fit into the domain 1, 2, ... times, up to this")
      .with_default("0");
  Option value;
  value.type = Option::Type::anything;
  type.schema
      .mapping("with", value,
               "parameters that have other values in this study: {medium: smeared}, such as one that chooses "
               "another form of the model")
      .make_optional();
  Schema vary("vary", "A parameter and its range, in which onset is looked for.");
  vary.add("parameter", Option::Type::text, "of the model, or processes.P.parameters.N");
  vary.add("from", Option::Type::any_quantity, "one end");
  vary.add("to", Option::Type::any_quantity, "the other end");
  type.schema.section("vary", std::move(vary), "a parameter in whose range onset is looked for")
      .make_optional();
  Schema result("result", "A number of the dispersion relation.");
  result.choice(
      "of", {"growth_rate", "wavenumber", "critical_parameter", "critical_wavenumber", "uniform_onset"},
      "growth_rate and wavenumber of the fastest wave; the parameter at which the fastest wave begins to "
      "grow, and its wavenumber; the parameter at which the uniform state itself is left (a Hopf point, "
      "where it oscillates)");
  result.add("mode", Option::Type::integer, "growth_rate of the wave that fits this many times")
      .make_optional();
  add_asked_results(type.schema, std::move(result), "{k_max: {of: wavenumber}}");
  add_newton_options(type.schema);
  type.make = make;
  return type;
}

}  // namespace holon::study
