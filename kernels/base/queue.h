// Work on a CUDA device in one order: a stream, the versions of operations that are launched on it, and what they share:
// scratch memory and the page-locked memory through which the host's data go up.
#pragma once

#include <array>
#include <map>
#include <string>

#include "kernels/base/device.h"
#include "kernels/base/launch_version.h"

namespace skewbench::device {

/// Page-locked host memory. Grows where it is asked to; what it held is then lost, and no copy from it may be under way.
class PinnedBuffer {
 public:
  PinnedBuffer() = default;
  ~PinnedBuffer() { release_pinned(data_); }
  PinnedBuffer(const PinnedBuffer&) = delete;
  PinnedBuffer& operator=(const PinnedBuffer&) = delete;
  std::byte* at_least(int64_t bytes);
  int64_t bytes() const { return bytes_; }

 private:
  void* data_ = nullptr;
  int64_t bytes_ = 0;
};

/// An operation on the device: its name in tables and on the command line, its ladder, the vendor's version where there is one.
template <class Arguments>
struct Operation {
  const char* name;
  Versions<Arguments> versions;
  const Version<Arguments>* vendor = nullptr;
  const Version<Arguments>& (*standard)(const Arguments&) = nullptr;  ///< null: the last version that takes the arguments
};

/// Which version of each operation is launched.
struct Choice {
  bool vendor = false;               ///< the vendor's library for every problem that it takes; by_hand() says what it does not
  std::map<std::string, int> rungs{};  ///< by the operation's name: this rung of the ladder and no other
};

class Queue {
 public:
  explicit Queue(Choice choice = {}) : choice_(std::move(choice)) {}

  Stream stream() const { return stream_.get(); }

  /// Launches the version that the choice names, or else the operation's standard one. A version that does not take the
  /// arguments is an Error with its reason.
  template <class Arguments>
  void launch(const Operation<Arguments>& operation, const Arguments& arguments) {
    const Version<Arguments>& version = choose(operation, arguments);
    require_taken(version, operation.name, arguments);
    version.launch(arguments, scratch(version.workspace_bytes(arguments)), stream());
  }

  template <class Arguments>
  const Version<Arguments>& choose(const Operation<Arguments>& operation, const Arguments& arguments) const {
    const auto rung = choice_.rungs.find(operation.name);
    if (rung != choice_.rungs.end()) return find_version(operation.versions, rung->second, operation.name);
    if (choice_.vendor && operation.vendor) {
      const std::string refusal = operation.vendor->why_not(arguments);
      if (refusal.empty()) return *operation.vendor;
      by_hand_.try_emplace(operation.name, refusal);
    }
    if (operation.standard) return operation.standard(arguments);
    for (auto version = operation.versions.end(); version != operation.versions.begin();)
      if ((--version)->why_not(arguments).empty()) return *version;
    return operation.versions.front();  // whose reason launch() then gives
  }

  /// Operations that were launched by hand although the choice is the vendor's library, with its first refusal.
  const std::map<std::string, std::string>& by_hand() const { return by_hand_; }

  /// From host memory that may be changed at once: copied to page-locked memory first. Waits only where kUploads uploads
  /// are still under way.
  void upload(void* to, const void* host, int64_t bytes);

 private:
  void* scratch(int64_t bytes);

  static constexpr std::size_t kUploads = 8;
  struct Upload {
    PinnedBuffer memory;
    Event done;
  };
  Choice choice_;
  mutable std::map<std::string, std::string> by_hand_;
  OwnedStream stream_;
  Array<std::byte> scratch_;
  std::array<Upload, kUploads> uploads_;
  std::size_t uploaded_ = 0;  // so far
};

}  // namespace skewbench::device
