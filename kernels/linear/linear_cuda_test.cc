// Every CUDA version of every direction against the reference: sizes around a tile's edges, splits of the depth, channels that do and
// do not allow 16-byte accesses.
#include "kernels/linear/linear_cuda.h"

#include "kernels/base/product_tests.h"

namespace skewbench::linear {
namespace {

using namespace product_tests;
using test_arrays::refusal;
using test_arrays::run_version;

struct LinearCase {
  int64_t n, c, k;
};
using Case = LinearCase;
// Each extent is the depth of one direction: 1, one step of 16 less and more, and long enough to be split (from 256 on). It also leaves
// 1, 2 and 3 behind its last multiple of 4, and n more than 8 behind the last multiple of 16.
const Case kCases[] = {{1, 1, 1},   {45, 38, 43}, {5, 3, 7},    {17, 16, 15}, {8, 64, 10},   {64, 12, 64},  {68, 20, 65}, {66, 67, 21},
                       {21, 68, 66}, {4, 260, 8}, {4, 8, 260},  {260, 8, 4},   {3, 259, 5},   {5, 3, 259},  {259, 5, 3}};

std::vector<Case> cases() {
  std::vector<Case> list(std::begin(kCases), std::end(kCases));
  for (int64_t i = 0; i < test_arrays::drawn_cases(2, 100); ++i) {
    test_arrays::Draw draw(i);
    list.push_back({draw.from(1, 140), draw.from(1, 140), draw.from(1, 140)});
  }
  return list;
}

Sizes sizes(const Case& at) { return {at.n * at.c, at.c * at.k, at.k, at.n * at.k}; }
std::string text(const Case& at) { return fmt::format("n={} c={} k={}", at.n, at.c, at.k); }

struct ForwardDirection {
  using Version = device::Version<Forward>;
  using Case = LinearCase;
  static constexpr const char* kName = "linear forward";
  static Array reference(const Case& at, const Inputs& in, Extras extras) {
    Array y(static_cast<std::size_t>(at.n * at.k));
    forward_ref({at.c, at.k}, at.n, in.x.data(), in.filter.data(), extras.bias ? in.bias.data() : nullptr, y.data());
    if (extras.relu_or_accumulate)
      for (float& value : y) value = std::max(value, 0.0f);
    return y;
  }
  template <class Input>
  static std::vector<float> run(const Version& version, const Case& at, const Inputs& in, Extras extras, int64_t shift, Input input) {
    const auto x = input(in.x), weights = input(in.filter), bias = input(in.bias);
    DeviceArray<float> y(at.n * at.k, shift);
    run_version(version, kName, Forward{{at.c, at.k}, at.n, x.data(), weights.data(), extras.bias ? bias.data() : nullptr, y.data(), extras.relu_or_accumulate});
    EXPECT_TRUE(x.intact() && weights.intact() && bias.intact() && y.intact());
    return y.download();
  }
};

struct InputDirection {
  using Version = device::Version<BackwardInput>;
  using Case = LinearCase;
  static constexpr const char* kName = "linear input gradient";
  static Array reference(const Case& at, const Inputs& in, Extras) {
    Array dx(static_cast<std::size_t>(at.n * at.c));
    backward_input_ref({at.c, at.k}, at.n, in.dy.data(), in.filter.data(), dx.data());
    return dx;
  }
  template <class Input>
  static std::vector<float> run(const Version& version, const Case& at, const Inputs& in, Extras, int64_t shift, Input input) {
    const auto dy = input(in.dy), weights = input(in.filter);
    DeviceArray<float> dx(at.n * at.c, shift);
    run_version(version, kName, BackwardInput{{at.c, at.k}, at.n, dy.data(), weights.data(), dx.data()});
    EXPECT_TRUE(dy.intact() && weights.intact() && dx.intact());
    return dx.download();
  }
};

struct WeightsDirection {
  using Version = device::Version<BackwardWeights>;
  using Case = LinearCase;
  static constexpr const char* kName = "linear weight gradient";
  static Array reference(const Case& at, const Inputs& in, Extras extras) {
    Array dweights = in.dfilter, dbias = in.dbias;
    backward_weights_ref({at.c, at.k}, at.n, in.x.data(), in.dy.data(), dweights.data(), extras.bias ? dbias.data() : nullptr, extras.relu_or_accumulate);
    if (extras.bias) dweights.insert(dweights.end(), dbias.begin(), dbias.end());
    return dweights;
  }
  template <class Input>
  static std::vector<float> run(const Version& version, const Case& at, const Inputs& in, Extras extras, int64_t shift, Input input) {
    const auto x = input(in.x), dy = input(in.dy);
    DeviceArray<float> dweights(at.c * at.k, shift), dbias(at.k, shift);
    if (extras.relu_or_accumulate) {
      device::copy_to_device(dweights.data(), in.dfilter.data(), 4 * at.c * at.k, nullptr);
      device::copy_to_device(dbias.data(), in.dbias.data(), 4 * at.k, nullptr);
    }
    run_version(version, kName, BackwardWeights{{at.c, at.k}, at.n, x.data(), dy.data(), dweights.data(), extras.bias ? dbias.data() : nullptr, extras.relu_or_accumulate});
    EXPECT_TRUE(x.intact() && dy.intact() && dweights.intact() && dbias.intact());
    std::vector<float> result = dweights.download(), bias = dbias.download();
    if (extras.bias) result.insert(result.end(), bias.begin(), bias.end());
    return result;
  }
};

// Depths that are split in one of the directions, and one that is not.
const Case kRandomCases[] = {{36, 20, 68}, {9, 260, 33}, {9, 33, 260}, {260, 33, 9}};
const Case kExtraCases[] = {{8, 12, 4}, {4, 256, 8}, {256, 4, 8}};
const Case kTurns[] = {{17, 18, 19}};  // more outputs than a block has threads
const Case kQuads{68, 20, 60};     // extents that allow 16-byte accesses
const Case kOddExtents{34, 9, 3};   // every sum ends inside a step, and there are rows in the second half of a tile

class LinearForward : public ::testing::TestWithParam<device::Version<Forward>> {};
class LinearBackwardInput : public ::testing::TestWithParam<device::Version<BackwardInput>> {};
class LinearBackwardWeights : public ::testing::TestWithParam<device::Version<BackwardWeights>> {};
INSTANTIATE_TEST_SUITE_P(Versions, LinearForward, ::testing::ValuesIn(forward_versions()), test_arrays::version_name);
INSTANTIATE_TEST_SUITE_P(Versions, LinearBackwardInput, ::testing::ValuesIn(backward_input_versions()), test_arrays::version_name);
INSTANTIATE_TEST_SUITE_P(Versions, LinearBackwardWeights, ::testing::ValuesIn(backward_weights_versions()), test_arrays::version_name);

#define TEST_ALL_DIRECTIONS(Name, ...)                                    \
  TEST_P(LinearForward, Name) {                                           \
    NEEDS_DEVICE();                                                       \
    [&]<class Direction> { __VA_ARGS__; }.operator()<ForwardDirection>(); \
  }                                                                       \
  TEST_P(LinearBackwardInput, Name) {                                     \
    NEEDS_DEVICE();                                                       \
    [&]<class Direction> { __VA_ARGS__; }.operator()<InputDirection>();   \
  }                                                                       \
  TEST_P(LinearBackwardWeights, Name) {                                   \
    NEEDS_DEVICE();                                                       \
    [&]<class Direction> { __VA_ARGS__; }.operator()<WeightsDirection>(); \
  }
TEST_ALL_DIRECTIONS(ExactOnIntegers, exact_on_integers<Direction>(GetParam(), cases()))
TEST_ALL_DIRECTIONS(ExactOnThirteenBits, exact_on_thirteen_bits<Direction>(GetParam(), kQuads))
TEST_ALL_DIRECTIONS(ExactOnUnalignedArrays, exact_on_unaligned<Direction>(GetParam(), kQuads))
TEST_ALL_DIRECTIONS(WithinBoundAndTwiceTheSame, within_bound_and_twice_the_same<Direction>(GetParam(), kRandomCases))
TEST_P(LinearForward, ExactWithEveryExtra) {
  NEEDS_DEVICE();
  exact_with_every_extra<ForwardDirection>(GetParam(), kExtraCases);
}
TEST_P(LinearBackwardWeights, ExactWithEveryExtra) {
  NEEDS_DEVICE();
  exact_with_every_extra<WeightsDirection>(GetParam(), kExtraCases);
}
TEST_P(LinearForward, ANaNArrives) {
  NEEDS_DEVICE();
  nan_arrives<ForwardDirection>(GetParam(), kOddExtents, {&Inputs::x, &Inputs::filter});
}
TEST_P(LinearBackwardInput, ANaNArrives) {
  NEEDS_DEVICE();
  nan_arrives<InputDirection>(GetParam(), kOddExtents, {&Inputs::dy, &Inputs::filter});
}
TEST_P(LinearBackwardWeights, ANaNArrives) {
  NEEDS_DEVICE();
  nan_arrives<WeightsDirection>(GetParam(), kOddExtents, {&Inputs::x, &Inputs::dy});
}

TEST(LinearCuda, DirectStridesOverItsOutputs) {
  NEEDS_DEVICE();
  const test_arrays::FewBlocks one(1);
  exact_with_every_extra<ForwardDirection>(forward_versions()[0], kTurns);
  exact_with_every_extra<InputDirection>(backward_input_versions()[0], kTurns);
  exact_with_every_extra<WeightsDirection>(backward_weights_versions()[0], kTurns);
}

TEST(LinearCuda, AsyncCopiesSumInTheOrderOfRegisterTiles) {
  NEEDS_DEVICE();
  same_sums<ForwardDirection>(forward_versions()[2], forward_versions()[1], kRandomCases);
  same_sums<InputDirection>(backward_input_versions()[2], backward_input_versions()[1], kRandomCases);
  same_sums<WeightsDirection>(backward_weights_versions()[2], backward_weights_versions()[1], kRandomCases);
}

TEST(LinearVendor, ForwardIsExactOnIntegers) {
  NEEDS_DEVICE();
  vendor_is_exact_on_integers<ForwardDirection>(forward_vendor(), kCases);
}
TEST(LinearVendor, BackwardInputIsExactOnIntegers) {
  NEEDS_DEVICE();
  vendor_is_exact_on_integers<InputDirection>(backward_input_vendor(), kCases);
}
TEST(LinearVendor, BackwardWeightsIsExactOnIntegers) {
  NEEDS_DEVICE();
  vendor_is_exact_on_integers<WeightsDirection>(backward_weights_vendor(), kCases);
}

TEST(LinearCuda, DefaultsAreAccurateAndTakeWhatOthersRefuse) {
  const float x = 0;
  float y = 0;
  EXPECT_EQ(default_version(Forward{{64, 10}, 8, &x, &x, nullptr, &y}).number, 3);
  EXPECT_EQ(default_version(BackwardInput{{64, 10}, 8, &x, &x, &y}).number, 3);
  EXPECT_EQ(default_version(BackwardWeights{{64, 10}, 8, &x, &x, &y, nullptr}).number, 3);
  EXPECT_EQ(default_version(Forward{{1, 1}, int64_t{1} << 40, &x, &x, nullptr, &y}).number, 1);
}

TEST(LinearCuda, Refusals) {
  const float x = 0;
  float y = 0;
  const auto why_not = [&](const Problem& problem, int64_t n, int number = 3) {
    return device::find_version(forward_versions(), number, "linear").why_not(Forward{problem, n, &x, &x, nullptr, &y});
  };
  EXPECT_EQ(why_not({64, 10}, 1), "");
  EXPECT_EQ(why_not({0, 3}, 1), "linear: c=0 and k=3 must be positive and below 2^31");
  EXPECT_EQ(why_not({64, 10}, 0), "batch size 0 must be positive");
  EXPECT_EQ(why_not({16, 1}, int64_t{1} << 47), "n=140737488355328 c=16 k=1: the bytes of an array exceed 64 bits");
  EXPECT_EQ(why_not({1, 1}, int64_t{1} << 37), "n=137438953472 c=1 k=1: 2147483648 blocks, a grid has 2147483647 at most");
  EXPECT_EQ(why_not({1, 1}, (int64_t{1} << 37) - 64), "");
  EXPECT_EQ(why_not({1, 1}, int64_t{1} << 37, 1), "");
  EXPECT_EQ(backward_input_versions()[0].why_not({{64, 10}, 1, nullptr, &x, &y}), "dy is 0x0, no address of floats");
  EXPECT_EQ(backward_weights_versions()[1].why_not({{64, 10}, 1, &x, &x, nullptr, nullptr}), "dweights is 0x0, no address of floats");
}

}  // namespace
}  // namespace skewbench::linear
