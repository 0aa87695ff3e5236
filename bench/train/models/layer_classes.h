// The layers, one class per kind, over any set of kernels (kernel_sets.h). What they keep between calls lies in the set's
// memory, and they touch it through the set alone.
#pragma once

#include <memory>
#include <type_traits>
#include <variant>

#include "bench/train/models/layers.h"
#include "kernels/base/memory.h"

namespace skewbench::train {

template <class T>
const T* view(const T* vector, const Layout& layout, int tensor) {
  return tensor < 0 ? nullptr : vector + layout.tensor(tensor).offset;
}
template <class T>
T* view(T* vector, const Layout& layout, int tensor) {
  return const_cast<T*>(view(static_cast<const T*>(vector), layout, tensor));
}

template <class T>
constexpr int64_t bytes_of(int64_t count) { return count * static_cast<int64_t>(sizeof(T)); }

template <class K>
class Conv : public Layer<typename K::Scalar> {
  using T = typename K::Scalar;

 public:
  Conv(const K& kernels, const ConvLayer& layer, const Layout& layout, bool needs_input_gradient)
      : kernels_(kernels), layer_(layer), layout_(layout),
        kernel_(kernels.conv(layer.problem, layer.bias >= 0, layer.relu, needs_input_gradient)) {}
  void set_parameters(const T* parameters) override {
    kernel_.set_filter(view(parameters, layout_, layer_.weight), view(parameters, layout_, layer_.bias));
  }
  void forward(int64_t n, const T* x, const T*, T* y, Pass) override { kernel_.forward(n, x, y); }
  void backward(int64_t n, const T* x, const T* y, T* dy, T* dx, T*, T* gradient, bool accumulate) override {
    if (layer_.relu) kernels_.relu_backward(layer_.problem.y_size(n), y, dy, dy);
    kernel_.backward_filter(n, x, dy, view(gradient, layout_, layer_.weight), view(gradient, layout_, layer_.bias),
                            accumulate);
    if (dx) kernel_.backward_input(n, dy, dx);
  }

 private:
  K kernels_;
  ConvLayer layer_;
  const Layout& layout_;
  typename K::Conv kernel_;
};

template <class K>
class Linear : public Layer<typename K::Scalar> {
  using T = typename K::Scalar;

 public:
  Linear(const K& kernels, const LinearLayer& layer, const Layout& layout)
      : kernels_(kernels), layer_(layer), layout_(layout), kernel_(kernels.linear(layer.problem, true, layer.relu)) {}
  void set_parameters(const T* parameters) override {
    kernel_.set_weights(view(parameters, layout_, layer_.weight), view(parameters, layout_, layer_.bias));
  }
  void forward(int64_t n, const T* x, const T*, T* y, Pass) override { kernel_.forward(n, x, y); }
  void backward(int64_t n, const T* x, const T* y, T* dy, T* dx, T*, T* gradient, bool accumulate) override {
    if (layer_.relu) kernels_.relu_backward(n * layer_.problem.k, y, dy, dy);
    kernel_.backward_weights(n, x, dy, view(gradient, layout_, layer_.weight), view(gradient, layout_, layer_.bias),
                             accumulate);
    if (dx) kernel_.backward_input(n, dy, dx);
  }

 private:
  K kernels_;
  LinearLayer layer_;
  const Layout& layout_;
  typename K::Linear kernel_;
};

template <class K>
class GroupNorm : public Layer<typename K::Scalar> {
  using T = typename K::Scalar;

 public:
  GroupNorm(const K& kernels, const GroupNormLayer& layer, const Layout& layout)
      : kernels_(kernels), layer_(layer), layout_(layout), mean_(kernels.memory()), rstd_(kernels.memory()) {}
  void set_parameters(const T* parameters) override {
    scale_ = view(parameters, layout_, layer_.scale);
    shift_ = view(parameters, layout_, layer_.shift);
  }
  void forward(int64_t n, const T* x, const T* residual, T* y, Pass) override {
    const int64_t statistics = n * layer_.problem.groups;
    kernels_.group_norm_forward(layer_.problem, n, x, scale_, shift_, residual, y, mean_.at_least(statistics),
                                rstd_.at_least(statistics));
  }
  void backward(int64_t n, const T* x, const T* y, T* dy, T* dx, T* dresidual, T* gradient, bool accumulate) override {
    kernels_.group_norm_backward(layer_.problem, n, x, y, dy, scale_, mean_.data(), rstd_.data(), dx, dresidual,
                                 view(gradient, layout_, layer_.scale), view(gradient, layout_, layer_.shift), accumulate);
  }
  bool gradient_in_place() const override { return true; }

 private:
  K kernels_;
  GroupNormLayer layer_;
  const Layout& layout_;
  const T* scale_ = nullptr;
  const T* shift_ = nullptr;
  Buffer<T> mean_, rstd_;  // of the samples of the last forward()
};

template <class K>
class BatchNorm : public Layer<typename K::Scalar> {
  using T = typename K::Scalar;

 public:
  BatchNorm(const K& kernels, const BatchNormLayer& layer, const Layout& layout, bool frozen)
      : kernels_(kernels), layer_(layer), layout_(layout), frozen_(frozen), c_(layer.problem.c), ones_(kernels.memory(), c_),
        zeros_(kernels.memory(), c_), mean_(kernels.memory(), c_), variance_(kernels.memory(), c_),
        unused_(kernels.memory(), 2 * c_) {
    kernels.memory().upload(ones_.data(), std::vector<T>(static_cast<std::size_t>(c_), T(1)).data(), bytes_of<T>(c_));
  }

  void set_parameters(const T* parameters) override {
    scale_ = layer_.scale < 0 ? ones_.data() : view(parameters, layout_, layer_.scale);
    shift_ = layer_.shift < 0 ? zeros_.data() : view(parameters, layout_, layer_.shift);
    running_mean_ = view(parameters, layout_, layer_.mean);
    running_variance_ = view(parameters, layout_, layer_.variance);
  }

  void forward(int64_t n, const T* x, const T* residual, T* y, Pass pass) override {
    const int64_t rows = n * layer_.pixels;
    if (frozen_ || pass == Pass::evaluation)
      kernels_.batch_norm_inference(layer_.problem, rows, x, running_mean_, running_variance_, scale_, shift_, residual, y);
    else
      kernels_.batch_norm_training(layer_.problem, rows, x, scale_, shift_, residual, y, mean_.data(), variance_.data());
  }

  void backward(int64_t n, const T* x, const T* y, T* dy, T* dx, T* dresidual, T* gradient, bool accumulate) override {
    const int64_t rows = n * layer_.pixels;
    T* const dscale = layer_.scale < 0 ? unused_.data() : view(gradient, layout_, layer_.scale);
    T* const dshift = layer_.shift < 0 ? unused_.data() + c_ : view(gradient, layout_, layer_.shift);
    T* const mean = view(gradient, layout_, layer_.mean);
    T* const variance = view(gradient, layout_, layer_.variance);
    if (frozen_) {
      kernels_.batch_norm_backward_frozen(layer_.problem, rows, x, y, dy, running_mean_, running_variance_, scale_, dx,
                                          dresidual, dscale, dshift, accumulate);
      kernels_.memory().copy(mean, running_mean_, bytes_of<T>(c_));
      kernels_.memory().copy(variance, running_variance_, bytes_of<T>(c_));
      return;
    }
    kernels_.batch_norm_backward_training(layer_.problem, rows, x, y, dy, mean_.data(), variance_.data(), scale_, dx,
                                          dresidual, dscale, dshift, accumulate);
    const T unbiased = rows > 1 ? static_cast<T>(batch_norm::Problem::unbiased_factor(rows)) : T(1);
    kernels_.memory().copy(mean, mean_.data(), bytes_of<T>(c_));
    kernels_.scale(c_, unbiased, variance_.data(), variance);
  }
  bool gradient_in_place() const override { return true; }

 private:
  K kernels_;
  BatchNormLayer layer_;
  const Layout& layout_;
  bool frozen_;
  int64_t c_;
  const T *scale_ = nullptr, *shift_ = nullptr, *running_mean_ = nullptr, *running_variance_ = nullptr;
  Buffer<T> ones_, zeros_;     // scale and shift of a norm without them
  Buffer<T> mean_, variance_;  // of the batch of the last forward()
  Buffer<T> unused_;           // the gradients of ones_ and zeros_
};

template <class K>
class Pool : public Layer<typename K::Scalar> {
  using T = typename K::Scalar;

 public:
  Pool(const K& kernels, const PoolLayer& layer) : kernels_(kernels), problem_(layer.problem), workspace_(kernels.memory()) {}
  void set_parameters(const T*) override {}
  void forward(int64_t n, const T* x, const T*, T* y, Pass) override {
    kernels_.pooling_forward(problem_, n, x, y, workspace_.at_least(problem_.workspace_bytes(n)));
  }
  void backward(int64_t n, const T*, const T*, T* dy, T* dx, T*, T*, bool) override {
    if (dx) kernels_.pooling_backward(problem_, n, dy, workspace_.data(), dx);
  }

 private:
  K kernels_;
  pooling::Problem problem_;
  Buffer<uint8_t> workspace_;
};

template <class K>
class ResponseNorm : public Layer<typename K::Scalar> {
  using T = typename K::Scalar;

 public:
  ResponseNorm(const K& kernels, const LrnLayer& layer) : kernels_(kernels), problem_(layer.problem), scale_(kernels.memory()) {}
  void set_parameters(const T*) override {}
  void forward(int64_t n, const T* x, const T*, T* y, Pass) override {
    kernels_.response_norm_forward(problem_, n, x, y, scale_.at_least(n * problem_.h * problem_.w * problem_.c));
  }
  void backward(int64_t n, const T* x, const T* y, T* dy, T* dx, T*, T*, bool) override {
    if (dx) kernels_.response_norm_backward(problem_, n, x, y, scale_.data(), dy, dx);
  }

 private:
  K kernels_;
  local_response_norm::Problem problem_;
  Buffer<T> scale_;
};

// relu(x), or relu(x + residual).
template <class K>
class Relu : public Layer<typename K::Scalar> {
  using T = typename K::Scalar;

 public:
  Relu(const K& kernels, int64_t size) : kernels_(kernels), size_(size) {}
  void set_parameters(const T*) override {}
  void forward(int64_t n, const T* x, const T* residual, T* y, Pass) override {
    if (residual) kernels_.add(n * size_, x, residual, y);
    kernels_.relu_forward(n * size_, residual ? y : x, y);
  }
  void backward(int64_t n, const T*, const T* y, T* dy, T* dx, T* dresidual, T*, bool) override {
    kernels_.relu_backward(n * size_, y, dy, dy);
    if (dresidual) kernels_.memory().copy(dresidual, dy, bytes_of<T>(n * size_));
    if (dx && dx != dy) kernels_.memory().copy(dx, dy, bytes_of<T>(n * size_));
  }
  bool gradient_in_place() const override { return true; }

 private:
  K kernels_;
  int64_t size_;  // of one sample
};

template <class K>
std::unique_ptr<Layer<typename K::Scalar>> make_layer(const K& kernels, const Architecture& architecture, const LayerNode& node) {
  using Result = std::unique_ptr<Layer<typename K::Scalar>>;
  const Layout& layout = architecture.layout();
  return std::visit(
      [&](const auto& kind) -> Result {
        using Kind = std::decay_t<decltype(kind)>;
        if constexpr (std::is_same_v<Kind, ConvLayer>)
          return std::make_unique<Conv<K>>(kernels, kind, layout, node.input != 0);
        else if constexpr (std::is_same_v<Kind, LinearLayer>)
          return std::make_unique<Linear<K>>(kernels, kind, layout);
        else if constexpr (std::is_same_v<Kind, GroupNormLayer>)
          return std::make_unique<GroupNorm<K>>(kernels, kind, layout);
        else if constexpr (std::is_same_v<Kind, BatchNormLayer>)
          return std::make_unique<BatchNorm<K>>(kernels, kind, layout, architecture.frozen_statistics());
        else if constexpr (std::is_same_v<Kind, PoolLayer>)
          return std::make_unique<Pool<K>>(kernels, kind);
        else if constexpr (std::is_same_v<Kind, LrnLayer>)
          return std::make_unique<ResponseNorm<K>>(kernels, kind);
        else
          return std::make_unique<Relu<K>>(kernels, architecture.shape(node.output).size());
      },
      node.kind);
}

}  // namespace skewbench::train
