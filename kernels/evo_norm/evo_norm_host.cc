// Blocks of 16 channels side by side, each block down all pixels of a sample with four pixels under way: a lane is one
// channel, so sums over pixels need no shuffling, and channels are joined to groups in double, once a pass. Channels behind
// the last block go one by one through the same code. The backward pass computes the sigmoid in both of its walks over a sample.
#include <algorithm>
#include <vector>

#include "kernels/base/aligned.h"
#include "kernels/base/lanes.h"
#include "kernels/evo_norm/evo_norm.h"

namespace skewbench::evo_norm {
namespace {

using lanes::broadcast;
using lanes::load;
using lanes::store;
template <int N>
using Float = lanes::Float<N>;

// e^x for x in [-87, 88], clamped to it; NaN stays. Two parts of ln 2 and a series to degree 7 on |r| <= ln(2) / 2, whose
// rest is below a twentieth of an ulp.
template <int N>
SKEWBENCH_INLINE Float<N> exponential(Float<N> x) {
  const auto all = [](float value) __attribute__((always_inline)) { return broadcast<Float<N>>(value); };
  x = x > all(88) ? all(88) : x;
  x = x < all(-87) ? all(-87) : x;
  constexpr float kMagic = 12582912;  // 1.5 * 2^23: adding it rounds to an integer, which then stands in the low bits
  const Float<N> shifted = x * all(1.44269504f) + all(kMagic), turns = shifted - all(kMagic);
  Float<N> r = lanes::fma(turns, all(-0.693359375f), x);
  r = lanes::fma(turns, all(2.12194440e-4f), r);
  Float<N> sum = lanes::fma(all(1.0f / 5040), r, all(1.0f / 720));
  sum = lanes::fma(sum, r, all(1.0f / 120));
  sum = lanes::fma(sum, r, all(1.0f / 24));
  sum = lanes::fma(sum, r, all(1.0f / 6));
  sum = lanes::fma(sum, r, all(0.5f));
  sum = lanes::fma(sum, r, all(1.0f));
  sum = lanes::fma(sum, r, all(1.0f));
  const lanes::Int<N> exponent = (reinterpret_cast<lanes::Int<N>>(shifted) << 23) + (127 << 23);
  return sum * reinterpret_cast<Float<N>>(exponent);
}

template <int N>
SKEWBENCH_INLINE Float<N> sigmoid(Float<N> x) {
  return broadcast<Float<N>>(1.0f) / (broadcast<Float<N>>(1.0f) + exponential<N>(-x));
}

// Sums over the pixels of kTerms terms of N channels: term(pixel, sums) adds to sums[0 .. kTerms).
template <int kTerms, int N, class Term>
SKEWBENCH_INLINE void sum_pixels(int64_t pixels, const Term& term, Float<N>* total) {
  Float<N> sums[4][kTerms] = {};
  int64_t p = 0;
  for (; p + 4 <= pixels; p += 4)
#pragma GCC unroll 4
    for (int64_t row = 0; row < 4; ++row) term(p + row, sums[row]);
  for (; p < pixels; ++p) term(p, sums[0]);
  for (int t = 0; t < kTerms; ++t) total[t] = (sums[0][t] + sums[1][t]) + (sums[2][t] + sums[3][t]);
}

// What the passes over a sample exchange: per channel, and per group in double.
struct Scratch {
  explicit Scratch(const Problem& problem)
      : k(problem.c / problem.groups),
        sums(static_cast<std::size_t>(2 * problem.c)),
        centre(static_cast<std::size_t>(problem.c)),
        scale(centre.size()),
        slope(centre.size()),
        groups(static_cast<std::size_t>(2 * problem.groups)) {}

  // The groups' sums of term t of value(channel, sums of the channel).
  template <class Value>
  void join(const Problem& problem, Value value) {
    std::fill(groups.begin(), groups.end(), 0.0);
    for (int64_t c = 0; c < problem.c; ++c) value(c, &groups[static_cast<std::size_t>(2 * (c / k))]);
  }
  float* of(AlignedVector<float>& per_channel, int64_t c) { return per_channel.data() + c; }
  double group(int64_t g, int term) const { return groups[static_cast<std::size_t>(2 * g + term)]; }

  int64_t k;
  AlignedVector<float> sums, centre, scale, slope;  // sums: kTerms numbers a term, then the next
  std::vector<double> groups;
};

// Sums over a sample's pixels of kTerms terms per channel, into scratch.sums. term(width, at, sums, first): at is the offset of
// channel `first` of the pixel.
template <int kTerms, class Term>
void sum_channels(const Problem& problem, Scratch& scratch, const Term& term) {
  const int64_t c = problem.c;
  lanes::for_each_block(c, [&](int64_t first, auto width) {
    Float<width> total[kTerms];
    sum_pixels<kTerms, width>(problem.pixels, [&](int64_t p, Float<width>* sums) __attribute__((always_inline)) {
      term(width, p * c + first, sums, first);
    }, total);
    for (int t = 0; t < kTerms; ++t) store(scratch.sums.data() + t * c + first, total[t]);
  });
}

// Two passes; the second about a mean that was rounded to float, corrected for what the rounding left.
void statistics(const Problem& problem, Scratch& scratch, const float* x, float* mean, float* rstd) {
  const auto size = static_cast<double>(problem.group_size());
  const auto add_sums = [&](int64_t c, double* group) {
    group[0] += scratch.sums[static_cast<std::size_t>(c)];
    group[1] += scratch.sums[static_cast<std::size_t>(problem.c + c)];
  };
  std::fill(scratch.sums.begin(), scratch.sums.end(), 0.0f);
  sum_channels<1>(problem, scratch, [x](auto width, int64_t at, auto* sums, int64_t) __attribute__((always_inline)) {
    sums[0] += load<Float<width>>(x + at);
  });
  scratch.join(problem, add_sums);
  for (int64_t g = 0; g < problem.groups; ++g) mean[g] = static_cast<float>(scratch.group(g, 0) / size);
  for (int64_t c = 0; c < problem.c; ++c) *scratch.of(scratch.centre, c) = mean[c / scratch.k];

  sum_channels<2>(problem, scratch, [&, x](auto width, int64_t at, auto* sums, int64_t first) __attribute__((always_inline)) {
    const auto centred = load<Float<width>>(x + at) - load<Float<width>>(scratch.centre.data() + first);
    sums[0] += centred;
    sums[1] += centred * centred;
  });
  scratch.join(problem, add_sums);
  for (int64_t g = 0; g < problem.groups; ++g) {
    const double offset = scratch.group(g, 0) / size, variance = (scratch.group(g, 1) - offset * offset * size) / (size - 1);
    mean[g] = static_cast<float>(mean[g] + offset);
    // a variance of zero may come out below it; a NaN must stay one
    rstd[g] = static_cast<float>(1 / std::sqrt((variance < 0 ? 0 : variance) + problem.eps));
  }
}

// body(width, at, first) for every pixel and block of channels of a sample.
template <class Body>
void for_pixels(const Problem& problem, const Body& body) {
  lanes::for_each_block(problem.c, [&](int64_t first, auto width) {
    for (int64_t p = 0; p < problem.pixels; ++p) body(width, p * problem.c + first, first);
  });
}

}  // namespace

void forward_host(const Problem& problem, int64_t n, const float* x, const float* gamma, const float* beta, float* y, float* mean,
                  float* rstd) {
  check(problem);
  Scratch scratch(problem);
  for (int64_t i = 0; i < n; ++i, x += problem.pixels * problem.c, y += problem.pixels * problem.c, mean += problem.groups, rstd += problem.groups) {
    statistics(problem, scratch, x, mean, rstd);
    for (int64_t c = 0; c < problem.c; ++c) *scratch.of(scratch.scale, c) = gamma[c] * rstd[c / scratch.k];
    for_pixels(problem, [&](auto width, int64_t at, int64_t first) __attribute__((always_inline)) {
      const auto value = load<Float<width>>(x + at), scale = load<Float<width>>(scratch.scale.data() + first);
      store(y + at, lanes::fma(value * sigmoid<width>(value), scale, load<Float<width>>(beta + first)));
    });
  }
}

void backward_host(const Problem& problem, int64_t n, const float* x, const float* dy, const float* gamma, const float* mean,
                   const float* rstd, float* dx, float* dgamma, float* dbeta, bool accumulate) {
  check(problem);
  Scratch scratch(problem);
  const int64_t sample = problem.pixels * problem.c;
  const auto size = static_cast<double>(problem.group_size());
  if (dgamma && !accumulate) {
    std::fill_n(dgamma, problem.c, 0.0f);
    std::fill_n(dbeta, problem.c, 0.0f);
  }
  for (int64_t i = 0; i < n; ++i, x += sample, dy += sample, dx += sample, mean += problem.groups, rstd += problem.groups) {
    // dy, and dy * s, over the pixels.
    sum_channels<2>(problem, scratch, [x, dy](auto width, int64_t at, auto* sums, int64_t) __attribute__((always_inline)) {
      const auto value = load<Float<width>>(x + at), gradient = load<Float<width>>(dy + at);
      sums[0] += gradient;
      sums[1] += gradient * (value * sigmoid<width>(value));
    });
    scratch.join(problem, [&](int64_t c, double* group) {
      const float dbeta_c = scratch.sums[static_cast<std::size_t>(c)], sum = scratch.sums[static_cast<std::size_t>(problem.c + c)];
      group[0] += static_cast<double>(gamma[c]) * sum;
      if (!dgamma) return;
      dgamma[c] += sum * rstd[c / scratch.k];
      dbeta[c] += dbeta_c;
    });
    for (int64_t c = 0; c < problem.c; ++c) {
      const double r = rstd[c / scratch.k];
      *scratch.of(scratch.centre, c) = mean[c / scratch.k];
      *scratch.of(scratch.scale, c) = static_cast<float>(gamma[c] * r);
      *scratch.of(scratch.slope, c) = static_cast<float>(r * r * r / (size - 1) * scratch.group(c / scratch.k, 0));
    }
    for_pixels(problem, [&](auto width, int64_t at, int64_t first) __attribute__((always_inline)) {
      using Block = Float<width>;
      const Block value = load<Block>(x + at), one = broadcast<Block>(1.0f), sigma = sigmoid<width>(value);
      const Block ds = sigma * lanes::fma(value, one - sigma, one);
      const Block centred = value - load<Block>(scratch.centre.data() + first);
      store(dx + at, lanes::fma(load<Block>(dy + at) * load<Block>(scratch.scale.data() + first), ds,
                                -(centred * load<Block>(scratch.slope.data() + first))));
    });
  }
}

}  // namespace skewbench::evo_norm
