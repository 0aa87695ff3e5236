#include "kernels/squared_distance/squared_distance.h"

namespace skewbench::squared_distance {

device::Operation<Distance> cuda_operation() { return {"squared_distance", distance_versions(), nullptr, nullptr}; }

void distance_on_device(device::Queue& queue, int64_t count, const float* a, const float* b, double* out) {
  queue.launch(cuda_operation(), {count, a, b, out});
}

}  // namespace skewbench::squared_distance
