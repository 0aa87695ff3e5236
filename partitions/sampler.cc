#include "partitions/sampler.h"

#include <algorithm>
#include <cstdlib>
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

struct ImageBytes {
  int64_t height, width, pixel, row, image;  // the last three in bytes
};

ImageBytes image_bytes(const SampleShape& shape) {
  REQUIRE(shape.dims.size() == 3, "only images [H, W, C] can be mirrored and cropped, not samples of {} dimensions",
          shape.dims.size());
  const int64_t pixel = shape.dims[2] * element_bytes(shape.type), row = shape.dims[1] * pixel;
  return {shape.dims[0], shape.dims[1], pixel, row, shape.dims[0] * row};
}

Random augmentation_random(uint64_t seed, int worker, int64_t sample, int64_t pass) {
  const auto index = static_cast<uint64_t>(sample);
  const auto block = philox4x32_10({static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32), 0, 0},
                                   {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)});
  return {block[0] | uint64_t{block[1]} << 32, static_cast<uint32_t>(worker), static_cast<uint32_t>(pass),
          Purpose::augmentation};
}

}  // namespace

void mirror_image(const SampleShape& shape, std::byte* image) {
  const ImageBytes size = image_bytes(shape);
  for (std::byte* row = image; row < image + size.image; row += size.row) {
    for (std::byte *left = row, *right = row + size.row - size.pixel; left < right;
         left += size.pixel, right -= size.pixel) {
      std::swap_ranges(left, left + size.pixel, right);
    }
  }
}

void shift_image(const SampleShape& shape, int64_t down, int64_t right, std::byte* image) {
  const ImageBytes size = image_bytes(shape);
  const int64_t columns = std::max<int64_t>(size.width - std::abs(right), 0);  // that come from inside
  const int64_t to = std::min(std::max<int64_t>(-right, 0), size.width), from = std::max<int64_t>(right, 0);
  for (int64_t i = 0; i < size.height; ++i) {
    const int64_t h = down >= 0 ? i : size.height - 1 - i;  // in place: a row is read before it is overwritten
    std::byte* row = image + h * size.row;
    const int64_t source = h + down;
    if (source < 0 || source >= size.height || columns == 0) {
      std::memset(row, 0, static_cast<std::size_t>(size.row));
      continue;
    }
    std::memmove(row + to * size.pixel, image + source * size.row + from * size.pixel,
                 static_cast<std::size_t>(columns * size.pixel));
    std::memset(row, 0, static_cast<std::size_t>(to * size.pixel));
    std::memset(row + (to + columns) * size.pixel, 0,
                static_cast<std::size_t>((size.width - to - columns) * size.pixel));
  }
}

void augment(const SampleShape& shape, const Augmentation& augmentation, uint64_t seed, int worker,
             std::span<const int64_t> indices, std::span<const int64_t> passes, std::byte* batch) {
  if (!augmentation.any()) return;
  const ImageBytes size = image_bytes(shape);
  const int64_t pad = augmentation.crop_pad;
  REQUIRE(pad >= 0 && pad <= std::min(size.height, size.width),
          "a crop of images of {}x{} padded by {} is not possible", size.height, size.width, pad);
  REQUIRE(indices.size() == passes.size(), "{} images come with {} passes", indices.size(), passes.size());
  for (std::size_t i = 0; i < indices.size(); ++i) {
    std::byte* image = batch + static_cast<int64_t>(i) * size.image;
    Random random = augmentation_random(seed, worker, indices[i], passes[i]);
    const bool is_mirrored = random.bits() & 1;  // drawn in any case, so `mirror` does not change the crops
    if (augmentation.mirror && is_mirrored) mirror_image(shape, image);
    if (pad > 0) {
      const auto positions = static_cast<uint64_t>(2 * pad + 1);
      const int64_t down = static_cast<int64_t>(random.below(positions)) - pad;
      const int64_t right = static_cast<int64_t>(random.below(positions)) - pad;
      shift_image(shape, down, right, image);
    }
  }
}

}  // namespace skewbench::partitions
