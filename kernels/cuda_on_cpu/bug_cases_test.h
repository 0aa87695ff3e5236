// Runs bug cases: the buggy kernel must be caught in every thread order, with the sentence and the error; its twin must pass.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "kernels/cuda_on_cpu/bug_cases.h"
#include "kernels/cuda_on_cpu/findings.h"

namespace skewbench::cuda_on_cpu {

inline bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

class BugCases : public ::testing::TestWithParam<BugCase> {
 protected:
  BugCases() { print_findings(false); }
  ~BugCases() override {
    set_order("forward");
    print_findings(true);
  }

  /// Launches on data as the cases expect it; what the wait returned is in `error`.
  std::vector<Finding> run(void (*start)(const BugData&)) {
    std::vector<float> values(BugData::kFloats);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
    BugData data{};
    EXPECT_EQ(cudaMalloc(reinterpret_cast<void**>(&data.floats), values.size() * sizeof(float)), cudaSuccess);
    EXPECT_EQ(cudaMemcpy(data.floats, values.data(), values.size() * sizeof(float), cudaMemcpyHostToDevice), cudaSuccess);
    start(data);
    EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess);
    error_ = cudaDeviceSynchronize();
    std::vector<Finding> findings = take_findings();
    EXPECT_EQ(cudaFree(data.floats), cudaSuccess);
    (void)cudaGetLastError();
    return findings;
  }

  cudaError_t error_ = cudaSuccess;
};

TEST_P(BugCases, AreCaught) {
  const BugCase& bug = GetParam();
  for (const char* order : {"forward", "reversed", "random:1", "random:2"}) {
    SCOPED_TRACE(order);
    set_order(order);
    const std::vector<Finding> findings = run(bug.buggy);
    ASSERT_EQ(findings.size(), 1u);
    for (const char* part : bug.says) EXPECT_TRUE(part == nullptr || contains(findings[0].text, part)) << part << " is missing in\n" << findings[0].text;
    EXPECT_EQ(findings[0].error, bug.error) << cudaGetErrorName(findings[0].error);
    EXPECT_EQ(error_, bug.error) << cudaGetErrorName(error_);
  }
}

TEST_P(BugCases, TwinsPass) {
  for (const char* order : {"forward", "reversed", "random:1", "random:2"}) {
    SCOPED_TRACE(order);
    set_order(order);
    const std::vector<Finding> findings = run(GetParam().right);
    EXPECT_TRUE(findings.empty()) << findings[0].text;
    EXPECT_EQ(error_, cudaSuccess) << cudaGetErrorName(error_);
  }
}

inline void PrintTo(const BugCase& bug, std::ostream* out) { *out << bug.name; }

inline std::string name_of_case(const ::testing::TestParamInfo<BugCase>& info) { return info.param.name; }

inline auto values_in(std::span<const BugCase> cases) { return ::testing::ValuesIn(cases.begin(), cases.end()); }

}  // namespace skewbench::cuda_on_cpu
