// Familiar names of dimensions, and the unit texts in which their coherent SI values are shown.
#include "holon/base/unit.hpp"

#include <array>

namespace holon {

namespace {

struct FamiliarDimension {
  const char* name;
  const char* unit;
  std::array<int, 7> exponents;  ///< of m, kg, s, A, K, mol, cd
};

constexpr FamiliarDimension familiar_dimensions[] = {
    {"number", "1", {0, 0, 0, 0, 0, 0, 0}},
    {"length", "m", {1, 0, 0, 0, 0, 0, 0}},
    {"area", "m^2", {2, 0, 0, 0, 0, 0, 0}},
    {"volume", "m^3", {3, 0, 0, 0, 0, 0, 0}},
    {"inverse length", "1/m", {-1, 0, 0, 0, 0, 0, 0}},
    {"number per area", "1/m^2", {-2, 0, 0, 0, 0, 0, 0}},
    {"number per volume", "1/m^3", {-3, 0, 0, 0, 0, 0, 0}},
    {"time", "s", {0, 0, 1, 0, 0, 0, 0}},
    {"rate", "1/s", {0, 0, -1, 0, 0, 0, 0}},
    {"velocity", "m/s", {1, 0, -1, 0, 0, 0, 0}},
    {"acceleration", "m/s^2", {1, 0, -2, 0, 0, 0, 0}},
    {"diffusivity", "m^2/s", {2, 0, -1, 0, 0, 0, 0}},
    {"flow rate", "m^3/s", {3, 0, -1, 0, 0, 0, 0}},
    {"mass", "kg", {0, 1, 0, 0, 0, 0, 0}},
    {"density", "kg/m^3", {-3, 1, 0, 0, 0, 0, 0}},
    {"force", "N", {1, 1, -2, 0, 0, 0, 0}},
    {"pressure", "Pa", {-1, 1, -2, 0, 0, 0, 0}},
    {"surface tension", "N/m", {0, 1, -2, 0, 0, 0, 0}},
    {"viscosity", "Pa s", {-1, 1, -1, 0, 0, 0, 0}},
    {"energy", "J", {2, 1, -2, 0, 0, 0, 0}},
    {"power", "W", {2, 1, -3, 0, 0, 0, 0}},
    {"electric current", "A", {0, 0, 0, 1, 0, 0, 0}},
    {"electric current density", "A/m^2", {-2, 0, 0, 1, 0, 0, 0}},
    {"electric current per volume", "A/m^3", {-3, 0, 0, 1, 0, 0, 0}},
    {"electric charge", "C", {0, 0, 1, 1, 0, 0, 0}},
    {"charge per area", "C/m^2", {-2, 0, 1, 1, 0, 0, 0}},
    {"molar charge", "C/mol", {0, 0, 1, 1, 0, -1, 0}},
    {"electric potential", "V", {2, 1, -3, -1, 0, 0, 0}},
    {"rate of electric potential", "V/s", {2, 1, -4, -1, 0, 0, 0}},
    {"electric field", "V/m", {1, 1, -3, -1, 0, 0, 0}},
    {"electric resistance", "ohm", {2, 1, -3, -2, 0, 0, 0}},
    {"electric resistivity", "ohm m", {3, 1, -3, -2, 0, 0, 0}},
    {"electric conductance", "S", {-2, -1, 3, 2, 0, 0, 0}},
    {"electric conductivity", "S/m", {-3, -1, 3, 2, 0, 0, 0}},
    {"electric conductance per area", "S/m^2", {-4, -1, 3, 2, 0, 0, 0}},
    {"capacitance", "F", {-2, -1, 4, 2, 0, 0, 0}},
    {"capacitance per area", "F/m^2", {-4, -1, 4, 2, 0, 0, 0}},
    {"magnetic flux density", "T", {0, 1, -2, -1, 0, 0, 0}},
    {"temperature", "K", {0, 0, 0, 0, 1, 0, 0}},
    {"heat capacity", "J/(kg K)", {2, 0, -2, 0, -1, 0, 0}},
    {"thermal conductivity", "W/(m K)", {1, 1, -3, 0, -1, 0, 0}},
    {"amount", "mol", {0, 0, 0, 0, 0, 1, 0}},
    {"amount per area", "mol/m^2", {-2, 0, 0, 0, 0, 1, 0}},
    {"concentration", "mol/m^3", {-3, 0, 0, 0, 0, 1, 0}},
    {"inverse concentration", "m^3/mol", {3, 0, 0, 0, 0, -1, 0}},
    {"rate of amount", "mol/s", {0, 0, -1, 0, 0, 1, 0}},
    {"rate of concentration", "mol/(m^3 s)", {-3, 0, -1, 0, 0, 1, 0}},
    {"amount flux", "mol/(m^2 s)", {-2, 0, -1, 0, 0, 1, 0}},
    {"second-order rate constant", "m^3/(mol s)", {3, 0, -1, 0, 0, -1, 0}},
    {"molar mass", "kg/mol", {0, 1, 0, 0, 0, -1, 0}},
    {"molar energy", "J/mol", {2, 1, -2, 0, 0, -1, 0}},
    {"molar entropy", "J/(mol K)", {2, 1, -2, 0, -1, -1, 0}},
    {"luminous intensity", "cd", {0, 0, 0, 0, 0, 0, 1}},
};

const FamiliarDimension* familiar(const std::array<std::int16_t, 7>& sixtieths) {
  for (const FamiliarDimension& f : familiar_dimensions) {
    bool equal = true;
    for (std::size_t i = 0; i < 7; ++i) equal = equal && sixtieths[i] == 60 * f.exponents[i];
    if (equal) return &f;
  }
  return nullptr;
}

}  // namespace

std::string Dimension::name() const {
  const FamiliarDimension* f = familiar(sixtieths_);
  return f ? f->name : text();
}

Unit Unit::coherent(const Dimension& dimension) {
  const FamiliarDimension* f = familiar(dimension.sixtieths_);
  Unit unit;
  unit.text_ = f ? f->unit : dimension.text();
  unit.dimension_ = dimension;
  return unit;
}

}  // namespace holon
