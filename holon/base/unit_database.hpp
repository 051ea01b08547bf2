// The unit database behind Unit::parse: UDUNITS-2 with Holon's own units.xml, loaded when the first unit is
// read (half a millisecond). The only file that knows UDUNITS is unit_database.cpp.
#pragma once

#include "holon/base/unit.hpp"
#include "holon/base/unit_names.hpp"

#include <memory>
#include <string>

namespace holon {

/// SI value = factor * value + offset.
struct NamedUnit {
  double factor = 1.0;
  double offset = 0.0;
  Dimension dimension;
};

class UnitDatabase {
 public:
  static UnitDatabase& instance();
  /// A known word ("mV", "cells", "%"); may be called from several threads.
  NamedUnit unit(const std::string& word);
  const UnitNames& names() const;

 private:
  UnitDatabase();
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace holon
