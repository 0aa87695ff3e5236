// Vectors for the tests of the schemes: the same for every placement, different for every worker and step.
#pragma once

#include <vector>

#include "comm/exchange/placement.h"
#include "kernels/base/random.h"

namespace skewbench {

template <class T>
std::vector<T> random_vector(int worker, int64_t step, int64_t count) {
  Random random(17, static_cast<uint32_t>(worker), static_cast<uint32_t>(step), Purpose::probe);
  std::vector<T> values;
  for (int64_t e = 0; e < count; ++e) values.push_back(static_cast<T>(random.normal()));
  return values;
}

/// Of all workers, in worker order.
template <class T>
std::vector<std::vector<T>> random_vectors(int workers, int64_t step, int64_t count) {
  std::vector<std::vector<T>> all;
  for (int i = 0; i < workers; ++i) all.push_back(random_vector<T>(i, step, count));
  return all;
}

}  // namespace skewbench
