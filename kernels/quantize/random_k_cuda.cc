#include "kernels/quantize/random_k_cuda.h"

#include "kernels/quantize/check_cuda.h"
#include "kernels/quantize/radix_select_cuda.h"

namespace skewbench::quantize {
namespace {

std::string any(const RandomK& a) { return first_of({why_not(a.problem), why_not_draws(a.draws, a.problem.count)}); }

// Bytes of the numbers: whole quads.
int64_t of_numbers(const RandomK& a) { return 16 * device::ceil_div(a.problem.count, 4); }

template <int64_t (*bytes)(int64_t)>
int64_t workspace(const RandomK& a) { return of_numbers(a) + bytes(a.problem.count); }

template <void (*select)(const RadixSelect&, void*, device::Stream)>
void random_k(const RandomK& a, void* workspace, device::Stream stream) {
  uint32_t* const numbers = static_cast<uint32_t*>(workspace);
  v1::draw_numbers(a.problem.count, a.draws, numbers, stream);
  select({a.problem.count, a.problem.k, numbers, ~0u, a.indices}, static_cast<char*>(workspace) + of_numbers(a), stream);
}

const device::Version<RandomK> kVersions[] = {
    {1, "byte_digits", any, workspace<v1::radix_select_bytes>, random_k<v1::radix_select>},
    {2, "eleven_bit_digits", any, workspace<v2::radix_select_bytes>, random_k<v2::radix_select>}};

}  // namespace

device::Versions<RandomK> random_k_versions() { return kVersions; }

}  // namespace skewbench::quantize
