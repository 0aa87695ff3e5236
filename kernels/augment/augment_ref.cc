#include "kernels/augment/augment.h"

#include "kernels/base/error.h"

namespace skewbench::augment {

void check(const Problem& problem) {
  constexpr int64_t kMost = 2147483647;
  const auto [h, w, pixel_bytes] = problem;
  REQUIRE(h > 0 && w > 0 && pixel_bytes > 0, "images of {} x {} pixels of {} bytes: extents must be positive", h, w, pixel_bytes);
  REQUIRE(h <= kMost && w <= kMost && pixel_bytes <= kMost, "images of {} x {} pixels of {} bytes: extents must be below 2^31", h, w,
          pixel_bytes);
}

void augment_ref(const Problem& problem, int64_t n, const uint8_t* images, const Change* changes, uint8_t* out) {
  check(problem);
  const auto [h_extent, w_extent, pixel_bytes] = problem;
  for (int64_t i = 0; i < n; ++i)
    for (int64_t h = 0; h < h_extent; ++h)
      for (int64_t w = 0; w < w_extent; ++w)
        for (int64_t b = 0; b < pixel_bytes; ++b) {
          const int64_t row = h + changes[i].down, column = w + changes[i].right;
          const bool is_inside = row >= 0 && row < h_extent && column >= 0 && column < w_extent;
          const int64_t from = changes[i].mirror ? w_extent - 1 - column : column;
          out[((i * h_extent + h) * w_extent + w) * pixel_bytes + b] =
              is_inside ? images[((i * h_extent + row) * w_extent + from) * pixel_bytes + b] : uint8_t{0};
        }
}

}  // namespace skewbench::augment
