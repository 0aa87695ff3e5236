// Device memory for the tests of CUDA versions: outputs full of NaN between guards, inputs that must not change. Included
// by tests only.
#pragma once

#include "kernels/base/device.h"
#include "kernels/base/launch.h"
#include "kernels/base/launch_version.h"
#include "kernels/base/test_arrays.h"

namespace skewbench::test_arrays {

/// A test that needs a device: skips with the reason where there is none. First line of its body.
#define NEEDS_DEVICE()                                                       \
  if (const std::string reason_ = ::skewbench::device::why_unusable(); !reason_.empty()) GTEST_SKIP() << reason_

/// An array on the device between two guards of kGuard elements; `shift` moves it that many elements off its 256-byte
/// alignment. As an output it starts as poison, as an input with the given values.
template <class T>
class DeviceArray {
 public:
  explicit DeviceArray(int64_t size, int64_t shift = 0) : DeviceArray(size, shift, T(113)) {}
  /// Other guards than an output's: a kernel that copies one element too many changes the output's.
  explicit DeviceArray(std::span<const T> values, int64_t shift = 0) : DeviceArray(std::ssize(values), shift, T(97)) {
    given_.assign(values.begin(), values.end());
    device::copy_to_device(data(), values.data(), size_ * static_cast<int64_t>(sizeof(T)), nullptr);
    device::wait(nullptr);
  }

  T* data() { return memory_.data() + begin_; }
  const T* data() const { return memory_.data() + begin_; }
  int64_t size() const { return size_; }

  std::vector<T> download() const {
    const std::vector<T> all = everything();
    return {all.begin() + begin_, all.begin() + begin_ + size_};
  }

  /// The guards are as they were and, for an input, so are its values.
  ::testing::AssertionResult intact() const {
    const std::vector<T> all = everything();
    for (int64_t i = 0; i < std::ssize(all); ++i) {
      const bool is_inside = i >= begin_ && i < begin_ + size_;
      const T& want = is_inside && !given_.empty() ? given_[static_cast<std::size_t>(i - begin_)] : guard_;
      if (is_inside && given_.empty()) continue;
      if (std::memcmp(&all[static_cast<std::size_t>(i)], &want, sizeof(T)) != 0)
        return ::testing::AssertionFailure() << "element " << i - begin_ << " of " << size_ << " was written, but "
                                             << (is_inside ? "belongs to an input" : "lies outside the array");
    }
    return ::testing::AssertionSuccess();
  }

 private:
  static constexpr int64_t kGuard = 64;
  DeviceArray(int64_t size, int64_t shift, T guard)
      : guard_(guard), begin_(kGuard + shift), size_(size), memory_(2 * kGuard + shift + size) {
    std::vector<T> start(static_cast<std::size_t>(memory_.size()), guard);
    std::fill_n(start.begin() + begin_, size, poison());
    upload(start);
  }
  static T poison() {
    if constexpr (std::numeric_limits<T>::has_quiet_NaN) return std::numeric_limits<T>::quiet_NaN();
    else return T(0xEE);
  }
  void upload(const std::vector<T>& all) {
    device::copy_to_device(memory_.data(), all.data(), memory_.bytes(), nullptr);
    device::wait(nullptr);
  }
  std::vector<T> everything() const {
    std::vector<T> all(static_cast<std::size_t>(memory_.size()));
    device::copy_to_host(all.data(), memory_.data(), memory_.bytes(), nullptr);
    device::wait(nullptr);
    return all;
  }

  T guard_;
  int64_t begin_, size_;
  device::Array<T> memory_;
  std::vector<T> given_;
};

/// INSTANTIATE_TEST_SUITE_P(Versions, <Suite>, ::testing::ValuesIn(<direction>_versions()), version_name): a test a version.
inline constexpr auto version_name = [](const auto& info) { return fmt::format("v{}_{}", info.param.number, info.param.idea); };

/// An input that fills an allocation of its own, so that reading one element before or behind it is found by the checks of
/// kernels/cuda_on_cpu (and by compute-sanitizer), where the guards of DeviceArray would be read in silence.
template <class T>
class ExactInput {
 public:
  explicit ExactInput(std::span<const T> values) : given_(values.begin(), values.end()), memory_(std::ssize(values)) {
    device::copy_to_device(memory_.data(), values.data(), memory_.bytes(), nullptr);
    device::wait(nullptr);
  }
  const T* data() const { return memory_.data(); }
  bool intact() const {
    std::vector<T> now(given_.size());
    device::copy_to_host(now.data(), memory_.data(), memory_.bytes(), nullptr);
    device::wait(nullptr);
    return std::memcmp(now.data(), given_.data(), static_cast<std::size_t>(memory_.bytes())) == 0;
  }

 private:
  std::vector<T> given_;
  device::Array<T> memory_;
};

/// Grids that stride have at most so many blocks while it lives: loops over the grid then take several turns for small
/// arrays. Unrolled ones need more than twice as many as nvcc unrolls (4, as a rule) to run their whole code.
class FewBlocks {
 public:
  explicit FewBlocks(int64_t blocks) : before_(device::most_striding_blocks) { device::most_striding_blocks = blocks; }
  ~FewBlocks() { device::most_striding_blocks = before_; }
  FewBlocks(const FewBlocks&) = delete;
  FewBlocks& operator=(const FewBlocks&) = delete;

 private:
  int64_t before_;
};

/// Launches a version with scratch memory of exactly the bytes it asks for, full of NaN, and waits for it.
template <class Version, class Arguments>
void run_version(const Version& version, const char* operation, const Arguments& arguments) {
  device::require_taken(version, operation, arguments);
  const int64_t bytes = version.workspace_bytes(arguments);
  device::Array<unsigned char> workspace(bytes);
  if (bytes > 0) device::fill_bytes(workspace.data(), 0xFF, bytes, nullptr);
  version.launch(arguments, workspace.data(), nullptr);
  device::wait(nullptr);
}

}  // namespace skewbench::test_arrays
