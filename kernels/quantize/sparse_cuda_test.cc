// Every CUDA version of gather, take and scatter against the reference, to the bit: k of one, around a block, and all.
#include "kernels/quantize/sparse_cuda.h"

#include <bit>

#include "kernels/quantize/device_test_values.h"

namespace skewbench::quantize {
namespace {

using test_arrays::DeviceArray;
using test_arrays::refusal;
using test_arrays::run_version;
using test_arrays::version_name;
using Indices = std::vector<int32_t>;

// k of 3 k coordinates, or of k: always the last one.
struct Case {
  Sparse problem;
  Indices indices;
};
std::vector<Case> cases() {
  std::vector<Case> result;
  for (const int64_t k : {1, 2, 255, 256, 257, 700})
    for (const int64_t step : {1, 3}) {
      Indices indices;
      for (int64_t j = 1; j <= k; ++j) indices.push_back(static_cast<int32_t>(j * step - 1));
      result.push_back({{k * step, k}, indices});
    }
  return result;
}

Values values_of(int64_t count, uint32_t stream) {
  Values values = test_arrays::normals<float>(count, stream);
  for (std::size_t i = 0; i < values.size(); i += 5) values[i] = i % 2 ? -0.0f : INFINITY;
  return values;
}

ExactArray<int32_t> on_device(const Indices& indices) { return ExactArray<int32_t>(std::span<const int32_t>(indices)); }

class GatherCuda : public testing::TestWithParam<device::Version<Gather>> {};
INSTANTIATE_TEST_SUITE_P(Versions, GatherCuda, testing::ValuesIn(gather_versions()), version_name);

TEST_P(GatherCuda, HasTheReferencesBits) {
  NEEDS_DEVICE();
  for (const auto& [problem, indices] : cases())
    for (const float factor : {1.0f, 2.5f}) {
      const Values x = values_of(problem.count, 1);
      Values want(static_cast<std::size_t>(problem.k));
      gather_ref(problem, indices.data(), x.data(), factor, want.data());
      const ExactArray<int32_t> at = on_device(indices);
      const ExactArray<float> in(x);
      DeviceArray<float> values(problem.k);
      run_version(GetParam(), "gather", Gather{problem, at.data(), in.data(), factor, values.data()});
      ASSERT_TRUE(same_floats(values.download(), want)) << problem.k << " of " << problem.count;
      ASSERT_TRUE(at.unchanged() && in.unchanged() && values.intact());
    }
}

TEST_P(GatherCuda, FactorOneMovesBits) {
  NEEDS_DEVICE();
  const Indices indices{0, 1};
  // A signalling NaN, which a product would make a quiet one.
  const Values x{std::bit_cast<float>(0xFF800005u), FLT_TRUE_MIN};
  const ExactArray<int32_t> at = on_device(indices);
  const ExactArray<float> in(x);
  DeviceArray<float> values(2);
  run_version(GetParam(), "gather", Gather{{2, 2}, at.data(), in.data(), 1, values.data()});
  EXPECT_EQ(std::memcmp(values.download().data(), x.data(), 8), 0);
}

class TakeCuda : public testing::TestWithParam<device::Version<Take>> {};
INSTANTIATE_TEST_SUITE_P(Versions, TakeCuda, testing::ValuesIn(take_versions()), version_name);

TEST_P(TakeCuda, HasTheReferencesBits) {
  NEEDS_DEVICE();
  for (const auto& [problem, indices] : cases()) {
    const Values x = values_of(problem.count, 2);
    Values want(static_cast<std::size_t>(problem.k)), kept = x;
    take_ref(problem, indices.data(), kept.data(), want.data());
    const ExactArray<int32_t> at = on_device(indices);
    DeviceArray<float> in(problem.count), values(problem.k);
    device::copy_to_device(in.data(), x.data(), 4 * problem.count, nullptr);
    run_version(GetParam(), "take", Take{problem, at.data(), in.data(), values.data()});
    ASSERT_TRUE(same_floats(values.download(), want)) << problem.k << " of " << problem.count;
    ASSERT_TRUE(same_floats(in.download(), kept)) << problem.k << " of " << problem.count;
    ASSERT_TRUE(at.unchanged() && in.intact() && values.intact());
  }
}

class ScatterCuda : public testing::TestWithParam<device::Version<Scatter>> {};
INSTANTIATE_TEST_SUITE_P(Versions, ScatterCuda, testing::ValuesIn(scatter_versions()), version_name);

TEST_P(ScatterCuda, HasTheReferencesBits) {
  NEEDS_DEVICE();
  for (const auto& [problem, indices] : cases())
    for (const bool add : {false, true}) {
      const Values values = values_of(problem.k, 3), start = test_arrays::normals<float>(problem.count, 4);
      Values want = start;
      scatter_ref(problem, indices.data(), values.data(), want.data(), add);
      const ExactArray<int32_t> at = on_device(indices);
      const ExactArray<float> in(values);
      DeviceArray<float> out(problem.count);
      if (add) device::copy_to_device(out.data(), start.data(), 4 * problem.count, nullptr);
      run_version(GetParam(), "scatter", Scatter{problem, at.data(), in.data(), out.data(), add});
      ASSERT_TRUE(same_floats(out.download(), want)) << problem.k << " of " << problem.count << (add ? ", added" : "");
      ASSERT_TRUE(at.unchanged() && in.unchanged() && out.intact());
    }
}

TEST(SparseCuda, Refusals) {
  NEEDS_DEVICE();
  const auto refused = [](const auto& versions, const char* name, const auto& arguments) {
    return refusal([&] { device::launch(versions[0], name, arguments, nullptr, nullptr); });
  };
  EXPECT_EQ(refused(gather_versions(), "gather", Gather{{4, 5}, nullptr, nullptr, 1, nullptr}),
            "gather v1 value_per_thread: 5 of 4 coordinates: there must be at least one and no more than all");
  EXPECT_EQ(refused(take_versions(), "take", Take{{0, 0}, nullptr, nullptr, nullptr}),
            "take v1 value_per_thread: 0 coordinates: there must be 1 to 2147483647");
  EXPECT_EQ(refused(scatter_versions(), "scatter", Scatter{{4, 0}, nullptr, nullptr, nullptr, false}),
            "scatter v1 value_per_thread: 0 of 4 coordinates: there must be at least one and no more than all");
}

}  // namespace
}  // namespace skewbench::quantize
