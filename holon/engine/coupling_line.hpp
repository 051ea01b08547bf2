// What messages tell a person who reads a field of one space on another.
#pragma once

#include "holon/space/field.hpp"

#include <string>

namespace holon {

/// The line to write: "couplings: {c_here: {from: c, to: cells}}, and 'c_here' in its place".
std::string coupling_line(const Field& field, const Space& space);

}  // namespace holon
