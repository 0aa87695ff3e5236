#include "bench/train/models/architecture.h"

#include <algorithm>

#include "kernels/base/error.h"
#include "kernels/base/names.h"
#include "kernels/base/random.h"

namespace skewbench::train {

Norm parse_norm(const std::string& name) {
  if (name == "none") return Norm::none;
  if (name == "batch") return Norm::batch;
  if (name == "group") return Norm::group;
  fail_unknown("norm", name, {"none", "batch", "group"});
}

Architecture::Architecture(Shape input, Norm norm, int64_t groups, bool frozen_statistics)
    : norm_(norm), groups_(groups), frozen_statistics_(frozen_statistics) {
  REQUIRE(input.h > 0 && input.w > 0 && input.c > 0, "a network for images of {} x {} x {}: sizes must be positive",
          input.h, input.w, input.c);
  shapes_.push_back(input);
}

int Architecture::add_tensor(const std::string& name, TensorKind kind, int64_t rows, int64_t columns, Initial initial,
                             Multipliers multipliers) {
  initial_.push_back(initial);
  return layout_.add(name, kind, rows, columns, multipliers.lr, multipliers.decay);
}

int Architecture::add_node(const std::string& name, LayerKind kind, int input, int residual, const Shape& output) {
  shapes_.push_back(output);
  nodes_.push_back({name, std::move(kind), input, residual, activations() - 1});
  return activations() - 1;
}

int Architecture::conv(const std::string& name, int input, const ConvOptions& options) {
  const Shape from = shape(input);
  const conv2d::Problem problem{.h = from.h,
                                .w = from.w,
                                .c = from.c,
                                .k = options.channels,
                                .r = options.size,
                                .s = options.size,
                                .stride = options.stride,
                                .pad = options.pad};
  const int weight = add_tensor(name + ".weight", TensorKind::weight, problem.k, problem.filter_size() / problem.k,
                                options.initial, options.weight_multipliers);
  const int bias =
      options.bias ? add_tensor(name + ".bias", TensorKind::bias, problem.k, 1, {}, options.bias_multipliers) : -1;
  return add_node(name, ConvLayer{problem, options.relu, weight, bias}, input, -1,
                  {problem.p(), problem.q(), problem.k});
}

int Architecture::linear(const std::string& name, int input, const LinearOptions& options) {
  const linear::Problem problem{.c = shape(input).size(), .k = options.outputs};
  const int weight = add_tensor(name + ".weight", TensorKind::weight, problem.k, problem.c, options.initial,
                                options.weight_multipliers);
  const int bias =
      add_tensor(name + ".bias", TensorKind::bias, problem.k, 1, options.initial_bias, options.bias_multipliers);
  return add_node(name, LinearLayer{problem, options.relu, weight, bias}, input, -1, {1, 1, problem.k});
}

int Architecture::norm(const std::string& name, int input, const NormOptions& options) {
  const Shape from = shape(input);
  const bool add = options.residual >= 0;
  // Batch norm's kernels always scale and shift: without `affine` the layer holds ones and zeros of its own.
  int scale = -1, shift = -1;
  if (options.affine) {
    scale = add_tensor(name + ".scale", TensorKind::norm_scale, from.c, 1, {Initial::constant, 1}, {});
    shift = add_tensor(name + ".shift", TensorKind::norm_shift, from.c, 1, {Initial::constant, 0}, {});
  }
  if (norm_ == Norm::group) {
    const group_norm::Problem problem{.pixels = from.h * from.w,
                                      .c = from.c,
                                      .groups = groups_,
                                      .affine = options.affine,
                                      .relu = options.relu,
                                      .add = add};
    group_norm::check(problem);
    return add_node(name, GroupNormLayer{problem, scale, shift}, input, options.residual, from);
  }
  const batch_norm::Problem problem{.c = from.c, .relu = options.relu};
  return add_node(name, BatchNormLayer{problem, from.h * from.w, scale, shift, -1, -1}, input, options.residual, from);
}

int Architecture::pool(const std::string& name, int input, const PoolOptions& options) {
  const Shape from = shape(input);
  const pooling::Problem problem{.kind = options.kind,
                                 .h = from.h,
                                 .w = from.w,
                                 .c = from.c,
                                 .window = options.window,
                                 .stride = options.stride,
                                 .ceil = options.ceil};
  problem.validate();
  return add_node(name, PoolLayer{problem}, input, -1, {problem.p(), problem.q(), from.c});
}

int Architecture::response_norm(const std::string& name, int input, int64_t size, float alpha, float beta) {
  const Shape from = shape(input);
  const local_response_norm::Problem problem{
      .h = from.h, .w = from.w, .c = from.c, .size = size, .alpha = alpha, .beta = beta};
  return add_node(name, LrnLayer{problem}, input, -1, from);
}

int Architecture::relu(const std::string& name, int input) {
  return add_node(name, ReluLayer{}, input, -1, shape(input));
}

int Architecture::join(const std::string& name, int input, int residual) {
  return add_node(name, JoinLayer{}, input, residual, shape(input));
}

void Architecture::finish() {
  for (LayerNode& node : nodes_)
    if (auto* norm = std::get_if<BatchNormLayer>(&node.kind)) {
      norm->mean = add_tensor(node.name + ".running_mean", TensorKind::running_statistic, norm->problem.c, 1,
                              {Initial::constant, 0}, {});
      norm->variance = add_tensor(node.name + ".running_variance", TensorKind::running_statistic, norm->problem.c, 1,
                                  {Initial::constant, 1}, {});
    }
}

double Architecture::flops_per_sample() const {
  double flops = 0;
  for (const LayerNode& node : nodes_) {
    double forward = 0;
    if (const auto* conv = std::get_if<ConvLayer>(&node.kind)) forward = conv->problem.flops_forward(1);
    if (const auto* linear = std::get_if<LinearLayer>(&node.kind)) forward = linear->problem.flops_forward(1);
    flops += (node.input == 0 ? 2 : 3) * forward;
  }
  return flops;
}

void Architecture::start_from_fan_in() {
  for (std::size_t t = 0; t < initial_.size(); ++t) {
    const Tensor& tensor = layout_.tensors()[t];
    if (tensor.kind == TensorKind::weight) initial_[t] = {Initial::uniform, 1 / std::sqrt(static_cast<double>(tensor.columns))};
  }
}

template <class T>
void Architecture::initial_parameters(uint64_t seed, T* parameters) const {
  std::fill(parameters, parameters + layout_.size(), T(0));
  for (std::size_t t = 0; t < initial_.size(); ++t) {
    const Tensor& tensor = layout_.tensors()[t];
    Random random(seed, 0, static_cast<uint32_t>(t), Purpose::initial_parameters);
    for (int64_t i = tensor.offset; i < tensor.offset + tensor.length; ++i) {
      const double value = initial_[t].kind == Initial::normal    ? initial_[t].value * random.normal()
                           : initial_[t].kind == Initial::uniform ? initial_[t].value * (2 * random.uniform() - 1)
                                                                  : initial_[t].value;
      parameters[i] = static_cast<T>(value);
    }
  }
}

template void Architecture::initial_parameters(uint64_t, float*) const;
template void Architecture::initial_parameters(uint64_t, double*) const;

}  // namespace skewbench::train
