// Reading whole files and writing them so that a reader never sees half of one.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace holon {

std::string read_file(
    const std::filesystem::path& path);  ///< throws SystemError with the path and the reason

/// Writes beside `path`, flushes to disk and renames: either the old file or the whole new one is there.
/// Throws SystemError and leaves the old file intact when it can't (full disk, no permission).
void write_file(const std::filesystem::path& path, std::string_view content);

/// Removes from a folder what write_file left there in processes that were killed while they wrote
/// (".NAME.PID.NUMBER.part"). A file that a living process writes is locked, and stays.
void remove_abandoned_writes(const std::filesystem::path& folder);

/// Where the program's own files are (cookbook, for `holon list`): beside the executable in a build tree, or
/// under share/holon in an installation. Empty if not found.
std::filesystem::path program_data(std::string_view folder);

}  // namespace holon
