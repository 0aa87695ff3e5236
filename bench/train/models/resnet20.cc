// ResNet-20 for 32x32 images as the quasi-global momentum and RelaySum papers train it: 16, 32 and 64 channels, three
// blocks each, and a 1x1 convolution with a norm where a block changes the shape.
//
// Source: epfml/relaysgd, tasks/models/resnet20.py (from epfml/ChocoSGD); group norm of two groups from
// epfml/quasi-global-momentum. Convolutions without bias start as N(0, sqrt(2 / (k * k * channels out))), norms at scale 1
// and shift 0, the linear layer as torch does: uniform in +-1/sqrt(fan in), its bias too.
// norm none is this suite's own: the same network with a bias in each convolution, zero at the start, and no norm.
#include <cmath>
#include <utility>

#include "bench/train/models/models.h"

namespace skewbench::train {
namespace {

class Builder {
 public:
  explicit Builder(const ModelOptions& options)
      : net(options.input, options.norm, options.groups, options.frozen_statistics) {}

  // Convolution and norm; then the residual is added, where there is one, and the ReLU is taken.
  int conv_norm(const std::string& name, int input, int64_t channels, int64_t size, int64_t stride, bool relu,
                int residual = -1) {
    const double deviation = std::sqrt(2.0 / static_cast<double>(size * size * channels));
    const bool plain = net.norm_kind() == Norm::none;
    const int at = net.conv(name + ".conv", input,
                            {.channels = channels,
                             .size = size,
                             .stride = stride,
                             .pad = size / 2,
                             .bias = plain,
                             .relu = plain && relu && residual < 0,
                             .initial = {Initial::normal, deviation}});
    if (!plain) return net.norm(name + ".norm", at, {.relu = relu, .residual = residual});
    return residual < 0 ? at : net.join(name + ".join", at, residual);
  }

  int block(const std::string& name, int input, int64_t channels, int64_t stride) {
    const bool same = stride == 1 && net.shape(input).c == channels;
    const int residual = same ? input : conv_norm(name + ".shortcut", input, channels, 1, stride, false);
    const int middle = conv_norm(name + ".1", input, channels, 3, stride, true);
    return conv_norm(name + ".2", middle, channels, 3, 1, true, residual);
  }

  Architecture net;
};

}  // namespace

Architecture resnet20(const ModelOptions& options) {
  Builder builder(options);
  int at = builder.conv_norm("stem", 0, 16, 3, 1, true);
  for (int64_t stage = 0; stage < 3; ++stage)
    for (int64_t i = 0; i < 3; ++i)
      at = builder.block("block" + std::to_string(3 * stage + i + 1), at, 16 << stage, stage > 0 && i == 0 ? 2 : 1);
  Architecture& net = builder.net;
  at = net.pool("pool", at, {.kind = pooling::Kind::global_average});
  const double bound = 1 / std::sqrt(64.0);
  net.linear(
      "fc", at,
      {.outputs = options.classes, .initial = {Initial::uniform, bound}, .initial_bias = {Initial::uniform, bound}});
  net.micro_batch = 4;  // measured, with 1 MB of activations a sample: 16 are 5 % slower and 1 is 11 % slower
  net.finish();
  return std::move(builder.net);
}

}  // namespace skewbench::train
