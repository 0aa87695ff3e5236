// The table of an operation's hand-written CUDA versions: a ladder, one idea a rung, in the order of their numbers.
//
// An operation declares its arguments as one struct, a version takes nothing else but scratch memory and a stream. So
// tests, benchmarks, the resource report and training walk the same tables, and a version is added in one place.
// Light enough for .cu files, where <string> costs nvcc a second and <span> half of one: <iosfwd> names the type that why_not
// returns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>

#include "kernels/base/stream.h"

namespace skewbench::device {

template <class Arguments>
struct Version {
  int number;        ///< the handle in tables and on the command line: v3
  const char* idea;  ///< as in its file's name: "register_tiles"
  /// Why this version does not take such a problem; empty if it does. There is no silent fallback to another version.
  std::string (*why_not)(const Arguments&);
  /// Scratch memory on the device that launch() needs, 256-byte aligned; its content does not survive.
  int64_t (*workspace_bytes)(const Arguments&);
  /// Enqueues the kernels. Neither allocates nor waits.
  void (*launch)(const Arguments&, void* workspace, Stream stream);
};

/// A table, which lives as long as the program.
template <class Arguments>
class Versions {
 public:
  using value_type = Version<Arguments>;
  using const_iterator = const value_type*;

  template <std::size_t count>
  constexpr Versions(const value_type (&table)[count]) : begin_(table), end_(table + count) {}
  constexpr const_iterator begin() const { return begin_; }
  constexpr const_iterator end() const { return end_; }
  constexpr const value_type& operator[](std::size_t i) const { return begin_[i]; }
  constexpr const value_type& front() const { return *begin_; }

 private:
  const_iterator begin_, end_;
};

template <class Arguments>
int64_t no_workspace(const Arguments&) { return 0; }

}  // namespace skewbench::device
