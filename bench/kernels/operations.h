// The contests of each operation: who takes part, on which data, with which bound.
#pragma once

#include <vector>

#include "bench/kernels/contest.h"
#include "bench/kernels/shapes.h"

namespace skewbench::bench_kernels {

/// The contests of a line of a shape file, one a direction, for a batch. Throws where nobody knows the operation.
std::vector<Contest> contests_of(const Shape& shape, int64_t n);

// One function an operation; contests_of() has the table.
std::vector<Contest> relu_contests(const Shape&, int64_t n);
std::vector<Contest> add_contests(const Shape&, int64_t n);
std::vector<Contest> mix_contests(const Shape&, int64_t n);
std::vector<Contest> sgd_contests(const Shape&, int64_t n);
std::vector<Contest> pooling_contests(const Shape&, int64_t n);
std::vector<Contest> softmax_cross_entropy_contests(const Shape&, int64_t n);
std::vector<Contest> group_norm_contests(const Shape&, int64_t n);
std::vector<Contest> batch_norm_contests(const Shape&, int64_t n);
std::vector<Contest> local_response_norm_contests(const Shape&, int64_t n);
std::vector<Contest> conv2d_contests(const Shape&, int64_t n);
std::vector<Contest> linear_contests(const Shape&, int64_t n);
std::vector<Contest> qsgd_contests(const Shape&, int64_t n);
std::vector<Contest> scaled_sign_contests(const Shape&, int64_t n);
std::vector<Contest> top_k_contests(const Shape&, int64_t n);
std::vector<Contest> augment_contests(const Shape&, int64_t n);
std::vector<Contest> evo_norm_contests(const Shape&, int64_t n);
std::vector<Contest> image_to_real_contests(const Shape&, int64_t n);
std::vector<Contest> ternary_contests(const Shape&, int64_t n);
std::vector<Contest> image_levels_contests(const Shape&, int64_t n);
std::vector<Contest> random_k_contests(const Shape&, int64_t n);
std::vector<Contest> sparse_contests(const Shape&, int64_t n);
std::vector<Contest> squared_distance_contests(const Shape&, int64_t n);

/// A contest without arrays.
Contest begin_contest(const Shape& shape, const std::string& direction, int64_t n);

/// Tolerance of a float32 sum of `length` products against one in double, relative to a typical sum: rounding errors add up like a
/// random walk of sqrt(length) steps of half an epsilon; 32 times that.
double sum_tolerance(int64_t length);

inline constexpr double kRoundings = 16 * 1.2e-7;  ///< of a handful of roundings

}  // namespace skewbench::bench_kernels
