#include "bench/train/models/layers.h"

#include <algorithm>
#include <type_traits>

#include "bench/train/models/kernel_sets.h"
#include "kernels/base/aligned.h"

namespace skewbench::train {
namespace {

template <class T>
const T* view(const T* vector, const Layout& layout, int tensor) {
  return tensor < 0 ? nullptr : vector + layout.tensor(tensor).offset;
}
template <class T>
T* view(T* vector, const Layout& layout, int tensor) {
  return const_cast<T*>(view(static_cast<const T*>(vector), layout, tensor));
}

template <class T>
T* at_least(AlignedVector<T>& buffer, int64_t count) {
  if (buffer.size() < static_cast<std::size_t>(count)) buffer.resize(static_cast<std::size_t>(count));
  return buffer.data();
}

template <class K>
class Conv : public Layer<typename K::Scalar> {
  using T = typename K::Scalar;

 public:
  Conv(const ConvLayer& layer, const Layout& layout, bool needs_input_gradient)
      : layer_(layer), layout_(layout), kernel_(layer.problem, layer.bias >= 0, layer.relu, needs_input_gradient) {}
  void set_parameters(const T* parameters) override {
    kernel_.set_filter(view(parameters, layout_, layer_.weight), view(parameters, layout_, layer_.bias));
  }
  void forward(int64_t n, const T* x, const T*, T* y, Pass) override { kernel_.forward(n, x, y); }
  void backward(int64_t n, const T* x, const T* y, T* dy, T* dx, T*, T* gradient, bool accumulate) override {
    if (layer_.relu) K::relu_backward(layer_.problem.y_size(n), y, dy, dy);
    kernel_.backward_filter(n, x, dy, view(gradient, layout_, layer_.weight), view(gradient, layout_, layer_.bias),
                            accumulate);
    if (dx) kernel_.backward_input(n, dy, dx);
  }

 private:
  ConvLayer layer_;
  const Layout& layout_;
  typename K::Conv kernel_;
};

template <class K>
class Linear : public Layer<typename K::Scalar> {
  using T = typename K::Scalar;

 public:
  Linear(const LinearLayer& layer, const Layout& layout)
      : layer_(layer), layout_(layout), kernel_(layer.problem, true, layer.relu) {}
  void set_parameters(const T* parameters) override {
    kernel_.set_weights(view(parameters, layout_, layer_.weight), view(parameters, layout_, layer_.bias));
  }
  void forward(int64_t n, const T* x, const T*, T* y, Pass) override { kernel_.forward(n, x, y); }
  void backward(int64_t n, const T* x, const T* y, T* dy, T* dx, T*, T* gradient, bool accumulate) override {
    if (layer_.relu) K::relu_backward(n * layer_.problem.k, y, dy, dy);
    kernel_.backward_weights(n, x, dy, view(gradient, layout_, layer_.weight), view(gradient, layout_, layer_.bias),
                             accumulate);
    if (dx) kernel_.backward_input(n, dy, dx);
  }

 private:
  LinearLayer layer_;
  const Layout& layout_;
  typename K::Linear kernel_;
};

template <class K>
class GroupNorm : public Layer<typename K::Scalar> {
  using T = typename K::Scalar;

 public:
  GroupNorm(const GroupNormLayer& layer, const Layout& layout) : layer_(layer), layout_(layout) {}
  void set_parameters(const T* parameters) override {
    scale_ = view(parameters, layout_, layer_.scale);
    shift_ = view(parameters, layout_, layer_.shift);
  }
  void forward(int64_t n, const T* x, const T* residual, T* y, Pass) override {
    const int64_t statistics = n * layer_.problem.groups;
    K::group_norm_forward(layer_.problem, n, x, scale_, shift_, residual, y, at_least(mean_, statistics),
                          at_least(rstd_, statistics));
  }
  void backward(int64_t n, const T* x, const T* y, T* dy, T* dx, T* dresidual, T* gradient, bool accumulate) override {
    K::group_norm_backward(layer_.problem, n, x, y, dy, scale_, mean_.data(), rstd_.data(), dx, dresidual,
                           view(gradient, layout_, layer_.scale), view(gradient, layout_, layer_.shift), accumulate);
  }
  bool gradient_in_place() const override { return true; }

 private:
  GroupNormLayer layer_;
  const Layout& layout_;
  const T* scale_ = nullptr;
  const T* shift_ = nullptr;
  AlignedVector<T> mean_, rstd_;  // of the samples of the last forward()
};

template <class K>
class BatchNorm : public Layer<typename K::Scalar> {
  using T = typename K::Scalar;

 public:
  BatchNorm(const BatchNormLayer& layer, const Layout& layout, bool frozen)
      : layer_(layer),
        layout_(layout),
        frozen_(frozen),
        c_(static_cast<std::size_t>(layer.problem.c)),
        ones_(c_, T(1)),
        zeros_(c_),
        mean_(c_),
        variance_(c_),
        unused_(2 * c_) {}

  void set_parameters(const T* parameters) override {
    scale_ = layer_.scale < 0 ? ones_.data() : view(parameters, layout_, layer_.scale);
    shift_ = layer_.shift < 0 ? zeros_.data() : view(parameters, layout_, layer_.shift);
    running_mean_ = view(parameters, layout_, layer_.mean);
    running_variance_ = view(parameters, layout_, layer_.variance);
  }

  void forward(int64_t n, const T* x, const T* residual, T* y, Pass pass) override {
    const int64_t rows = n * layer_.pixels, count = rows * layer_.problem.c;
    if (frozen_ || pass == Pass::evaluation)
      K::batch_norm_inference(layer_.problem, rows, x, running_mean_, running_variance_, scale_, shift_, y);
    else
      K::batch_norm_training(layer_.problem, rows, x, scale_, shift_, y, mean_.data(), variance_.data());
    if (!layer_.add) return;
    K::add(count, y, residual, y);
    if (layer_.relu) K::relu_forward(count, y, y);
  }

  void backward(int64_t n, const T* x, const T* y, T* dy, T* dx, T* dresidual, T* gradient, bool accumulate) override {
    const int64_t rows = n * layer_.pixels, count = rows * layer_.problem.c;
    if (layer_.add) {
      if (layer_.relu) K::relu_backward(count, y, dy, dy);
      std::copy_n(dy, count, dresidual);
    }
    T* const dscale = layer_.scale < 0 ? unused_.data() : view(gradient, layout_, layer_.scale);
    T* const dshift = layer_.shift < 0 ? unused_.data() + c_ : view(gradient, layout_, layer_.shift);
    T* const mean = view(gradient, layout_, layer_.mean);
    T* const variance = view(gradient, layout_, layer_.variance);
    if (frozen_) {
      K::batch_norm_backward_frozen(layer_.problem, rows, x, y, dy, running_mean_, running_variance_, scale_, dx,
                                    dscale, dshift, accumulate);
      std::copy_n(running_mean_, c_, mean);
      std::copy_n(running_variance_, c_, variance);
      return;
    }
    K::batch_norm_backward_training(layer_.problem, rows, x, y, dy, mean_.data(), variance_.data(), scale_, dx, dscale,
                                    dshift, accumulate);
    const T unbiased = rows > 1 ? static_cast<T>(batch_norm::Problem::unbiased_factor(rows)) : T(1);
    for (std::size_t c = 0; c < c_; ++c) {
      mean[c] = mean_[c];
      variance[c] = variance_[c] * unbiased;
    }
  }
  bool gradient_in_place() const override { return true; }

 private:
  BatchNormLayer layer_;
  const Layout& layout_;
  bool frozen_;
  std::size_t c_;
  const T *scale_ = nullptr, *shift_ = nullptr, *running_mean_ = nullptr, *running_variance_ = nullptr;
  AlignedVector<T> ones_, zeros_;     // scale and shift of a norm without them
  AlignedVector<T> mean_, variance_;  // of the batch of the last forward()
  AlignedVector<T> unused_;           // their gradients
};

template <class K>
class Pool : public Layer<typename K::Scalar> {
  using T = typename K::Scalar;

 public:
  explicit Pool(const PoolLayer& layer) : problem_(layer.problem) {}
  void set_parameters(const T*) override {}
  void forward(int64_t n, const T* x, const T*, T* y, Pass) override {
    K::pooling_forward(problem_, n, x, y, at_least(workspace_, problem_.workspace_bytes(n)));
  }
  void backward(int64_t n, const T*, const T*, T* dy, T* dx, T*, T*, bool) override {
    if (dx) K::pooling_backward(problem_, n, dy, workspace_.data(), dx);
  }

 private:
  pooling::Problem problem_;
  AlignedVector<uint8_t> workspace_;
};

template <class K>
class ResponseNorm : public Layer<typename K::Scalar> {
  using T = typename K::Scalar;

 public:
  explicit ResponseNorm(const LrnLayer& layer) : problem_(layer.problem) {}
  void set_parameters(const T*) override {}
  void forward(int64_t n, const T* x, const T*, T* y, Pass) override {
    K::response_norm_forward(problem_, n, x, y, at_least(scale_, n * problem_.h * problem_.w * problem_.c));
  }
  void backward(int64_t n, const T* x, const T* y, T* dy, T* dx, T*, T*, bool) override {
    if (dx) K::response_norm_backward(problem_, n, x, y, scale_.data(), dy, dx);
  }

 private:
  local_response_norm::Problem problem_;
  AlignedVector<T> scale_;
};

// relu(x), or relu(x + residual).
template <class K>
class Relu : public Layer<typename K::Scalar> {
  using T = typename K::Scalar;

 public:
  explicit Relu(int64_t size) : size_(size) {}
  void set_parameters(const T*) override {}
  void forward(int64_t n, const T* x, const T* residual, T* y, Pass) override {
    if (residual) K::add(n * size_, x, residual, y);
    K::relu_forward(n * size_, residual ? y : x, y);
  }
  void backward(int64_t n, const T*, const T* y, T* dy, T* dx, T* dresidual, T*, bool) override {
    K::relu_backward(n * size_, y, dy, dy);
    if (dresidual) std::copy_n(dy, n * size_, dresidual);
    if (dx && dx != dy) std::copy_n(dy, n * size_, dx);
  }
  bool gradient_in_place() const override { return true; }

 private:
  int64_t size_;  // of one sample
};

template <class K>
std::unique_ptr<Layer<typename K::Scalar>> make(const Architecture& architecture, const LayerNode& node) {
  using Result = std::unique_ptr<Layer<typename K::Scalar>>;
  const Layout& layout = architecture.layout();
  return std::visit(
      [&](const auto& kind) -> Result {
        using Kind = std::decay_t<decltype(kind)>;
        if constexpr (std::is_same_v<Kind, ConvLayer>)
          return std::make_unique<Conv<K>>(kind, layout, node.input != 0);
        else if constexpr (std::is_same_v<Kind, LinearLayer>)
          return std::make_unique<Linear<K>>(kind, layout);
        else if constexpr (std::is_same_v<Kind, GroupNormLayer>)
          return std::make_unique<GroupNorm<K>>(kind, layout);
        else if constexpr (std::is_same_v<Kind, BatchNormLayer>)
          return std::make_unique<BatchNorm<K>>(kind, layout, architecture.frozen_statistics());
        else if constexpr (std::is_same_v<Kind, PoolLayer>)
          return std::make_unique<Pool<K>>(kind);
        else if constexpr (std::is_same_v<Kind, LrnLayer>)
          return std::make_unique<ResponseNorm<K>>(kind);
        else
          return std::make_unique<Relu<K>>(architecture.shape(node.output).size());
      },
      node.kind);
}

}  // namespace

template <>
std::unique_ptr<Layer<float>> make_layer(const Architecture& architecture, const LayerNode& node, Kernels kernels) {
  return kernels == Kernels::host ? make<HostKernels>(architecture, node) : make<RefKernels<float>>(architecture, node);
}

template <>
std::unique_ptr<Layer<double>> make_layer(const Architecture& architecture, const LayerNode& node, Kernels) {
  return make<RefKernels<double>>(architecture, node);
}

}  // namespace skewbench::train
