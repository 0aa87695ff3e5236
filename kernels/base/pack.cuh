// N neighbouring floats that a thread loads, computes and stores together. N is 1 or 4; 4 takes 16-byte accesses, so the
// address must be a multiple of 16. For .cu files.
#pragma once

namespace skewbench::device {

template <int N>
struct Pack {
  float of[N];
};

template <int N>
__device__ inline Pack<N> load(const float* from) {
  static_assert(N == 1 || N == 4, "one float, or one 16-byte access");
  if constexpr (N == 4) {
    const float4 value = *reinterpret_cast<const float4*>(from);
    return {value.x, value.y, value.z, value.w};
  } else {
    return {*from};
  }
}

/// To global memory. In assembly, because nvcc takes the assignment of a float4 apart where it no longer sees that `to` is aligned.
template <int N>
__device__ inline void store(float* to, const Pack<N>& value) {
  if constexpr (N == 4)
    asm volatile("st.global.v4.f32 [%0], {%1, %2, %3, %4};" ::"l"(__cvta_generic_to_global(to)), "f"(value.of[0]), "f"(value.of[1]),
                 "f"(value.of[2]), "f"(value.of[3])
                 : "memory");
  else
    *to = value.of[0];
}

/// compute(float of each argument ...) element by element.
template <int N, class Compute, class... Packs>
__device__ inline Pack<N> each(Compute compute, const Pack<N>& first, const Packs&... others) {
  Pack<N> result;
#pragma unroll
  for (int i = 0; i < N; ++i) result.of[i] = compute(first.of[i], others.of[i]...);
  return result;
}

}  // namespace skewbench::device
