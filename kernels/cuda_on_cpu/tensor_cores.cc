// mma.sync and ldmatrix. Lanes publish where their operands are; the last one to arrive works for the whole warp, while
// the others stand still.
#include <fmt/format.h>

#include <bit>
#include <cstring>

#include "kernels/cuda_on_cpu/warp.h"

namespace skewbench::cuda_on_cpu {
namespace {

constexpr uint32_t kAllLanes = ~0u;
constexpr uint32_t kM = 16, kN = 8, kMostK = 16;

struct Operands {
  const uint32_t *a, *b;
  const float* c;
  float* d;
};

float from_f16(uint16_t bits) { return static_cast<float>(std::bit_cast<_Float16>(bits)); }
float from_bf16(uint16_t bits) { return std::bit_cast<float>(uint32_t{bits} << 16); }
float from_tf32(uint32_t bits) { return std::bit_cast<float>(bits & ~0x1FFFu); }  // 10 bits of significand

/// Element `half` of a register of two 16-bit values, or a register that is one value.
template <Element element>
float value_of(uint32_t word, uint32_t half) {
  if constexpr (element == Element::tf32) return from_tf32(word);
  const auto bits = static_cast<uint16_t>(word >> 16 * half);
  return element == Element::f16 ? from_f16(bits) : from_bf16(bits);
}

// Fragments (PTX ISA, "Matrix fragments for mma.m16n8k*"): lane = 4 g + t. A register holds P consecutive k: two of 16
// bits, one of 32. Registers of a: rows g and g + 8 of k = P t ..., then both rows of the next 4 P columns; of b: column g.
template <Element element, uint32_t K>
void multiply(Block&, Warp&, const uint64_t* lanes) {
  constexpr uint32_t P = element == Element::tf32 ? 1 : 2, kStep = 4 * P;
  double a[kM][K], b[K][kN];
  for (uint32_t lane = 0; lane < kLanes; ++lane) {
    const auto& operands = *reinterpret_cast<const Operands*>(lanes[lane]);
    const uint32_t g = lane / 4, t = lane % 4;
    for (uint32_t k0 = 0, part = 0; k0 < K; k0 += kStep, ++part)
      for (uint32_t half = 0; half < P; ++half) {
        const uint32_t k = k0 + P * t + half;
        a[g][k] = value_of<element>(operands.a[2 * part], half);
        a[g + 8][k] = value_of<element>(operands.a[2 * part + 1], half);
        b[k][g] = value_of<element>(operands.b[part], half);
      }
  }
  for (uint32_t lane = 0; lane < kLanes; ++lane) {
    const auto& operands = *reinterpret_cast<const Operands*>(lanes[lane]);
    float results[4];  // d may be c
    for (uint32_t i = 0; i < 4; ++i) {
      const uint32_t row = lane / 4 + 8 * (i / 2), column = 2 * (lane % 4) + i % 2;
      double sum = operands.c[i];
      for (uint32_t k = 0; k < K; ++k) sum += a[row][k] * b[k][column];
      results[i] = static_cast<float>(sum);
    }
    std::memcpy(operands.d, results, sizeof results);
  }
}

}  // namespace

void mma(Thread& thread, Element element, uint32_t k, const uint32_t* a, const uint32_t* b, const float* c, float* d, const Place* place) {
  const Operands mine{a, b, c, d};
  const auto start = [&](auto complete) { gather(thread, kAllLanes, reinterpret_cast<uint64_t>(&mine), place, complete); };
  if (element == Element::tf32) return k == 4 ? start(multiply<Element::tf32, 4>) : start(multiply<Element::tf32, 8>);
  if (element == Element::f16) return k == 8 ? start(multiply<Element::f16, 8>) : start(multiply<Element::f16, 16>);
  return k == 8 ? start(multiply<Element::bf16, 8>) : start(multiply<Element::bf16, 16>);
}

void ldmatrix(Thread& thread, uint32_t matrices, bool transposed, uint32_t address, uint32_t* destination, const Place* place) {
  // The rows of matrix m are at the addresses of lanes 8 m to 8 m + 7.
  const Gathered rows = gather(thread, kAllLanes, address, place);
  if (modes != 0 && thread.lane < 8 * matrices) inspect(thread, Space::shared, address, 16, Access::read, place);
  const auto row = [&](uint32_t m, uint32_t r) { return locate(thread, Space::shared, rows.values[8 * m + r]); };
  for (uint32_t m = 0; m < matrices; ++m) {
    if (!transposed) {
      std::memcpy(&destination[m], row(m, thread.lane / 4) + 4 * (thread.lane % 4), 4);
      continue;
    }
    uint16_t halves[2];
    for (uint32_t half = 0; half < 2; ++half) std::memcpy(&halves[half], row(m, 2 * (thread.lane % 4) + half) + 2 * (thread.lane / 4), 2);
    destination[m] = halves[0] | uint32_t{halves[1]} << 16;
  }
  warp_barrier(thread, kAllLanes, place);
}

}  // namespace skewbench::cuda_on_cpu
