// How a scheme is handed the vectors of the workers of this rank: by a function of the worker id.
#pragma once

#include <cstdint>
#include <functional>

namespace skewbench::exchange {

template <class T>
using VectorOf = std::function<T*(int worker)>;

/// The coordinates of lane `lane` among `count`: lane, lane + lanes, ... (`lanes` apart).
constexpr int64_t lane_length(int64_t count, int lane, int lanes) { return (count - lane + lanes - 1) / lanes; }

}  // namespace skewbench::exchange
