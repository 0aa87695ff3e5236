// What the rungs do with one row of logits once its largest logit and its sum of exponentials are known.
#pragma once

#include "kernels/softmax_cross_entropy/softmax_cross_entropy_cuda.h"

namespace skewbench::softmax_cross_entropy {

/// e^difference for difference = logit - largest <= 0. One instruction after a product: its relative error, 2^-22 and half an
/// ulp of the product per unit of the exponent, is of the size of what rounding the difference cost.
__device__ inline float exponential(float difference) { return exp2f(difference * 1.44269504f); }  // log2(e)

/// log(sum) + largest - own. sum is in [1, classes], or NaN; the logarithm is within 2^-22 of itself or of 1.
__device__ inline float loss_of(float sum, float largest, float own) { return __log2f(sum) * 0.693147181f + (largest - own); }  // ln(2)

/// The label's place in the row; nothing is read by a label that is none.
struct Own {
  __device__ Own(const int32_t* labels, int64_t sample, int classes, const float* row)
      : label(labels[sample]), is_label(static_cast<unsigned>(label) < static_cast<unsigned>(classes)), logit(is_label ? row[label] : NAN) {}
  int label;
  bool is_label;
  float logit;
};

__device__ inline float weight_of(const LossAndGradient& a, int64_t sample, const Own& own) {
  const double weight = (a.weights ? static_cast<double>(a.weights[sample]) : 1.0) / a.normaliser;
  return own.is_label ? static_cast<float>(weight) : NAN;
}

/// Whether the label's logit beats that of class c; the lowest class wins a tie, a NaN beats nothing and is not beaten.
__device__ inline bool beats(const Own& own, int c, float logit) { return c < own.label ? own.logit > logit : own.logit >= logit; }

}  // namespace skewbench::softmax_cross_entropy
