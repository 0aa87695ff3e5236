// What a network is, without any arithmetic: its layers, the shapes between them, the layout of its parameters, their
// initial values and the operations it costs. network.h executes it.
//
// A model (lenet.cc, resnet20.cc, ...) calls the methods below in forward order. Each appends a layer and returns the
// index of its output: activations are numbered, 0 is the input, and a layer reads earlier ones.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "kernels/base/layout.h"
#include "kernels/batch_norm/batch_norm.h"
#include "kernels/conv2d/conv2d.h"
#include "kernels/group_norm/group_norm.h"
#include "kernels/linear/linear.h"
#include "kernels/local_response_norm/local_response_norm.h"
#include "kernels/pooling/pooling.h"

namespace skewbench::train {

struct Shape {
  int64_t h = 0, w = 0, c = 0;  ///< one sample
  int64_t size() const { return h * w * c; }
};

/// How a tensor starts: normal with this standard deviation, uniform in +-value, or this value.
struct Initial {
  enum Kind { normal, uniform, constant } kind = constant;
  double value = 0;
};

/// The optimiser's multipliers of one tensor.
struct Multipliers {
  double lr = 1, decay = 1;
};

enum class Norm { none, batch, group };

/// "none", "batch", "group"; anything else is refused with the nearest.
Norm parse_norm(const std::string& name);

// What a layer computes. Tensors are indices into the layout; -1: there is none.
struct ConvLayer {
  conv2d::Problem problem;
  bool relu;
  int weight, bias;
};
struct LinearLayer {
  linear::Problem problem;
  bool relu;
  int weight, bias;
};
struct GroupNormLayer {
  group_norm::Problem problem;
  int scale, shift;
};
struct BatchNormLayer {
  batch_norm::Problem problem;  // its ReLU comes behind the residual, where one is added
  int64_t pixels;               // of one sample
  int scale, shift;
  int mean, variance;  // running statistics
};
struct PoolLayer {
  pooling::Problem problem;
};
struct LrnLayer {
  local_response_norm::Problem problem;
};
struct ReluLayer {};
struct JoinLayer {};  // relu(input + residual)

using LayerKind =
    std::variant<ConvLayer, LinearLayer, GroupNormLayer, BatchNormLayer, PoolLayer, LrnLayer, ReluLayer, JoinLayer>;

struct LayerNode {
  std::string name;
  LayerKind kind;
  int input, residual, output;  // activations; residual -1: none
};

class Architecture {
 public:
  /// `groups`: of every group norm. With frozen_statistics batch norm trains with its running statistics too.
  Architecture(Shape input, Norm norm, int64_t groups, bool frozen_statistics);

  struct ConvOptions {
    int64_t channels, size, stride = 1, pad = 0;
    bool bias = true, relu = false;
    Initial initial = {};
    Multipliers weight_multipliers = {}, bias_multipliers = {};
  };
  struct LinearOptions {
    int64_t outputs;
    bool relu = false;
    Initial initial = {}, initial_bias = {};
    Multipliers weight_multipliers = {}, bias_multipliers = {};
  };
  struct NormOptions {
    bool affine = true, relu = false;
    int residual = -1;  ///< activation added after the norm, before the ReLU
  };
  struct PoolOptions {
    pooling::Kind kind;
    int64_t window = 1, stride = 1;
    bool ceil = false;
  };
  int conv(const std::string& name, int input, const ConvOptions& options);
  int linear(const std::string& name, int input, const LinearOptions& options);  ///< of the flattened input
  int norm(const std::string& name, int input, const NormOptions& options);  ///< of the constructor's kind, not `none`
  int pool(const std::string& name, int input, const PoolOptions& options);
  int response_norm(const std::string& name, int input, int64_t size, float alpha, float beta);  ///< across channels
  int relu(const std::string& name, int input);
  int join(const std::string& name, int input, int residual);

  /// Replaces what the publication says by the usual rule of today's frameworks: every weight uniform within
  /// +-1/sqrt(inputs of its unit), which needs no long warm-up. Biases and norms stay as published.
  void start_from_fan_in();

  /// Ends the description: running statistics become the last range of the layout. The last activation is the logits.
  void finish();

  Norm norm_kind() const { return norm_; }
  bool frozen_statistics() const { return frozen_statistics_; }
  /// True when a sample's activations depend on the other samples of its batch, so that a batch cannot be cut up.
  bool couples_samples() const { return norm_ == Norm::batch && !frozen_statistics_; }

  const Layout& layout() const { return layout_; }
  const std::vector<LayerNode>& nodes() const { return nodes_; }
  const Shape& shape(int activation) const { return shapes_[static_cast<std::size_t>(activation)]; }
  int activations() const { return static_cast<int>(shapes_.size()); }

  /// Samples at a time where the batch may be cut up: a model whose activations outgrow the cache sets fewer.
  int64_t micro_batch = 32;

  /// Forward and both gradients of one sample: 2 x multiply-adds of convolutions and linear layers, three times, less
  /// the input gradient of layers that read the input.
  double flops_per_sample() const;

  /// Writes [layout().size()] values, gaps zero: tensor t is drawn from the stream (seed, worker 0, step t,
  /// initial_parameters). Running means start at 0, running variances at 1.
  template <class T>
  void initial_parameters(uint64_t seed, T* parameters) const;

 private:
  int add_node(const std::string& name, LayerKind kind, int input, int residual, const Shape& output);
  int add_tensor(const std::string& name, TensorKind kind, int64_t rows, int64_t columns, Initial initial,
                 Multipliers multipliers);

  Norm norm_;
  int64_t groups_;
  bool frozen_statistics_;
  Layout layout_;
  std::vector<Initial> initial_;  // per tensor
  std::vector<Shape> shapes_;     // per activation
  std::vector<LayerNode> nodes_;
};

}  // namespace skewbench::train
