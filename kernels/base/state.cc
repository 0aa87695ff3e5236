#include "kernels/base/state.h"

#include <algorithm>

#include "kernels/base/error.h"

namespace skewbench {

const char* to_string(Scope scope) {
  switch (scope) {
    case Scope::worker: return "worker";
    case Scope::edge: return "edge";
    case Scope::global: return "global";
  }
  return "?";
}

namespace {
int64_t bytes_of(ScalarType type) { return type == ScalarType::f32 || type == ScalarType::i32 ? 4 : 8; }
}  // namespace

int StateTable::add(Array array) {
  REQUIRE(array.length > 0, "state {} has length {}; it must be positive", array.name, array.length);
  for (const Array& other : arrays_) REQUIRE(other.name != array.name, "state {} is declared twice", array.name);
  for (std::size_t i = 0; i < array.owners.size(); ++i)
    array.memory.emplace_back(array.holds == Holds::vector ? memory_ : Memory(), array.length * bytes_of(array.type));
  arrays_.push_back(std::move(array));
  return static_cast<int>(arrays_.size()) - 1;
}

int StateTable::declare_worker(std::string name, ScalarType type, int64_t length, Holds holds) {
  std::vector<Owner> owners;
  for (int id = first_; id < last_; ++id) owners.emplace_back(id, -1);
  return add({std::move(name), Scope::worker, type, length, std::move(owners), holds, {}});
}

int StateTable::declare_global(std::string name, ScalarType type, int64_t length, Holds holds) {
  return add({std::move(name), Scope::global, type, length, {{-1, -1}}, holds, {}});
}

int StateTable::declare_edges(std::string name, ScalarType type, int64_t length, std::vector<Owner> edges, Holds holds) {
  std::erase_if(edges, [this](const Owner& edge) { return edge.first < first_ || edge.first >= last_; });
  std::sort(edges.begin(), edges.end());
  return add({std::move(name), Scope::edge, type, length, std::move(edges), holds, {}});
}

std::size_t StateTable::edge_position(int handle, int from, int to) const {
  const Array& array = arrays_[static_cast<std::size_t>(handle)];
  const Owner edge{from, to};
  const auto at = std::lower_bound(array.owners.begin(), array.owners.end(), edge);
  REQUIRE(at != array.owners.end() && *at == edge, "state {} has no edge {} -> {} on this rank", array.name, from, to);
  return static_cast<std::size_t>(at - array.owners.begin());
}

int64_t StateTable::bytes() const {
  int64_t sum = 0;
  for (const Array& array : arrays_)
    for (const Block& block : array.memory) sum += block.bytes();
  return sum;
}

}  // namespace skewbench
