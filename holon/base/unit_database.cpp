#include "holon/base/unit_database.hpp"

#include "holon/base/error.hpp"

#include <cerrno>
#include <mutex>
#include <system_error>

#include <sys/mman.h>
#include <udunits2.h>
#include <unistd.h>

namespace holon {

extern const std::string_view units_xml;  // made from units.xml by the build

namespace {

/// UDUNITS reads its database from a path: the embedded text is shown to it as a file in memory.
ut_system* load(std::string_view xml) {
  ut_set_error_message_handler(ut_ignore);
  const int file = memfd_create("units.xml", MFD_CLOEXEC);
  if (file < 0) throw SystemError("cannot make a file in memory: " + std::generic_category().message(errno));
  const bool whole = ::write(file, xml.data(), xml.size()) == static_cast<ssize_t>(xml.size());
  ut_system* system = whole ? ut_read_xml(("/proc/self/fd/" + std::to_string(file)).c_str()) : nullptr;
  ::close(file);
  if (!system) throw SystemError("cannot load the unit database: /proc must be mounted and memory free");
  return system;
}

Dimension base_dimension(std::string_view symbol) {
  if (symbol == "m") return Dimension::length();
  if (symbol == "kg") return Dimension::mass();
  if (symbol == "s") return Dimension::time();
  if (symbol == "A") return Dimension::current();
  if (symbol == "K") return Dimension::temperature();
  if (symbol == "mol") return Dimension::amount();
  require(symbol == "cd", "units.xml has no base unit beyond those of the SI");
  return Dimension::luminosity();
}

NamedUnit& result(void* argument) { return *static_cast<NamedUnit*>(argument); }

ut_status visit_basic(const ut_unit* unit, void* argument) {
  result(argument).dimension = base_dimension(ut_get_symbol(unit, UT_ASCII));
  return UT_SUCCESS;
}

ut_status visit_product(const ut_unit*, int count, const ut_unit* const* units, const int* powers,
                        void* argument) {
  Dimension product;
  for (int i = 0; i < count; ++i)
    product = product * base_dimension(ut_get_symbol(units[i], UT_ASCII)).pow(powers[i]);
  result(argument).dimension = product;
  return UT_SUCCESS;
}

ut_status visit_galilean(const ut_unit*, double scale, const ut_unit* underlying, double offset,
                         void* argument);

ut_status refuse_timestamp(const ut_unit*, const ut_unit*, double, void*) { return UT_BAD_ARG; }

ut_status refuse_logarithm(const ut_unit*, double, const ut_unit*, void*) { return UT_BAD_ARG; }

constexpr ut_visitor visitor = {visit_basic, visit_product, visit_galilean, refuse_timestamp,
                                refuse_logarithm};

// The underlying unit's value is scale * (value + offset).
ut_status visit_galilean(const ut_unit*, double scale, const ut_unit* underlying, double offset,
                         void* argument) {
  const ut_status status = ut_accept_visitor(underlying, &visitor, argument);
  result(argument).offset += result(argument).factor * scale * offset;
  result(argument).factor *= scale;
  return status;
}

}  // namespace

struct UnitDatabase::Implementation {
  std::mutex mutex;  // UDUNITS keeps its state in global variables
  ut_system* system = load(units_xml);
  UnitNames names{units_xml};
};

UnitDatabase::UnitDatabase() : implementation_(std::make_unique<Implementation>()) {}

UnitDatabase& UnitDatabase::instance() {
  static auto* const database = new UnitDatabase;  // never destroyed: threads may read units until the end
  return *database;
}

const UnitNames& UnitDatabase::names() const { return implementation_->names; }

NamedUnit UnitDatabase::unit(const std::string& word) {
  const std::lock_guard lock(implementation_->mutex);
  ut_unit* unit = ut_parse(implementation_->system, word.c_str(), UT_ASCII);
  require(unit != nullptr, "UDUNITS knows every name of units.xml");
  NamedUnit named;
  const ut_status status = ut_accept_visitor(unit, &visitor, &named);
  ut_free(unit);
  require(status == UT_SUCCESS, "units.xml holds neither logarithms nor calendars");
  return named;
}

}  // namespace holon
