// Exchange as a part of the whole model as one operator. With u, s, g of a point, its sensed sigma = sum_k
// w_k c_k, and where it meets responses R, R' and M (exchange.hpp)
//   U = u n/D,  D = 1 + u max(0, R'(c)),  n = max(0, 1 + (M g)/sigma),  S = s/(1 + u R),  Q = u R S,
// the rates are
//   dc_k/dt = w_k (S - U c_k)/V_k,  d taken/dt = U sigma + Q,  0 = S - U sigma - g,
// and without responses U = u, S = s, Q = 0. Derivatives are by c, by g, and by the fields on which u and s
// depend.
#include "holon/base/error.hpp"
#include "holon/transport/exchange_scratch.hpp"

#include <fmt/format.h>

namespace holon::transport {

Exchange::ExchangeScratch& Exchange::rates_at(const State& state, double time, Workspace& work) const {
  ExchangeScratch& scratch = this->scratch(work);
  if (auto fault = evaluate(state, time, scratch, *work.threads))
    throw NumericalFailure(fmt::format("process '{}': {}, {}", name(), fault->message, fault->place));
  return scratch;
}

void Exchange::rate(const State& state, double time, Workspace& work, Vector& rates) const {
  const ExchangeScratch& scratch = rates_at(state, time, work);
  const auto c = state.real(options_.field);
  const bool field_moves = rates.layout().contains(options_.field);
  for (std::size_t m = 0; m < options_.members.size(); ++m) {
    const Rates& member = scratch.rates[m];
    const auto taken = options_.members[m].taken, given = options_.members[m].given;
    const bool stored = taken && rates.layout().contains(*taken);
    const bool told = given && rates.layout().contains(*given);
    const double factor = taken ? per_store(*taken) : 0.0;
    const SparseMap::Rows& rows = member.known.sampling->rows();
    const auto volume = scratch.contents();
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      const double u = member.clearance[i], s = member.secretion[i];
      double sensed = 0.0;
      for (std::size_t e = rows.begin[i]; e < rows.begin[i + 1]; ++e) {
        const std::size_t site = rows.site[e];
        if (field_moves) rates(options_.field)[site] += rows.weight[e] * (s - u * c[site]) / volume[site];
        sensed += rows.weight[e] * c[site];
      }
      const double again = member.takes && !member.recaptured.empty() ? member.recaptured[i] : 0.0;
      if (stored) rates(*taken)[i] += factor * (u * sensed + again);
      if (told) rates(*given)[i] += s - u * sensed - state.real(*given)[i];
    }
  }
}

/// How what a point does to the grid changes with something: with u, with s, or with a field.
struct Exchange::Change {
  double clearance = 0.0, secretion = 0.0, recaptured = 0.0;
  Change operator*(double factor) const {
    return {factor * clearance, factor * secretion, factor * recaptured};
  }
};

template <class Visit>
void Exchange::each_slope(const State& state, double time, const Layout& layout, Workspace& work,
                          Visit visit) const {
  const ExchangeScratch& scratch = rates_at(state, time, work);
  const auto c = state.real(options_.field);
  const double unit = (*fields_)[options_.field].unit.factor();
  const bool field_moves = layout.contains(options_.field);
  for (std::size_t m = 0; m < options_.members.size(); ++m) {
    const ExchangeOptions::Member& options = options_.members[m];
    for (const FieldId id : options.points->reads())
      if (layout.contains(id))
        throw Refused(fmt::format(
            "process '{}' follows '{}', which moves with the unknowns: how the sites of its points "
            "change is not part of the derivatives",
            name(), (*fields_)[id].name));
    const Rates& member = scratch.rates[m];
    const bool stored = options.taken && layout.contains(*options.taken);
    const bool told = options.given && layout.contains(*options.given);
    const double factor = options.taken ? per_store(*options.taken) : 0.0;
    const SparseMap::Rows& rows = member.known.sampling->rows();
    const auto volume = scratch.contents();
    const PointResponses* responses = member.recaptured.empty() ? nullptr : member.known.responses.get();
    std::vector<FieldDependence::Slope> by_uptake, by_secretion;
    if (member.takes) by_uptake = uptake_slopes_[m].slopes(state, time, *work.threads);
    if (member.gives) by_secretion = secretion_slopes_[m].slopes(state, time, *work.threads);
    for (auto* slopes : {&by_uptake, &by_secretion})
      std::erase_if(*slopes, [&](const auto& slope) { return !layout.contains(slope.field); });
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      const double reaching = member.clearance[i];
      double sensed = 0.0;
      for (std::size_t e = rows.begin[i]; e < rows.begin[i + 1]; ++e)
        sensed += rows.weight[e] * c[rows.site[e]];
      const auto spread = [&](FieldId field, int component, std::size_t column, const Change& by) {
        if (field_moves)
          for (std::size_t e = rows.begin[i]; e < rows.begin[i + 1]; ++e) {
            const std::size_t site = rows.site[e];
            visit(options_.field, site, field, component, column,
                  rows.weight[e] * (by.secretion - by.clearance * c[site]) / volume[site]);
          }
        if (stored)
          visit(*options.taken, i, field, component, column,
                factor * (by.clearance * sensed + by.recaptured));
        if (told) visit(*options.given, i, field, component, column, by.secretion - by.clearance * sensed);
      };
      if (told) visit(*options.given, i, *options.given, 0, i, -1.0);
      if (field_moves)
        for (std::size_t e = rows.begin[i]; e < rows.begin[i + 1]; ++e) {
          const std::size_t site = rows.site[e];
          const double flow = rows.weight[e] * reaching;
          visit(options_.field, site, options_.field, 0, site, -flow / volume[site]);
          if (stored) visit(*options.taken, i, options_.field, 0, site, factor * flow);
          if (told) visit(*options.given, i, options_.field, 0, site, -flow);
        }
      Change by_u{1.0, 0.0, 0.0}, by_s{0.0, 1.0, 0.0};
      if (responses != nullptr) {
        const double u = member.own_clearance[i], s = member.own_secretion[i];
        const double r = responses->self()[i], met = 1.0 + u * r;
        const double of_taken = responses->self_of_uptake(i, c);
        const double d = 1.0 + u * std::max(0.0, of_taken);
        double from_others = 0.0, near = 1.0;
        if (options.given && sensed > 0.0) {
          from_others = responses->from_neighbours(i, state.real(*options.given));
          near = std::max(0.0, 1.0 + from_others / sensed);
        }
        by_u = {near / (d * d), -s * r / (met * met), s * r / (met * met)};
        by_s = {0.0, 1.0 / met, u * r / met};
        const double by_near = near > 0.0 && options.given && sensed > 0.0 ? u / d : 0.0;
        const double by_response = of_taken > 0.0 ? -u * u * near / (d * d) : 0.0;
        if (field_moves) {
          responses->each_slope_of_uptake(i, c, [&](std::size_t site, double slope) {
            spread(options_.field, 0, site, {by_response * slope, 0.0, 0.0});
          });
          if (by_near != 0.0)
            for (std::size_t e = rows.begin[i]; e < rows.begin[i + 1]; ++e)
              spread(options_.field, 0, rows.site[e],
                     {-by_near * rows.weight[e] * from_others / (sensed * sensed), 0.0, 0.0});
        }
        if (by_near != 0.0 && layout.contains(*options.given))
          responses->each_neighbour(i, [&](std::size_t other, double response) {
            spread(*options.given, 0, other, {by_near * response / sensed, 0.0, 0.0});
          });
      }
      for (const FieldDependence::Slope& slope : by_uptake)
        spread(slope.field, slope.component, slope.site(i), by_u * slope.value[i]);
      for (const FieldDependence::Slope& slope : by_secretion)
        spread(slope.field, slope.component, slope.site(i), by_s * (slope.value[i] / unit));
    }
  }
}

void Exchange::jvp(const State& state, double time, const Vector& du, Workspace& work, Vector& out) const {
  each_slope(state, time, out.layout(), work,
             [&](FieldId field, std::size_t row, FieldId by, int component, std::size_t column,
                 double slope) { out(field)[row] += slope * du(by, component)[column]; });
}

void Exchange::vjp(const State& state, double time, const Vector& w, Workspace& work, Vector& out) const {
  each_slope(state, time, out.layout(), work,
             [&](FieldId field, std::size_t row, FieldId by, int component, std::size_t column,
                 double slope) { out(by, component)[column] += slope * w(field)[row]; });
}

void Exchange::jacobian(const State& state, double time, Workspace& work, SparseBuilder& entries) const {
  const Layout& layout = entries.layout();
  each_slope(
      state, time, layout, work,
      [&](FieldId field, std::size_t row, FieldId by, int component, std::size_t column, double slope) {
        entries.add(layout.offset(field) + row, layout.offset(by, component) + column, slope);
      });
}

}  // namespace holon::transport
