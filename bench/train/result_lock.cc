#include "bench/train/result_lock.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <regex>

#include "bench/train/hdf5_handles.h"
#include "bench/train/result_file.h"
#include "kernels/base/error.h"

namespace skewbench::train {
namespace {

constexpr std::size_t kLongestFileName = 255;  // of every common file system
constexpr std::size_t kLongestSuffix = std::string_view(".interrupted-1000000.h5").size();
constexpr double kClockToleranceSeconds = 2;  // the times compared are cut to seconds

// Who writes a running file, as its root says.
struct Owner {
  std::string host, started_utc;
  int64_t pid = 0;
};

std::optional<std::string> read_text(hid_t file, const char* name) {
  const hdf5::Handle attribute(H5Aopen(file, name, H5P_DEFAULT), H5Aclose);
  if (!attribute.is_open()) return std::nullopt;
  const hdf5::Handle type(H5Aget_type(attribute), H5Tclose), space(H5Aget_space(attribute), H5Sclose);
  if (H5Tget_class(type) != H5T_STRING || H5Tis_variable_str(type) != 0 || H5Sget_simple_extent_npoints(space) != 1)
    return std::nullopt;
  std::string text(H5Tget_size(type), '\0');
  if (H5Aread(attribute, type, text.data()) < 0) return std::nullopt;
  return text.c_str();  // up to the padding
}

std::optional<int64_t> read_integer(hid_t file, const char* name) {
  const hdf5::Handle attribute(H5Aopen(file, name, H5P_DEFAULT), H5Aclose);
  if (!attribute.is_open()) return std::nullopt;
  const hdf5::Handle type(H5Aget_type(attribute), H5Tclose), space(H5Aget_space(attribute), H5Sclose);
  int64_t value = 0;
  if (H5Tget_class(type) != H5T_INTEGER || H5Sget_simple_extent_npoints(space) != 1 ||
      H5Aread(attribute, H5T_NATIVE_INT64, &value) < 0)
    return std::nullopt;
  return value;
}

std::optional<Owner> read_owner(const std::string& path) {
  hdf5::silence();
  // A killed writer leaves the file marked as being written, and it opens as such only; one that closed it unmarked it.
  hdf5::Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY | H5F_ACC_SWMR_READ, hdf5::reader_access()), H5Fclose);
  if (!file.is_open()) file = hdf5::Handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
  if (!file.is_open() || read_text(file, "suite") != "skewbench") return std::nullopt;
  const auto host = read_text(file, "host"), started = read_text(file, "started_utc");
  const auto pid = read_integer(file, "pid");
  if (!host || !started || !pid || *pid <= 0) return std::nullopt;
  return Owner{*host, *started, *pid};
}

// Seconds since 1970 at which a process of this host began, and its state letter; nothing where /proc does not say.
struct ProcessInfo {
  double start = 0;
  char state = '?';
};
std::optional<ProcessInfo> process_info(int64_t pid) {
  std::ifstream stat_file(fmt::format("/proc/{}/stat", pid));
  const std::string text(std::istreambuf_iterator<char>(stat_file), {});
  const auto end_of_name = text.rfind(')');  // the name may hold blanks and brackets itself
  if (end_of_name == std::string::npos) return std::nullopt;
  ProcessInfo info;
  unsigned long long ticks = 0;  // field 22: clock ticks from boot to the start; the state is field 3
  if (sscanf(text.c_str() + end_of_name + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
             &info.state, &ticks) != 2)
    return std::nullopt;
  timespec now{}, since_boot{};
  if (clock_gettime(CLOCK_REALTIME, &now) != 0 || clock_gettime(CLOCK_BOOTTIME, &since_boot) != 0) return std::nullopt;
  const double boot = static_cast<double>(now.tv_sec - since_boot.tv_sec);
  info.start = boot + static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
  return info;
}

// Whether the process that created a running file of this host still lives. Its pid may belong to another by now (pids
// are small and start anew in containers): one that began after the file did.
bool is_alive(const Owner& owner) {
  if (kill(static_cast<pid_t>(owner.pid), 0) != 0 && errno != EPERM) return false;
  const auto process = process_info(owner.pid);
  if (!process) return true;
  if (process->state == 'Z' || process->state == 'X') return false;
  tm started{};
  if (strptime(owner.started_utc.c_str(), "%Y-%m-%dT%H:%M:%SZ", &started) == nullptr) return true;
  return process->start <= static_cast<double>(timegm(&started)) + kClockToleranceSeconds;
}

void require_dead_owner(const std::string& running) {
  const auto owner = read_owner(running);
  REQUIRE(owner, "{} is in the way and is no result file of this suite; move it away", running);
  REQUIRE(owner->host == host_name(),
          "{} belongs to process {} on host {}; whether that still runs cannot be told from {}: if not, move the file away",
          running, owner->pid, owner->host, host_name());
  REQUIRE(!is_alive(*owner), "{} is being written by process {} on this host since {}", running, owner->pid,
          owner->started_utc);
}

}  // namespace

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

ResultPaths::ResultPaths(const std::string& path) {
  const std::filesystem::path file(path);
  name = file.stem().string();
  REQUIRE(file.extension() == ".h5" && !name.empty(), "a result file must be named NAME.h5, not '{}'", path);
  static const std::regex kUnfinished(R"((.*)\.(running|interrupted-\d+))");
  REQUIRE(!std::regex_match(name, kUnfinished), "a result file cannot be named '{}': that is the name of an unfinished one", path);
  REQUIRE(name.size() + kLongestSuffix <= kLongestFileName, "the name of the result file '{}' is longer than {} characters", path,
          kLongestFileName - kLongestSuffix);
  folder = file.parent_path().empty() ? std::filesystem::path(".") : file.parent_path();
  complete = path;
  running = (folder / (name + ".running.h5")).string();
}

void require_startable(const ResultPaths& paths) {
  std::error_code ignored;
  REQUIRE(std::filesystem::is_directory(paths.folder, ignored), "{} cannot be written: there is no folder {}", paths.complete,
          paths.folder.string());
  REQUIRE(access(paths.folder.c_str(), W_OK | X_OK) == 0, "{} cannot be written: the folder {} is not writable ({})",
          paths.complete, paths.folder.string(), std::strerror(errno));
  const auto exists = [](const std::string& path) {
    std::error_code none;
    return std::filesystem::symlink_status(path, none).type() != std::filesystem::file_type::not_found;
  };
  REQUIRE(!exists(paths.complete), "{} exists already and is not overwritten", paths.complete);
  if (exists(paths.running)) require_dead_owner(paths.running);
}

void move_interrupted_aside(const ResultPaths& paths) {
  for (int n = 1;; ++n) {
    const std::string aside = (paths.folder / fmt::format("{}.interrupted-{}.h5", paths.name, n)).string();
    if (std::filesystem::exists(aside)) continue;
    if (!std::filesystem::exists(paths.running)) return;
    rename_without_overwriting(paths.running, aside);
    try {
      require_dead_owner(aside);  // since the check another run may have done the same and put its own file there
    } catch (const Error&) {
      rename_without_overwriting(aside, paths.running);
      throw;
    }
    return;
  }
}

void rename_without_overwriting(const std::string& from, const std::string& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return;
  // Network file systems often lack that call, but all refuse to link over an existing file.
  if ((errno == EINVAL || errno == ENOSYS) && link(from.c_str(), to.c_str()) == 0 && unlink(from.c_str()) == 0) return;
  fail("{} cannot be renamed to {}: {}", from, to, std::strerror(errno));
}

void sync_to_disk(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool is_synced = descriptor >= 0 && fsync(descriptor) == 0;
  const int error = errno;
  if (descriptor >= 0) close(descriptor);
  REQUIRE(is_synced, "{} cannot be flushed to disk: {}", path, std::strerror(error));
}

std::string why_result_cannot_start(const std::string& path) {
  try {
    require_startable(ResultPaths(path));
    return "";
  } catch (const Error& reason) {
    return reason.what();
  }
}

}  // namespace skewbench::train
