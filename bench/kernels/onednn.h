// oneDNN as a contestant beside the suite's own loops: primitives on the arrays as they lie (NHWC), made once per contest.
#pragma once

#include <functional>
#include <vector>

#include "bench/kernels/contest.h"
#include "kernels/conv2d/conv2d.h"
#include "kernels/pooling/pooling.h"

namespace skewbench::bench_kernels::onednn {

/// What on_host() takes. Arrays are named by their numbers in the contest.
using Call = std::function<void(const Addresses&)>;

Call relu(int64_t count, int x, int y);
Call add(int64_t count, int a, int b, int out);
/// out = sum of weights[i] * vectors[i]
Call sum(int64_t count, std::vector<float> weights, std::vector<int> vectors, int out);
/// Not the global average, nor windows that overhang (ceil).
Call pooling(const pooling::Problem& problem, int64_t n, int x, int y);
/// Training: batch statistics, scale and shift, with a ReLU where asked for.
Call batch_norm(int64_t rows, int64_t c, float eps, bool relu, int x, int gamma, int beta, int y, int mean, int variance);
Call local_response_norm(int64_t n, int64_t h, int64_t w, int64_t c, int64_t size, float alpha, float beta, int x, int y);
/// The filter is brought into oneDNN's layout in every call, as in training, where every step changes it.
Call convolution(const conv2d::Problem& problem, int64_t n, int x, int filter, int y);

}  // namespace skewbench::bench_kernels::onednn
