// A contest: one problem and everybody who can solve it, on the host and on the device.
//
// An operation describes its arrays once, with what the reference computes for the outputs, and then each contestant as one
// call on addresses. So a kernel's version, the vendor's library, the CPU's own loops and oneDNN run on the same data, are
// checked against the same reference, and their times can be divided by each other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "kernels/base/device.h"
#include "kernels/base/versions.h"

namespace skewbench::bench_kernels {

/// The addresses of a contestant's arrays in its memory, by the numbers that Contest::input() and output() gave. Without
/// memory, well aligned ones that nobody may use: for questions about a problem.
class Addresses {
 public:
  Addresses() = default;
  explicit Addresses(std::vector<void*> addresses, void* workspace = nullptr) : addresses_(std::move(addresses)), workspace_(workspace) {}
  template <class T = float>
  T* at(int array) const {
    if (addresses_.empty()) return reinterpret_cast<T*>((uintptr_t{1} << 40) * static_cast<uintptr_t>(array + 1));
    return static_cast<T*>(addresses_[static_cast<std::size_t>(array)]);
  }
  void* workspace() const { return workspace_; }

 private:
  std::vector<void*> addresses_{};
  void* workspace_ = nullptr;
};

/// What an array holds before and after.
struct Array {
  std::string name;
  int64_t bytes = 0;
  bool is_written = false;
  bool is_exact = false;     ///< compared byte by byte; otherwise floats within `tolerance`
  double tolerance = 0;      ///< of |want| + the root mean square of want
  std::vector<std::byte> before{};  ///< what it starts with; empty: an output, starts as NaN
  std::vector<std::byte> want{};    ///< what the reference computes; empty: scratch, not compared
};

enum class Place { host, device };

struct Contestant {
  Place place;
  std::string back_end;    ///< hand, vendor; on the host: onednn, own, suite (what the suite uses where that is oneDNN, too)
  std::string version{};   ///< "v2", "" where there is one only
  std::string idea{};
  std::string why_not{};   ///< why it does not take this problem; empty if it does
  int64_t workspace_bytes = 0;
  std::function<void(const Addresses&, device::Stream)> run{};
  double tolerance_factor = 1;  ///< of the arrays' tolerances: for arithmetic that is coarser by design
  double least_tolerance = 0;   ///< of every array: where one output has the error of another, whose tolerance this is

  std::string name() const;  ///< "device/hand.v2"
};

struct Contest {
  std::string operation;  ///< "group_norm/forward"
  std::string shape;      ///< "resnet20.norm16"
  std::string dimensions; ///< "h32w32c16g2"
  int64_t n = 1;          ///< batch
  double flops = 0;       ///< 2 x multiply-adds of convolutions and linear layers, taps on the padding included
  int64_t bytes_read = 0, bytes_written = 0;  ///< the least that any version must move
  std::vector<Array> arrays;
  std::vector<Contestant> contestants;  ///< in each place the one that ratios refer to first
  /// Fills `before` and `want`; called once, before anybody runs. Until then a contest is cheap.
  std::function<void(Contest&)> fill;

  /// "group_norm/forward/resnet20.norm16/n:32"
  std::string name() const;

  int input(const std::string& name, int64_t bytes);
  int output(const std::string& name, int64_t bytes, double tolerance);
  int exact_output(const std::string& name, int64_t bytes);
  /// Read and overwritten: `before` is restored whenever it is checked.
  int in_place(const std::string& name, int64_t bytes, double tolerance);

  /// For fill(): room for what an array starts with, and for what the reference makes of it.
  template <class T = float>
  std::span<T> before(int array) { return room<T>(arrays[static_cast<std::size_t>(array)].before, array); }
  template <class T = float>
  std::span<T> want(int array) { return room<T>(arrays[static_cast<std::size_t>(array)].want, array); }
  void normals(int array, uint32_t stream, double scale = 1);

  void on_host(const std::string& back_end, const std::string& idea, std::function<void(const Addresses&)> run);

  /// Every version of a ladder, and the vendor's before them, where there is one. `arguments` makes their arguments from
  /// addresses; the least bytes are theirs.
  template <class Arguments>
  void on_device(device::Versions<Arguments> versions, const device::Version<Arguments>* vendor,
                 std::function<Arguments(const Addresses&)> arguments) {
    const Arguments nowhere = arguments(Addresses());
    bytes_read = nowhere.bytes_read(), bytes_written = nowhere.bytes_written(), flops = nowhere.flops();
    if (vendor) add_version(*vendor, "vendor", nowhere, arguments);
    for (const auto& version : versions) add_version(version, "hand", nowhere, arguments);
  }

 private:
  static Contestant on_device_contestant(const std::string& back_end, int number, const std::string& idea);
  template <class T>
  std::span<T> room(std::vector<std::byte>& bytes, int array) {
    bytes.resize(static_cast<std::size_t>(arrays[static_cast<std::size_t>(array)].bytes));
    return {reinterpret_cast<T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
  template <class Arguments>
  void add_version(const device::Version<Arguments>& version, const std::string& back_end, const Arguments& nowhere,
                   const std::function<Arguments(const Addresses&)>& arguments) {
    Contestant contestant = on_device_contestant(back_end, version.number, version.idea);
    contestant.why_not = version.why_not(nowhere);
    if (contestant.why_not.empty()) contestant.workspace_bytes = version.workspace_bytes(nowhere);
    contestant.run = [launch = version.launch, arguments](const Addresses& at, device::Stream stream) {
      launch(arguments(at), at.workspace(), stream);
    };
    contestants.push_back(std::move(contestant));
  }
};

}  // namespace skewbench::bench_kernels
