// In place: rows are mirrored by exchanging pixels, then moved as runs of bytes, in the order in which a row is read
// before it is overwritten.
#include "kernels/augment/augment.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace skewbench::augment {
namespace {

void mirror_image(const Problem& problem, uint8_t* image) {
  const int64_t pixel = problem.pixel_bytes;
  for (uint8_t* row = image; row < image + problem.image_bytes(); row += problem.row_bytes())
    for (uint8_t *left = row, *right = row + problem.row_bytes() - pixel; left < right; left += pixel, right -= pixel)
      std::swap_ranges(left, left + pixel, right);
}

// The image's pixel (down + y, right + x) comes to (y, x).
void shift_image(const Problem& problem, int64_t down, int64_t right, uint8_t* image) {
  const int64_t row_bytes = problem.row_bytes(), pixel = problem.pixel_bytes;
  const int64_t columns = std::max<int64_t>(problem.w - std::abs(right), 0);  // that come from inside
  const int64_t to = std::min(std::max<int64_t>(-right, 0), problem.w), from = std::max<int64_t>(right, 0);
  const auto bytes = [pixel](int64_t pixels) { return static_cast<std::size_t>(pixels * pixel); };
  for (int64_t i = 0; i < problem.h; ++i) {
    const int64_t h = down >= 0 ? i : problem.h - 1 - i;
    uint8_t* const row = image + h * row_bytes;
    const int64_t source = h + down;
    if (source < 0 || source >= problem.h || columns == 0) {
      std::memset(row, 0, static_cast<std::size_t>(row_bytes));
      continue;
    }
    std::memmove(row + to * pixel, image + source * row_bytes + from * pixel, bytes(columns));
    std::memset(row, 0, bytes(to));
    std::memset(row + (to + columns) * pixel, 0, bytes(problem.w - to - columns));
  }
}

}  // namespace

void augment_host(const Problem& problem, int64_t n, const Change* changes, uint8_t* images) {
  check(problem);
  for (int64_t i = 0; i < n; ++i, images += problem.image_bytes()) {
    const auto [mirror, down, right] = changes[i];
    if (mirror) mirror_image(problem, images);
    if (down != 0 || right != 0) shift_image(problem, down, right, images);
  }
}

}  // namespace skewbench::augment
