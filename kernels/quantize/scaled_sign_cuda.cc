#include "kernels/quantize/scaled_sign_cuda.h"

#include "kernels/base/launch.h"
#include "kernels/quantize/check_cuda.h"
#include "kernels/quantize/ordered_sum.h"

namespace skewbench::quantize {
namespace {

using device::no_workspace;

std::string encode_any(const ScaledSignEncode& a) { return why_not(a.problem); }
std::string decode_any(const ScaledSignDecode& a) { return why_not(a.problem); }
std::string encode_four(const ScaledSignEncode& a) { return first_of({why_not(a.problem), why_not_aligned(a.x), why_not_aligned(a.memory)}); }
std::string decode_four(const ScaledSignDecode& a) { return first_of({why_not(a.problem), why_not_aligned(a.out)}); }

// A double for every chunk.
int64_t partials(const ScaledSignEncode& a) { return 8 * device::ceil_div(a.problem.count, kChunk); }

const device::Version<ScaledSignEncode> kEncode[] = {{1, "coordinate_per_thread", encode_any, partials, v1::scaled_sign_encode},
                                                     {2, "four_at_once", encode_four, partials, v2::scaled_sign_encode}};
const device::Version<ScaledSignDecode> kDecode[] = {{1, "coordinate_per_thread", decode_any, no_workspace, v1::scaled_sign_decode},
                                                     {2, "four_at_once", decode_four, no_workspace, v2::scaled_sign_decode}};

}  // namespace

device::Versions<ScaledSignEncode> scaled_sign_encode_versions() { return kEncode; }
device::Versions<ScaledSignDecode> scaled_sign_decode_versions() { return kDecode; }

}  // namespace skewbench::quantize
