#include "holon/base/unit_names.hpp"

#include <map>

namespace holon {

std::string lookalike_reason(std::string_view word) {
  // Words that UDUNITS or a reader could take for a unit that the writer does not mean, each with the way
  // out.
  static const std::map<std::string_view, std::string_view> reasons = {
      // constants and variables that look like units
      {"kT", "thermal energy is no fixed unit: make it a parameter in J (kilotesla is not offered)"},
      {"kBT", "thermal energy is no fixed unit: make it a parameter in J"},
      {"RT", "R T is no fixed unit: make it a parameter in J/mol"},
      {"R", "neither roentgen nor the gas constant: write C/kg, or make it a parameter"},
      {"c", "a prefix alone is no unit, and the speed of light is written in m/s"},
      {"e", "the elementary charge is 1.602176634e-19 C"},
      {"u", "a prefix alone is no unit; the atomic mass unit is 'Da'"},
      {"amu", "the atomic mass unit is 'Da'"},
      // time
      {"a", "a year is 'yr'"},
      {"y", "a year is 'yr'"},
      {"sec", "second is 's'"},
      {"secs", "second is 's'"},
      {"msec", "millisecond is 'ms'"},
      {"msecs", "millisecond is 'ms'"},
      {"usec", "microsecond is 'us'"},
      {"mins", "minute is 'min'"},
      {"hr", "hour is 'h'"},
      {"hrs", "hour is 'h'"},
      {"yrs", "year is 'yr'"},
      {"wk", "week is 'week'"},
      {"months", "months differ in length: write days ('d') or years ('yr')"},
      {"month", "months differ in length: write days ('d') or years ('yr')"},
      {"as", "attosecond is not offered: write 1e-18 s"},
      {"ds", "decisecond is not offered: write 100 ms"},
      // a capital M for a small m, 1e9 away
      {"MM", "megamolar can't be meant: millimolar is 'mM'"},
      {"Mm", "megametre is not offered: millimetre is 'mm'"},
      {"Ms", "megasecond is not offered: millisecond is 'ms', millisiemens 'mS'"},
      {"Mg", "megagram is not offered: milligram is 'mg', a tonne 1000 kg"},
      {"ML", "megalitre is not offered: millilitre is 'mL'"},
      {"Ml", "megalitre is not offered: millilitre is 'mL'"},
      {"MA", "megaampere is not offered: milliampere is 'mA'"},
      {"Mmol", "megamole is not offered: millimole is 'mmol'"},
      {"GM", "gigamolar can't be meant: molar is 'M'"},
      // units with several meanings
      {"G", "gigapascal is 'GPa', gram 'g', gravity 9.80665 m/s^2, gauss 1e-4 T"},
      {"P", "poise is written 'Pa s' or 'cP'"},
      {"D", "darcy is 9.869233e-13 m^2, debye 3.33564e-30 C m"},
      {"B", "bel is not offered: give the ratio itself"},
      {"dB", "decibels are no factor: give the ratio itself"},
      {"Np", "nepers are no factor: give the ratio itself"},
      {"pH", "pH is no factor: give the concentration, e.g. 10^-7.4 M = 39.8 nM (picohenry is not offered)"},
      {"U", "an enzyme unit is 'umol/min'"},
      {"IU", "international units differ from substance to substance: write the amount or the activity"},
      {"Cal", "a kilocalorie is 'kcal'"},
      {"t", "a tonne is 1000 kg (time is 's', 'min', 'h')"},
      {"in", "inch is 'inch'"},
      {"ft", "a foot is 0.3048 m"},
      {"lb", "a pound is 0.45359237 kg"},
      {"degF", "degree Fahrenheit is not offered: convert to 'degC' or 'K'"},
      {"rpm", "revolutions per minute are '1/min'"},
      {"BPM", "beats per minute is 'bpm'"},
      {"meq", "milliequivalent: write mmol of charge, 'mmol'"},
      {"mEq", "milliequivalent: write mmol of charge, 'mmol'"},
      {"ohms", "ohm is 'ohm'"},
      {"Ohms", "ohm is 'ohm'"},
      {"cc", "cubic centimetre is 'cm^3' or 'mL'"},
      {"micron", "micrometre is 'um'"},
      {"microns", "micrometre is 'um'"},
      {"torr", "torr is 'Torr'"},
      // words
      {"per", "write '/'"},
      {"dimensionless", "a plain number has the unit '1'"},
      {"unitless", "a plain number has the unit '1'"},
      {"none", "a plain number has the unit '1'"},
      {"sqrt", "write a root as a power, e.g. 'ms^0.5'"},
  };
  const auto found = reasons.find(word);
  return found == reasons.end() ? "" : std::string(found->second);
}

}  // namespace holon
