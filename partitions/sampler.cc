#include "partitions/sampler.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "kernels/base/error.h"
#include "kernels/base/random.h"

namespace skewbench::partitions {

Sampler::Sampler(std::vector<int64_t> share, uint64_t seed, int worker)
    : share_(std::move(share)), seed_(seed), worker_(worker) {
  REQUIRE(!share_.empty(), "worker {} has no samples to train on", worker);
  REQUIRE(worker >= 0, "worker {} does not exist", worker);
  shuffle();
}

void Sampler::shuffle() {
  order_ = permutation(
      share_size(), Random(seed_, static_cast<uint32_t>(worker_), static_cast<uint32_t>(pass_), Purpose::sample_order));
  for (int64_t& i : order_) i = share_[static_cast<std::size_t>(i)];
}

void Sampler::next(int64_t count, std::vector<int64_t>& indices, std::vector<int64_t>* passes) {
  REQUIRE(count >= 0, "a batch of {} samples does not exist", count);
  while (count > 0) {
    const int64_t chunk = std::min(count, share_size() - position_);
    indices.insert(indices.end(), order_.begin() + position_, order_.begin() + position_ + chunk);
    if (passes) passes->insert(passes->end(), static_cast<std::size_t>(chunk), pass_);
    position_ += chunk;
    count -= chunk;
    if (position_ == share_size()) {
      ++pass_;
      position_ = 0;
      shuffle();
    }
  }
}

void Sampler::restore(int64_t pass, int64_t position) {
  REQUIRE(pass >= 0 && pass <= std::numeric_limits<uint32_t>::max() && position >= 0 && position < share_size(),
          "pass {}, position {} is no place in the {} samples of worker {}", pass, position, share_size(), worker_);
  pass_ = pass;
  position_ = position;
  shuffle();
}

void gather(const Split& split, const SampleShape& shape, std::span<const int64_t> indices, std::byte* out) {
  const auto bytes = static_cast<std::size_t>(shape.bytes());
  for (const int64_t i : indices) {
    std::memcpy(out, split.sample(i, shape), bytes);
    out += bytes;
  }
}

namespace {

Random augmentation_random(uint64_t seed, int worker, int64_t sample, int64_t pass) {
  const auto index = static_cast<uint64_t>(sample);
  const auto block = philox4x32_10({static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32), 0, 0},
                                   {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)});
  return {block[0] | uint64_t{block[1]} << 32, static_cast<uint32_t>(worker), static_cast<uint32_t>(pass),
          Purpose::augmentation};
}

}  // namespace

std::vector<ImageChange> draw_changes(const SampleShape& shape, const Augmentation& augmentation, uint64_t seed, int worker,
                                      std::span<const int64_t> indices, std::span<const int64_t> passes) {
  REQUIRE(indices.size() == passes.size(), "{} images come with {} passes", indices.size(), passes.size());
  std::vector<ImageChange> changes(indices.size());
  if (!augmentation.any()) return changes;
  REQUIRE(shape.dims.size() == 3, "only images [H, W, C] can be mirrored and cropped, not samples of {} dimensions",
          shape.dims.size());
  const int64_t height = shape.dims[0], width = shape.dims[1], pad = augmentation.crop_pad;
  REQUIRE(pad >= 0 && pad <= std::min(height, width), "a crop of images of {}x{} padded by {} is not possible", height, width, pad);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    Random random = augmentation_random(seed, worker, indices[i], passes[i]);
    const bool is_mirrored = random.bits() & 1;  // drawn in any case, so `mirror` does not change the crops
    changes[i].mirror = augmentation.mirror && is_mirrored;
    if (pad > 0) {
      const auto positions = static_cast<uint64_t>(2 * pad + 1);
      changes[i].down = static_cast<int64_t>(random.below(positions)) - pad;
      changes[i].right = static_cast<int64_t>(random.below(positions)) - pad;
    }
  }
  return changes;
}

}  // namespace skewbench::partitions
