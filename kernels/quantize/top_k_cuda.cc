#include "kernels/quantize/top_k_cuda.h"

#include "kernels/quantize/check_cuda.h"
#include "kernels/quantize/radix_select_cuda.h"

namespace skewbench::quantize {
namespace {

std::string any(const TopK& a) { return why_not(a.problem); }
std::string aligned(const TopK& a) { return first_of({why_not(a.problem), why_not_aligned(a.x)}); }

template <int64_t (*bytes)(int64_t)>
int64_t workspace(const TopK& a) { return bytes(a.problem.count); }

// |x| in the order of its bits without the sign.
template <void (*select)(const RadixSelect&, void*, device::Stream)>
void top_k(const TopK& a, void* workspace, device::Stream stream) {
  select({a.problem.count, a.problem.k, reinterpret_cast<const uint32_t*>(a.x), 0x7FFFFFFFu, a.indices}, workspace, stream);
}

const device::Version<TopK> kVersions[] = {
    {1, "byte_digits", any, workspace<v1::radix_select_bytes>, top_k<v1::radix_select>},
    {2, "eleven_bit_digits", aligned, workspace<v2::radix_select_bytes>, top_k<v2::radix_select>}};

}  // namespace

device::Versions<TopK> top_k_versions() { return kVersions; }

}  // namespace skewbench::quantize
