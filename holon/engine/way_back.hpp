// The way back of a coupling: what processes contribute to the field that a coupling makes reaches the field
// that it comes from.
//
// A coupling carries a field f of one space to another, T f. A contribution g there, an amount of what f
// holds per measure of the site, comes back as
//   c m df = m T* g,   <T f, g>_to = <f, T* g>_from,
// with c the capacity of f, so that the content of f changes by sum over sites of g times measure, as T 1
// = 1. Where f is an amount per site, df is m T* g itself.
#pragma once

#include "holon/engine/coupling_geometry.hpp"

#include <string>
#include <vector>

namespace holon {

struct WayBack {
  FieldId field = 0;  ///< made by the coupling
  FieldId of = 0;     ///< what it comes from
  /// From the space of `of`; takes 1 everywhere to 1 everywhere. Null where there is no such way.
  std::shared_ptr<const CouplingGeometry> geometry;
  std::string obstacle;  ///< why there is none, and what to do instead
};

/// The unit in which a contribution is stated, without the time: of what the field holds, per measure of the
/// site where it is contributed.
Unit unit_at_site(const FieldTable& fields, const WayBack& way);

/// What crosses a coupling, in the unit of the field times what its sites hold per value.
struct Crossing {
  double left = 0.0;      ///< at the sites where it is contributed
  double arrived = 0.0;   ///< in the field
  double moved = 0.0;     ///< sum of absolute amounts
  double rounding = 0.0;  ///< what the digits of the field made of it beyond what arrived
};

/// Adds amounts to sites of a field (State::receiving), and returns what rounding to the digits of its values
/// made of them, in the field's unit times its measure: many small amounts that are rounded alike are more
/// than round-off. 0 for fields that hold nothing conserved.
double add_to_field(State& state, FieldId field, std::span<const double> amounts, SiteRange sites);

/// What a process keeps for one way between its advances.
struct WayBackScratch {
  std::unique_ptr<CouplingGeometry::Kept> kept;
  std::vector<double> column;
};

/// What amounts per measure [unit_at_site] of the sites change in the field: one number for each of its
/// sites, in the scratch's column.
std::span<const double> brought_back(const State& state, const WayBack& way, std::span<const double> amounts,
                                     WayBackScratch& scratch, ThreadPool& threads);
/// The transpose: from weights of the field's sites to those of the amounts, so that the sums of weight times
/// number agree.
std::vector<double> transposed(const State& state, const WayBack& way, std::span<const double> weights,
                               WayBackScratch& scratch, ThreadPool& threads);

/// The way back as a matrix: rows are sites of the field, columns those of the amounts.
std::vector<LinearMap::Entry> back_entries(const State& state, const WayBack& way, WayBackScratch& scratch,
                                           ThreadPool& threads);

/// Adds to the field (State::receiving) what amounts per measure [unit_at_site] of the sites bring back. Sums
/// are ordered by site.
Crossing bring_back(State& state, const WayBack& way, std::span<const double> amounts,
                    WayBackScratch& scratch, ThreadPool& threads);

}  // namespace holon
