// Runs bug cases: the buggy kernel must be caught in every thread order, with the sentence and the error; its twin must pass.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include "kernels/cuda_on_cpu/bug_cases.h"
#include "kernels/cuda_on_cpu/findings.h"

namespace skewbench::cuda_on_cpu {

inline constexpr const char* kOrders[] = {"forward", "reversed", "random:1", "random:2"};

inline bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

class BugCases : public ::testing::TestWithParam<BugCase> {
 protected:
  BugCases() { print_findings(false); }
  ~BugCases() override {
    set_order("forward");
    print_findings(true);
  }

  /// Launches on data as the cases expect it. What the wait returned is in error_, what is in the data then in `out`.
  std::vector<Finding> run(void (*start)(const BugData&), std::vector<float>* out = nullptr) {
    std::vector<float> values(BugData::kFloats);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
    const std::size_t bytes = values.size() * sizeof(float);
    BugData data{};
    EXPECT_EQ(cudaMalloc(reinterpret_cast<void**>(&data.floats), bytes), cudaSuccess);
    EXPECT_EQ(cudaMemcpy(data.floats, values.data(), bytes, cudaMemcpyHostToDevice), cudaSuccess);
    start(data);
    EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess);
    error_ = cudaDeviceSynchronize();
    std::vector<Finding> findings = take_findings();
    EXPECT_EQ(cudaMemcpy(values.data(), data.floats, bytes, cudaMemcpyDeviceToHost), cudaSuccess);
    EXPECT_EQ(cudaFree(data.floats), cudaSuccess);
    (void)cudaGetLastError();
    if (out != nullptr) *out = values;
    return findings;
  }

  void expect_caught(const BugCase& bug) {
    for (const char* order : kOrders) {
      SCOPED_TRACE(order);
      set_order(order);
      const std::vector<Finding> findings = run(bug.buggy);
      ASSERT_EQ(findings.size(), 1u);
      for (const char* part : bug.says)
        EXPECT_TRUE(part == nullptr || contains(findings[0].text, part)) << part << " is missing in\n" << findings[0].text;
      EXPECT_EQ(findings[0].error, bug.error) << cudaGetErrorName(findings[0].error);
      EXPECT_EQ(error_, bug.error) << cudaGetErrorName(error_);
    }
  }

  void expect_passed(const BugCase& bug) {
    for (const char* order : kOrders) {
      SCOPED_TRACE(order);
      set_order(order);
      const std::vector<Finding> findings = run(bug.right);
      EXPECT_TRUE(findings.empty()) << findings[0].text;
      EXPECT_EQ(error_, cudaSuccess) << cudaGetErrorName(error_);
    }
  }

  cudaError_t error_ = cudaSuccess;
};

TEST_P(BugCases, AreCaught) { expect_caught(GetParam()); }
TEST_P(BugCases, TwinsPass) { expect_passed(GetParam()); }

inline void PrintTo(const BugCase& bug, std::ostream* out) { *out << bug.name; }
inline std::string name_of_case(const ::testing::TestParamInfo<BugCase>& info) { return info.param.name; }
inline auto values_in(std::span<const BugCase> cases) { return ::testing::ValuesIn(cases.begin(), cases.end()); }

}  // namespace skewbench::cuda_on_cpu
