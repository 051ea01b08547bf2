#include "holon/pointwise/driven_fields.hpp"

#include "holon/base/error.hpp"

#include <array>
#include <unordered_map>

#include <fmt/format.h>

namespace holon::pointwise {

namespace {

constexpr std::size_t powers = 4;

std::string symbol_of(const Field& field, int component) {
  return field.components == 1 ? "field:" + field.name : fmt::format("field:{}[{}]", field.name, component);
}

/// Values at 0, 1/4, 1/2 and 1 to coefficients of 1, s, s^2, s^3 (Newton's divided differences).
std::array<double, powers> coefficients(double a, double b, double c, double d) {
  const double ab = (b - a) * 4.0, bc = (c - b) * 4.0, cd = (d - c) * 2.0;
  const double abc = (bc - ab) * 2.0, bcd = (cd - bc) / 0.75;
  const double abcd = bcd - abc;
  // a + s (ab + (s - 1/4) (abc + (s - 1/2) abcd))
  return {a, ab - 0.25 * abc + 0.125 * abcd, abc - 0.75 * abcd, abcd};
}

}  // namespace

KineticsSystem driven_by(const KineticsSystem& system, const std::vector<FieldId>& fields) {
  KineticsSystem result = system;
  result.graph = std::make_shared<Graph>(*system.graph);
  Graph& g = *result.graph;
  const Node s = g.divide(g.subtract(g.symbol("time"), g.symbol("uniform:driven begin")),
                          g.symbol("uniform:driven length"));
  std::unordered_map<std::uint32_t, Node> replacement;
  for (const FieldId id : fields) {
    const Field& field = (*system.fields)[id];
    for (int c = 0; c < field.components; ++c) {
      const bool uniform = field.space != system.space;
      const std::string symbol = symbol_of(field, c);
      const auto coefficient = [&](std::size_t power) {
        return g.symbol(fmt::format("{}:driven {} {}", uniform ? "uniform" : "column", symbol, power));
      };
      Node value = coefficient(powers - 1);
      for (std::size_t power = powers - 1; power-- > 0;)
        value = g.add(coefficient(power), g.multiply(s, value));
      replacement[g.symbol(symbol).id] = value;
      result.driven.push_back({id, c, uniform, symbol});
    }
  }
  result.rates = substitute(g, system.rates, replacement);
  return result;
}

DrivingPolynomials::DrivingPolynomials(const KineticsSystem& system, const Inputs* inputs) {
  for (const KineticsSystem::Driven& driven : system.driven) {
    const Waveform* waveform = inputs != nullptr ? inputs->find(driven.field) : nullptr;
    require(waveform != nullptr, "equations that are driven by a field get its waveform");
    fields_.push_back({waveform, driven.component, driven.uniform});
  }
  values_.resize(fields_.size() * powers);
}

void DrivingPolynomials::fit(double begin, double length, std::size_t first, std::size_t last) {
  constexpr std::array<double, powers> nodes{0.0, 0.25, 0.5, 1.0};
  columns_.clear();
  uniforms_ = {begin, length};
  for (std::size_t f = 0; f < fields_.size(); ++f) {
    const Driven& driven = fields_[f];
    const std::size_t from = driven.uniform ? 0 : first, to = driven.uniform ? 1 : last;
    for (std::size_t k = 0; k < powers; ++k) {
      std::vector<double>& values = values_[f * powers + k];
      values.resize(to - from);
      driven.waveform->evaluate(begin + nodes[k] * length, driven.component, from, to, values);
    }
    for (std::size_t i = 0; i < to - from; ++i) {
      const auto at = [&](std::size_t k) -> double& { return values_[f * powers + k][i]; };
      const auto fitted = coefficients(at(0), at(1), at(2), at(3));
      for (std::size_t k = 0; k < powers; ++k) at(k) = fitted[k];
    }
    for (std::size_t k = 0; k < powers; ++k) {
      if (driven.uniform)
        uniforms_.push_back(values_[f * powers + k][0]);
      else
        columns_.push_back(values_[f * powers + k].data() - from);
    }
  }
}

}  // namespace holon::pointwise
