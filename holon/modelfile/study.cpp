#include "holon/modelfile/study.hpp"

#include "holon/base/error.hpp"

#include <fmt/format.h>

namespace holon::modelfile {

StudyOutcome Study::carry_out(const StudyRun& study_run) const {
  try {
    return run(study_run);
  } catch (const NumericalFailure& failure) {
    throw NumericalFailure(about(failure));
  } catch (const Refused& refusal) { throw Refused(about(refusal)); }
}

Diagnostic Study::warning(std::string message) const {
  return {.severity = Diagnostic::Severity::warning,
          .place = place_,
          .path = "study." + name_,
          .message = std::move(message)};
}

std::string Study::about(const std::exception& error) const {
  const std::string place = place_.text();
  return fmt::format("{}{}study '{}': {}", place, place.empty() ? "" : ": ", name_, error.what());
}

}  // namespace holon::modelfile
