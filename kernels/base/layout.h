// The layout table of a worker's flat vector: what each range of it is.
//
// All parameters of a worker are one aligned array. Layers, optimisers, codecs, statistics and files hold views into
// it and learn from this table alone where a tensor lies. Each tensor starts at a multiple of 16 elements; the gaps
// between tensors are zero and stay zero, and count neither as parameters nor in a codec. Running statistics come
// last, so that "everything but the running statistics" is a prefix: [0, statistics_begin()).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace skewbench {

enum class TensorKind { weight, bias, norm_scale, norm_shift, running_statistic };

const char* to_string(TensorKind kind);

struct Tensor {
  std::string name;             ///< unique in the table, e.g. "conv1.weight"
  TensorKind kind = TensorKind::weight;
  int64_t rows = 1, columns = 1;  ///< matrix shape (low-rank codecs): filters K x (R*S*C); rows * columns == length
  int64_t offset = 0;           ///< first element in the flat vector, a multiple of kTensorAlignment
  int64_t length = 0;           ///< elements
  double lr_multiplier = 1.0;   ///< the optimiser's learning rate for this tensor is lr * lr_multiplier
  double decay_multiplier = 1.0;  ///< its weight decay is weight_decay * decay_multiplier
};

class Layout {
 public:
  static constexpr int64_t kTensorAlignment = 16;  // elements: one cache line of float

  /// Appends a tensor and returns its index. Refuses an empty tensor, a repeated name, and a tensor that is no
  /// running statistic after one that is.
  int add(std::string name, TensorKind kind, int64_t rows, int64_t columns, double lr_multiplier = 1.0,
          double decay_multiplier = 1.0);

  const std::vector<Tensor>& tensors() const { return tensors_; }
  const Tensor& tensor(int index) const { return tensors_[static_cast<std::size_t>(index)]; }

  int64_t size() const { return size_; }                    ///< elements of the flat vector, gaps included
  int64_t statistics_begin() const { return statistics_begin_; }  ///< where the running statistics start (== size() without any)
  int64_t parameters() const;                               ///< trainable parameters, gaps and statistics not counted

 private:
  std::vector<Tensor> tensors_;
  int64_t size_ = 0, statistics_begin_ = 0;
};

}  // namespace skewbench
