// Batch norm on the CPU: one register of channels at a time, down all rows.
//
// Precision. A channel's rows are taken in chunks of kChunk. Within a chunk, sums are of x minus the chunk's first row,
// in float; chunks are merged in double (Chan, Golub & LeVeque, 1983). The first row is one of the samples, hence at most
// sqrt(kChunk - 1) standard deviations of the chunk from its mean (Samuelson's inequality), so the subtraction in
// sum(d^2) - sum(d)^2/kChunk loses at most a factor kChunk of precision whatever the mean: 1e4 +- 0.01 is as good as
// 0 +- 0.01. The batch mean itself is used as high + low part, since a float holds 1e4 to 5e-4 only.
//
// Traffic: x twice and y once forward; x, dy (and y with relu) twice and dx once backward.
#include "kernels/base/lanes.h"
#include "kernels/batch_norm/batch_norm.h"

#include <algorithm>
#include <cmath>

namespace skewbench::batch_norm {
namespace {

using lanes::load;
using lanes::store;

constexpr int64_t kChunk = 64;   // rows
constexpr int kChains = 4;       // independent sums: a fused multiply-add takes four cycles and two start per cycle

/// N channels of a [rows, c] array; `at(i)` is row i.
template <int N>
struct Column {
  const float* first;
  int64_t c;
  SKEWBENCH_INLINE lanes::Float<N> at(int64_t i) const { return load<lanes::Float<N>>(first + i * c); }
};

/// Calls add(row, sums of one chain) for each row of [begin, end), rows dealt to kChains chains, and returns the chains' sum.
template <int N, class Add>
SKEWBENCH_INLINE void sum_rows(int64_t begin, int64_t end, lanes::Float<N>& first, lanes::Float<N>& second, Add add) {
  lanes::Float<N> a[kChains] = {}, b[kChains] = {};
  int64_t i = begin;
  for (; i + kChains <= end; i += kChains)
    lanes::unrolled<kChains>([&](auto chain) { add(i + chain, a[chain], b[chain]); });
  for (; i < end; ++i) add(i, a[0], b[0]);
  first = (a[0] + a[1]) + (a[2] + a[3]);
  second = (b[0] + b[1]) + (b[2] + b[3]);
}

template <int N>
struct Statistics {
  double mean[N] = {}, squares[N] = {};  // squares: sum of squared deviations from the mean
};

template <int N>
Statistics<N> statistics(const Column<N>& x, int64_t rows) {
  using Float = lanes::Float<N>;
  Statistics<N> total;
  for (int64_t begin = 0; begin < rows; begin += kChunk) {
    const int64_t end = std::min(begin + kChunk, rows);
    const Float shift = x.at(begin);
    Float sum, squares;
    sum_rows<N>(begin, end, sum, squares, [&](int64_t i, Float& s, Float& t) {
      const Float d = x.at(i) - shift;
      s += d;
      t = lanes::fma(d, d, t);
    });
    const double count = double(end - begin), before = double(begin), share = count / double(end), both = before * share;
    for (int j = 0; j < N; ++j) {
      const double offset = double(sum[j]) / count, delta = double(shift[j]) + offset - total.mean[j];
      total.squares[j] += std::max(double(squares[j]) - double(sum[j]) * offset, 0.0) + delta * delta * both;
      total.mean[j] += delta * share;
    }
  }
  return total;
}

template <bool kRelu, class Float>
SKEWBENCH_INLINE Float after_relu(Float value) {
  if constexpr (kRelu) return value <= 0.0f ? Float{} : value;  // a NaN stays
  else return value;
}

/// y = (x - mean) * scale + shift for N channels.
template <bool kRelu, int N>
SKEWBENCH_INLINE void normalise(const Column<N>& x, int64_t rows, lanes::Float<N> mean, lanes::Float<N> scale,
                                lanes::Float<N> shift, float* y) {
  for (int64_t i = 0; i < rows; ++i) store(y + i * x.c, after_relu<kRelu>(lanes::fma(x.at(i) - mean, scale, shift)));
}

template <bool kRelu>
void forward_training(const Problem& problem, int64_t rows, const float* x, const float* gamma, const float* beta, float* y,
                      float* mean, float* variance) {
  lanes::for_each_block(problem.c, [&](int64_t first, auto width) {
    constexpr int N = width;
    const Column<N> column{x + first, problem.c};
    const Statistics<N> batch = statistics(column, rows);
    lanes::Float<N> high, scale, shift;
    for (int j = 0; j < N; ++j) {
      const double spread = batch.squares[j] / double(rows), factor = double(gamma[first + j]) / std::sqrt(spread + problem.eps);
      high[j] = float(batch.mean[j]);
      scale[j] = float(factor);
      shift[j] = float(double(beta[first + j]) - (batch.mean[j] - double(high[j])) * factor);
      mean[first + j] = high[j];
      variance[first + j] = float(spread);
    }
    normalise<kRelu>(column, rows, high, scale, shift, y + first);
  });
}

template <bool kRelu>
void forward_inference(const Problem& problem, int64_t rows, const float* x, const float* mean, const float* variance,
                       const float* gamma, const float* beta, float* y) {
  lanes::for_each_block(problem.c, [&](int64_t first, auto width) {
    constexpr int N = width;
    lanes::Float<N> scale;
    for (int j = 0; j < N; ++j) scale[j] = float(double(gamma[first + j]) / std::sqrt(double(variance[first + j]) + problem.eps));
    normalise<kRelu>(Column<N>{x + first, problem.c}, rows, load<lanes::Float<N>>(mean + first), scale,
                     load<lanes::Float<N>>(beta + first), y + first);
  });
}

/// With g = dy where y > 0 (everywhere without relu) and d = x - mean:
/// dbeta = sum g, dgamma = rstd * sum g*d, dx = a*g + b*d + e with a, b, e constant per channel.
template <bool kRelu>
void backward(const Problem& problem, bool batch_statistics, int64_t rows, const float* x, const float* y, const float* dy,
              const float* mean, const float* variance, const float* gamma, float* dx, float* dgamma, float* dbeta,
              bool accumulate) {
  lanes::for_each_block(problem.c, [&](int64_t first, auto width) {
    constexpr int N = width;
    using Float = lanes::Float<N>;
    const Column<N> xs{x + first, problem.c}, ys{y + first, problem.c}, dys{dy + first, problem.c};
    const Float centre = load<Float>(mean + first);
    auto gradient = [&](int64_t i) __attribute__((always_inline)) {
      if constexpr (kRelu) return ys.at(i) > 0.0f ? dys.at(i) : Float{};
      else return dys.at(i);
    };

    double sum[N] = {}, product[N] = {};
    for (int64_t begin = 0; begin < rows; begin += kChunk) {
      Float chunk_sum, chunk_product;
      sum_rows<N>(begin, std::min(begin + kChunk, rows), chunk_sum, chunk_product,
                  [&](int64_t i, Float& s, Float& t) {
                    const Float g = gradient(i);
                    s += g;
                    t = lanes::fma(g, xs.at(i) - centre, t);
                  });
      for (int j = 0; j < N; ++j) sum[j] += double(chunk_sum[j]), product[j] += double(chunk_product[j]);
    }

    Float a, b, e;
    for (int j = 0; j < N; ++j) {
      const double rstd = 1 / std::sqrt(double(variance[first + j]) + problem.eps), scale = double(gamma[first + j]) * rstd;
      a[j] = float(scale);
      b[j] = batch_statistics ? float(-scale * rstd * rstd * product[j] / double(rows)) : 0.0f;
      e[j] = batch_statistics ? float(-scale * sum[j] / double(rows)) : 0.0f;
      float &to_gamma = dgamma[first + j], &to_beta = dbeta[first + j];
      to_gamma = (accumulate ? to_gamma : 0.0f) + float(product[j] * rstd);
      to_beta = (accumulate ? to_beta : 0.0f) + float(sum[j]);
    }
    for (int64_t i = 0; i < rows; ++i) {
      Float value = a * gradient(i);
      if (batch_statistics) value = lanes::fma(a, gradient(i), lanes::fma(b, xs.at(i) - centre, e));
      store(dx + first + i * problem.c, value);
    }
  });
}

}  // namespace

void forward_training_host(const Problem& problem, int64_t rows, const float* x, const float* gamma, const float* beta,
                           float* y, float* mean, float* variance) {
  problem.validate(rows);
  (problem.relu ? forward_training<true> : forward_training<false>)(problem, rows, x, gamma, beta, y, mean, variance);
}

void forward_inference_host(const Problem& problem, int64_t rows, const float* x, const float* mean,
                            const float* variance, const float* gamma, const float* beta, float* y) {
  problem.validate(rows);
  (problem.relu ? forward_inference<true> : forward_inference<false>)(problem, rows, x, mean, variance, gamma, beta, y);
}

void backward_training_host(const Problem& problem, int64_t rows, const float* x, const float* y, const float* dy,
                            const float* mean, const float* variance, const float* gamma, float* dx, float* dgamma,
                            float* dbeta, bool accumulate) {
  problem.validate(rows);
  (problem.relu ? backward<true> : backward<false>)(problem, true, rows, x, y, dy, mean, variance, gamma, dx, dgamma, dbeta,
                                                    accumulate);
}

void backward_frozen_host(const Problem& problem, int64_t rows, const float* x, const float* y, const float* dy,
                          const float* mean, const float* variance, const float* gamma, float* dx, float* dgamma,
                          float* dbeta, bool accumulate) {
  problem.validate(rows);
  (problem.relu ? backward<true> : backward<false>)(problem, false, rows, x, y, dy, mean, variance, gamma, dx, dgamma,
                                                    dbeta, accumulate);
}

}  // namespace skewbench::batch_norm
