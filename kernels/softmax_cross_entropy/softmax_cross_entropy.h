// Softmax and cross-entropy of class logits, with a weight per sample.
//
//   loss_i = log(sum_c exp(z_ic)) - z_i,label     (the row's maximum is subtracted first)
//   total  = sum_i w_i * loss_i / normaliser,     d total / d z_ic = w_i / normaliser * (softmax_ic - [c == label_i])
#pragma once

#include <cstdint>

namespace skewbench::softmax_cross_entropy {

/// Refuses a label outside [0, classes) by name, and n < 0 or classes < 1. Both versions call it.
void check(int64_t n, int64_t classes, const int32_t* labels);

/// logits, dlogits [n, classes]; labels [n]; weights [n] or null for all 1; losses [n], unweighted; normaliser > 0.
/// dlogits may be logits. Returns the total, summed in double in the order of the samples. A NaN logit makes its row
/// NaN. T is float or double.
template <class T>
double loss_and_gradient_ref(int64_t n, int64_t classes, const T* logits, const int32_t* labels, const T* weights,
                             double normaliser, T* losses, T* dlogits);
double loss_and_gradient_host(int64_t n, int64_t classes, const float* logits, const int32_t* labels,
                              const float* weights, double normaliser, float* losses, float* dlogits);

struct Evaluation {
  double loss_sum = 0;  ///< sum of the samples' losses
  int64_t correct = 0;  ///< samples whose largest logit is the label's; the lowest class wins a tie
};

/// Forward only. A row with a NaN logit counts as wrong, and its loss is NaN.
template <class T>
Evaluation evaluate_ref(int64_t n, int64_t classes, const T* logits, const int32_t* labels);
Evaluation evaluate_host(int64_t n, int64_t classes, const float* logits, const int32_t* labels);

}  // namespace skewbench::softmax_cross_entropy
