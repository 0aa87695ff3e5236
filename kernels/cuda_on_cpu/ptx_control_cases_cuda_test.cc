// Branches, calls, parameters, variables, addresses and fences: what each kernel of ptx_control_cases.cu must put out.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "kernels/cuda_on_cpu/findings.h"
#include "kernels/cuda_on_cpu/ptx_cases_test.h"
#include "kernels/cuda_on_cpu/ptx_machine_cases.h"

namespace skewbench::cuda_on_cpu {
namespace {

constexpr size_t kThreads = kControlThreads;

/// Signed numbers fill a word with their sign.
Bits word(int64_t value) { return static_cast<Bits>(value); }
Bits word(int32_t value) { return word(int64_t{value}); }
Bits word(float value) { return reference::pattern(value); }
Bits word(double value) { return to_bits(value); }

template <class Run>
std::vector<Bits> put_out(size_t words, Run run) {
  const Device outputs(words);
  outputs.write(std::vector<Bits>(words, 0x5a5a5a5a5a5a5a5a));
  run(outputs.get());
  CUDA_CALL(cudaDeviceSynchronize());
  return outputs.read();
}

/// 32-bit inputs on the device, two in a word.
Device inputs_of(std::vector<int32_t> values) {
  values.resize((values.size() + 1) / 2 * 2);
  std::vector<Bits> words(values.size() / 2);
  std::memcpy(words.data(), values.data(), values.size() * sizeof(int32_t));
  Device device(words.size());
  device.write(words);
  return device;
}

const int32_t* as_integers(const Device& device) { return reinterpret_cast<const int32_t*>(device.get()); }

/// The one finding of a launch that must fail.
template <class Run>
std::string finding(Run run) {
  print_findings(false);
  run();
  EXPECT_NE(cudaDeviceSynchronize(), cudaSuccess);
  static_cast<void>(cudaGetLastError());  // so that the next launch does not find it
  print_findings(true);
  const std::vector<Finding> findings = take_findings();
  EXPECT_EQ(findings.size(), 1u);
  return findings.empty() ? "" : findings[0].text;
}

TEST(PtxControlCases, VariablesHaveTheirInitialValues) {
  const std::vector<Bits> first = put_out(7, [](uint64_t* out) { run_variables(0, out); });
  // counters[0] += 5 through a pointer; counters[1] = counters[2] through another one
  const Bits coefficients = Bits{reference::pattern(-2.25f) + reference::pattern(3e8f)};
  EXPECT_EQ(first, (std::vector<Bits>{15, 30, coefficients, 1 + 256 + 65535, 0, word(-0.1), 1}));
}

TEST(PtxControlCases, TablesOfBranches) {
  const std::vector<int32_t> values{0, 1, 2, 3, 4, 5, 6, -9, 70, 81, 92, 103, 114, 125, 136};
  const Device inputs = inputs_of(values);
  const auto out = put_out(kThreads, [&](uint64_t* to) { run_table(as_integers(inputs), to); });
  const std::vector<int32_t> wanted{values[1] + 3, values[3] * 5, values[5] - 7, values[7] / 3, values[9] ^ 9, values[11] | 8, values[13] & 6, -1};
  for (size_t i = 0; i < kThreads; ++i) EXPECT_EQ(out[i], word(wanted[i])) << i;
}

TEST(PtxControlCases, IndexedBranches) {
  const Device inputs = inputs_of({0, 1, 2, 2, 1, 0, 1, 2});
  const auto out = put_out(kThreads, [&](uint64_t* to) { run_indices(reinterpret_cast<const uint32_t*>(inputs.get()), to); });
  EXPECT_EQ(out, (std::vector<Bits>{100, 200, 300, 300, 200, 100, 200, 300}));
}

TEST(PtxControlCases, AnIndexBehindTheTableStopsTheLaunch) {
  const Device inputs = inputs_of({0, 1, 2, 3, 1, 0, 1, 2});
  const Device outputs(kThreads);
  const std::string text = finding([&] { run_indices(reinterpret_cast<const uint32_t*>(inputs.get()), outputs.get()); });
  EXPECT_NE(text.find("a branch out of its table"), std::string::npos) << text;
  EXPECT_NE(text.find("thread (3,0,0)"), std::string::npos) << text;
}

TEST(PtxControlCases, CallsOfDeviceFunctions) {
  const Device inputs = inputs_of({0, 1, -2, 3, 1000, -7, 9, 5});
  const auto out = put_out(kThreads, [&](uint64_t* to) { run_call(as_integers(inputs), to); });
  const std::vector<int32_t> wanted{0, 9, -18, 27, 9000, -63, 81, 45};
  for (size_t i = 0; i < kThreads; ++i) EXPECT_EQ(out[i], word(wanted[i])) << i;
}

TEST(PtxControlCases, ParametersOfAllTypes) {
  const auto out = put_out(35, run_parameters);
  const std::vector<Bits> twice{word(int64_t{-10}), 144, word(int64_t{-6000}), 54464, word(int64_t{-140000}), word(3.0f), word(-5.0), word(int64_t{-16000000000}),
                                word(2.0f), word(4.0f), word(6.0f), word(8.0f), 10, 1705032704};
  const std::vector<Bits> once{word(int64_t{-5}), 200, word(int64_t{-3000}), 60000, word(int64_t{-70000}), word(1.5f), word(-2.5), word(int64_t{-8000000000}),
                               word(1.0f), word(2.0f), word(3.0f), word(4.0f), 5, 3000000000};
  const std::vector<Bits> others{word(int64_t{-7}), 65535, 1, word(0.75f), word(-0.125), word(-90000), word(-333)};
  std::vector<Bits> wanted = twice;
  wanted.insert(wanted.end(), once.begin(), once.end());
  wanted.insert(wanted.end(), others.begin(), others.end());
  EXPECT_EQ(out, wanted);
}

TEST(PtxControlCases, AParameterHasAnAddress) {
  // Words 2 and 3 of the structure: -70000 and 1.5f
  EXPECT_EQ(put_out(2, [](uint64_t* out) { run_grid_constant(2, out); }), (std::vector<Bits>{static_cast<uint32_t>(-70000), word(1.5f)}));
}

TEST(PtxControlCases, Recursion) {
  const Device inputs = inputs_of({0, 1, 2, 3, 7, 10, 12, 5});
  EXPECT_EQ(put_out(kThreads, [&](uint64_t* out) { run_recursion(as_integers(inputs), out); }), (std::vector<Bits>{0, 1, 1, 2, 13, 55, 144, 5}));
}

TEST(PtxControlCases, LocalArraysBelongToTheirThread) {
  const std::vector<int32_t> values{7, -3, 12, 0, 5, 5, -100, 64, 3, 2, 1};
  const auto count = static_cast<int32_t>(values.size());
  const Device inputs = inputs_of(values);
  const auto out = put_out(kThreads * 16, [&](uint64_t* to) { run_local(as_integers(inputs), count, to); });
  for (size_t thread = 0; thread < kThreads; ++thread) {
    std::vector<int32_t> wanted;
    for (const int32_t value : values) wanted.push_back(value ^ static_cast<int32_t>(thread));
    std::sort(wanted.begin(), wanted.end());
    for (size_t i = 0; i < wanted.size(); ++i) EXPECT_EQ(out[thread * 16 + i], word(wanted[i])) << thread << ", " << i;
  }
}

TEST(PtxControlCases, ExitEndsAThread) {
  EXPECT_EQ(put_out(kThreads, run_exit), (std::vector<Bits>{2, 1, 2, 1, 2, 1, 2, 1}));
}

TEST(PtxControlCases, PositionsInBlockAndGrid) {
  constexpr size_t kBlock = 5 * 3 * 3, kGrid = 2 * 3 * 2;
  const auto out = put_out(7 * kBlock * kGrid, run_positions);
  for (size_t block = 0; block < kGrid; ++block)
    for (size_t thread = 0; thread < kBlock; ++thread) {
      const Bits* const mine = &out[7 * (block * kBlock + thread)];
      EXPECT_EQ(mine[0], thread % 5 + 100 * (thread / 5 % 3) + 10000 * (thread / 15));
      EXPECT_EQ(mine[1], block % 2 + 100 * (block / 2 % 3) + 10000 * (block / 6));
      EXPECT_EQ(mine[2], 5 + 300 + 30000);
      EXPECT_EQ(mine[3], 2 + 300 + 20000);
      EXPECT_EQ(mine[4], 2u);
      EXPECT_EQ(mine[5], 48u);
      EXPECT_EQ(mine[6], 48u);
    }
}

TEST(PtxControlCases, AddressesOfAllSpaces) {
  const Device global(1);
  const auto out = put_out(10, [&](uint64_t* to) { run_addresses(reinterpret_cast<int32_t*>(global.get()), to); });
  // Value; then 4 for global, 2 and 1 for shared, 0 for local
  EXPECT_EQ(out, (std::vector<Bits>{11, 4, 12, 3, 13, 3, 14, 0, 15 + 13, word(1.5f)}));
}

TEST(PtxControlCases, FencesHintsAndClocks) {
  const auto out = put_out(3, run_fences);
  EXPECT_LT(out[0], Bits{1} << 40);
  EXPECT_EQ(out[1], 1u);
  EXPECT_EQ(out[2], 1u);
}

TEST(PtxControlCases, Printf) {
  testing::internal::CaptureStdout();
  run_printf(-42, 2.719f);
  CUDA_CALL(cudaDeviceSynchronize());
  std::fflush(stdout);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "plain\n-42  2.72% text 12345678901 x|7   | -42\n7\n");
}

TEST(PtxControlCases, Assert) {
  run_assert(3);
  CUDA_CALL(cudaDeviceSynchronize());
  const std::string text = finding([] { run_assert(4); });
  EXPECT_NE(text.find("assertion 'value == 3 && \"must be three\"' failed"), std::string::npos) << text;
  EXPECT_NE(text.find("ptx_control_cases.cu"), std::string::npos) << text;
}

TEST(PtxControlCases, Trap) {
  run_trap(kControlThreads);
  CUDA_CALL(cudaDeviceSynchronize());
  const std::string text = finding([] { run_trap(5); });
  EXPECT_NE(text.find("trap"), std::string::npos) << text;
}

}  // namespace
}  // namespace skewbench::cuda_on_cpu
