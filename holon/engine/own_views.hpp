// What a process sees of its own fields through couplings, laws and fields at rest: a recurrent network, a
// mean field, a source that follows from what spreads.
#pragma once

#include "holon/engine/model.hpp"

#include <optional>
#include <vector>

namespace holon {

/// The real fields that a process advances.
std::vector<FieldId> own_fields(const Process& process, const FieldTable& fields);

/// A field that the process reads and that follows from some of its `own` ones at the same moment; what is
/// delayed follows from the past.
std::optional<FieldId> own_view(const Model& model, const Process& process, const std::vector<FieldId>& own);

/// d rate / d u of a process over its own fields u (a layout of them), with what it sees of them:
///   J = d f/d u + d f/d d (d d/d u),
/// where d are the determined fields between, eliminated in the order in which they are determined.
SparseBuilder own_jacobian(const Model& model, const Process& process, const Layout& own, const State& state,
                           double time, ThreadPool& threads);

/// Makes every advance of a process that sees what follows from its own fields a window of its own
/// (ScheduleNode::of_itself), so that what comes back is followed within the step: of second order, and
/// stable where the iteration converges. Left as they are, explicit in what they see (stale_views.hpp): what
/// stands in an `iterate`, `together` or `average`, is kept at rest, has events or chance, and the outermost
/// process of a merged strang.
void follow_own_views(Model& model);

}  // namespace holon
