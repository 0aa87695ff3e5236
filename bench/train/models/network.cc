#include "bench/train/models/network.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "kernels/base/error.h"

namespace skewbench::train {
namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

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
BasicNetwork<T>::BasicNetwork(Architecture architecture, const InputTransform& transform,
                              std::unique_ptr<NetworkKernels<T>> kernels)
    : architecture_(std::move(architecture)),
      kernels_(std::move(kernels)),
      mean_(memory(), std::ssize(transform.mean)),
      scale_(memory(), std::ssize(transform.scale)),
      losses_(memory()),
      seconds_(architecture_.nodes().size()) {
  const int64_t channels = architecture_.shape(0).c;
  REQUIRE(mean_.size() == channels && scale_.size() == channels,
          "an input of {} channels needs as many means and scales, not {} and {}", channels, mean_.size(),
          scale_.size());
  for (const auto& [values, buffer] : {std::pair(&transform.mean, &mean_), std::pair(&transform.scale, &scale_)}) {
    const std::vector<T> converted(values->begin(), values->end());
    memory().upload(buffer->data(), converted.data(), channels * static_cast<int64_t>(sizeof(T)));
  }
  architecture_.micro_batch = kernels_->samples_at_once(architecture_.micro_batch);
  for (const LayerNode& node : architecture_.nodes())
    nodes_.push_back({node, kernels_->make_layer(architecture_, node), -1, {}, {}});
  for (int i = 0; i < architecture_.activations(); ++i) activations_.emplace_back(memory());
  plan_gradients();
  for (std::size_t i = 0; i < slot_sizes_.size(); ++i) slots_.emplace_back(memory());
}

template <class T>
BasicNetwork<T>::~BasicNetwork() = default;

// Walks backward once and gives each gradient a slot, the one freed last first: it is still in the cache.
template <class T>
void BasicNetwork<T>::plan_gradients() {
  std::vector<int> free, of_activation(static_cast<std::size_t>(architecture_.activations()), -1);
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
  for (int i = 0; i < architecture_.activations(); ++i)
    activations_[static_cast<std::size_t>(i)].at_least(samples * architecture_.shape(i).size());
  for (std::size_t i = 0; i < slots_.size(); ++i) slots_[i].at_least(samples * slot_sizes_[i]);
  capacity_ = samples;
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
LabelledImages<T> BasicNetwork<T>::stage(const LabelledImages<T>& samples, int64_t first, int64_t count) {
  const Shape& image = architecture_.shape(0);
  return kernels_->stage({count, samples.images + first * image.size(), samples.labels + first,
                          samples.weights ? samples.weights + first : nullptr, samples.changes ? samples.changes + first : nullptr},
                         image, classes());
}

template <class T>
const T* BasicNetwork<T>::forward(const LabelledImages<T>& staged, Pass pass) {
  const Shape& shape = architecture_.shape(0);
  const int64_t n = staged.count;
  kernels_->image_to_real(n * shape.h * shape.w, shape.c, staged.images, mean_.data(), scale_.data(), activation(0));
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
        kernels_->add(n * architecture_.shape(from).size(), slot(target.sum), slot(target.slot), slot(target.sum));
    const double end = now();
    seconds_[i].backward += end - start;
    start = end;
  }
}

template <class T>
void BasicNetwork<T>::enqueue_gradient(const T* parameters, const LabelledImages<T>& samples, T* gradient, double& loss) {
  const int64_t n = samples.count;
  REQUIRE(n >= 1, "a batch of {} samples: it must be positive", n);
  const int64_t step = architecture_.couples_samples() ? n : std::min(n, architecture_.micro_batch);
  reserve(step);
  losses_.at_least(n);
  set_parameters(parameters);
  loss = 0;
  for (int64_t first = 0; first < n; first += step) {
    const double start = now();
    const LabelledImages<T> part = stage(samples, first, std::min(step, n - first));
    const T* const logits = forward(part, Pass::training);
    kernels_->loss_and_gradient(part, classes(), logits, static_cast<double>(n), losses_.data() + first,
                                slot(nodes_.back().output), loss);
    const double middle = now();
    backward(part.count, gradient, first > 0);
    forward_seconds_ += middle - start;
    backward_seconds_ += now() - middle;
  }
  zero_gaps(gradient);
}

template <class T>
void BasicNetwork<T>::zero_gaps(T* gradient) {
  int64_t next = 0;
  const auto zero_until = [&](int64_t end) {
    if (end > next) memory().zero(gradient + next, (end - next) * static_cast<int64_t>(sizeof(T)));
  };
  for (const Tensor& tensor : layout().tensors()) {
    zero_until(tensor.offset);
    next = tensor.offset + tensor.length;
  }
  zero_until(layout().size());
}

template <class T>
double BasicNetwork<T>::loss_and_gradient(const T* parameters, int64_t n, const uint8_t* images, const int32_t* labels,
                                          const T* weights, T* gradient, T* losses) {
  double loss = 0;
  enqueue_gradient(parameters, {n, images, labels, weights}, gradient, loss);
  settle();
  if (losses) memory().download(losses, losses_.data(), n * static_cast<int64_t>(sizeof(T)));
  return loss;
}

template <class T>
auto BasicNetwork<T>::evaluate(const T* parameters, int64_t n, const uint8_t* images, const int32_t* labels)
    -> Evaluation {
  const int64_t step = std::min(n, architecture_.micro_batch);
  reserve(step);
  set_parameters(parameters);
  Evaluation total;
  for (int64_t first = 0; first < n; first += step) {
    const LabelledImages<T> part = stage({n, images, labels, nullptr}, first, std::min(step, n - first));
    kernels_->evaluate(part, classes(), forward(part, Pass::evaluation), total.loss_sum, total.correct);
  }
  settle();
  return total;
}

template class BasicNetwork<float>;
template class BasicNetwork<double>;

}  // namespace skewbench::train
