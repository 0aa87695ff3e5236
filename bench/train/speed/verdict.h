// A measurement counts only if what was measured is right: a gradient checked against plain loops, and finite losses.
#pragma once

#include <functional>
#include <string>

#include "bench/train/tasks/task.h"
#include "kernels/base/compare.h"

namespace skewbench::train {

/// PASSED if loss and gradient of `task` at `parameters` equal those of `reference` on a batch: the loss up to 1e-4 of it,
/// the gradient up to 1e-3 of its length (as the networks' tests ask), both finite. Otherwise INCORRECT. It has three
/// batches for that: on one, rounding may tip a ReLU or a maximum that is close to its kink; what is wrong is so on all.
Verdict check_gradient(Task<float>& task, Task<float>& reference, const float* parameters, const std::function<Batch()>& draw);

/// ">= 60 %" -> ">= 60 %: reached" or ">= 60 %: MISSED".
std::string requirement(const std::string& what, bool is_reached);

/// Whether the machine was quiet, from the share of the time in which a process had its core.
std::string quietness(double core_share);

}  // namespace skewbench::train
