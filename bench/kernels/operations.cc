#include "bench/kernels/operations.h"

#include <cmath>
#include <map>

#include "kernels/base/error.h"

namespace skewbench::bench_kernels {

std::vector<Contest> contests_of(const Shape& shape, int64_t n) {
  static const std::map<std::string, std::vector<Contest> (*)(const Shape&, int64_t)> operations = {
      {"relu", relu_contests},
      {"add", add_contests},
      {"mix", mix_contests},
      {"sgd", sgd_contests},
      {"pooling", pooling_contests},
      {"softmax_cross_entropy", softmax_cross_entropy_contests},
      {"group_norm", group_norm_contests},
      {"batch_norm", batch_norm_contests},
      {"local_response_norm", local_response_norm_contests},
      {"conv2d", conv2d_contests},
      {"linear", linear_contests},
      {"qsgd", qsgd_contests},
      {"scaled_sign", scaled_sign_contests},
      {"top_k", top_k_contests},
      {"augment", augment_contests},
      {"evo_norm", evo_norm_contests},
      {"image_to_real", image_to_real_contests},
      {"ternary", ternary_contests},
      {"image_levels", image_levels_contests},
      {"random_k", random_k_contests},
      {"sparse", sparse_contests},
      {"squared_distance", squared_distance_contests},
  };
  const auto found = operations.find(shape.operation);
  REQUIRE(found != operations.end(), "{}: nobody knows the operation {}", shape.name(), shape.operation);
  std::vector<Contest> contests = found->second(shape, n);
  // Where no device version named the least bytes: every array once.
  for (Contest& contest : contests)
    if (contest.bytes_read + contest.bytes_written == 0)
      for (const Array& array : contest.arrays) (array.is_written ? contest.bytes_written : contest.bytes_read) += array.bytes;
  return contests;
}

Contest begin_contest(const Shape& shape, const std::string& direction, int64_t n) {
  Contest contest;
  contest.operation = shape.operation + "/" + direction;
  contest.shape = shape.name();
  contest.dimensions = shape.dimensions;
  contest.n = n;
  return contest;
}

double sum_tolerance(int64_t length) { return 16 * 1.2e-7 * std::sqrt(static_cast<double>(length)); }

}  // namespace skewbench::bench_kernels
