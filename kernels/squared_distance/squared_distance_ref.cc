#include "kernels/squared_distance/squared_distance.h"

namespace skewbench::squared_distance {

template <class T>
void distance_ref(int64_t count, const T* a, const T* b, double* out) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) {
    const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sum += difference * difference;
  }
  *out = sum;
}

template void distance_ref(int64_t, const float*, const float*, double*);
template void distance_ref(int64_t, const double*, const double*, double*);

}  // namespace skewbench::squared_distance
