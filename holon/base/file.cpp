#include "holon/base/file.hpp"

#include "holon/base/error.hpp"

#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <optional>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace holon {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(std::string_view what, const fs::path& path, int error) {
  throw SystemError(std::string(what) + " '" + path.string() +
                    "': " + std::generic_category().message(error));
}

/// An open file that closes itself.
class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags) : number_(::open(path.c_str(), flags | O_CLOEXEC, 0666)) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  bool valid() const { return number_ >= 0; }
  int number() const { return number_; }

 private:
  int number_;
};

void write_all(const Descriptor& file, std::string_view content, const fs::path& shown) {
  while (!content.empty()) {
    const ssize_t written = ::write(file.number(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("cannot write", shown, errno);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
}

/// The file that is to be replaced: a link is followed, so that the link stays a link.
fs::path target_of(const fs::path& path) {
  std::error_code error;
  if (!fs::is_symlink(path, error)) return path;
  const fs::path target = fs::weakly_canonical(path, error);
  return error ? path : target;
}

/// A new file beside the target that no other process or thread uses, locked as long as it is open: who finds
/// it unlocked knows that its writer is gone. Removed again unless the rename succeeded.
class Temporary {
 public:
  explicit Temporary(const fs::path& target) {
    static std::atomic<unsigned> number{0};
    // Where process ids begin anew (containers), an abandoned file may have the name already.
    do {
      path_ = target;
      path_.replace_filename("." + target.filename().string() + "." + std::to_string(::getpid()) + "." +
                             std::to_string(number++) + std::string(suffix));
      file_.emplace(path_, O_WRONLY | O_CREAT | O_EXCL);
    } while (!file_->valid() && errno == EEXIST);
    if (!file_->valid()) fail("cannot write", target, errno);
    ::flock(file_->number(), LOCK_EX | LOCK_NB);  // some file systems have no locks
  }
  ~Temporary() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  const Descriptor& file() const { return *file_; }

  /// Gives the content to the disk, then the name to the content.
  void commit(const fs::path& target) {
    if (::fsync(file_->number()) != 0) fail("cannot write", target, errno);
    struct stat old{};
    if (::stat(target.c_str(), &old) == 0) ::chmod(path_.c_str(), old.st_mode & 07777);
    if (::rename(path_.c_str(), target.c_str()) != 0) fail("cannot replace", target, errno);
    path_.clear();
    file_.reset();  // readers may want locks of their own
    const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
    const Descriptor directory(folder, O_RDONLY | O_DIRECTORY);
    if (directory.valid())
      ::fsync(directory.number());  // some file systems refuse; the content is safe already
  }

  static constexpr std::string_view suffix = ".part";

 private:
  fs::path path_;
  std::optional<Descriptor> file_;
};

/// The process id in ".NAME.PID.NUMBER.part", or nothing for other names.
std::optional<pid_t> writer_of(const std::string& name) {
  if (!name.starts_with('.') || !name.ends_with(Temporary::suffix)) return std::nullopt;
  const auto digits_before = [&](std::size_t end) {  // where they begin; `end` if there are none
    std::size_t begin = end;
    while (begin > 0 && name[begin - 1] >= '0' && name[begin - 1] <= '9') --begin;
    return begin;
  };
  const std::size_t dot = name.size() - Temporary::suffix.size(), number = digits_before(dot);
  if (number == dot || name[number - 1] != '.') return std::nullopt;
  const std::size_t process = digits_before(number - 1);
  if (process == number - 1 || process < 3 || name[process - 1] != '.') return std::nullopt;
  pid_t writer = 0;
  const auto [end, error] = std::from_chars(name.data() + process, name.data() + number - 1, writer);
  return error == std::errc{} && writer > 0 ? std::optional(writer) : std::nullopt;
}

bool lives(pid_t process) { return ::kill(process, 0) == 0 || errno == EPERM; }

/// Devices and pipes (/dev/stdout, /dev/null) are written to and never replaced.
bool is_special(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  return !error && fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status);
}

void refuse_folder(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) fail("cannot write", path, EISDIR);
}

}  // namespace

std::string read_file(const fs::path& path) {
  const Descriptor file(path, O_RDONLY);
  if (!file.valid()) fail("cannot open", path, errno);
  std::string content;
  struct stat status{};
  if (::fstat(file.number(), &status) == 0 && status.st_size > 0)
    content.reserve(static_cast<std::size_t>(status.st_size) + 1);
  char block[65536];
  while (true) {
    const ssize_t got = ::read(file.number(), block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("cannot read", path, errno);
    if (got == 0) return content;
    content.append(block, static_cast<std::size_t>(got));
  }
}

void write_file(const fs::path& path, std::string_view content) {
  if (is_special(path)) {
    const Descriptor file(path, O_WRONLY);
    if (!file.valid()) fail("cannot open", path, errno);
    write_all(file, content, path);
    return;
  }
  refuse_folder(path);
  const fs::path target = target_of(path);
  Temporary temporary(target);
  write_all(temporary.file(), content, path);
  temporary.commit(target);
}

void remove_abandoned_writes(const fs::path& folder) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const auto writer = writer_of(entry.path().filename().string());
    // Another process may go by the number of one that is gone, also this one.
    if (!writer || (*writer != ::getpid() && lives(*writer))) continue;
    const Descriptor file(entry.path(), O_RDONLY | O_NOFOLLOW);
    if (file.valid() && ::flock(file.number(), LOCK_EX | LOCK_NB) == 0) ::unlink(entry.path().c_str());
  }
}

fs::path program_data(std::string_view folder) {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (error) return {};
  const fs::path installed = program.parent_path().parent_path() / "share" / "holon" / folder;
  if (fs::is_directory(installed, error)) return installed;
  // A build tree lies inside the source tree: build/holon, build/verification/..., with packages.txt at its
  // root.
  fs::path root = program.parent_path();
  for (int level = 0; level < 5 && root.has_relative_path(); ++level) {
    root = root.parent_path();
    if (fs::is_regular_file(root / "packages.txt", error) && fs::is_directory(root / folder, error))
      return root / folder;
  }
  return {};
}

}  // namespace holon
