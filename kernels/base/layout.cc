#include "kernels/base/layout.h"

#include "kernels/base/aligned.h"
#include "kernels/base/error.h"

namespace skewbench {

const char* to_string(TensorKind kind) {
  switch (kind) {
    case TensorKind::weight: return "weight";
    case TensorKind::bias: return "bias";
    case TensorKind::norm_scale: return "norm_scale";
    case TensorKind::norm_shift: return "norm_shift";
    case TensorKind::running_statistic: return "running_statistic";
  }
  return "?";
}

int Layout::add(std::string name, TensorKind kind, int64_t rows, int64_t columns, double lr_multiplier,
                double decay_multiplier) {
  REQUIRE(rows > 0 && columns > 0, "tensor {} has shape {} x {}; both must be positive", name, rows, columns);
  for (const Tensor& other : tensors_) REQUIRE(other.name != name, "tensor {} is in the layout twice", name);
  const bool after_statistics = statistics_begin_ < size_;
  REQUIRE(kind == TensorKind::running_statistic || !after_statistics,
          "tensor {} ({}) comes after a running statistic; those are last", name, to_string(kind));
  tensors_.push_back({std::move(name), kind, rows, columns, size_, rows * columns, lr_multiplier, decay_multiplier});
  size_ = round_up(size_ + rows * columns, kTensorAlignment);
  if (kind != TensorKind::running_statistic) statistics_begin_ = size_;
  return static_cast<int>(tensors_.size()) - 1;
}

int64_t Layout::parameters() const {
  int64_t count = 0;
  for (const Tensor& tensor : tensors_)
    if (tensor.kind != TensorKind::running_statistic) count += tensor.length;
  return count;
}

}  // namespace skewbench
