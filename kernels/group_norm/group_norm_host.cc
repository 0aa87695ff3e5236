// A sample is read as rows of lcm(c, 16) floats: whole pixels and whole registers of 16 lanes, so that a lane always
// holds the same channel and every c is vectorised alike. Blocks are the registers of a row; up to four blocks are
// carried through all rows at once, with several rows in flight to hide the latency of the additions. What is left
// behind the last whole row (fewer than 16 pixels, none when 16 divides c) is done element by element.
//
// Products are a * b + c, not std::fma: GCC 12 breaks some loops of fma over the lanes of a register into 16 scalars (three
// times slower), and these passes wait for the second-level cache, not for arithmetic.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numeric>
#include <type_traits>
#include <vector>

#include "kernels/base/aligned.h"
#include "kernels/group_norm/group_norm.h"

namespace skewbench::group_norm {
namespace {

// Narrower machines take a register in halves or quarters. No function outside this file sees one, so that the calling
// convention for it depends on the instruction set is of no interest.
#pragma GCC diagnostic ignored "-Wpsabi"
constexpr int64_t kLanes = 16;
typedef float Lanes __attribute__((vector_size(kLanes * sizeof(float))));

inline Lanes load(const float* from) {
  Lanes value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

inline void store(float* to, const Lanes& value) { std::memcpy(to, &value, sizeof(value)); }

// Where the lanes of a row lie.
struct Rows {
  explicit Rows(const Problem& problem)
      : c(problem.c),
        c_per_group(problem.c / problem.groups),
        width(std::lcm(problem.c, kLanes)),
        count(problem.pixels * problem.c / width),
        elements(problem.pixels * problem.c) {
    for (int64_t lane = 0; lane < width; ++lane) {
      channels.push_back(lane % c);
      groups.push_back(lane % c / c_per_group);
    }
  }
  int64_t channel(int64_t lane) const { return channels[static_cast<std::size_t>(lane)]; }
  int64_t group(int64_t lane) const { return groups[static_cast<std::size_t>(lane)]; }
  // The tail starts with channel 0, as a row does, and is shorter: its elements have the channels of the first lanes.
  int64_t tail() const { return count * width; }
  int64_t c, c_per_group, width, count, elements;
  std::vector<int64_t> channels, groups;  // per lane
};

// body(K, first): K consecutive blocks from block `first` on, K a compile-time constant.
template <class Body>
void for_blocks(const Rows& rows, Body body) {
  const int64_t blocks = rows.width / kLanes;
  int64_t first = 0;
  for (; first + 4 <= blocks; first += 4) body(std::integral_constant<int, 4>(), first);
  for (; first + 2 <= blocks; first += 2) body(std::integral_constant<int, 2>(), first);
  for (; first < blocks; ++first) body(std::integral_constant<int, 1>(), first);
}

// Sums over all rows of kTerms terms per lane. term(offset, k, sums) adds the terms of the lanes at `offset`, which belong
// to block first + k, to sums[0 .. kTerms). The result of a term lies at out[term * width + lane].
template <int kTerms, int K, class Term>
void sum_rows(const Rows& rows, int64_t first, const Term& term, float* out) {
  constexpr int kRows = K == 4 ? 2 : 4;  // rows in flight
  Lanes sums[kRows][K][kTerms] = {};
  const int64_t width = rows.width, last = rows.count * width + first * kLanes;
  int64_t at = first * kLanes;
  for (; at + (kRows - 1) * width < last; at += kRows * width)
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 4
      for (std::size_t k = 0; k < K; ++k) term(at + r * width + static_cast<int64_t>(k) * kLanes, k, sums[r][k]);
  for (; at < last; at += width)
#pragma GCC unroll 4
    for (std::size_t k = 0; k < K; ++k) term(at + static_cast<int64_t>(k) * kLanes, k, sums[0][k]);
  for (int k = 0; k < K; ++k)
    for (int t = 0; t < kTerms; ++t) {
      Lanes sum = sums[0][k][t];
      for (int r = 1; r < kRows; ++r) sum += sums[r][k][t];
      store(out + t * rows.width + (first + k) * kLanes, sum);
    }
}

// body(offset, k) for the lanes of blocks first + k of all rows, k in [0, K).
template <int K, class Body>
void for_rows(const Rows& rows, int64_t first, const Body& body) {
  const int64_t width = rows.width, last = rows.count * width;
  for (int64_t row = 0; row < last; row += width)
#pragma GCC unroll 4
    for (std::size_t k = 0; k < K; ++k) body(row + (first + static_cast<int64_t>(k)) * kLanes, k);
}

// K registers of values per lane, from block `first` on.
template <int K>
std::array<Lanes, K> load_blocks(const AlignedVector<float>& lanes, int64_t first) {
  std::array<Lanes, K> blocks;
  for (std::size_t k = 0; k < K; ++k) blocks[k] = load(lanes.data() + (first + static_cast<int64_t>(k)) * kLanes);
  return blocks;
}

// Per lane of a row, and per group: what the passes over a sample exchange.
struct Scratch {
  Scratch(const Rows& rows, int64_t groups)
      : sums(static_cast<std::size_t>(2 * rows.width)),
        mean(static_cast<std::size_t>(rows.width)),
        factor(mean.size()),
        shift(mean.size()),
        slope(mean.size()),
        group_sums(static_cast<std::size_t>(2 * groups)) {}
  AlignedVector<float> sums, mean, factor, shift, slope;
  AlignedVector<double> group_sums;
};

// lanes[i] = value(i) for every lane of a row.
template <class Value>
void fill_lanes(const Rows& rows, AlignedVector<float>& lanes, Value value) {
  for (int64_t i = 0; i < rows.width; ++i) lanes[static_cast<std::size_t>(i)] = value(i);
}

// Adds the lanes' sums of kTerms terms and those of the tail to the groups' sums.
template <int kTerms, class Tail>
void reduce_to_groups(const Rows& rows, int64_t groups, Scratch& scratch, Tail tail) {
  double* sums = scratch.group_sums.data();
  std::fill(sums, sums + kTerms * groups, 0.0);
  for (int t = 0; t < kTerms; ++t)
    for (int64_t i = 0; i < rows.width; ++i)
      sums[t * groups + rows.group(i)] += scratch.sums[static_cast<std::size_t>(t * rows.width + i)];
  for (int64_t i = rows.tail(); i < rows.elements; ++i) {
    const std::array<double, kTerms> terms = tail(i);
    for (int t = 0; t < kTerms; ++t)
      sums[t * groups + rows.group(i - rows.tail())] += terms[static_cast<std::size_t>(t)];
  }
}

// Mean and rstd of each group of one sample. The second pass takes squares about a mean that is already rounded to
// float, and corrects for what that rounding left.
void statistics(const Problem& problem, const Rows& rows, Scratch& scratch, const float* x, float* mean, float* rstd) {
  const double size = static_cast<double>(problem.pixels * rows.c_per_group);
  for_blocks(rows, [&](auto k, int64_t first) {
    sum_rows<1, k>(
        rows, first, [x](int64_t at, std::size_t, Lanes* sums) { sums[0] += load(x + at); }, scratch.sums.data());
  });
  reduce_to_groups<1>(rows, problem.groups, scratch, [x](int64_t i) { return std::array<double, 1>{x[i]}; });
  for (int64_t g = 0; g < problem.groups; ++g)
    mean[g] = static_cast<float>(scratch.group_sums[static_cast<std::size_t>(g)] / size);

  fill_lanes(rows, scratch.mean, [&](int64_t i) { return mean[rows.group(i)]; });
  for_blocks(rows, [&](auto k, int64_t first) {
    auto term = [x, centre = load_blocks<k>(scratch.mean, first)](int64_t at, std::size_t b, Lanes* sums) {
      const Lanes centred = load(x + at) - centre[b];
      sums[0] += centred;
      sums[1] += centred * centred;
    };
    sum_rows<2, k>(rows, first, term, scratch.sums.data());
  });
  reduce_to_groups<2>(rows, problem.groups, scratch, [&](int64_t i) {
    const double centred = x[i] - mean[rows.group(i - rows.tail())];
    return std::array<double, 2>{centred, centred * centred};
  });
  for (int64_t g = 0; g < problem.groups; ++g) {
    const double offset = scratch.group_sums[static_cast<std::size_t>(g)] / size;
    const double variance = scratch.group_sums[static_cast<std::size_t>(problem.groups + g)] / size - offset * offset;
    mean[g] = static_cast<float>(mean[g] + offset);
    // a variance of zero may come out below it; a NaN must stay one
    rstd[g] = static_cast<float>(1 / std::sqrt((variance < 0 ? 0 : variance) + problem.eps));
  }
}

template <bool kAdd, bool kRelu>
void normalise(const Rows& rows, const Scratch& scratch, const float* x, const float* residual, float* y) {
  for_blocks(rows, [&](auto k, int64_t first) {
    const auto mean = load_blocks<k>(scratch.mean, first), factor = load_blocks<k>(scratch.factor, first),
               shift = load_blocks<k>(scratch.shift, first);
    for_rows<k>(rows, first, [=](int64_t at, std::size_t b) {
      Lanes value = (load(x + at) - mean[b]) * factor[b] + shift[b];
      if constexpr (kAdd) value += load(residual + at);
      if constexpr (kRelu) value = value < Lanes{} ? Lanes{} : value;
      store(y + at, value);
    });
  });
  for (int64_t i = rows.tail(); i < rows.elements; ++i) {
    const auto lane = static_cast<std::size_t>(i - rows.tail());
    float value = (x[i] - scratch.mean[lane]) * scratch.factor[lane] + scratch.shift[lane];
    if constexpr (kAdd) value += residual[i];
    if constexpr (kRelu) value = value < 0 ? 0 : value;
    y[i] = value;
  }
}

// The gradient that the ReLU lets through.
template <bool kRelu>
Lanes passed(const float* y, const float* dy, int64_t at) {
  const Lanes gradient = load(dy + at);
  if constexpr (!kRelu) return gradient;
  return load(y + at) > Lanes{} ? gradient : Lanes{};
}
template <bool kRelu>
float passed_one(const float* y, const float* dy, int64_t at) {
  return kRelu && !(y[at] > 0) ? 0 : dy[at];
}

// First pass of the backward: sums per lane of g and of g * (x - mean); g is stored where it is wanted.
template <bool kRelu, bool kStore>
void sum_gradients(const Rows& rows, Scratch& scratch, const float* x, const float* y, const float* dy, float* kept) {
  for_blocks(rows, [&](auto k, int64_t first) {
    auto term = [=, mean = load_blocks<k>(scratch.mean, first)](int64_t at, std::size_t b, Lanes* sums) {
      const Lanes g = passed<kRelu>(y, dy, at);
      if constexpr (kStore) store(kept + at, g);
      sums[0] += g;
      sums[1] += g * (load(x + at) - mean[b]);
    };
    sum_rows<2, k>(rows, first, term, scratch.sums.data());
  });
  for (int64_t i = rows.tail(); i < rows.elements; ++i) {
    const auto lane = static_cast<std::size_t>(i - rows.tail());
    const float g = passed_one<kRelu>(y, dy, i);
    if constexpr (kStore) kept[i] = g;
    scratch.sums[lane] += g;
    scratch.sums[static_cast<std::size_t>(rows.width) + lane] += g * (x[i] - scratch.mean[lane]);
  }
}

// Second pass: dx = g * factor - (x - mean) * slope - shift.
template <bool kRelu>
void input_gradient(const Rows& rows, const Scratch& scratch, const float* x, const float* y, const float* dy,
                    float* dx) {
  for_blocks(rows, [&](auto k, int64_t first) {
    const auto mean = load_blocks<k>(scratch.mean, first), factor = load_blocks<k>(scratch.factor, first);
    const auto slope = load_blocks<k>(scratch.slope, first), shift = load_blocks<k>(scratch.shift, first);
    for_rows<k>(rows, first, [=](int64_t at, std::size_t b) {
      store(dx + at, passed<kRelu>(y, dy, at) * factor[b] - (load(x + at) - mean[b]) * slope[b] - shift[b]);
    });
  });
  for (int64_t i = rows.tail(); i < rows.elements; ++i) {
    const auto lane = static_cast<std::size_t>(i - rows.tail());
    dx[i] = passed_one<kRelu>(y, dy, i) * scratch.factor[lane] - (x[i] - scratch.mean[lane]) * scratch.slope[lane] -
            scratch.shift[lane];
  }
}

}  // namespace

void forward_host(const Problem& problem, int64_t n, const float* x, const float* gamma, const float* beta,
                  const float* residual, float* y, float* mean, float* rstd) {
  check(problem);
  const Rows rows(problem);
  Scratch scratch(rows, problem.groups);
  auto* const last_pass = problem.add ? (problem.relu ? &normalise<true, true> : &normalise<true, false>)
                                      : (problem.relu ? &normalise<false, true> : &normalise<false, false>);
  const auto scale = [&](int64_t lane) { return problem.affine ? gamma[rows.channel(lane)] : 1.0f; };
  fill_lanes(rows, scratch.shift, [&](int64_t lane) { return problem.affine ? beta[rows.channel(lane)] : 0.0f; });
  for (int64_t i = 0; i < n; ++i) {
    const int64_t at = i * rows.elements;
    float* const m = mean + i * problem.groups;
    float* const r = rstd + i * problem.groups;
    statistics(problem, rows, scratch, x + at, m, r);
    fill_lanes(rows, scratch.mean, [&](int64_t lane) { return m[rows.group(lane)]; });
    fill_lanes(rows, scratch.factor, [&](int64_t lane) { return scale(lane) * r[rows.group(lane)]; });
    last_pass(rows, scratch, x + at, problem.add ? residual + at : nullptr, y + at);
  }
}

void backward_host(const Problem& problem, int64_t n, const float* x, const float* y, const float* dy,
                   const float* gamma, const float* mean, const float* rstd, float* dx, float* dresidual, float* dgamma,
                   float* dbeta, bool accumulate) {
  check(problem);
  const Rows rows(problem);
  Scratch scratch(rows, problem.groups);
  const bool wants_affine = problem.affine && dgamma, keeps = problem.add && dresidual;
  const double size = static_cast<double>(problem.pixels * rows.c_per_group);
  auto* const first_pass = problem.relu ? (keeps ? &sum_gradients<true, true> : &sum_gradients<true, false>)
                                        : (keeps ? &sum_gradients<false, true> : &sum_gradients<false, false>);
  // With the residual's gradient stored the second pass reads that, already masked.
  auto* const second_pass = problem.relu && !keeps ? &input_gradient<true> : &input_gradient<false>;
  if (wants_affine && !accumulate) {
    std::fill(dgamma, dgamma + problem.c, 0.0f);
    std::fill(dbeta, dbeta + problem.c, 0.0f);
  }
  const auto scale = [&](int64_t lane) { return problem.affine ? gamma[rows.channel(lane)] : 1.0f; };
  for (int64_t i = 0; i < n; ++i) {
    const int64_t at = i * rows.elements;
    const float* const m = mean + i * problem.groups;
    const float* const r = rstd + i * problem.groups;
    const float* const y_i = problem.relu ? y + at : nullptr;
    float* const kept = keeps ? dresidual + at : nullptr;
    fill_lanes(rows, scratch.mean, [&](int64_t lane) { return m[rows.group(lane)]; });
    first_pass(rows, scratch, x + at, y_i, dy + at, kept);

    double* const sums = scratch.group_sums.data();
    std::fill(sums, sums + 2 * problem.groups, 0.0);
    for (int64_t lane = 0; lane < rows.width; ++lane) {
      const int64_t g = rows.group(lane), channel = rows.channel(lane);
      const float sum = scratch.sums[static_cast<std::size_t>(lane)];
      const float sum_xhat = scratch.sums[static_cast<std::size_t>(rows.width + lane)] * r[g];
      sums[g] += static_cast<double>(scale(lane)) * sum;
      sums[problem.groups + g] += static_cast<double>(scale(lane)) * sum_xhat;
      if (wants_affine) {
        dbeta[channel] += sum;
        dgamma[channel] += sum_xhat;
      }
    }
    for (int64_t g = 0; g < 2 * problem.groups; ++g) sums[g] /= size;
    fill_lanes(rows, scratch.factor, [&](int64_t lane) { return scale(lane) * r[rows.group(lane)]; });
    fill_lanes(rows, scratch.shift,
               [&](int64_t lane) { return static_cast<float>(r[rows.group(lane)] * sums[rows.group(lane)]); });
    fill_lanes(rows, scratch.slope, [&](int64_t lane) {
      const int64_t g = rows.group(lane);
      return static_cast<float>(static_cast<double>(r[g]) * r[g] * sums[problem.groups + g]);
    });
    second_pass(rows, scratch, x + at, y_i, keeps ? kept : dy + at, dx + at);
  }
}

}  // namespace skewbench::group_norm
