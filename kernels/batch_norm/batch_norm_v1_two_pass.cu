// Batch norm in the order of the reference: a block has some channels and all of their rows.
//
// Idea       two passes: the mean, then the squares of the deviations from it; sums over the rows by halving in shared memory. One
//            kernel a direction, no scratch memory
// Mapping    256 threads: 32 neighbouring channels (a warp, a line of 128 bytes) by 8 rows at once; lanes beyond c idle. Inference
//            needs no sums, so there the rows are split over blocks
// Traffic    forward: x three times and y once (16 bytes an element, the minimum is 8); inference 8, the minimum; backward: x and g
//            twice, dx once (20; the minimum is 12), with constant statistics 4 less: dx needs g alone. A residual, a ReLU and
//            their gradients are passes of their own (batch_norm_passes.cu), 8 to 12 bytes more each
// Numerics   float, relative to the first row; a sum has rows / 8 terms in sequence, then 3 halvings: an error of some
//            sqrt(rows / 8) roundings. Deterministic
// Limits     any size; y must not be the residual. c / 32 blocks: of 132 SMs, two work on 64 channels. Loses to v2 by that
#include "kernels/batch_norm/batch_norm_device.cuh"

namespace skewbench::batch_norm::v1 {
namespace {

constexpr int kChannels = kWarp;
constexpr int kRows = kBlock / kChannels;
constexpr int64_t kMostParts = 1024;  // of the rows in inference

// Lanes beyond c have no rows; they know the first channel.
struct Lane {
  int lane;             // in [0, kChannels)
  bool has_channel;
  int64_t channel, row;  // row in [0, kRows), or behind all rows
  __device__ Lane(int64_t c, int64_t rows) : lane(threadIdx.x % kChannels) {
    const int64_t own = int64_t{blockIdx.x} * kChannels + lane;
    has_channel = own < c;
    channel = has_channel ? own : 0;
    row = has_channel ? threadIdx.x / kChannels : rows;
  }
};

// visit(offset) for this thread's elements
template <class Visit>
__device__ void for_rows(const Lane& at, int64_t rows, int64_t c, Visit visit) {
#pragma unroll 1
  for (int64_t r = at.row; r < rows; r += kRows) visit(r * c + at.channel);
}

// The sums over the rows of each channel, in row 0: in `tree`, which has kBlock elements, at its lane.
template <class T>
__device__ T sum_over_rows(const T& value, T* tree) {
  tree[threadIdx.x] = value;
#pragma unroll
  for (int half = kBlock / 2; half >= kChannels; half /= 2) {
    __syncthreads();  // what lies below 2 * half is complete
    if (threadIdx.x < half) tree[threadIdx.x].merge(tree[threadIdx.x + half]);
  }
  return tree[threadIdx.x];
}

__global__ void __launch_bounds__(kBlock) batch_norm_forward_training_v1_kernel(ForwardTraining a, float eps) {
  __shared__ Sums<1> means[kBlock], squares[kBlock];
  __shared__ ScaleShift<1> coefficients[kChannels];
  const Lane at(a.problem.c, a.rows);
  const int64_t c = a.problem.c;
  const float pivot = a.x[at.channel], rows = static_cast<float>(a.rows);

  Sums<1> own{};
  for_rows(at, a.rows, c, [&](int64_t i) { own.of[0] += a.x[i] - pivot; });
  const Sums<1> sum = sum_over_rows(own, means);
  if (threadIdx.x < kChannels) means[at.lane].of[0] = sum.of[0] / rows;
  __syncthreads();  // the means are there
  const float mean = means[at.lane].of[0];

  own = {};
  for_rows(at, a.rows, c, [&](int64_t i) {
    const float deviation = (a.x[i] - pivot) - mean;
    own.of[0] = fmaf(deviation, deviation, own.of[0]);
  });
  const Sums<1> square = sum_over_rows(own, squares);
  if (threadIdx.x < kChannels) {
    const float variance = square.of[0] / rows;
    const ScaleShift<1> result = scale_shift_from(pivot, mean, variance, eps, a.gamma[at.channel], a.beta[at.channel]);
    coefficients[at.lane] = result;
    if (at.has_channel) {
      a.mean[at.channel] = result.centre.of[0];
      a.variance[at.channel] = variance;
    }
  }
  __syncthreads();  // the coefficients are there
  const ScaleShift<1> normalise = coefficients[at.lane];
  for_rows(at, a.rows, c, [&](int64_t i) { a.y[i] = normalise({a.x[i]}).of[0]; });
}

__global__ void __launch_bounds__(kBlock) batch_norm_forward_inference_v1_kernel(ForwardInference a, float eps) {
  const Lane at(a.problem.c, a.rows);
  const ScaleShift<1> normalise = scale_shift_given<1>(a, eps, at.channel);
#pragma unroll 1
  for (int64_t r = int64_t{blockIdx.y} * kRows + at.row; r < a.rows; r += int64_t{gridDim.y} * kRows) {
    const int64_t i = r * a.problem.c + at.channel;
    a.y[i] = normalise({a.x[i]}).of[0];
  }
}

// g: the gradient behind the ReLU; it may lie in dx.
__global__ void __launch_bounds__(kBlock) batch_norm_backward_v1_kernel(Backward a, float eps, const float* g, bool is_frozen) {
  __shared__ Sums<2> sums[kBlock];
  __shared__ ChannelGradient coefficients[kChannels];
  const Lane at(a.problem.c, a.rows);
  const int64_t c = a.problem.c;
  const float mean = a.mean[at.channel];

  Sums<2> own{};
  for_rows(at, a.rows, c, [&](int64_t i) { own.merge({g[i], g[i] * (a.x[i] - mean)}); });
  const Sums<2> sum = sum_over_rows(own, sums);
  if (threadIdx.x < kChannels && at.has_channel) coefficients[at.lane] = channel_gradient(a, eps, at.channel, sum);
  __syncthreads();  // the coefficients are there
  if (!at.has_channel) return;
  const ChannelGradient of_channel = coefficients[at.lane];
  const InputGradient<1> gradient{{mean}, {of_channel.factor}, {of_channel.slope}, {of_channel.shift}};
  for_rows(at, a.rows, c, [&](int64_t i) { a.dx[i] = is_frozen ? of_channel.factor * g[i] : gradient({a.x[i]}, {g[i]}).of[0]; });
}

unsigned blocks(const Problem& problem) { return static_cast<unsigned>(device::ceil_div(problem.c, kChannels)); }

void backward(const Backward& a, bool is_frozen, device::Stream stream) {
  const float* const g = passed_gradient(a, stream);
  batch_norm_backward_v1_kernel<<<blocks(a.problem), kBlock, 0, stream>>>(a, static_cast<float>(a.problem.eps), g, is_frozen);
  CUDA_LAUNCHED(batch_norm_backward_v1_kernel);
}

}  // namespace

void forward_training(const ForwardTraining& a, void*, device::Stream stream) {
  batch_norm_forward_training_v1_kernel<<<blocks(a.problem), kBlock, 0, stream>>>(a, static_cast<float>(a.problem.eps));
  CUDA_LAUNCHED(batch_norm_forward_training_v1_kernel);
  add_and_relu(a.rows * a.problem.c, a.y, a.residual, a.problem.relu, stream);
}

void forward_inference(const ForwardInference& a, void*, device::Stream stream) {
  const int64_t parts = device::ceil_div(a.rows, 4 * kRows);
  const dim3 grid(blocks(a.problem), static_cast<unsigned>(parts < kMostParts ? parts : kMostParts));
  batch_norm_forward_inference_v1_kernel<<<grid, kBlock, 0, stream>>>(a, static_cast<float>(a.problem.eps));
  CUDA_LAUNCHED(batch_norm_forward_inference_v1_kernel);
  add_and_relu(a.rows * a.problem.c, a.y, a.residual, a.problem.relu, stream);
}

void backward_training(const Backward& a, void*, device::Stream stream) { backward(a, false, stream); }
void backward_frozen(const Backward& a, void*, device::Stream stream) { backward(a, true, stream); }

}  // namespace skewbench::batch_norm::v1
