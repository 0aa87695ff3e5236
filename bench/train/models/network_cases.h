// Small networks, images and parameters for the tests of networks, on every device. Included by tests only.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "bench/train/models/models.h"
#include "kernels/base/aligned.h"
#include "kernels/base/error.h"
#include "kernels/base/random.h"

namespace skewbench::train::network_cases {

struct Case {
  const char* model;
  Norm norm;
  Shape input;
  bool frozen = false;
};

inline std::string describe(const Case& c) {
  return fmt::format("{} norm {} {}x{}x{}{}", c.model, static_cast<int>(c.norm), c.input.h, c.input.w, c.input.c,
                     c.frozen ? " frozen" : "");
}

inline Architecture architecture_of(const Case& c) {
  return make_architecture(c.model, {.input = c.input, .classes = 10, .norm = c.norm, .frozen_statistics = c.frozen});
}

inline InputTransform transform_of(const Case& c) {
  const auto channels = static_cast<std::size_t>(c.input.c);
  return {std::vector<float>(channels, 120), std::vector<float>(channels, 1 / 64.0f)};
}

struct Samples {
  Samples(const Case& c, int64_t n_, uint32_t stream) : n(n_), size(c.input.size()) {
    Random random(3, stream, 0, Purpose::probe);
    for (int64_t i = 0; i < n * size; ++i) images.push_back(static_cast<uint8_t>(random.bits()));
    for (int64_t i = 0; i < n; ++i) {
      labels.push_back(static_cast<int32_t>(random.below(10)));
      weights.push_back(static_cast<float>(0.5 + random.uniform()));
    }
  }
  int64_t n, size;
  std::vector<uint8_t> images;
  std::vector<int32_t> labels;
  std::vector<float> weights;
};

// Parameters under which every layer has work to do: weights N(0, 2 / fan in), norms and statistics spread around 1.
template <class T>
AlignedVector<T> lively_parameters(const Layout& layout, uint32_t stream) {
  AlignedVector<T> parameters(static_cast<std::size_t>(layout.size()));
  Random random(5, stream, 0, Purpose::probe);
  for (const Tensor& tensor : layout.tensors())
    for (int64_t i = tensor.offset; i < tensor.offset + tensor.length; ++i) {
      const double draw = random.normal();
      double value = 0.1 * draw;
      if (tensor.kind == TensorKind::weight) value = draw * std::sqrt(2.0 / static_cast<double>(tensor.columns));
      if (tensor.kind == TensorKind::norm_scale) value = 1 + 0.2 * draw;
      if (tensor.name.ends_with("variance")) value = 1 + 0.5 * random.uniform();
      parameters[static_cast<std::size_t>(i)] = static_cast<T>(static_cast<float>(value));
    }
  return parameters;
}

template <class A, class B>
double distance(const A& a, const B& b) {  // L2; NaN if either has one
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    sum += (static_cast<double>(a[i]) - b[i]) * (static_cast<double>(a[i]) - b[i]);
  return std::sqrt(sum);
}

template <class A>
double length(const A& a) {
  return distance(a, A(a.size()));
}

inline const Case kTiny[] = {{"lenet", Norm::none, {12, 13, 2}},   {"lenet", Norm::group, {12, 12, 2}},
                      {"lenet", Norm::batch, {12, 12, 2}},  {"lenet", Norm::batch, {12, 12, 2}, true},
                      {"resnet20", Norm::none, {8, 8, 3}},  {"resnet20", Norm::group, {8, 6, 3}},
                      {"resnet20", Norm::batch, {8, 8, 3}}, {"mlp", Norm::none, {4, 4, 1}},
                      {"logistic", Norm::none, {4, 4, 3}}};

}  // namespace skewbench::train::network_cases
