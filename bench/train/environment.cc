#include "bench/train/environment.h"

#include <dnnl.h>
#include <fcntl.h>
#include <hdf5.h>
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include "bench/train/result_lock.h"
#include "comm/exchange/mpi_support.h"
#include "kernels/base/error.h"

namespace skewbench::train {
namespace {

namespace fs = std::filesystem;

constexpr const char* kUnknown = "unknown";
constexpr std::size_t kMaskWords = 128;  // 8,192 cores, the most that Linux can be built for

// What a program prints to its standard output, if it ends with 0. No shell: arguments arrive as they are.
std::optional<std::string> output_of(std::vector<std::string> arguments) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);

  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t pid = -1;
  const int error = posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  std::string output;
  std::array<char, 4096> buffer;
  while (error == 0) {
    const ssize_t count = read(ends[0], buffer.data(), buffer.size());
    if (count > 0) output.append(buffer.data(), static_cast<std::size_t>(count));
    else if (count == 0 || errno != EINTR) break;
  }
  close(ends[0]);
  if (error != 0) return std::nullopt;
  int status = 0;
  while (waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) return std::nullopt;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return std::nullopt;
  return output;
}

struct GitState {
  std::string revision = kUnknown, dirty = kUnknown;
};

GitState git_state() {
  std::error_code error;
  const fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
  if (error) return {};
  const std::vector<std::string> git = {"git", "--no-optional-locks", "-C", folder.string()};
  const auto ask = [&git](std::initializer_list<std::string> command) {
    auto arguments = git;
    arguments.insert(arguments.end(), command);
    return output_of(std::move(arguments));
  };
  const auto answer = ask({"rev-parse", "--show-toplevel", "HEAD"});
  if (!answer) return {};
  // Two lines: the top folder, the revision. An installed program may lie in somebody's tree of other things.
  const auto end_of_first = answer->find('\n');
  const fs::path top = answer->substr(0, end_of_first);
  if (end_of_first == std::string::npos || !fs::exists(top / "bench/train/environment.cc", error)) return {};
  std::string revision = answer->substr(end_of_first + 1);
  revision.erase(std::remove(revision.begin(), revision.end(), '\n'), revision.end());
  const auto changes = ask({"status", "--porcelain"});
  return {revision, !changes ? kUnknown : changes->empty() ? "no" : "yes"};
}

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return kUnknown;
}

std::string mpi_version() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  MPI_CALL(MPI_Get_library_version(text.data(), &length));
  std::string line(text.data(), strcspn(text.data(), "\n"));
  std::replace(line.begin(), line.end(), '\t', ' ');
  return line;
}

std::string onednn_version() {
  const dnnl_version_t* version = dnnl_version();
  return fmt::format("{}.{}.{}", version->major, version->minor, version->patch);
}

std::string hdf5_version() {
  unsigned major = 0, minor = 0, release = 0;
  REQUIRE(H5get_libversion(&major, &minor, &release) >= 0, "HDF5 does not tell its version");
  return fmt::format("{}.{}.{}", major, minor, release);
}

std::string compiler() {
#ifdef __clang__
  return __VERSION__;
#else
  return "g++ " __VERSION__;
#endif
}

// The instruction set that oneDNN chooses its kernels for.
std::string instruction_set() {
  switch (const dnnl_cpu_isa_t isa = dnnl_get_effective_cpu_isa()) {
    case dnnl_cpu_isa_sse41: return "SSE4.1";
    case dnnl_cpu_isa_avx: return "AVX";
    case dnnl_cpu_isa_avx2: return "AVX2";
    case dnnl_cpu_isa_avx2_vnni: return "AVX2 with VNNI";
    case dnnl_cpu_isa_avx512_core: return "AVX-512";
    case dnnl_cpu_isa_avx512_core_vnni: return "AVX-512 with VNNI";
    case dnnl_cpu_isa_avx512_core_bf16: return "AVX-512 with bf16";
    case dnnl_cpu_isa_avx512_core_amx: return "AVX-512 with AMX";
    default: return fmt::format("oneDNN's number {:#x}", static_cast<unsigned>(isa));
  }
}

}  // namespace

Cores count_cores(MPI_Comm communicator) {
  std::array<unsigned long, kMaskWords> own{}, host_mask{};
  // A machine that does not answer counts no cores, and so is oversubscribed: better than a wrong claim.
  static_cast<void>(sched_getaffinity(0, sizeof own, reinterpret_cast<cpu_set_t*>(own.data())));
  MPI_Comm host = MPI_COMM_NULL;
  MPI_CALL(MPI_Comm_split_type(communicator, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &host));
  MPI_CALL(MPI_Allreduce(own.data(), host_mask.data(), kMaskWords, MPI_UNSIGNED_LONG, MPI_BOR, host));
  int host_rank = 0, host_ranks = 0;
  MPI_CALL(MPI_Comm_rank(host, &host_rank));
  MPI_CALL(MPI_Comm_size(host, &host_ranks));
  MPI_CALL(MPI_Comm_free(&host));
  int host_cores = 0;
  for (const unsigned long word : host_mask) host_cores += std::popcount(word);

  Cores all;
  const int counted = host_rank == 0 ? host_cores : 0, is_oversubscribed = host_ranks > host_cores ? 1 : 0;
  int any_oversubscribed = 0;
  MPI_CALL(MPI_Comm_size(communicator, &all.ranks));
  MPI_CALL(MPI_Allreduce(&counted, &all.cores, 1, MPI_INT, MPI_SUM, communicator));
  MPI_CALL(MPI_Allreduce(&is_oversubscribed, &any_oversubscribed, 1, MPI_INT, MPI_MAX, communicator));
  all.is_oversubscribed = any_oversubscribed != 0;
  return all;
}

std::vector<std::pair<std::string, std::string>> describe_environment(const Cores& cores, const std::string& argv) {
  const GitState git = git_state();
  return {{"git_revision", git.revision},
          {"git_dirty", git.dirty},
          {"cpu", cpu_model()},
          {"cores", fmt::format("{}", cores.cores)},
          {"ranks", fmt::format("{}", cores.ranks)},
          {"oversubscribed", cores.is_oversubscribed ? "yes" : "no"},
          {"mpi", mpi_version()},
          {"onednn", onednn_version()},
          {"hdf5", hdf5_version()},
          {"compiler", compiler()},
          {"instruction_set", instruction_set()},
          {"argv", argv},
          {"host", host_name()}};
}

}  // namespace skewbench::train
