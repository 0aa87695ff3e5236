// bit_planes.h by warps, and numbers four at a time. For .cu files of this folder.
#pragma once

#include "kernels/base/launch.h"
#include "kernels/quantize/bit_planes.h"

namespace skewbench::quantize {

/// A warp packs a group, lane i having code i: plane p is one ballot. `words` is where the group stands; `is_inside` is the same
/// in all lanes: a group behind the last code is not stored.
__device__ inline void store_group(uint32_t code, int bits, uint32_t* words, bool is_inside) {
  const int lane = static_cast<int>(threadIdx.x) % device::kWarp;
  uint32_t mine = 0;
  for (int p = 0; p < bits; ++p) {
    const uint32_t word = __ballot_sync(0xFFFFFFFFu, code >> p & 1u);
    if (lane == p) mine = word;
  }
  if (lane < bits && is_inside) words[lane] = mine;
}

/// A warp packs four groups, every lane having four neighbouring codes, eight lanes a group. `words` is where the lane's group stands.
__device__ inline void store_quads(const uint32_t (&code)[4], int bits, uint32_t* words, bool is_inside) {
  const int lane_of_group = static_cast<int>(threadIdx.x) % 8;
  for (int p = 0; p < bits; ++p) {
    uint32_t word = (code[0] >> p & 1u) | (code[1] >> p & 1u) << 1 | (code[2] >> p & 1u) << 2 | (code[3] >> p & 1u) << 3;
    word <<= 4 * lane_of_group;
#pragma unroll
    for (int step = 1; step < 8; step *= 2) word |= __shfl_xor_sync(0xFFFFFFFFu, word, step);
    if (lane_of_group == p % 8 && is_inside) words[p] = word;
  }
}

/// Code i of the group at `words`.
__device__ inline uint32_t load_code(const uint32_t* words, int bits, int i) {
  uint32_t code = 0;
  for (int p = 0; p < bits; ++p) code |= (words[p] >> i & 1u) << p;
  return code;
}

/// Codes first .. first + 3 of the group at `words`.
__device__ inline void load_quad(const uint32_t* words, int bits, int first, uint32_t (&code)[4]) {
#pragma unroll
  for (int c = 0; c < 4; ++c) code[c] = 0;
  for (int p = 0; p < bits; ++p) {
    const uint32_t nibble = words[p] >> first;
#pragma unroll
    for (int c = 0; c < 4; ++c) code[c] |= (nibble >> c & 1u) << p;
  }
}

/// x[4 quad] .. x[4 quad + 3] with one access, zeros behind x[count - 1]; x is 16-byte aligned.
__device__ inline float4 load_four(const float* x, int64_t quad, int64_t count) {
  const int64_t whole = count / 4;
  if (quad < whole) return reinterpret_cast<const float4*>(x)[quad];
  float4 last{};
  const int64_t rest = quad == whole ? count % 4 : 0;
  if (rest > 0) last.x = x[4 * quad];
  if (rest > 1) last.y = x[4 * quad + 1];
  if (rest > 2) last.z = x[4 * quad + 2];
  return last;
}

/// The same the other way: what lies behind out[count - 1] is not written.
__device__ inline void store_four(float* out, int64_t quad, int64_t count, float4 value) {
  const int64_t whole = count / 4;
  if (quad < whole) {
    reinterpret_cast<float4*>(out)[quad] = value;
    return;
  }
  const int64_t rest = quad == whole ? count % 4 : 0;
  if (rest > 0) out[4 * quad] = value.x;
  if (rest > 1) out[4 * quad + 1] = value.y;
  if (rest > 2) out[4 * quad + 2] = value.z;
}

}  // namespace skewbench::quantize
