// Units as a person would write them, for numbers whose units came about by multiplication: contents of
// fields (density times measure) and what the ledger prints.
#pragma once

#include "holon/base/unit.hpp"

namespace holon {

struct ContentUnit {
  Unit unit;
  double factor = 1.0;  ///< a density's number times a measure in coherent units, times this, is in `unit`
};

/// The unit of a field's content: that of its density times `power` lengths, with all lengths, areas and
/// volumes joined in one power of the metre and molar read as mole per volume: nM over a volume gives nmol,
/// fmol/um^2 over an area fmol, uM along a line umol/m^2, 1/um^3 over a volume 1, a plain number over a
/// volume m^3. Prefixes stay what they are, so that a unit depends on nothing but the density's. `length` is
/// the dimension of the space's coordinates: pure numbers leave the unit as it is. Throws InputError for
/// units with an offset.
ContentUnit content_unit(const Unit& density, const Dimension& length, int power);

/// The same unit with that prefix (atto to kilo) of its first word under which a number of `magnitude` such
/// units stands between 1 and 1000: (mol, 2e-10) gives pmol. The unit itself where no prefix goes with that
/// word, where it is raised to a power, and for magnitudes that are zero or not finite.
Unit with_fitting_prefix(const Unit& unit, double magnitude);

}  // namespace holon
