// The names of the unit database: which words are units, with or without a prefix, and what a wrong word may
// have meant. UDUNITS alone would take any spelling of case for a name, a prefix twice, and prefixes of
// minutes.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace holon {

class UnitNames {
 public:
  /// Reads the names out of the text of units.xml.
  explicit UnitNames(std::string_view xml);

  /// Whether the word is a unit: a symbol or a name as it stands in the database, or one with a prefix of its
  /// kind
  /// ("uM", "micromolar", not "micro M", "umolar" or "mmin").
  bool known(std::string_view word) const;

  /// A way out for a word that is no unit: the symbol it probably means.
  std::string hint(std::string_view word) const;

  /// Symbols first, then names.
  const std::vector<std::string>& all() const { return all_; }

 private:
  struct Entry {
    std::string symbol;  ///< how the unit is suggested
    bool is_symbol = false;
    bool takes_prefix = false;
  };
  std::map<std::string, Entry, std::less<>> units_;
  std::map<std::string, std::string, std::less<>> prefix_symbols_;  ///< symbol to itself
  std::map<std::string, std::string, std::less<>> prefix_names_;    ///< name to symbol
  std::vector<std::string> all_;
};

/// Why a word that could be taken for a unit is refused ("kT", "a", "R" ...), or an empty string.
std::string lookalike_reason(std::string_view word);

}  // namespace holon
