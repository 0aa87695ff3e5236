// Every CUDA version against the reference, to the bit: counts around 16 bytes and a block, numbers of inputs around the unrolled
// loop and around a launch, strides, unaligned vectors, sums in place.
#include "kernels/mix/mix_cuda.h"

#include "kernels/base/device_arrays.h"

namespace skewbench::mix {
namespace {

using test_arrays::DeviceArray;
using test_arrays::normals;
using test_arrays::refusal;
using test_arrays::run_version;
using test_arrays::version_name;

template <class T>
::testing::AssertionResult same_bytes(const std::vector<T>& got, std::span<const T> want) {
  for (std::size_t i = 0; i < want.size(); ++i)
    if (std::memcmp(&got[i], &want[i], sizeof(T)) != 0)
      return ::testing::AssertionFailure() << "element " << i << ": " << got[i] << " instead of " << want[i];
  return ::testing::AssertionSuccess();
}

struct Case {
  int64_t inputs, count;
  std::vector<int64_t> strides = {1};  // of input k: strides[k % size]
  int64_t out_stride = 1, shift = 0;
  int64_t in_place = -1;  // the input that out is
};

template <class T>
class MixCuda {
 public:
  explicit MixCuda(const Case& at) : at_(at) {
    const auto weights = normals<T>(at.inputs, 99);
    for (int64_t k = 0; k < at.inputs; ++k) {
      const int64_t stride = at.strides[static_cast<std::size_t>(k) % at.strides.size()];
      values_.push_back(normals<T>(at.count * stride, static_cast<uint32_t>(k)));
      for (std::size_t i = 2; i < values_.back().size(); i += 5) values_.back()[i] = 0;  // also the negative zero of a product
      on_device_.emplace_back(values_.back(), at.shift);
      of_reference_.push_back({values_.back().data(), stride, weights[static_cast<std::size_t>(k)]});
      of_device_.push_back({on_device_.back().data(), stride, weights[static_cast<std::size_t>(k)]});
    }
  }

  // False where the version does not take the problem.
  bool run(const device::Version<Mix<T>>& version) {
    DeviceArray<T> fresh(at_.count * at_.out_stride, at_.shift);
    DeviceArray<T>* const out = at_.in_place < 0 ? &fresh : &on_device_[static_cast<std::size_t>(at_.in_place)];
    const Mix<T> arguments{of_device_, at_.count, out->data(), at_.out_stride};
    if (!version.why_not(arguments).empty()) return false;
    auto want = out->download();  // what lies between the strides stays
    mix_ref<T>(of_reference_, at_.count, want.data(), at_.out_stride);
    run_version(version, "mix", arguments);
    EXPECT_TRUE(same_bytes<T>(out->download(), want));
    EXPECT_TRUE(fresh.intact());
    for (int64_t k = 0; k < at_.inputs; ++k) {
      if (k == at_.in_place) continue;
      EXPECT_TRUE(on_device_[static_cast<std::size_t>(k)].intact()) << "input " << k;
    }
    return true;
  }

 private:
  Case at_;
  std::vector<AlignedVector<T>> values_;
  std::vector<DeviceArray<T>> on_device_;
  std::vector<Input<T>> of_reference_, of_device_;
};

std::vector<Case> cases() {
  std::vector<Case> list;
  for (const int64_t count : {1, 2, 3, 4, 5, 255, 256, 257, 511, 512, 513, 1023, 1024, 1025, 2055}) list.push_back({3, count});
  for (const int64_t inputs : {1, 2, 4, 5, 6, 7, 8, 9, 10, 63, 64, 65, 66, 67, 68, 69, 70, 128, 129, 135}) list.push_back({inputs, 7});
  list.push_back({4, 37, {1}, 1, 1});             // not aligned
  list.push_back({5, 37, {2, 1, 3}});
  list.push_back({5, 300, {1}, 3});
  list.push_back({4, 37, {2}, 2, 1, 2});
  list.push_back({3, 1030, {1}, 1, 0, 0});
  list.push_back({5, 21, {1}, 1, 0, 4});
  list.push_back({130, 21, {1}, 1, 0, 3});        // the last launch writes over an input of the first,
  list.push_back({130, 21, {1}, 1, 0, 100});      // one of a later,
  list.push_back({130, 21, {2, 1}, 1, 0, 129});   // its own
  for (int64_t i = 0; i < test_arrays::drawn_cases(4, 200); ++i) {
    test_arrays::Draw draw(i);
    list.push_back({draw.from(1, 20), draw.from(1, 600), {draw.from(1, 2), draw.from(1, 3)}, draw.from(1, 2), draw.from(0, 1)});
  }
  return list;
}

template <class T>
void expect_reference(const device::Version<Mix<T>>& version) {
  int taken = 0;
  for (const Case& at : cases()) {
    SCOPED_TRACE(fmt::format("{} inputs of {} elements, out stride {}, in place {}", at.inputs, at.count, at.out_stride, at.in_place));
    taken += MixCuda<T>(at).run(version);
  }
  EXPECT_GT(taken, 30);
}

class MixCudaFloat : public ::testing::TestWithParam<device::Version<Mix<float>>> {};
INSTANTIATE_TEST_SUITE_P(Versions, MixCudaFloat, ::testing::ValuesIn(mix_versions<float>()), version_name);
class MixCudaDouble : public ::testing::TestWithParam<device::Version<Mix<double>>> {};
INSTANTIATE_TEST_SUITE_P(Versions, MixCudaDouble, ::testing::ValuesIn(mix_versions<double>()), version_name);

TEST_P(MixCudaFloat, EqualsTheReferenceToTheBit) {
  NEEDS_DEVICE();
  expect_reference(GetParam());
}

TEST_P(MixCudaDouble, EqualsTheReferenceToTheBit) {
  NEEDS_DEVICE();
  expect_reference(GetParam());
}

TEST(MixCudaCalls, NoElementsAreNoError) {
  NEEDS_DEVICE();
  const Input<float> input{nullptr, 1, 1};
  for (const auto& version : mix_versions<float>()) run_version(version, "mix", Mix<float>{{&input, 1}, 0, nullptr, 1});
}

TEST(MixCudaCalls, Refusals) {
  NEEDS_DEVICE();
  DeviceArray<float> a(64);
  const auto refused = [&](std::size_t version, std::vector<Input<float>> inputs, int64_t count, float* out, int64_t out_stride) {
    return refusal([&] { device::launch(mix_versions<float>()[version], "mix", Mix<float>{inputs, count, out, out_stride}, nullptr, nullptr); });
  };
  const Input<float> good{a.data(), 1, 1};
  EXPECT_EQ(refused(0, {}, 4, a.data(), 1), "mix v1 strided: mix needs at least one input");
  EXPECT_EQ(refused(0, {good}, -1, a.data(), 1), "mix v1 strided: mix of -1 elements: the count must not be negative");
  EXPECT_EQ(refused(0, {{a.data(), 0, 1}}, 4, a.data(), 1), "mix v1 strided: mix with an input stride of 0: it must be at least 1");
  EXPECT_EQ(refused(0, {good}, int64_t{1} << 40, a.data(), 1), "mix v1 strided: 1099511627776 elements with a stride of 1: too many for a grid");
  EXPECT_EQ(refused(1, {good, {a.data(), 2, 1}}, 4, a.data(), 1), "mix v2 sixteen_bytes: a stride of 2: 16-byte accesses need 1");
  EXPECT_EQ(refused(1, {good}, 4, a.data(), 3), "mix v2 sixteen_bytes: a stride of 3: 16-byte accesses need 1");
  EXPECT_NE(refused(1, {good}, 4, a.data() + 1, 1).find("is not a multiple of 16"), std::string::npos);
}

}  // namespace
}  // namespace skewbench::mix
