// The loops over the depth of a matrix product, one function an idea: shared tiles, register tiles, asynchronous copies.
// `depth` is at least 1; a product without any terms is one step of zeros.
#pragma once

#include "kernels/base/async_copy.cuh"
#include "kernels/base/gemm_tile.cuh"

namespace skewbench::gemm {

/// Without register tiles: 16 x 16 outputs a block, one a thread.
struct SmallTile {
  static constexpr int kSide = 16;
  static constexpr int kThreads = kSide * kSide;
};
static_assert(SmallTile::kSide == kSmallTileSize.rows && SmallTile::kSide == kSmallTileSize.columns, "the plan knows this tile");

/// Every element of A and B is loaded once a block, by one thread, and read by 16 of them from shared memory.
template <class A, class B, class Target>
__device__ void shared_tiles(const A& a, const B& b, int depth, const Target& target) {
  constexpr int kSide = SmallTile::kSide;
  __shared__ float of_a[kSide][kSide + 1], of_b[kSide][kSide + 1];  // [row][k]; the odd pitch gives 16 rows 16 banks
  const int x = static_cast<int>(threadIdx.x) % kSide, y = static_cast<int>(threadIdx.x) / kSide;
  // Lanes run along what is contiguous in global memory.
  const int row_a = A::kAlongDepth ? y : x, k_a = A::kAlongDepth ? x : y;
  const int row_b = B::kAlongDepth ? y : x, k_b = B::kAlongDepth ? x : y;
  const auto place_a = a.row(row_a);
  const auto place_b = b.row(row_b);
  float sum = 0;
  int k = 0;
  do {
    const Source from_a = a.at(place_a, a.line(k + k_a));
    const Source from_b = b.at(place_b, b.line(k + k_b));
    of_a[row_a][k_a] = from_a.is_inside ? __ldg(from_a.address) : 0;
    of_b[row_b][k_b] = from_b.is_inside ? __ldg(from_b.address) : 0;
    __syncthreads();  // the step is there
#pragma unroll
    for (int i = 0; i < kSide; ++i) sum = fmaf(of_a[y][i], of_b[x][i], sum);
    __syncthreads();  // everyone has read it
    k += kSide;
  } while (k < depth);
  target.put(y, x, sum);
}

__device__ inline float4 load_four(const float* from) { return __ldg(reinterpret_cast<const float4*>(from)); }

/// 64 x 64 outputs a block, 8 x 4 a thread, 16-byte accesses; loads, then multiplies.
template <class A, class B, class Target>
__device__ void register_tiles(const A& a, const B& b, int depth, const Target& target) {
  __shared__ TileMemory memory;
  float4* const of_a = memory;
  float4* const of_b = memory + Tile::kSlots;
  const Slots<A> slots_a(a);
  const Slots<B> slots_b(b);
  RegisterTile tile;
  int k = 0;
  do {
    slots_a.fill(
        k, [=](int slot, Source from) { of_a[slot] = from.is_inside ? load_four(from.address) : float4{0, 0, 0, 0}; },
        [=](int number, Source from) { reinterpret_cast<float*>(of_a)[number] = from.is_inside ? __ldg(from.address) : 0; });
    slots_b.fill(
        k, [=](int slot, Source from) { of_b[slot] = from.is_inside ? load_four(from.address) : float4{0, 0, 0, 0}; },
        [=](int number, Source from) { reinterpret_cast<float*>(of_b)[number] = from.is_inside ? __ldg(from.address) : 0; });
    __syncthreads();  // the step is there
    tile.template multiply<A::kAlongDepth, B::kAlongDepth>(of_a, of_b);
    __syncthreads();  // everyone has read it
    k += Tile::kDepth;
  } while (k < depth);
  tile.put(memory);
  __syncthreads();  // the outputs are there
  store_tile(memory, target);
}

/// Two buffers: while one step is multiplied, the next is on its way into the other. Multiplier: RegisterTile or one of
/// gemm_tensor.cuh.
template <class Multiplier, class A, class B, class Target>
__device__ void async_copies(const A& a, const B& b, int depth, const Target& target) {
  __shared__ TileMemory memory;  // A, then B, of even steps; behind them those of odd steps
  const Slots<A> slots_a(a);
  const Slots<B> slots_b(b);
  Multiplier tile;
  const auto start = [](const auto& slots, float4* shared, int k) {
    slots.fill(
        k, [=](int slot, Source from) { device::copy_async<16>(reinterpret_cast<float*>(shared + slot), from.address, from.is_inside); },
        [=](int number, Source from) { device::copy_async<4>(reinterpret_cast<float*>(shared) + number, from.address, from.is_inside); });
  };
  start(slots_a, memory, 0);
  start(slots_b, memory + Tile::kSlots, 0);
  int here = 0, k = 0;  // the step's first slot
  do {
    device::wait_for_copies();
    // This thread's copies are done; behind the barrier everyone's are, and everyone has read the other buffer.
    __syncthreads();
    const int there = 2 * Tile::kSlots - here;
    k += Tile::kDepth;
    if (k < depth) {
      start(slots_a, memory + there, k);
      start(slots_b, memory + there + Tile::kSlots, k);
    }
    tile.template multiply<A::kAlongDepth, B::kAlongDepth>(memory + here, memory + here + Tile::kSlots);
    here = there;
  } while (k < depth);
  __syncthreads();  // everyone has read the last step
  tile.put(memory);
  __syncthreads();  // the outputs are there
  store_tile(memory, target);
}

}  // namespace skewbench::gemm
