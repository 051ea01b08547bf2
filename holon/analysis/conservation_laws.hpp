// Conservation laws that a model's equations keep and nobody has declared: sums over whole fields.
//
// With c_f what the sites of field f hold per value (System::contents), a law is
//   sum_f a_f c_f . x_f = constant,
// so that a_f c_f^T F vanishes for all x where the algebraic equations hold. The laws are the null space of
// the matrix with the rows c_f^T (J11 - J12 J22^-1 J21), of the Jacobian with rows and columns of rates (1)
// and of algebraic equations (2), at a state and at one beside it; its columns are the unknowns and the rates
// themselves. What is kept at one state alone, as at a fold, is no law.
#pragma once

#include "holon/analysis/newton.hpp"

#include <string>
#include <utility>
#include <vector>

namespace holon::analysis {

struct ConservationLaw {
  std::vector<std::pair<FieldId, double>> weights;  ///< as `conserved:` states them
};

/// Laws beyond those that are declared. None where the algebraic equations are singular.
std::vector<ConservationLaw> undeclared_laws(const System& system, const State& state, double time,
                                             const std::vector<Constraint>& declared);

/// What a model keeps, declared or not.
struct KeptQuantities {
  std::vector<Constraint> constraints;
  /// Names those that are not declared, how to declare them, and declared quantities of the same fields that
  /// the equations do not keep; empty where all are.
  std::string undeclared;
};
KeptQuantities kept_quantities(const System& system, const State& state, double time);

}  // namespace holon::analysis
