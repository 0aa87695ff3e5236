#include <cmath>

#include "kernels/base/error.h"
#include "kernels/softmax_cross_entropy/softmax_cross_entropy.h"

namespace skewbench::softmax_cross_entropy {
namespace {

// log(sum_c exp(z_c)); NaN if any logit is.
template <class T>
double log_sum_exp(int64_t classes, const T* row) {
  double largest = row[0];
  for (int64_t c = 1; c < classes; ++c)
    if (row[c] > largest) largest = row[c];
  double sum = 0;
  for (int64_t c = 0; c < classes; ++c) sum += std::exp(static_cast<double>(row[c]) - largest);
  return largest + std::log(sum);
}

}  // namespace

void check(int64_t n, int64_t classes, const int32_t* labels) {
  REQUIRE(n >= 0 && classes >= 1, "cross-entropy of {} samples and {} classes: sizes must be positive", n, classes);
  for (int64_t i = 0; i < n; ++i)
    REQUIRE(labels[i] >= 0 && labels[i] < classes, "label {} of sample {} is outside the {} classes", labels[i], i,
            classes);
}

template <class T>
double loss_and_gradient_ref(int64_t n, int64_t classes, const T* logits, const int32_t* labels, const T* weights,
                             double normaliser, T* losses, T* dlogits) {
  check(n, classes, labels);
  double total = 0;
  for (int64_t i = 0; i < n; ++i) {
    const T* row = logits + i * classes;
    const double weight = (weights ? static_cast<double>(weights[i]) : 1.0) / normaliser;
    const double log_sum = log_sum_exp(classes, row);
    const double loss = log_sum - row[labels[i]];
    for (int64_t c = 0; c < classes; ++c) {
      const double softmax = std::exp(static_cast<double>(row[c]) - log_sum);
      dlogits[i * classes + c] = static_cast<T>(weight * (softmax - (c == labels[i] ? 1 : 0)));
    }
    losses[i] = static_cast<T>(loss);
    total += weight * loss;
  }
  return total;
}

template <class T>
Evaluation evaluate_ref(int64_t n, int64_t classes, const T* logits, const int32_t* labels) {
  check(n, classes, labels);
  Evaluation evaluation;
  for (int64_t i = 0; i < n; ++i) {
    const T* row = logits + i * classes;
    const T own = row[labels[i]];
    evaluation.loss_sum += log_sum_exp(classes, row) - own;
    bool wins = true;
    for (int64_t c = 0; c < classes; ++c) wins = wins && (c < labels[i] ? own > row[c] : own >= row[c]);
    evaluation.correct += wins;
  }
  return evaluation;
}

template double loss_and_gradient_ref(int64_t, int64_t, const float*, const int32_t*, const float*, double, float*,
                                      float*);
template double loss_and_gradient_ref(int64_t, int64_t, const double*, const int32_t*, const double*, double, double*,
                                      double*);
template Evaluation evaluate_ref(int64_t, int64_t, const float*, const int32_t*);
template Evaluation evaluate_ref(int64_t, int64_t, const double*, const int32_t*);

}  // namespace skewbench::softmax_cross_entropy
