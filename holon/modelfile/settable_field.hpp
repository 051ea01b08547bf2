// Which fields equations may set: those with one real number per site.
#pragma once

#include "holon/modelfile/loader.hpp"

namespace holon::modelfile {

/// Whether an equation of a process can advance or assign the field. Integers (ids, fates, counts of events)
/// and fields of several components (positions) have processes of their own: for those the mistake is
/// reported at the place that names them, with the way out.
bool settable_by_equation(Loader& loader, const Field& field, const Place& place, const std::string& path);

}  // namespace holon::modelfile
