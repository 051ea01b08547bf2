#include "holon/engine/archive.hpp"

#include "holon/base/error.hpp"
#include "holon/base/file.hpp"

#include <cstring>

#include <fmt/format.h>
#include <hdf5.h>

namespace holon {

void Archive::put(const std::string& path, std::span<const double> values) {
  entries_[path] = std::vector<double>(values.begin(), values.end());
}
void Archive::put(const std::string& path, std::span<const std::int64_t> values) {
  entries_[path] = std::vector<std::int64_t>(values.begin(), values.end());
}
void Archive::put(const std::string& path, const std::string& text) { entries_[path] = text; }

namespace {

template <class T>
const T& get(const std::map<std::string, Archive::Entry>& entries, const std::string& path,
             const char* type) {
  const auto found = entries.find(path);
  if (found == entries.end()) throw InputError(fmt::format("the checkpoint has no entry '{}'", path));
  const T* value = std::get_if<T>(&found->second);
  if (value == nullptr) throw InputError(fmt::format("the checkpoint's entry '{}' is no {}", path, type));
  return *value;
}

constexpr std::size_t memory_increment = std::size_t{1} << 22;  // [bytes]

constexpr const char* checksum_path = "checksum";

/// A damaged byte changes it: each word is mixed in by a product with an odd number, which loses nothing.
class Checksum {
 public:
  void add(const void* data, std::size_t bytes) {
    const auto* at = static_cast<const unsigned char*>(data);
    add_word(bytes);
    for (; bytes >= sizeof(std::uint64_t); bytes -= sizeof(std::uint64_t), at += sizeof(std::uint64_t)) {
      std::uint64_t word = 0;
      std::memcpy(&word, at, sizeof word);
      add_word(word);
    }
    if (bytes == 0) return;
    std::uint64_t rest = 0;
    std::memcpy(&rest, at, bytes);
    add_word(rest);
  }
  std::int64_t value() const { return static_cast<std::int64_t>(sum_); }

 private:
  void add_word(std::uint64_t word) {
    sum_ = (sum_ ^ word) * 0x9e37'79b9'7f4a'7c15;
    sum_ ^= sum_ >> 32;
  }
  std::uint64_t sum_ = 0;
};

std::int64_t checksum(const std::map<std::string, Archive::Entry>& entries) {
  Checksum sum;
  for (const auto& [path, entry] : entries) {
    sum.add(path.data(), path.size());
    std::visit([&](const auto& values) { sum.add(values.data(), values.size() * sizeof(values[0])); }, entry);
  }
  return sum.value();
}

/// Closes an HDF5 handle when it goes out of scope.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  operator hid_t() const { return id_; }  // NOLINT(google-explicit-constructor): stands for the handle
  bool valid() const { return id_ >= 0; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

void write_dataset(hid_t file, hid_t link, const std::string& path, hid_t type, std::size_t count,
                   const void* data) {
  const hsize_t size = count;
  const Handle space(count == 0 ? H5Screate(H5S_NULL) : H5Screate_simple(1, &size, nullptr), H5Sclose);
  const Handle dataset(H5Dcreate2(file, path.c_str(), type, space, link, H5P_DEFAULT, H5P_DEFAULT), H5Dclose);
  if (!dataset.valid() || (count > 0 && H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0))
    throw SystemError(fmt::format("cannot make '{}' of the checkpoint: not enough memory", path));
}

herr_t collect(hid_t, const char* name, const H5O_info_t* info, void* paths) {
  if (info->type == H5O_TYPE_DATASET) static_cast<std::vector<std::string>*>(paths)->emplace_back(name);
  return 0;
}

}  // namespace

const std::vector<double>& Archive::reals(const std::string& path) const {
  return get<std::vector<double>>(entries_, path, "array of reals");
}
const std::vector<std::int64_t>& Archive::integers(const std::string& path) const {
  return get<std::vector<std::int64_t>>(entries_, path, "array of integers");
}
const std::string& Archive::text(const std::string& path) const {
  return get<std::string>(entries_, path, "text");
}

Archive Archive::group(const std::string& prefix) const {
  Archive part;
  const std::string start = prefix + "/";
  for (auto entry = entries_.lower_bound(start); entry != entries_.end() && entry->first.starts_with(start);
       ++entry)
    part.entries_[entry->first.substr(start.size())] = entry->second;
  return part;
}

void Archive::put_group(const std::string& prefix, const Archive& group) {
  for (const auto& [path, entry] : group.entries_) entries_[prefix + "/" + path] = entry;
}

// The file is made in memory and written in one piece: HDF5 does not survive a disk that is full.
void Archive::write(const std::filesystem::path& path) const {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  require(H5Pset_fapl_core(access, memory_increment, 0) >= 0, "HDF5 makes files in memory");
  const Handle file(H5Fcreate("checkpoint", H5F_ACC_TRUNC, H5P_DEFAULT, access), H5Fclose);
  require(file.valid(), "HDF5 makes a file in memory");
  const Handle link(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
  H5Pset_create_intermediate_group(link, 1);
  for (const auto& [name, entry] : entries_) {
    if (const auto* reals = std::get_if<std::vector<double>>(&entry))
      write_dataset(file, link, name, H5T_NATIVE_DOUBLE, reals->size(), reals->data());
    else if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&entry))
      write_dataset(file, link, name, H5T_NATIVE_INT64, integers->size(), integers->data());
    else {
      const auto& text = std::get<std::string>(entry);
      write_dataset(file, link, name, H5T_NATIVE_CHAR, text.size(), text.data());
    }
  }
  const std::int64_t sum = checksum(entries_);
  write_dataset(file, link, checksum_path, H5T_NATIVE_INT64, 1, &sum);
  void* image = nullptr;
  if (H5Fflush(file, H5F_SCOPE_GLOBAL) < 0 || H5Fget_vfd_handle(file, access, &image) < 0)
    throw SystemError(fmt::format("cannot make the checkpoint '{}': not enough memory", path.string()));
  const ssize_t size = H5Fget_file_image(file, nullptr, 0);  // without what is allocated beyond its end
  require(size > 0, "a file in memory has an end");
  write_file(path, {*static_cast<const char**>(image), static_cast<std::size_t>(size)});
}

Archive Archive::read(const std::filesystem::path& path) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  if (!std::filesystem::exists(path))
    throw SystemError(fmt::format("cannot open '{}': no such file", path.string()));
  const Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
  if (!file.valid()) throw InputError(fmt::format("'{}' is no checkpoint, or is damaged", path.string()));
  const std::uintmax_t file_size = std::filesystem::file_size(path);
  std::vector<std::string> names;
  if (H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_NATIVE, collect, &names, H5O_INFO_BASIC) < 0)
    throw InputError(fmt::format("'{}' is damaged", path.string()));
  Archive archive;
  for (const std::string& name : names) {
    const Handle dataset(H5Dopen2(file, name.c_str(), H5P_DEFAULT), H5Dclose);
    const Handle space(H5Dget_space(dataset), H5Sclose);
    const Handle type(H5Dget_type(dataset), H5Tclose);
    const hssize_t points = H5Sget_simple_extent_npoints(space);
    if (!dataset.valid() || points < 0 || static_cast<std::uintmax_t>(points) > file_size)
      throw InputError(fmt::format("'{}' is damaged at '{}'", path.string(), name));
    const auto count = static_cast<std::size_t>(points);
    const auto fill = [&](auto values, hid_t memory) {
      values.resize(count);
      if (count > 0 && H5Dread(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0)
        throw InputError(fmt::format("'{}' is damaged at '{}'", path.string(), name));
      archive.entries_[name] = std::move(values);
    };
    if (H5Tget_class(type) == H5T_FLOAT)
      fill(std::vector<double>(), H5T_NATIVE_DOUBLE);
    else if (H5Tget_size(type) == 1)
      fill(std::string(), H5T_NATIVE_CHAR);
    else
      fill(std::vector<std::int64_t>(), H5T_NATIVE_INT64);
  }
  const auto sum = archive.entries_.find(checksum_path);
  if (sum == archive.entries_.end())
    throw InputError(fmt::format("'{}' is no checkpoint, or is damaged", path.string()));
  const auto* stated = std::get_if<std::vector<std::int64_t>>(&sum->second);
  const std::vector<std::int64_t> kept = stated != nullptr ? *stated : std::vector<std::int64_t>{};
  archive.entries_.erase(sum);
  if (kept != std::vector{checksum(archive.entries_)})
    throw InputError(fmt::format("'{}' is damaged: its checksum is not that of its contents", path.string()));
  return archive;
}

}  // namespace holon
