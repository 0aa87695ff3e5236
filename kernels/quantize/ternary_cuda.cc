#include "kernels/quantize/ternary_cuda.h"

#include "kernels/base/launch.h"
#include "kernels/quantize/check_cuda.h"
#include "kernels/quantize/ordered_sum.h"

namespace skewbench::quantize {
namespace {

using device::no_workspace;

std::string scale_any(const TernaryScale& a) { return why_not(a.problem); }
std::string scale_four(const TernaryScale& a) { return first_of({scale_any(a), why_not_aligned(a.x)}); }
std::string encode_any(const TernaryEncode& a) { return first_of({why_not(a.problem), why_not_draws(a.draws, a.problem.count)}); }
std::string encode_four(const TernaryEncode& a) { return first_of({encode_any(a), why_not_aligned(a.x)}); }

// Two doubles for every chunk.
int64_t partials(const TernaryScale& a) { return 16 * device::ceil_div(a.problem.count, kChunk); }

const device::Version<TernaryScale> kScale[] = {{1, "coordinate_per_thread", scale_any, partials, v1::ternary_scale},
                                                {2, "four_at_once", scale_four, partials, v2::ternary_scale}};
const device::Version<TernaryEncode> kEncode[] = {{1, "coordinate_per_thread", encode_any, no_workspace, v1::ternary_encode},
                                                  {2, "four_at_once", encode_four, no_workspace, v2::ternary_encode}};

}  // namespace

device::Versions<TernaryScale> ternary_scale_versions() { return kScale; }
device::Versions<TernaryEncode> ternary_encode_versions() { return kEncode; }

}  // namespace skewbench::quantize
