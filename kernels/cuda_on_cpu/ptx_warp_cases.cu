// Executes every barrier and every collective of a warp that the translator knows.
//
// Idea       inline assembly for each spelling; barriers pass a word to the next thread through shared memory, so that a barrier
//            that does not wait shows as a wrong word and as a race
// Mapping    one block of two warps; outputs are [result][thread]
// Traffic    does not matter
// Numerics   integers
// Limits     kWarpThreads threads
#include "kernels/base/cuda_check.h"
#include "kernels/cuda_on_cpu/ptx_cases_device.cuh"
#include "kernels/cuda_on_cpu/ptx_machine_cases.h"

namespace skewbench::cuda_on_cpu {
namespace {

#define PUT(value) put<kWarpThreads>(outputs, value)

// Each thread passes 100 * round + its number to the thread before it, with `barrier` before and behind the reading.
#define PASSED(round, ...)                                             \
  {                                                                    \
    words[threadIdx.x] = 100 * (round) + threadIdx.x;                  \
    asm volatile(__VA_ARGS__ : "memory");                              \
    const uint32_t word = words[(threadIdx.x + 1) % kWarpThreads];     \
    asm volatile(__VA_ARGS__ : "memory");                              \
    PUT(word);                                                         \
  }

__global__ void ptx_barriers_kernel(uint32_t three, uint32_t count, uint64_t* __restrict__ outputs) {
  __shared__ uint32_t words[kWarpThreads];
  PASSED(0, "bar.sync 0;" : :)
  PASSED(1, "bar.sync 1, 64;" : :)
  PASSED(2, "bar.sync %0;" : : "r"(three))
  PASSED(3, "bar.sync %0, %1;" : : "r"(three), "r"(count))
  PASSED(4, "bar.cta.sync 4;" : :)
  PASSED(5, "barrier.sync 5;" : :)
  PASSED(6, "barrier.sync 15, 64;" : :)
  PASSED(7, "barrier.sync.aligned 0;" : :)
  PASSED(8, "barrier.cta.sync 6;" : :)
  PASSED(9, "barrier.cta.sync.aligned 7, 64;" : :)
}

// The first warp writes and goes on, the second one waits for it; the next round waits for the second one to have read.
#define PRODUCED(round, text)                                                                                      \
  {                                                                                                                \
    if (threadIdx.x < 32) {                                                                                        \
      words[threadIdx.x] = 100 * (round) + threadIdx.x;                                                            \
      asm volatile(text " 1, 64;" : : : "memory");                                                                 \
    } else {                                                                                                       \
      asm volatile("bar.sync 1, 64;" : : : "memory");                                                              \
      PUT_ALWAYS(words[threadIdx.x - 32])                                                                          \
    }                                                                                                              \
    if (threadIdx.x < 32) PUT_ALWAYS(0)                                                                            \
    asm volatile("bar.sync 0;" : : : "memory");                                                                    \
    outputs += kWarpThreads;                                                                                       \
  }
#define PUT_ALWAYS(value) outputs[threadIdx.x] = value;

__global__ void ptx_arrivals_kernel(uint64_t* __restrict__ outputs) {
  __shared__ uint32_t words[32];
  PRODUCED(0, "bar.arrive")
  PRODUCED(1, "bar.cta.arrive")
  PRODUCED(2, "barrier.arrive")
  PRODUCED(3, "barrier.arrive.aligned")
  PRODUCED(4, "barrier.cta.arrive")
  PRODUCED(5, "barrier.cta.arrive.aligned")
}

#define REDUCED(text, operands)                                                                                         \
  {                                                                                                                     \
    uint32_t result;                                                                                                    \
    asm volatile("{ .reg .pred p, q; setp.ne.u32 q, %1, 0; " text ".and.pred p, " operands "; selp.u32 %0, 1, 0, p; }" : "=r"(result) : "r"(holds)); \
    PUT(result);                                                                                                        \
    asm volatile("{ .reg .pred p, q; setp.ne.u32 q, %1, 0; " text ".or.pred p, " operands "; selp.u32 %0, 1, 0, p; }" : "=r"(result) : "r"(holds)); \
    PUT(result);                                                                                                        \
    asm volatile("{ .reg .pred q; setp.ne.u32 q, %1, 0; " text ".popc.u32 %0, " operands "; }" : "=r"(result) : "r"(holds)); \
    PUT(result);                                                                                                        \
  }
#define REDUCED_ALIGNED(text, operands)                                                                                 \
  {                                                                                                                     \
    uint32_t result;                                                                                                    \
    asm volatile("{ .reg .pred p, q; setp.ne.u32 q, %1, 0; " text ".and.aligned.pred p, " operands "; selp.u32 %0, 1, 0, p; }" : "=r"(result) : "r"(holds)); \
    PUT(result);                                                                                                        \
    asm volatile("{ .reg .pred p, q; setp.ne.u32 q, %1, 0; " text ".or.aligned.pred p, " operands "; selp.u32 %0, 1, 0, p; }" : "=r"(result) : "r"(holds)); \
    PUT(result);                                                                                                        \
    asm volatile("{ .reg .pred q; setp.ne.u32 q, %1, 0; " text ".popc.aligned.u32 %0, " operands "; }" : "=r"(result) : "r"(holds)); \
    PUT(result);                                                                                                        \
  }

// The predicate holds in the threads from `from` to `to`.
__global__ void ptx_reductions_kernel(uint32_t from, uint32_t to, uint64_t* __restrict__ outputs) {
  const uint32_t holds = threadIdx.x >= from && threadIdx.x < to;
  REDUCED("bar.red", "0, q")
  REDUCED("bar.red", "2, 64, !q")
  REDUCED("bar.cta.red", "3, q")
  REDUCED("barrier.red", "4, q")
  REDUCED("barrier.cta.red", "5, 64, q")
  REDUCED_ALIGNED("barrier.red", "0, q")
  REDUCED_ALIGNED("barrier.cta.red", "1, q")
}

#define SHUFFLED(mode, lane, clamp, mask)                                                                                  \
  {                                                                                                                        \
    uint32_t value, in_range;                                                                                              \
    asm volatile("{ .reg .pred p; shfl.sync." mode ".b32 %0|p, %2, %3, %4, %5; selp.u32 %1, 1, 0, p; }"                    \
                 : "=r"(value), "=r"(in_range) : "r"(1000 + threadIdx.x), "r"(lane), "r"(clamp), "r"(mask));               \
    PUT(value);                                                                                                            \
    PUT(in_range);                                                                                                         \
    asm volatile("shfl.sync." mode ".b32 %0, %1, %2, %3, %4;" : "=r"(value) : "r"(2000 + threadIdx.x), "r"(lane), "r"(clamp), "r"(mask)); \
    PUT(value);                                                                                                            \
  }

/// 4 modes, 7 lane operands, clamps of 4 segment widths; then by one half of each warp only.
__global__ void ptx_shuffles_kernel(uint64_t* __restrict__ outputs) {
  for (uint32_t width = 4; width <= 32; width *= 2)
    for (uint32_t lane = 0; lane < 7; ++lane) {
      const uint32_t segment = (32 - width) << 8, by = lane == 6 ? 40 : 3 * lane;
      SHUFFLED("up", by, segment, 0xffffffffu)
      SHUFFLED("down", by, segment | 31, 0xffffffffu)
      SHUFFLED("bfly", by, segment | 31, 0xffffffffu)
      SHUFFLED("idx", by + threadIdx.x % 2, segment | 31, 0xffffffffu)
    }
  const uint32_t half = threadIdx.x % 32 < 16 ? 0x0000ffffu : 0xffff0000u;
  if (threadIdx.x % 32 < 16)
    SHUFFLED("bfly", 5, 31, half)
  else
    SHUFFLED("bfly", 9, 31, half)
}

#define VOTED(predicate, mask)                                                                                            \
  {                                                                                                                       \
    uint32_t any, all, uniform, lanes;                                                                                    \
    asm volatile("{ .reg .pred p, q; setp.ne.u32 q, %4, 0; vote.sync.any.pred p, q, %5; selp.u32 %0, 1, 0, p;"            \
                 " vote.sync.all.pred p, !q, %5; selp.u32 %1, 1, 0, p; vote.sync.uni.pred p, q, %5; selp.u32 %2, 1, 0, p;" \
                 " vote.sync.ballot.b32 %3, q, %5; }"                                                                     \
                 : "=r"(any), "=r"(all), "=r"(uniform), "=r"(lanes) : "r"(uint32_t{predicate}), "r"(mask));               \
    PUT(any); PUT(all); PUT(uniform); PUT(lanes);                                                                         \
  }
#define COMBINED(op, type, letter, value, mask)                                                                           \
  {                                                                                                                       \
    uint32_t result;                                                                                                      \
    asm volatile("redux.sync." op "." type " %0, %1, %2;" : "=r"(result) : letter(value), "r"(mask));                     \
    PUT(result);                                                                                                          \
  }
#define MATCHED(type, letter, value, mask)                                                                                \
  {                                                                                                                       \
    uint32_t same, whole, all, alone;                                                                                     \
    asm volatile("{ .reg .pred p; match.any.sync." type " %0, %4, %5; match.all.sync." type " %1|p, %4, %5; selp.u32 %2, 1, 0, p;" \
                 " match.all.sync." type " %3, %4, %5; }"                                                                 \
                 : "=r"(same), "=r"(whole), "=r"(all), "=r"(alone) : letter(value), "r"(mask));                           \
    PUT(same); PUT(whole); PUT(all); PUT(alone);                                                                          \
  }
#define COLLECTIVES(mask, value)                                                                                          \
  VOTED((value) % 3 == 0, mask) VOTED((value) >= 0, mask) VOTED((value) > 1000, mask)                                     \
  COMBINED("add", "u32", "r", value, mask) COMBINED("min", "u32", "r", value, mask) COMBINED("max", "u32", "r", value, mask) \
  COMBINED("add", "s32", "r", value, mask) COMBINED("min", "s32", "r", value, mask) COMBINED("max", "s32", "r", value, mask) \
  COMBINED("and", "b32", "r", value, mask) COMBINED("or", "b32", "r", value, mask) COMBINED("xor", "b32", "r", value, mask) \
  MATCHED("b32", "r", (value) / 4, mask) MATCHED("b64", "l", int64_t{(value) % 4} << 40, mask)                            \
  MATCHED("b32", "r", 7, mask) MATCHED("b64", "l", int64_t{7} << 35, mask)

/// All lanes, then the odd and the even ones apart. values: one a thread.
__global__ void ptx_collectives_kernel(const int32_t* values, uint64_t* __restrict__ outputs) {
  const int32_t value = values[threadIdx.x];
  COLLECTIVES(0xffffffffu, value)
  if (threadIdx.x % 2 == 0) {
    COLLECTIVES(0x55555555u, value)
  } else {
    COLLECTIVES(0xaaaaaaaau, value)
  }
}

/// Lanes leave one after the other in groups of 8; those that remain say who is there, and pass words past a barrier of theirs.
__global__ void ptx_lanes_kernel(uint64_t* __restrict__ outputs) {
  __shared__ uint32_t words[kWarpThreads];
  const uint32_t lane = threadIdx.x % 32, first = threadIdx.x - lane;
  uint32_t known[7];
  asm volatile("mov.u32 %0, %%laneid; mov.u32 %1, %%warpid; mov.u32 %2, %%lanemask_eq; mov.u32 %3, %%lanemask_lt;"
               " mov.u32 %4, %%lanemask_le; mov.u32 %5, %%lanemask_gt; mov.u32 %6, %%lanemask_ge;"
               : "=r"(known[0]), "=r"(known[1]), "=r"(known[2]), "=r"(known[3]), "=r"(known[4]), "=r"(known[5]), "=r"(known[6]));
  for (const uint32_t word : known) PUT(word);
  for (uint32_t stays = 32; stays > 0; stays -= 8) {
    if (lane >= stays) return;
    asm volatile("bar.sync 0;" : : : "memory");  // the others have returned
    const uint32_t mask = stays == 32 ? 0xffffffffu : (1u << stays) - 1;
    asm volatile("bar.warp.sync %0;" : : "r"(mask) : "memory");
    words[threadIdx.x] = 10 * threadIdx.x + stays;
    asm volatile("bar.warp.sync %0;" : : "r"(mask) : "memory");
    PUT(words[first + (lane + 1) % stays]);
    uint32_t active;
    asm volatile("activemask.b32 %0;" : "=r"(active));
    PUT(active);
    asm volatile("bar.warp.sync %0;" : : "r"(mask) : "memory");  // all have read before the next round writes
  }
}

}  // namespace

void run_barriers(uint64_t* outputs) {
  ptx_barriers_kernel<<<1, kWarpThreads>>>(3, kWarpThreads, outputs);
  CUDA_LAUNCHED(ptx_barriers_kernel);
}

void run_arrivals(uint64_t* outputs) {
  ptx_arrivals_kernel<<<1, kWarpThreads>>>(outputs);
  CUDA_LAUNCHED(ptx_arrivals_kernel);
}

void run_reductions(uint32_t from, uint32_t to, uint64_t* outputs) {
  ptx_reductions_kernel<<<1, kWarpThreads>>>(from, to, outputs);
  CUDA_LAUNCHED(ptx_reductions_kernel);
}

void run_shuffles(uint64_t* outputs) {
  ptx_shuffles_kernel<<<1, kWarpThreads>>>(outputs);
  CUDA_LAUNCHED(ptx_shuffles_kernel);
}

void run_collectives(const int32_t* values, uint64_t* outputs) {
  ptx_collectives_kernel<<<1, kWarpThreads>>>(values, outputs);
  CUDA_LAUNCHED(ptx_collectives_kernel);
}

void run_lanes(uint64_t* outputs) {
  ptx_lanes_kernel<<<1, kWarpThreads>>>(outputs);
  CUDA_LAUNCHED(ptx_lanes_kernel);
}

}  // namespace skewbench::cuda_on_cpu
