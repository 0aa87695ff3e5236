// bit_planes.h by warps, and numbers four at a time. For .cu files of this folder.
//
// Loops over planes are not unrolled: there are two to seventeen, and shared words come from the first-level cache.
#pragma once

#include "kernels/base/launch.h"
#include "kernels/quantize/bit_planes.h"

namespace skewbench::quantize {

/// A warp packs a group, lane i having code i: plane p is one ballot. `words` is where the group stands; `is_inside` is the same
/// in all lanes: a group behind the last code is not stored.
__device__ inline void store_group(uint32_t code, int bits, uint32_t* words, bool is_inside) {
  const int lane = static_cast<int>(threadIdx.x) % device::kWarp;
  uint32_t mine = 0;
  int p = 0;
#pragma unroll 1
  do {
    const uint32_t word = __ballot_sync(0xFFFFFFFFu, code >> p & 1u);
    if (lane == p) mine = word;
  } while (++p < bits);
  if (lane < bits && is_inside) words[lane] = mine;
}

/// A warp packs four groups, every lane having four neighbouring codes, eight lanes a group. `words` is where the lane's group stands.
__device__ inline void store_quads(const uint32_t (&code)[4], int bits, uint32_t* words, bool is_inside) {
  const int lane_of_group = static_cast<int>(threadIdx.x) % 8;
  int p = 0;
#pragma unroll 1
  do {
    uint32_t word = (code[0] >> p & 1u) | (code[1] >> p & 1u) << 1 | (code[2] >> p & 1u) << 2 | (code[3] >> p & 1u) << 3;
    word <<= 4 * lane_of_group;
#pragma unroll
    for (int step = 1; step < 8; step *= 2) word |= __shfl_down_sync(0xFFFFFFFFu, word, step, 8);
    if (lane_of_group == 0 && is_inside) words[p] = word;
  } while (++p < bits);
}

/// Code i of the group at `words`.
__device__ inline uint32_t load_code(const uint32_t* words, int bits, int i) {
  uint32_t code = 0;
  int p = 0;
#pragma unroll 1
  do {
    code |= (words[p] >> i & 1u) << p;
  } while (++p < bits);
  return code;
}

/// Codes first .. first + 3 of the group at `words`.
__device__ inline void load_quad(const uint32_t* words, int bits, int first, uint32_t (&code)[4]) {
#pragma unroll
  for (int c = 0; c < 4; ++c) code[c] = 0;
  int p = 0;
#pragma unroll 1
  do {
    const uint32_t nibble = words[p] >> first;
#pragma unroll
    for (int c = 0; c < 4; ++c) code[c] |= (nibble >> c & 1u) << p;
  } while (++p < bits);
}

/// Quads that `count` numbers touch.
__device__ inline int64_t quads_of(int64_t count) { return (count + 3) >> 2; }

/// x[4 quad] .. x[4 quad + 3] with one access, `fill` behind x[count - 1]; quad < quads_of(count), x is 16-byte aligned.
__device__ inline float4 load_four(const float* x, int64_t quad, int64_t count, float fill = 0) {
  const int64_t i = 4 * quad;
  if (i + 3 < count) return reinterpret_cast<const float4*>(x)[quad];
  return {x[i], i + 1 < count ? x[i + 1] : fill, i + 2 < count ? x[i + 2] : fill, fill};
}

/// The same the other way: out = value, or out + value where `add` says so; what lies behind out[count - 1] is not touched.
__device__ inline void store_four(float* out, int64_t quad, int64_t count, float4 value, bool add = false) {
  const int64_t i = 4 * quad;
  if (i + 3 < count) {
    float4* const at = reinterpret_cast<float4*>(out) + quad;
    if (add) value = {at->x + value.x, at->y + value.y, at->z + value.z, at->w + value.w};
    *at = value;
    return;
  }
  out[i] = add ? out[i] + value.x : value.x;
  if (i + 1 < count) out[i + 1] = add ? out[i + 1] + value.y : value.y;
  if (i + 2 < count) out[i + 2] = add ? out[i + 2] + value.z : value.z;
}

}  // namespace skewbench::quantize
