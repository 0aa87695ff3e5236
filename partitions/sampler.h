// From a worker's share to its batches: the order of samples, their copy, and which of them are mirrored and cropped how.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "partitions/dataset.h"

namespace skewbench::partitions {

/// An endless stream of a worker's samples: passes over its share, each in a permutation keyed by (seed, worker, pass).
/// A share that runs out in the middle of a batch goes on with the next pass. Its state is (pass, position).
class Sampler {
 public:
  /// `share` holds sample indices and is not empty; worker >= 0.
  Sampler(std::vector<int64_t> share, uint64_t seed, int worker);

  /// Appends the next `count` >= 0 sample indices, and to `passes`, if given, the pass each of them belongs to.
  void next(int64_t count, std::vector<int64_t>& indices, std::vector<int64_t>* passes = nullptr);

  int64_t share_size() const { return static_cast<int64_t>(share_.size()); }
  int64_t pass() const { return pass_; }          ///< whole passes handed out
  int64_t position() const { return position_; }  ///< samples of the present pass handed out, in [0, share_size())
  int64_t samples_seen() const { return pass_ * share_size() + position_; }

  /// Continues where a sampler with the same share, seed and worker stood. Refuses a state that none can have.
  void restore(int64_t pass, int64_t position);

 private:
  void shuffle();

  std::vector<int64_t> share_, order_;
  uint64_t seed_;
  int worker_;
  int64_t pass_ = 0, position_ = 0;
};

/// Random changes of a training image. The default is none.
struct Augmentation {
  bool mirror = false;   ///< left and right exchanged with probability 1/2
  int64_t crop_pad = 0;  ///< the image with this many zero pixels on every side is cropped to its old size at random

  bool any() const { return mirror || crop_pad > 0; }
};

/// Copies samples to `out`, which has room for indices.size() * shape.bytes() bytes, in the order of `indices`.
void gather(const Split& split, const SampleShape& shape, std::span<const int64_t> indices, std::byte* out);

/// What happens to one image: left and right are exchanged, or not; then its pixel (down + h, right + w) comes to (h, w), and
/// what comes from outside is zero. Decided here, applied by kernels/augment, on the host or on a device.
struct ImageChange {
  bool mirror = false;
  int64_t down = 0, right = 0;
};

/// The changes of a batch; indices[i] and passes[i] name image i of it, as the Sampler yields them.
///
/// What happens to an image depends on (seed, worker, sample, pass) alone, not on its batch. Its draws are those of
/// Random(key, worker, pass, augmentation), where key is the first 64 bits of the Philox block with the sample's index
/// as counter and `seed` as key: Random has no room for a fourth name. Throws unless samples are H, W, C and crop_pad is in
/// 0 .. min(H, W).
std::vector<ImageChange> draw_changes(const SampleShape& shape, const Augmentation& augmentation, uint64_t seed, int worker,
                                      std::span<const int64_t> indices, std::span<const int64_t> passes);

}  // namespace skewbench::partitions
