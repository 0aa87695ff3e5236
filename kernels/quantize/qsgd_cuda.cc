#include "kernels/quantize/qsgd_cuda.h"

#include <algorithm>

#include "kernels/base/launch.h"
#include "kernels/quantize/check_cuda.h"
#include "kernels/quantize/ordered_sum.h"

namespace skewbench::quantize {
namespace {

using device::no_workspace;

std::string encode_any(const QsgdEncode& a) { return first_of({why_not(a.problem), why_not_draws(a.draws, a.problem.count)}); }
std::string decode_any(const QsgdDecode& a) { return why_not(a.problem); }
std::string encode_four(const QsgdEncode& a) { return first_of({encode_any(a), why_not_quads(a.problem.count), why_not_aligned(a.x)}); }
std::string decode_four(const QsgdDecode& a) { return first_of({decode_any(a), why_not_quads(a.problem.count), why_not_aligned(a.out)}); }
std::string small_buckets(const QsgdEncode& a) {
  if (a.problem.bucket <= kChunk) return first_of({encode_any(a), why_not_aligned(a.x)});
  return first_of({encode_any(a), fmt::format("buckets of {} coordinates: a warp takes at most {}", a.problem.bucket, kChunk)});
}

// A double for every chunk of a bucket.
int64_t partials(const QsgdEncode& a) {
  const int64_t bucket = std::min(a.problem.bucket, a.problem.count);
  return 8 * a.problem.buckets() * device::ceil_div(bucket, kChunk);
}

const device::Version<QsgdEncode> kEncode[] = {{1, "coordinate_per_thread", encode_any, partials, v1::qsgd_encode},
                                               {2, "four_at_once", encode_four, partials, v2::qsgd_encode},
                                               {3, "warp_per_bucket", small_buckets, no_workspace, v3::qsgd_encode}};
const device::Version<QsgdDecode> kDecode[] = {{1, "coordinate_per_thread", decode_any, no_workspace, v1::qsgd_decode},
                                               {2, "four_at_once", decode_four, no_workspace, v2::qsgd_decode}};

}  // namespace

device::Versions<QsgdEncode> qsgd_encode_versions() { return kEncode; }
device::Versions<QsgdDecode> qsgd_decode_versions() { return kDecode; }

}  // namespace skewbench::quantize
