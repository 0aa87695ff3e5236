// The LeNet of "The Non-IID Data Quagmire of Decentralized Machine Learning" (ICML 2020), which is Caffe's
// cifar10_full: three 5x5 convolutions of 32, 32 and 64 channels with 3/2 pooling in ceil mode, and one linear layer.
//
// Source: kevinhsieh/non_iid_dml, apps/caffe/examples/cifar10/5parts/{lenet,bnlenet,gnlenet}_train_val.prototxt.template.
//   none         conv1 - max pool - ReLU - LRN;  conv2 - ReLU - average pool - LRN;  conv3 - ReLU - average pool;  linear
//   batch, group conv1 - max pool - norm - ReLU; conv2 - norm - ReLU - average pool; conv3 - norm - ReLU - average pool;
//                linear; convolutions without bias, norms without scale and shift, two groups
// The response norm is across 3 channels (norm_region is commented out there, and that is Caffe's default), alpha 5e-5,
// beta 0.75. Multipliers of `none`: biases of conv1, conv2 and the linear layer learn twice as fast, the linear weights
// decay 250 times as much and its bias not at all. Of the norm variants: only that the linear bias does not decay.
#include "bench/train/models/models.h"

namespace skewbench::train {

Architecture lenet(const ModelOptions& options) {
  Architecture net(options.input, options.norm, options.groups, options.frozen_statistics);
  const bool response = options.norm == Norm::none;
  auto conv = [&](const char* name, int input, int64_t channels, double deviation, bool relu, double bias_lr) {
    return net.conv(name, input,
                    {.channels = channels,
                     .size = 5,
                     .pad = 2,
                     .bias = response,
                     .relu = response && relu,
                     .initial = {Initial::normal, deviation},
                     .bias_multipliers = {.lr = bias_lr}});
  };
  auto pool = [&](const char* name, int input, pooling::Kind kind) {
    return net.pool(name, input, {.kind = kind, .window = 3, .stride = 2, .ceil = true});
  };
  auto norm = [&](const char* name, int input) { return net.norm(name, input, {.affine = false, .relu = true}); };
  auto lrn = [&](const char* name, int input) { return net.response_norm(name, input, 3, 5e-5f, 0.75f); };

  int at = conv("conv1", 0, 32, 1e-4, false, 2);
  at = pool("pool1", at, pooling::Kind::max);
  at = response ? lrn("norm1", net.relu("relu1", at)) : norm("norm1", at);
  at = conv("conv2", at, 32, 0.01, true, 2);
  if (!response) at = norm("norm2", at);
  at = pool("pool2", at, pooling::Kind::average);
  if (response) at = lrn("norm2", at);
  at = conv("conv3", at, 64, 0.01, true, 1);
  if (!response) at = norm("norm3", at);
  at = pool("pool3", at, pooling::Kind::average);
  net.linear("ip1", at,
             {.outputs = options.classes,
              .initial = {Initial::normal, 0.01},
              .weight_multipliers = {.decay = response ? 250.0 : 1.0},
              .bias_multipliers = {.lr = response ? 2.0 : 1.0, .decay = 0}});
  net.micro_batch = 8;  // measured: 16 are 1 % faster and 2 are 10 % slower
  net.finish();
  return net;
}

}  // namespace skewbench::train
