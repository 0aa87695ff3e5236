// The CUDA versions of sgd.h: one launch for all tensors of the flat vector, equal to the reference to the bit. All pointers
// are device memory. Default: the last version in the table that takes the problem.
#pragma once

#include <cstdint>

#include "kernels/base/device.h"
#include "kernels/base/versions.h"
#include "kernels/sgd/sgd.h"

namespace skewbench::sgd {

/// A tensor of the layout, as a kernel reads it.
struct Range {
  int64_t begin, end;  ///< the tensor
  int64_t next;        ///< behind the gap that follows it
  double lr_multiplier, decay_multiplier;
  int32_t is_statistic;
};

/// At most kChunk elements of one range, gap included: what a block of v2 works on.
inline constexpr int64_t kChunk = 1024;
struct Chunk {
  int64_t begin;
  int32_t range;
  int32_t quads;  ///< groups of four elements, gap included,
  int32_t whole;  ///< and those with four elements of the tensor
};

/// The layout in device memory. `ranges` are in the order of the vector; between two begins lies nothing of a third.
struct Table {
  const Range* ranges;
  int64_t range_count;
  const Chunk* chunks;
  int64_t chunk_count;
  int64_t size;        ///< of the flat vector, gaps included
  int64_t parameters;  ///< trainable elements
  int64_t statistics;  ///< elements of running statistics
};

/// Owns a table. Made once for a layout: nothing in it depends on the step.
class DeviceLayout {
 public:
  explicit DeviceLayout(const Layout& layout);
  Table table() const { return {ranges_.data(), ranges_.size(), chunks_.data(), chunks_.size(), size_, parameters_, statistics_}; }

 private:
  device::Array<Range> ranges_;
  device::Array<Chunk> chunks_;
  int64_t size_, parameters_, statistics_;
};

/// step_ref in float, argument by argument.
struct Step {
  Table table;
  Options options;
  const float* x;         ///< flat vector
  const float* gradient;  ///< flat vector; in a running statistic's range the batch's statistic
  float* momentum;        ///< flat vector, or null
  float* x_out;           ///< flat vector; may be x
  bool update_momentum;

  bool uses_momentum() const { return momentum && static_cast<float>(options.momentum) != 0; }
  int64_t bytes_read() const {
    return 4 * (table.parameters * (uses_momentum() ? 3 : 2) + table.statistics * (options.frozen_statistics ? 1 : 2));
  }
  int64_t bytes_written() const { return 4 * (table.size + (uses_momentum() && update_momentum ? table.parameters : 0)); }
  double flops() const { return 0; }  ///< by the suite's convention: convolutions and linear layers only
};

device::Versions<Step> step_versions();

// The launchers, one file a version.
namespace v1 {  // search
void step(const Step&, void* workspace, device::Stream);
}  // namespace v1
namespace v2 {  // chunks
void step(const Step&, void* workspace, device::Stream);
}  // namespace v2

}  // namespace skewbench::sgd
