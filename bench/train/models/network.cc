#include "bench/train/models/network.h"

#include <algorithm>
#include <chrono>
#include <type_traits>

#include "bench/train/models/kernel_sets.h"
#include "kernels/base/error.h"

namespace skewbench::train {
namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// call(set) with the set of kernels that was asked for.
template <class T, class Call>
auto with_kernels(Kernels kernels, Call call) {
  if constexpr (std::is_same_v<T, float>)
    return kernels == Kernels::host ? call(HostKernels()) : call(RefKernels<float>());
  else
    return call(RefKernels<T>());
}

}  // namespace

// A layer, and where the gradients of its activations are when backward reaches it (-1: there is none).
template <class T>
struct BasicNetwork<T>::Node {
  LayerNode node;
  std::unique_ptr<Layer<T>> layer;
  struct Target {
    int slot = -1;  // where the layer writes
    int sum = -1;   // where a gradient of the same activation is already: add to it
  };
  int output = -1;
  Target input, residual;
};

template <class T>
BasicNetwork<T>::BasicNetwork(Architecture architecture, const InputTransform& transform, Kernels kernels)
    : architecture_(std::move(architecture)),
      kernels_(kernels),
      mean_(transform.mean.begin(), transform.mean.end()),
      scale_(transform.scale.begin(), transform.scale.end()),
      activations_(static_cast<std::size_t>(architecture_.activations())),
      seconds_(architecture_.nodes().size()) {
  const auto channels = static_cast<std::size_t>(architecture_.shape(0).c);
  REQUIRE(mean_.size() == channels && scale_.size() == channels,
          "an input of {} channels needs as many means and scales, not {} and {}", channels, mean_.size(),
          scale_.size());
  for (const LayerNode& node : architecture_.nodes())
    nodes_.push_back({node, make_layer<T>(architecture_, node, kernels), -1, {}, {}});
  plan_gradients();
}

template <class T>
BasicNetwork<T>::~BasicNetwork() = default;

// Walks backward once and gives each gradient a slot, the one freed last first: it is still in the cache.
template <class T>
void BasicNetwork<T>::plan_gradients() {
  std::vector<int> free, of_activation(activations_.size(), -1);
  auto size_of = [&](int activation) { return architecture_.shape(activation).size(); };
  auto take = [&](int activation) {
    if (free.empty()) {
      free.push_back(static_cast<int>(slot_sizes_.size()));
      slot_sizes_.push_back(0);
    }
    const int taken = free.back();
    free.pop_back();
    auto& size = slot_sizes_[static_cast<std::size_t>(taken)];
    size = std::max(size, size_of(activation));
    return taken;
  };
  auto slot_of = [&](int activation) -> int& { return of_activation[static_cast<std::size_t>(activation)]; };
  auto target = [&](int activation) -> typename Node::Target {
    if (activation <= 0) return {};  // no residual, or the images
    const int taken = take(activation);
    if (slot_of(activation) >= 0) return {taken, slot_of(activation)};
    slot_of(activation) = taken;
    return {taken, -1};
  };

  slot_of(architecture_.activations() - 1) = take(architecture_.activations() - 1);
  for (std::size_t i = nodes_.size(); i-- > 0;) {
    Node& node = nodes_[i];
    const int input = node.node.input;
    node.output = slot_of(node.node.output);
    node.residual = target(node.node.residual);
    if (node.layer->gradient_in_place() && input > 0 && slot_of(input) < 0) {
      node.input.slot = slot_of(input) = node.output;  // the output's gradient is overwritten and not freed
    } else {
      node.input = target(input);
      free.push_back(node.output);
    }
    for (const auto& written : {node.input, node.residual})
      if (written.sum >= 0) free.push_back(written.slot);
  }
}

template <class T>
void BasicNetwork<T>::reserve(int64_t samples) {
  if (samples <= capacity_) return;
  capacity_ = samples;
  for (int i = 0; i < architecture_.activations(); ++i)
    activations_[static_cast<std::size_t>(i)].resize(static_cast<std::size_t>(samples * architecture_.shape(i).size()));
  slots_.resize(slot_sizes_.size());
  for (std::size_t i = 0; i < slots_.size(); ++i) slots_[i].resize(static_cast<std::size_t>(samples * slot_sizes_[i]));
}

template <class T>
void BasicNetwork<T>::set_micro_batch(int64_t samples) {
  REQUIRE(samples >= 1, "a micro-batch of {} samples: it must be positive", samples);
  architecture_.micro_batch = samples;
}

template <class T>
void BasicNetwork<T>::set_parameters(const T* parameters) {
  for (Node& node : nodes_) node.layer->set_parameters(parameters);
}

template <class T>
const T* BasicNetwork<T>::forward(int64_t n, const uint8_t* images, Pass pass) {
  const Shape& shape = architecture_.shape(0);
  with_kernels<T>(kernels_, [&](auto kernels) {
    kernels.image_to_real(n * shape.h * shape.w, shape.c, images, mean_.data(), scale_.data(), activation(0));
  });
  double start = now();
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const LayerNode& node = nodes_[i].node;
    nodes_[i].layer->forward(n, activation(node.input), node.residual < 0 ? nullptr : activation(node.residual),
                             activation(node.output), pass);
    const double end = now();
    seconds_[i].forward += end - start;
    start = end;
  }
  return activation(architecture_.activations() - 1);
}

template <class T>
void BasicNetwork<T>::backward(int64_t n, T* gradient, bool accumulate) {
  double start = now();
  for (std::size_t i = nodes_.size(); i-- > 0;) {
    const Node& node = nodes_[i];
    auto at = [&](int index) { return index < 0 ? nullptr : slot(index); };
    node.layer->backward(n, activation(node.node.input), activation(node.node.output), slot(node.output),
                         at(node.input.slot), at(node.residual.slot), gradient, accumulate);
    for (const auto& [target, from] :
         {std::pair(node.input, node.node.input), std::pair(node.residual, node.node.residual)})
      if (target.sum >= 0)
        with_kernels<T>(kernels_, [&, &target = target, &from = from](auto kernels) {
          kernels.add(n * architecture_.shape(from).size(), slot(target.sum), slot(target.slot), slot(target.sum));
        });
    const double end = now();
    seconds_[i].backward += end - start;
    start = end;
  }
}

template <class T>
double BasicNetwork<T>::loss_and_gradient(const T* parameters, int64_t n, const uint8_t* images, const int32_t* labels,
                                          const T* weights, T* gradient, T* losses) {
  REQUIRE(n >= 1, "a batch of {} samples: it must be positive", n);
  const int64_t step = architecture_.couples_samples() ? n : std::min(n, architecture_.micro_batch);
  const int64_t classes = architecture_.shape(architecture_.activations() - 1).size();
  reserve(step);
  if (!losses) {
    losses_.resize(static_cast<std::size_t>(n));
    losses = losses_.data();
  }
  set_parameters(parameters);
  double loss = 0;
  for (int64_t first = 0; first < n; first += step) {
    const int64_t count = std::min(step, n - first);
    const double start = now();
    const T* const logits = forward(count, images + first * architecture_.shape(0).size(), Pass::training);
    loss += with_kernels<T>(kernels_, [&](auto kernels) {
      return kernels.loss_and_gradient(count, classes, logits, labels + first, weights ? weights + first : nullptr,
                                       static_cast<double>(n), losses + first, slot(nodes_.back().output));
    });
    const double middle = now();
    backward(count, gradient, first > 0);
    forward_seconds_ += middle - start;
    backward_seconds_ += now() - middle;
  }
  int64_t next = 0;
  for (const Tensor& tensor : layout().tensors()) {
    std::fill(gradient + next, gradient + tensor.offset, T(0));
    next = tensor.offset + tensor.length;
  }
  std::fill(gradient + next, gradient + layout().size(), T(0));
  return loss;
}

template <class T>
auto BasicNetwork<T>::evaluate(const T* parameters, int64_t n, const uint8_t* images, const int32_t* labels)
    -> Evaluation {
  const int64_t step = std::min(n, architecture_.micro_batch);
  const int64_t classes = architecture_.shape(architecture_.activations() - 1).size();
  reserve(step);
  set_parameters(parameters);
  Evaluation total;
  for (int64_t first = 0; first < n; first += step) {
    const int64_t count = std::min(step, n - first);
    const T* const logits = forward(count, images + first * architecture_.shape(0).size(), Pass::evaluation);
    const auto part = with_kernels<T>(
        kernels_, [&](auto kernels) { return kernels.evaluate(count, classes, logits, labels + first); });
    total.loss_sum += part.loss_sum;
    total.correct += part.correct;
  }
  return total;
}

template class BasicNetwork<float>;
template class BasicNetwork<double>;

}  // namespace skewbench::train
