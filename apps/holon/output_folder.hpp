// The folder that -o names: what may be done with what it holds.
#pragma once

#include <string>

namespace holon::cli {

enum class FolderUse {
  fresh,      ///< it should be new or empty
  overwrite,  ///< --force
  resume,     ///< --resume
};

/// Refuses (InputError) a file, a folder that holds something where it should be fresh, and one without a
/// checkpoint to resume from. `way_out` ends the message about one that is not empty. Touches nothing.
void check_output_folder(const std::string& folder, FolderUse use, const std::string& way_out);

/// Makes it where it is missing, and removes what writers that were killed left in it.
void make_output_folder(const std::string& folder);

/// Removes what an earlier run wrote there.
void clear_output_folder(const std::string& folder);

}  // namespace holon::cli
