#include "kernels/base/error.h"
#include "kernels/squared_distance/squared_distance.h"

namespace skewbench::squared_distance {

void distance_on_device(device::Queue&, int64_t, const float*, const float*, double*) { fail("{}", device::why_unusable()); }

}  // namespace skewbench::squared_distance
