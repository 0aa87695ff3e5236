// Executes mma, ldmatrix and cp.async in every form that the translator knows.
//
// Idea       fragments are gathered element by element as the PTX ISA's tables have them, so that only the instruction itself
//            is in question
// Mapping    one warp
// Traffic    does not matter
// Numerics   the instructions' own: exact products, float sums
// Limits     matrices of one tile
#include "kernels/base/cuda_check.h"
#include "kernels/cuda_on_cpu/ptx_machine_cases.h"

namespace skewbench::cuda_on_cpu {
namespace {

/// Fragments of a [16][k] and b [k][8], rows of `Element`; two elements of 16 bits share a register.
template <class Element, int k>
struct Fragments {
  static constexpr int kPack = 4 / sizeof(Element);
  uint32_t a[k * 16 / 32 / kPack], b[k * 8 / 32 / kPack];

  __device__ Fragments(const Element* of_a, const Element* of_b) {
    const int group = threadIdx.x / 4, in_group = threadIdx.x % 4;
    constexpr int kColumns = 4 * kPack;  // of k that one register of each lane covers
    for (int i = 0; i < k * 8 / 32 / kPack; ++i) {
      uint32_t low = 0, high = 0, column = 0;
      for (int part = 0; part < kPack; ++part) {
        const int at = kColumns * i + kPack * in_group + part, shift = 32 / kPack * part;
        low |= uint32_t{of_a[group * k + at]} << shift;
        high |= uint32_t{of_a[(group + 8) * k + at]} << shift;
        column |= uint32_t{of_b[at * 8 + group]} << shift;
      }
      a[2 * i] = low;
      a[2 * i + 1] = high;
      b[i] = column;
    }
  }
};

__device__ float* row_of(float* matrix, int i) { return matrix + (threadIdx.x / 4 + (i < 2 ? 0 : 8)) * 8 + 2 * (threadIdx.x % 4) + i % 2; }

#define LOADED float c0 = *row_of(c, 0), c1 = *row_of(c, 1), c2 = *row_of(c, 2), c3 = *row_of(c, 3)
#define STORED *row_of(d, 0) = c0, *row_of(d, 1) = c1, *row_of(d, 2) = c2, *row_of(d, 3) = c3
#define SUMS "+f"(c0), "+f"(c1), "+f"(c2), "+f"(c3)

// 1, 2 or 4 registers of a, and half as many of b
#define MULTIPLIED_2(form) \
  asm volatile("mma.sync.aligned." form " {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};" : SUMS : "r"(f.a[0]), "r"(f.a[1]), "r"(f.b[0]))
#define MULTIPLIED_4(form)                                                                                           \
  asm volatile("mma.sync.aligned." form " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"           \
               : SUMS : "r"(f.a[0]), "r"(f.a[1]), "r"(f.a[2]), "r"(f.a[3]), "r"(f.b[0]), "r"(f.b[1]))
#define KERNEL(name, Element, k, multiplied, form)                                                                   \
  __global__ void ptx_mma_##name##_kernel(const Element* a, const Element* b, float* c, float* d) {                  \
    const Fragments<Element, k> f(a, b);                                                                             \
    LOADED;                                                                                                          \
    multiplied(form);                                                                                                \
    STORED;                                                                                                          \
  }
KERNEL(f16_8, uint16_t, 8, MULTIPLIED_2, "m16n8k8.row.col.f32.f16.f16.f32")
KERNEL(f16_16, uint16_t, 16, MULTIPLIED_4, "m16n8k16.row.col.f32.f16.f16.f32")
KERNEL(bf16_8, uint16_t, 8, MULTIPLIED_2, "m16n8k8.row.col.f32.bf16.bf16.f32")
KERNEL(bf16_16, uint16_t, 16, MULTIPLIED_4, "m16n8k16.row.col.f32.bf16.bf16.f32")
KERNEL(tf32_4, uint32_t, 4, MULTIPLIED_2, "m16n8k4.row.col.f32.tf32.tf32.f32")
KERNEL(tf32_8, uint32_t, 8, MULTIPLIED_4, "m16n8k8.row.col.f32.tf32.tf32.f32")

// Rows of the matrices lie 48 bytes apart in shared memory, in an order that is not theirs. outputs: [form][register][lane]
__global__ void ptx_ldmatrix_kernel(const uint16_t* matrices, uint32_t* outputs) {
  __shared__ alignas(16) uint16_t rows[32][24];
  const uint32_t lane = threadIdx.x, slot = lane * 7 % 32;
  for (int i = 0; i < 8; ++i) rows[slot][i] = matrices[lane * 8 + i];
  asm volatile("bar.warp.sync 0xffffffff;" : : : "memory");
  const auto address = static_cast<uint32_t>(__cvta_generic_to_shared(rows[slot]));
  uint32_t r0, r1, r2, r3;
#define PUT(...) for (const uint32_t word : {__VA_ARGS__}) { outputs[lane] = word; outputs += 32; }
#define LOADED_BY(trans, space)                                                                                          \
  asm volatile("ldmatrix.sync.aligned.m8n8.x1" trans space ".b16 {%0}, [%1];" : "=r"(r0) : "r"(address));                \
  PUT(r0)                                                                                                                \
  asm volatile("ldmatrix.sync.aligned.m8n8.x2" trans space ".b16 {%0, %1}, [%2];" : "=r"(r0), "=r"(r1) : "r"(address));  \
  PUT(r0, r1)                                                                                                            \
  asm volatile("ldmatrix.sync.aligned.m8n8.x4" trans space ".b16 {%0, %1, %2, %3}, [%4];"                                \
               : "=r"(r0), "=r"(r1), "=r"(r2), "=r"(r3) : "r"(address));                                                 \
  PUT(r0, r1, r2, r3)
  LOADED_BY("", ".shared")
  LOADED_BY(".trans", ".shared::cta")
}

// Every form copies 16 bytes a lane, in pieces; then all of them are waited for, and put out.
#define COPIED(number, bytes, form, rest)                                                                                      \
  for (uint32_t i = 0; i < 16; i += bytes)                                                                                     \
    asm volatile("cp.async." form " [%0], [%1], " rest ";"                                                                     \
                 : : "r"(address + (number) * 512 + i), "l"(source + i), "r"(source_bytes > i ? min(source_bytes - i, bytes) : 0), "l"(policy) : "memory");
__global__ void ptx_async_copies_kernel(const char* from, uint32_t source_bytes, char* to) {
  __shared__ alignas(16) char bytes[kAsyncForms][32][16];
  const auto address = static_cast<uint32_t>(__cvta_generic_to_shared(bytes[0][threadIdx.x]));
  const auto source = reinterpret_cast<uint64_t>(from + 16 * threadIdx.x);
  uint64_t policy;
  asm volatile("createpolicy.fractional.L2::evict_first.b64 %0;" : "=l"(policy));
  COPIED(0, 4u, "ca.shared.global", "4")
  COPIED(1, 8u, "ca.shared.global", "8")
  COPIED(2, 16u, "ca.shared.global", "16")
  COPIED(3, 16u, "cg.shared.global", "16")
  asm volatile("cp.async.commit_group;");
  COPIED(4, 4u, "ca.shared.global", "4, %2")
  COPIED(5, 8u, "ca.shared::cta.global.L2::64B", "8, %2")
  COPIED(6, 16u, "cg.shared.global.L2::128B", "16, %2")
  asm volatile("cp.async.commit_group;");
  COPIED(7, 16u, "cg.shared.global.L2::256B", "16")
  COPIED(8, 16u, "cg.shared.global.L2::cache_hint", "16, %3")
  COPIED(9, 16u, "ca.shared.global.L2::cache_hint.L2::128B", "16, %2, %3")
  COPIED(10, 16u, "ca.shared::cta.global", "16, %2")
  const auto put = [&](int form) {
    for (int i = 0; i < 16; ++i) to[(form * 32 + threadIdx.x) * 16 + i] = bytes[form][threadIdx.x][i];
  };
  asm volatile("cp.async.wait_group 1;" : : : "memory");
  for (int form = 0; form < 4; ++form) put(form);
  asm volatile("cp.async.wait_group 0;" : : : "memory");
  for (int form = 4; form < 7; ++form) put(form);
  asm volatile("cp.async.wait_all;" : : : "memory");
  for (int form = 7; form < kAsyncForms; ++form) put(form);
}

}  // namespace

void run_mma(MmaForm form, const void* a, const void* b, float* c, float* d) {
  const auto* const a16 = static_cast<const uint16_t*>(a), *const b16 = static_cast<const uint16_t*>(b);
  const auto* const a32 = static_cast<const uint32_t*>(a), *const b32 = static_cast<const uint32_t*>(b);
  switch (form) {
    case MmaForm::f16_8: ptx_mma_f16_8_kernel<<<1, 32>>>(a16, b16, c, d); break;
    case MmaForm::f16_16: ptx_mma_f16_16_kernel<<<1, 32>>>(a16, b16, c, d); break;
    case MmaForm::bf16_8: ptx_mma_bf16_8_kernel<<<1, 32>>>(a16, b16, c, d); break;
    case MmaForm::bf16_16: ptx_mma_bf16_16_kernel<<<1, 32>>>(a16, b16, c, d); break;
    case MmaForm::tf32_4: ptx_mma_tf32_4_kernel<<<1, 32>>>(a32, b32, c, d); break;
    case MmaForm::tf32_8: ptx_mma_tf32_8_kernel<<<1, 32>>>(a32, b32, c, d); break;
  }
  CUDA_LAUNCHED(ptx_mma_kernel);
}

void run_ldmatrix(const uint16_t* matrices, uint32_t* outputs) {
  ptx_ldmatrix_kernel<<<1, 32>>>(matrices, outputs);
  CUDA_LAUNCHED(ptx_ldmatrix_kernel);
}

void run_async_copies(const char* from, uint32_t source_bytes, char* to) {
  ptx_async_copies_kernel<<<1, 32>>>(from, source_bytes, to);
  CUDA_LAUNCHED(ptx_async_copies_kernel);
}

}  // namespace skewbench::cuda_on_cpu
