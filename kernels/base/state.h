// State is declared once: every array that outlives a step, by name, scope, type and length.
//
// Algorithms, schemes, codecs and streams declare their arrays here and hold nothing else between steps. Allocation,
// memory report, checkpoint and determinism check walk the list. A rank allocates the arrays of its own workers, and
// of the directed edges that its workers send on. Vectors lie in the run's memory, which may be a device's; records on
// the host.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kernels/base/error.h"
#include "kernels/base/memory.h"

namespace skewbench {

enum class Scope { worker, edge, global };
enum class ScalarType { f32, f64, i32, i64 };

template <class T>
constexpr ScalarType scalar_type();
template <>
constexpr ScalarType scalar_type<float>() { return ScalarType::f32; }
template <>
constexpr ScalarType scalar_type<double>() { return ScalarType::f64; }
template <>
constexpr ScalarType scalar_type<int32_t>() { return ScalarType::i32; }
template <>
constexpr ScalarType scalar_type<int64_t>() { return ScalarType::i64; }

const char* to_string(Scope scope);

class StateTable {
 public:
  /// Whose an array is: {worker, -1}, {from, to} of a directed edge, or {-1, -1} for a global one.
  using Owner = std::pair<int, int>;

  struct Array {
    std::string name;
    Scope scope;
    ScalarType type;
    int64_t length;                             ///< elements per owner
    std::vector<Owner> owners;                  ///< ascending
    Holds holds;
    std::vector<Block> memory;                  ///< one zeroed block per owner
  };

  /// A table for a rank that hosts workers first .. last - 1; its vectors lie in `memory`.
  StateTable(int first, int last, Memory memory = {}) : first_(first), last_(last), memory_(memory) {}

  /// Declares and allocates, zeroed; returns the handle. A name may be declared once.
  int declare_worker(std::string name, ScalarType type, int64_t length, Holds holds = Holds::vector);
  int declare_global(std::string name, ScalarType type, int64_t length, Holds holds = Holds::vector);
  /// `edges`: (from, to) of every edge of the topology; those whose sender is hosted here get memory.
  int declare_edges(std::string name, ScalarType type, int64_t length, std::vector<Owner> edges, Holds holds = Holds::vector);

  Memory memory() const { return memory_; }

  /// What an owner holds; refuses another type than the declared one, and an owner of another rank.
  template <class T>
  std::span<T> worker(int handle, int id) { return view<T>(handle, static_cast<std::size_t>(id - first_)); }
  template <class T>
  std::span<T> global(int handle) { return view<T>(handle, 0); }
  template <class T>
  std::span<T> edge(int handle, int from, int to) { return view<T>(handle, edge_position(handle, from, to)); }

  const std::vector<Array>& arrays() const { return arrays_; }
  int64_t bytes() const;  ///< memory of all arrays on this rank

 private:
  template <class T>
  std::span<T> view(int handle, std::size_t position) {
    Array& array = arrays_[static_cast<std::size_t>(handle)];
    REQUIRE(array.type == scalar_type<T>() && position < array.memory.size(),
            "state {} is read as another type, or for a {} of another rank", array.name, to_string(array.scope));
    return {static_cast<T*>(array.memory[position].data()), static_cast<std::size_t>(array.length)};
  }
  std::size_t edge_position(int handle, int from, int to) const;
  int add(Array array);

  int first_, last_;
  Memory memory_;
  std::vector<Array> arrays_;
};

}  // namespace skewbench
