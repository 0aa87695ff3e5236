// HDF5 with every call checked: an identifier that closes itself, and HDF5's own error text in one sentence of ours.
#pragma once

#include <hdf5.h>

#include <string>
#include <string_view>
#include <utility>

#include "kernels/base/error.h"

namespace skewbench::train::hdf5 {

/// An HDF5 identifier and the function that closes it.
class Handle {
 public:
  Handle() = default;
  Handle(hid_t id, herr_t (*closer)(hid_t)) : id_(id), close_(closer) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  ~Handle() { static_cast<void>(close()); }

  bool is_open() const { return id_ >= 0; }
  herr_t close() { return id_ >= 0 ? close_(std::exchange(id_, -1)) : 0; }
  operator hid_t() const { return id_; }

 private:
  hid_t id_ = -1;
  herr_t (*close_)(hid_t) = nullptr;
};

/// Switches off that HDF5 prints its error stack itself; call it before the first call that may fail.
void silence();

/// The most specific message of the failed call before, e.g. "unable to open file: ... No such file or directory".
std::string error_text();

/// File access properties for reading a file that a process writes or that a killed one left: metadata with a wrong checksum
/// is read again for about 0.1 s (a writer is at it), then the read fails. HDF5's own 100 attempts double their pause each.
Handle reader_access();

/// Throws "<sentence>: <HDF5's text>" if the call that returned `status` failed.
template <class... Args>
void check(herr_t status, fmt::format_string<Args...> sentence, Args&&... args) {
  if (status < 0) fail("{}: {}", fmt::format(sentence, std::forward<Args>(args)...), error_text());
}

/// The same for a call that returned an identifier, which it takes.
template <class... Args>
Handle take(hid_t id, herr_t (*closer)(hid_t), fmt::format_string<Args...> sentence, Args&&... args) {
  if (id < 0) fail("{}: {}", fmt::format(sentence, std::forward<Args>(args)...), error_text());
  return Handle(id, closer);
}

}  // namespace skewbench::train::hdf5
