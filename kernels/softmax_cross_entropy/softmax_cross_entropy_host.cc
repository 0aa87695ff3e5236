// Float arithmetic with one exponential per logit. A batch has a few hundred logits, a thousandth of a training step:
// nothing here is tuned further.
#include <cmath>

#include "kernels/softmax_cross_entropy/softmax_cross_entropy.h"

namespace skewbench::softmax_cross_entropy {
namespace {

float maximum(int64_t classes, const float* row) {
  float largest = row[0];
  for (int64_t c = 1; c < classes; ++c) largest = row[c] > largest ? row[c] : largest;
  return largest;
}

}  // namespace

double loss_and_gradient_host(int64_t n, int64_t classes, const float* logits, const int32_t* labels,
                              const float* weights, double normaliser, float* losses, float* dlogits) {
  check(n, classes, labels);
  double total = 0;
  for (int64_t i = 0; i < n; ++i) {
    const float* row = logits + i * classes;
    float* drow = dlogits + i * classes;
    const double weight = (weights ? static_cast<double>(weights[i]) : 1.0) / normaliser;
    const float largest = maximum(classes, row), own = row[labels[i]];
    float sum = 0;
    for (int64_t c = 0; c < classes; ++c) {
      drow[c] = std::exp(row[c] - largest);
      sum += drow[c];
    }
    const float loss = std::log(sum) + (largest - own);
    const float scale = static_cast<float>(weight / sum);
    for (int64_t c = 0; c < classes; ++c) drow[c] *= scale;
    drow[labels[i]] -= static_cast<float>(weight);
    losses[i] = loss;
    total += weight * loss;
  }
  return total;
}

Evaluation evaluate_host(int64_t n, int64_t classes, const float* logits, const int32_t* labels) {
  check(n, classes, labels);
  Evaluation evaluation;
  for (int64_t i = 0; i < n; ++i) {
    const float* row = logits + i * classes;
    const float largest = maximum(classes, row), own = row[labels[i]];
    float sum = 0;
    bool wins = true;
    for (int64_t c = 0; c < classes; ++c) {
      sum += std::exp(row[c] - largest);
      wins = wins && (c < labels[i] ? own > row[c] : own >= row[c]);
    }
    evaluation.loss_sum += std::log(sum) + (largest - own);
    evaluation.correct += wins;
  }
  return evaluation;
}

}  // namespace skewbench::softmax_cross_entropy
