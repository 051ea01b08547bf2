// Whether the equations of a component make sense in the units that it declares.
#pragma once

#include "holon/expr/language.hpp"
#include "holon/modelfile/loader.hpp"

#include <map>
#include <string>
#include <vector>

namespace holon::pointwise {

/// Warns of sums and comparisons of quantities of different dimensions, of functions such as exp of a
/// quantity, and of rates and outputs whose equation has another dimension than their unit, as far as the
/// units of the names tell: a number in an equation may carry any unit (expr::known_dimension). Published
/// equations have such numbers, so this never fails; and a state without a unit may have a rate without one
/// (per unit of time), where no parameter, input or output of the component is a time or a rate. `dimensions`
/// are those of states, parameters, inputs, outputs and time.
void warn_of_dimensions(modelfile::Loader& loader, const std::vector<expr::Statement>& statements,
                        const std::map<std::string, Dimension>& dimensions, const std::string& path);

}  // namespace holon::pointwise
