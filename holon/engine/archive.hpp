// What checkpoints are made of: named arrays in groups, kept in memory and written to HDF5 in one go.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace holon {

/// A flat map from a path ("fields/membrane.V", "observers/activation/times") to an array or a text.
class Archive {
 public:
  using Entry = std::variant<std::vector<double>, std::vector<std::int64_t>, std::string>;
  void put(const std::string& path, std::span<const double> values);
  void put(const std::string& path, std::span<const std::int64_t> values);
  void put(const std::string& path, double value) { put(path, std::span<const double>(&value, 1)); }
  void put(const std::string& path, std::int64_t value) {
    put(path, std::span<const std::int64_t>(&value, 1));
  }
  void put(const std::string& path, const std::string& text);
  bool contains(const std::string& path) const { return entries_.contains(path); }
  const std::vector<double>& reals(
      const std::string& path) const;  ///< throws InputError when missing or of another type
  const std::vector<std::int64_t>& integers(const std::string& path) const;
  const std::string& text(const std::string& path) const;
  const std::map<std::string, Entry>& entries() const { return entries_; }

  /// The same entries below a prefix, for parts that don't know where they are kept.
  Archive group(const std::string& prefix) const;
  void put_group(const std::string& prefix, const Archive& group);

  void write(const std::filesystem::path& file) const;  ///< with a checksum, whole or not at all; SystemError
  static Archive read(
      const std::filesystem::path& file);  ///< SystemError (cannot open), InputError (no checkpoint, damaged)

 private:
  std::map<std::string, Entry> entries_;
};

}  // namespace holon
