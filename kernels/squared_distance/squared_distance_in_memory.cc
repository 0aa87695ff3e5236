#include "kernels/base/error.h"
#include "kernels/squared_distance/squared_distance.h"

namespace skewbench::squared_distance {

template <>
void distance(Memory memory, int64_t count, const float* a, const float* b, double* out) {
  if (memory.on_device()) distance_on_device(memory.queue(), count, a, b, out);
  else distance_ref(count, a, b, out);
}

template <>
void distance(Memory memory, int64_t count, const double* a, const double* b, double* out) {
  REQUIRE(!memory.on_device(), "{} doubles on a device: their distance is computed on the host only", count);
  distance_ref(count, a, b, out);
}

}  // namespace skewbench::squared_distance
