// Convolution of images with few channels. Idea: lanes are output channels. In NHWC the s*c inputs under one filter row
// are contiguous, so a filter row is one loop of "broadcast an input, multiply by a register of filters, add".
//
// Forward: a tile of kTile outputs of one row x 16 or 32 output channels stays in registers over all r*s*c taps.
// Filter gradient: the s*c taps of one filter row x 16 or 32 output channels stay in registers over a strip of output
// rows; strips are short enough that their dy stays in the first-level cache for all r filter rows.
// Both read a zero-padded copy of one image, so no loop knows of edges.
//
// Numerics: forward sums taps in order r, s, c in float; the gradient sums strips of about kStripFloats / k outputs, then
// the strips in order. Deterministic.
#include "kernels/conv2d/conv2d_few_channels.h"

#include "kernels/base/aligned.h"
#include "kernels/base/lanes.h"

#include <algorithm>
#include <array>
#include <utility>

namespace skewbench::conv2d::few_channels {
namespace {

using lanes::broadcast;
using lanes::kWidth;
using lanes::load;
using lanes::store;
using Float = lanes::Float<kWidth>;

// Without AVX-512 takes() refuses everything; the least of each template is compiled all the same (the rest takes 20 s there).
constexpr int kMaxChannels = lanes::kFillsOneRegister ? 4 : 1;
constexpr int kMaxTaps = lanes::kFillsOneRegister ? 10 : 1;  // of a filter row: 10 taps x 2 registers + 2 of dy + 1 of 32
constexpr int64_t kStripFloats = 6 * 1024;  // of dy: 24 KB, half of a 48 KB first-level cache

/// The image with its padding written out: [h + 2 pad][w + 2 pad][c].
class PaddedImage {
 public:
  explicit PaddedImage(const Problem& problem)
      : problem_(problem), pitch_((problem.w + 2 * problem.pad) * problem.c),
        values_(std::size_t((problem.h + 2 * problem.pad) * pitch_)) {}
  void fill(const float* x) {  // the padding is zero from the start and never written
    const int64_t row_size = problem_.w * problem_.c;
    for (int64_t row = 0; row < problem_.h; ++row)
      std::copy_n(x + row * row_size, row_size, values_.data() + (row + problem_.pad) * pitch_ + problem_.pad * problem_.c);
  }
  int64_t pitch() const { return pitch_; }
  const float* data() const { return values_.data(); }

 private:
  Problem problem_;
  int64_t pitch_;
  AlignedVector<float> values_;
};

/// kTile outputs of one row, kRegisters * 16 output channels. x: the inputs of the first output; filter, bias, y: at the
/// first of these output channels.
template <int kChannels, int kTile, int kRegisters>
void forward_tile(const Problem& problem, const float* x, int64_t pitch, const float* filter, const float* bias, bool relu,
                  float* y) {
  const int64_t taps = problem.s * kChannels, k = problem.k;
  constexpr int kSums = kTile * kRegisters;  // sum[i * kRegisters + v]: output i, register v
  Float sum[kSums];
  lanes::unrolled<kSums>([&](auto at) { sum[at] = bias ? load<Float>(bias + at % kRegisters * kWidth) : Float{}; });
  for (int64_t r = 0; r < problem.r; ++r, x += pitch)
    for (int64_t tap = 0; tap < taps; ++tap, filter += k) {
      // Neighbouring taps read the same inputs. GCC's predictive commoning would carry them over in registers, of which
      // there are none left, and spill; reading them again from the first-level cache costs nothing.
      asm volatile("" : : : "memory");
      lanes::unrolled<kSums>([&](auto at) {
        const Float value = broadcast<Float>(x[tap + at / kRegisters * kChannels]);
        sum[at] = lanes::fma(value, load<Float>(filter + at % kRegisters * kWidth), sum[at]);
      });
    }
  lanes::unrolled<kSums>([&](auto at) {
    const Float value = relu ? (sum[at] <= 0.0f ? Float{} : sum[at]) : sum[at];  // a NaN stays
    store(y + at / kRegisters * k + at % kRegisters * kWidth, value);
  });
}

/// One row of outputs, in tiles of 16 / kRegisters and powers of two below.
template <int kChannels, int kRegisters>
void forward_row(const Problem& problem, const float* x, int64_t pitch, const float* filter, const float* bias, bool relu,
                 float* y) {
  int64_t q = 0;
  auto tiles = [&]<int kTile>(std::integral_constant<int, kTile>) {
    for (; q + kTile <= problem.q(); q += kTile)
      forward_tile<kChannels, kTile, kRegisters>(problem, x + q * kChannels, pitch, filter, bias, relu, y + q * problem.k);
  };
  if constexpr (kRegisters == 1) tiles(std::integral_constant<int, 16>());
  if constexpr (kRegisters == 2) tiles(std::integral_constant<int, 14>());
  tiles(std::integral_constant<int, 8>());
  tiles(std::integral_constant<int, 4>());
  tiles(std::integral_constant<int, 2>());
  tiles(std::integral_constant<int, 1>());
}

template <int kChannels>
void forward_image(const Problem& problem, const PaddedImage& image, const float* filter, const float* bias, bool relu, float* y) {
  for (int64_t p = 0; p < problem.p(); ++p, y += problem.q() * problem.k) {
    const float* x = image.data() + p * image.pitch();
    int64_t k = 0;
    for (; k + 2 * kWidth <= problem.k; k += 2 * kWidth)
      forward_row<kChannels, 2>(problem, x, image.pitch(), filter + k, bias ? bias + k : nullptr, relu, y + k);
    if (k < problem.k) forward_row<kChannels, 1>(problem, x, image.pitch(), filter + k, bias ? bias + k : nullptr, relu, y + k);
  }
}

/// [c - 1]
template <int... kChannelsMinusOne>
constexpr auto forward_images(std::integer_sequence<int, kChannelsMinusOne...>) {
  return std::array{forward_image<kChannelsMinusOne + 1>...};
}
constexpr auto kForwardImage = forward_images(std::make_integer_sequence<int, kMaxChannels>());

/// Adds to gradient [kTaps][k] the sum over `rows` rows of outputs of dy times the kTaps inputs from x on.
template <int kTaps, int kRegisters>
void gradient_strip(const Problem& problem, int64_t rows, const float* x, int64_t pitch, const float* dy, float* gradient) {
  const int64_t q_extent = problem.q(), c = problem.c, k = problem.k;
  constexpr int kSums = kTaps * kRegisters;  // sum[tap * kRegisters + v]
  Float sum[kSums] = {};
  for (int64_t p = 0; p < rows; ++p, x += pitch) {
    const float* input = x;
    for (int64_t q = 0; q < q_extent; ++q, input += c, dy += k)
      lanes::unrolled<kSums>([&](auto at) {
        sum[at] = lanes::fma(broadcast<Float>(input[at / kRegisters]), load<Float>(dy + at % kRegisters * kWidth), sum[at]);
      });
  }
  lanes::unrolled<kSums>([&](auto at) {
    float* to = gradient + at / kRegisters * k + at % kRegisters * kWidth;
    store(to, load<Float>(to) + sum[at]);
  });
}

/// Adds to gradient [16] the sum of `count` outputs' dy, 16 output channels from dy on.
void bias_strip(int64_t count, int64_t k, const float* dy, float* gradient) {
  Float sum[4] = {};  // four chains hide the latency of the addition
  int64_t i = 0;
  for (; i + 4 <= count; i += 4)
    for (int chain = 0; chain < 4; ++chain) sum[chain] += load<Float>(dy + (i + chain) * k);
  for (; i < count; ++i) sum[0] += load<Float>(dy + i * k);
  store(gradient, load<Float>(gradient) + ((sum[0] + sum[1]) + (sum[2] + sum[3])));
}

using GradientStrip = void (*)(const Problem&, int64_t, const float*, int64_t, const float*, float*);

/// [registers - 1][taps - 1]
template <int... kTapsMinusOne>
constexpr std::array<std::array<GradientStrip, kMaxTaps>, 2> gradient_strips(std::integer_sequence<int, kTapsMinusOne...>) {
  return {{{gradient_strip<kTapsMinusOne + 1, 1>...}, {gradient_strip<kTapsMinusOne + 1, 2>...}}};
}
constexpr auto kGradientStrips = gradient_strips(std::make_integer_sequence<int, kMaxTaps>());

}  // namespace

// Without AVX-512 the sums of a tile, two registers each, do not fit the 16 there are: 0.23 of oneDNN's speed where that was
// measured (lenet.conv1, resnet20.stem and vgg11.conv1 on AVX2), and oneDNN was within 15 % of the core's peak.
bool takes(const Problem& problem) {
  return lanes::kFillsOneRegister && problem.stride == 1 && problem.c <= kMaxChannels && problem.k % kWidth == 0;
}

void lay_out_filter(const Problem& problem, const float* filter, float* rsck) {
  const int64_t taps = problem.r * problem.s * problem.c;
  for (int64_t k = 0; k < problem.k; ++k)
    for (int64_t tap = 0; tap < taps; ++tap) rsck[tap * problem.k + k] = filter[k * taps + tap];
}

void forward(const Problem& problem, int64_t n, const float* x, const float* rsck, const float* bias, bool relu, float* y) {
  PaddedImage image(problem);
  for (int64_t i = 0; i < n; ++i) {
    image.fill(x + i * problem.x_size(1));
    kForwardImage[std::size_t(problem.c - 1)](problem, image, rsck, bias, relu, y + i * problem.y_size(1));
  }
}

void backward_filter(const Problem& problem, int64_t n, const float* x, const float* dy, float* dfilter, float* dbias,
                     bool accumulate) {
  const int64_t k = problem.k, row_taps = problem.s * problem.c, p_extent = problem.p(), row_size = problem.q() * k;
  const int64_t strip = std::clamp<int64_t>(kStripFloats / row_size, 1, p_extent);
  const auto channels = std::size_t(k);
  AlignedVector<float> gradient(channels * std::size_t(problem.r * row_taps));  // RSCK
  AlignedVector<float> bias_gradient(channels);
  PaddedImage image(problem);
  for (int64_t i = 0; i < n; ++i, dy += problem.y_size(1)) {
    image.fill(x + i * problem.x_size(1));
    for (int64_t p = 0; p < p_extent; p += strip) {
      const int64_t rows = std::min(strip, p_extent - p);
      const float* slopes = dy + p * row_size;
      for (int64_t first = 0; first < k;) {
        const int registers = first + 2 * kWidth <= k ? 2 : 1;
        for (int64_t r = 0; r < problem.r; ++r)
          for (int64_t tap = 0; tap < row_taps;) {
            const int64_t taps = std::min<int64_t>(row_taps - tap, kMaxTaps);
            kGradientStrips[std::size_t(registers - 1)][std::size_t(taps - 1)](
                problem, rows, image.data() + (p + r) * image.pitch() + tap, image.pitch(), slopes + first,
                gradient.data() + (r * row_taps + tap) * k + first);
            tap += taps;
          }
        first += registers * kWidth;
      }
      if (!dbias) continue;
      for (int64_t first = 0; first < k; first += kWidth)
        bias_strip(rows * problem.q(), k, slopes + first, bias_gradient.data() + first);
    }
  }
  const int64_t taps = problem.r * row_taps;
  for (int64_t j = 0; j < k; ++j)
    for (int64_t tap = 0; tap < taps; ++tap) {
      float& to = dfilter[j * taps + tap];
      to = (accumulate ? to : 0.0f) + gradient[std::size_t(tap * k + j)];
    }
  if (dbias)
    for (int64_t j = 0; j < k; ++j) dbias[j] = (accumulate ? dbias[j] : 0.0f) + bias_gradient[std::size_t(j)];
}

}  // namespace skewbench::conv2d::few_channels
