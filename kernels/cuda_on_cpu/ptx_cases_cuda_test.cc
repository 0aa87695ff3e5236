// Every instruction of the lists of ptx_cases.h against its formula there, for all combinations of edge values.
#include "kernels/cuda_on_cpu/ptx_cases.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <span>
#include <string>
#include <vector>

#include "kernels/cuda_on_cpu/ptx_cases_test.h"

// The formula for a half is written with the names of the pair's operands.
#pragma GCC diagnostic ignored "-Wshadow"

namespace skewbench::cuda_on_cpu {
namespace {

using namespace reference;

struct Case {
  const char* text;
  const char* result;  ///< name of its type
  Bits (*formula)(const Bits* operands);
  Values operands[kOperands] = {Values::count, Values::count, Values::count, Values::count};  ///< count: none
};

#define X(name, letter, type, values) constexpr Values k_##name = Values::values;
CASE_TYPES(X)
#undef X

#define A_(A) [[maybe_unused]] const A a = from_bits<A>(in[0]);
#define B_(B) [[maybe_unused]] const B b = from_bits<B>(in[1]);
#define C_(C) [[maybe_unused]] const C c = from_bits<C>(in[2]);
#define R_ [[maybe_unused]] const bool r = (in[2] & 1) != 0;
#define ENTRY(D, text, expression, locals, ...) \
  {text, #D, [](const Bits* in) -> Bits { locals return to_bits(static_cast<D>(expression)); }, {__VA_ARGS__}},
#define NONE Values::count

#define CASE1(D, A, text, e) ENTRY(D, text, e, A_(A), k_##A, NONE, NONE, NONE)
#define CASE2(D, A, B, text, e) ENTRY(D, text, e, A_(A) B_(B), k_##A, k_##B, NONE, NONE)
#define CASE3(D, A, B, C, text, e) ENTRY(D, text, e, A_(A) B_(B) C_(C), k_##A, k_##B, k_##C, NONE)
#define CASE4(D, A, B, C, E, text, e) ENTRY(D, text, e, A_(A) B_(B) C_(C) const E d = from_bits<E>(in[3]);, k_##A, k_##B, k_##C, k_##E)
#define RAW1 CASE1
#define RAW2 CASE2
#define RAW3 CASE3
#define TEST1(A, text, e) ENTRY(u32, text, (e) ? 1 : 0, A_(A), k_##A, NONE, NONE, NONE)
#define TEST2(A, text, e) ENTRY(u32, text, (e) ? 1 : 0, A_(A) B_(A), k_##A, k_##A, NONE, NONE)
#define TEST3(A, text, R, e) ENTRY(u32, text " " R, (e) ? 1 : 0, A_(A) B_(A) R_, k_##A, k_##A, Values::lane, NONE)
#define PAIR_TEST2(A, text, e, f) ENTRY(u32, text " p|q", ((e) ? 1 : 0) + ((f) ? 2 : 0), A_(A) B_(A), k_##A, k_##A, NONE, NONE)
#define PAIR_TEST3(A, text, R, e, f) \
  ENTRY(u32, text " p|q " R, ((e) ? 1 : 0) + ((f) ? 2 : 0), A_(A) B_(A) R_, k_##A, k_##A, Values::lane, NONE)
#define TEST_PREDICATES(text, e)                                                                                   \
  ENTRY(u32, text, (e) ? 1 : 0, const bool p = from_bits<s32>(in[0]) >= 0; const bool q = from_bits<s32>(in[1]) >= 0;, \
        Values::bits32, Values::bits32, NONE, NONE)
#define CHOOSE(T, text, e) ENTRY(T, text, e, A_(T) B_(T) R_, k_##T, k_##T, Values::lane, NONE)

constexpr Case kIntegerCases[] = {
#include "kernels/cuda_on_cpu/ptx_cases_integer.h"
};
constexpr Case kBitsCases[] = {
#include "kernels/cuda_on_cpu/ptx_cases_bits.h"
};
constexpr Case kRealCases[] = {
#include "kernels/cuda_on_cpu/ptx_cases_real.h"
};
constexpr Case kHalfCases[] = {
#include "kernels/cuda_on_cpu/ptx_cases_half.h"
};
constexpr Case kCompareCases[] = {
#include "kernels/cuda_on_cpu/ptx_cases_compare.h"
};
constexpr Case kConvertCases[] = {
#include "kernels/cuda_on_cpu/ptx_cases_convert.h"
};

// --- operands --------------------------------------------------------------------------------------------------------

constexpr size_t kEdges = 32;

std::vector<Bits> bits_of_all(const std::vector<f32>& values) {
  std::vector<Bits> list;
  for (const f32 value : values) list.push_back(to_bits(value));
  return list;
}

std::vector<Bits> bits_of_all(const std::vector<f64>& values) {
  std::vector<Bits> list;
  for (const f64 value : values) list.push_back(to_bits(value));
  return list;
}

/// Of two values that are `width` apart.
std::vector<Bits> pairs(const std::vector<Bits>& halves, size_t step) {
  std::vector<Bits> list;
  for (size_t i = 0; i < halves.size(); ++i) list.push_back(halves[i] << 16 | halves[(i * step + 7) % halves.size()]);
  return list;
}

std::vector<Bits> edges(Values values) {
  constexpr f32 inf = INFINITY;
  switch (values) {
    case Values::bits16:
      return {0, 1, 2, 3, 5, 7, 8, 15, 16, 17, 31, 32, 100, 127, 128, 129, 200, 255, 256, 257, 1000, 0x7ffe, 0x7fff, 0x8000, 0x8001, 0xaaaa,
              0xff7f, 0xff80, 0xff00, 0xfff0, 0xfffe, 0xffff};
    case Values::bits32:
      return {0, 1, 2, 3, 8, 16, 31, 32, 33, 63, 64, 127, 128, 255, 256, 0x0210, 0x7fff, 0x8000, 0xffff, 0x10000, 0x00ffffff, 0x01800001, 0x3210cdef,
              0x55555555, 0x7ffffffe, 0x7fffffff, 0x80000000, 0x80000001, 0xdeadbeef, 0xffffff80, 0xfffffffe, 0xffffffff};
    case Values::bits64:
      return {0, 1, 2, 3, 7, 64, 255, 1000, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x100000001, 0x123456789abcdef0, 0x001fffffffffffff,
              0x0020000000000001, 0x0040000000000001, 0x00400000ffffffff, 0x7fffff4000000000, 0x7fffffbfffffffff, 0x7ffffffffffffffe,
              0x7fffffffffffffff, 0x8000000000000000, 0x8000000000000001, 0xaaaaaaaaaaaaaaaa, 0xdeadbeefcafebabe, 0xffffffff00000000, 0xffffffff7fffffff,
              0xffffffff80000000, 0xffffffffffffff80, 0xfffffffffffffffe, 0xffffffffffffffff};
    case Values::real32:
      return bits_of_all(std::vector<f32>{0.0f, -0.0f, 1, -1, 0.5f, -0.5f, 1.5f, 2.5f, -2.5f, 1 + 0x1p-23f, 1 + 0x1p-11f, 0x1.ffep0f, 0x1.005p0f, 0.1f, -3.14159274f,
                                          0x1p-126f, 0x1.fffffcp-127f, 0x1p-149f, -0x1p-149f, 1e-20f, -6.1e-5f, 255.5f, -128.5f, 65504, 65520, 2147483648.0f,
                                          -4294967296.0f, 9.3e18f, 1e20f, std::numeric_limits<f32>::max(), inf, std::numeric_limits<f32>::quiet_NaN()});
    case Values::real64:
      return bits_of_all(std::vector<f64>{0.0, -0.0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 1 + 0x1p-52, 1 + 0x1p-24, 1 + 0x1.8p-23, 0.1, -3.141592653589793, 0x1p-1022, 0x1p-1074,
                                          -0x1p-1074, 0x1p-150, 0x1.8p-149, -1e-42, 65519.9, 255.5, -32768.5, 2147483647.5, -2147483648.5, 4294967295.5, 9223372036854775808.0,
                                          1e19, 3.4028235677973366e38, 1e300, -static_cast<f64>(inf), std::numeric_limits<f64>::quiet_NaN()});
    case Values::half:
      return {0x0000, 0x8000, 0x0001, 0x8001, 0x03ff, 0x0400, 0x8400, 0x3c00, 0xbc00, 0x3c01, 0x3bff, 0x3800, 0xb800, 0x3e00, 0x4100, 0xc100,
              0x4248, 0x2e66, 0x1400, 0x0a3d, 0x5140, 0x5bfc, 0xd808, 0x6400, 0x7800, 0x7bff, 0xfbff, 0x7bfe, 0x7c00, 0xfc00, 0x7e00, 0xfe01};
    case Values::brain:
      return {0x0000, 0x8000, 0x0001, 0x8001, 0x007f, 0x0080, 0x8080, 0x3f80, 0xbf80, 0x3f81, 0x3f7f, 0x3f00, 0xbf00, 0x3fc0, 0x4020, 0xc020,
              0x4049, 0x3dcd, 0x1400, 0x2a3d, 0x5140, 0x5bfc, 0xd808, 0x6400, 0x7f00, 0x7f7f, 0xff7f, 0x4380, 0x7f80, 0xff80, 0x7fc0, 0xffc1};
    case Values::halves: return pairs(edges(Values::half), 13);
    case Values::brains: return pairs(edges(Values::brain), 13);
    case Values::lane: {
      std::vector<Bits> list;
      for (Bits i = 0; i < 32; ++i) list.push_back(i);
      return list;
    }
    case Values::small: {
      std::vector<Bits> list;
      for (int i = -16; i < 16; ++i) list.push_back(to_bits(i));
      return list;
    }
    case Values::count: break;
  }
  return {};
}

/// The first two operands go through all pairs, the others through a mixture.
std::vector<Bits> operands() {
  std::vector<Bits> all;
  for (int values = 0; values < static_cast<int>(Values::count); ++values) {
    const std::vector<Bits> edge = edges(static_cast<Values>(values));
    EXPECT_EQ(edge.size(), kEdges);
    for (int operand = 0; operand < kOperands; ++operand)
      for (size_t thread = 0; thread < kCaseThreads; ++thread) {
        const size_t a = thread % kEdges, b = thread / kEdges, index[] = {a, b, a * 5 + b * 11 + 3, a * 7 + b * 3 + 1};
        all.push_back(edge[index[operand] % kEdges]);
      }
  }
  return all;
}

// --- comparison -------------------------------------------------------------------------------------------------------

void check(Story story, std::span<const Case> cases) {
  const std::vector<Bits> inputs = operands();
  const Device device_inputs(inputs.size()), device_outputs(cases.size() * kCaseThreads);
  device_inputs.write(inputs);
  run_cases(story, device_inputs.get(), device_outputs.get());
  CUDA_CALL(cudaDeviceSynchronize());
  const std::vector<Bits> outputs = device_outputs.read();
  for (size_t i = 0; i < cases.size(); ++i) {
    const Case& one = cases[i];
    size_t wrong = 0;
    std::string first;
    for (size_t thread = 0; thread < kCaseThreads; ++thread) {
      Bits in[kOperands] = {};
      for (size_t k = 0; k < kOperands && one.operands[k] != Values::count; ++k) in[k] = inputs[(static_cast<size_t>(one.operands[k]) * kOperands + k) * kCaseThreads + thread];
      const Bits got = outputs[i * kCaseThreads + thread], wanted = one.formula(in);
      if (agree(one.result, got, wanted)) continue;
      if (wrong++ == 0) first = fmt::format("of {:#x}, {:#x}, {:#x}, {:#x} is {:#x}, not {:#x}", in[0], in[1], in[2], in[3], got, wanted);
    }
    EXPECT_EQ(wrong, 0u) << one.text << " (" << one.result << ") " << first;
  }
}

TEST(PtxCases, Integer) { check(Story::integer, kIntegerCases); }
TEST(PtxCases, Bits) { check(Story::bits, kBitsCases); }
TEST(PtxCases, Real) { check(Story::real, kRealCases); }
TEST(PtxCases, Half) { check(Story::half, kHalfCases); }
TEST(PtxCases, Compare) { check(Story::compare, kCompareCases); }
TEST(PtxCases, Convert) { check(Story::convert, kConvertCases); }

}  // namespace
}  // namespace skewbench::cuda_on_cpu
