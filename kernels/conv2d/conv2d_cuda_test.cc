// Every CUDA version of every direction against the reference: edges of images, tiles and splits, strides, channels that do and do not
// allow 16-byte accesses.
#include "kernels/conv2d/conv2d_cuda.h"

#include "kernels/base/product_tests.h"
#include "kernels/conv2d/conv2d.h"

namespace skewbench::conv2d {
namespace {

using namespace product_tests;
using test_arrays::refusal;
using test_arrays::run_version;

struct Conv2dCase {
  int64_t n;
  Problem problem;  // h w c k r s stride pad
};
using Case = Conv2dCase;

const Case kCases[] = {
    // one element of everything; image edges; strides that do and do not divide, and one that is larger than the image
    {1, {1, 1, 1, 1, 1, 1, 1, 0}}, {2, {2, 3, 2, 2, 3, 3, 2, 1}}, {1, {5, 7, 3, 5, 2, 3, 1, 1}}, {2, {5, 4, 5, 7, 5, 5, 1, 2}},
    {3, {5, 5, 1, 4, 5, 5, 3, 2}}, {1, {3, 3, 4, 4, 3, 3, 5, 1}}, {2, {7, 7, 3, 8, 1, 1, 2, 0}}, {1, {6, 6, 4, 4, 3, 3, 2, 1}},
    // more than a tile of 64: of output channels, of input channels, of pixels
    {2, {6, 6, 8, 68, 3, 3, 2, 0}}, {1, {4, 4, 68, 4, 1, 1, 1, 0}}, {1, {1, 66, 5, 66, 1, 1, 1, 0}}, {1, {6, 7, 37, 39, 1, 1, 1, 0}},
    // depths that are split (from 256 on): forward, input gradient without and with a stride, filter gradient
    {1, {5, 5, 32, 8, 3, 3, 1, 1}}, {1, {5, 5, 8, 32, 3, 3, 1, 1}}, {1, {6, 5, 4, 64, 3, 3, 2, 1}}, {8, {6, 6, 4, 8, 3, 3, 1, 1}},
    {1, {17, 17, 1, 5, 3, 3, 1, 1}},
    // sums one longer than a tile's 16
    {1, {17, 1, 17, 17, 1, 1, 1, 0}},
    // 16 bytes at a time, edges of the image in both halves of a tile: of 64 pixels, in the first step of 16 and in later ones
    {2, {4, 5, 4, 4, 2, 2, 1, 1}}, {1, {5, 7, 4, 4, 3, 3, 1, 1}},
    // with one output channel the filter's array ends behind the last tap: parts of the input gradient have 4 to 9 taps, and 16 to 25
    {1, {5, 5, 1, 1, 5, 5, 2, 2}}, {1, {5, 5, 4, 1, 5, 5, 2, 0}}, {1, {9, 9, 1, 1, 9, 9, 2, 0}}, {1, {9, 9, 4, 1, 9, 9, 2, 0}},
};

std::vector<Case> cases() {
  std::vector<Case> list(std::begin(kCases), std::end(kCases));
  for (int64_t i = 0; i < test_arrays::drawn_cases(3, 200); ++i) {
    test_arrays::Draw draw(i);
    const int64_t r = draw.from(1, 5), s = draw.from(1, 5), pad = draw.from(0, std::min(r, s) - 1);
    const int64_t h = draw.from(std::max<int64_t>(1, r - 2 * pad), 12), w = draw.from(std::max<int64_t>(1, s - 2 * pad), 12);
    list.push_back({draw.from(1, 3), {h, w, draw.from(1, 20), draw.from(1, 20), r, s, draw.from(1, 3), pad}});
  }
  return list;
}

std::string text(const Case& at) {
  const auto& [n, f] = at;
  return fmt::format("n{}h{}w{}c{}k{}r{}s{}st{}pad{}", n, f.h, f.w, f.c, f.k, f.r, f.s, f.stride, f.pad);
}

Sizes sizes(const Case& at) { return {at.problem.x_size(at.n), at.problem.filter_size(), at.problem.k, at.problem.y_size(at.n)}; }

struct ForwardDirection {
  using Version = device::Version<Forward>;
  using Case = Conv2dCase;
  static constexpr const char* kName = "convolution";
  static Array reference(const Case& at, const Inputs& in, Extras extras) {
    Array y(static_cast<std::size_t>(at.problem.y_size(at.n)));
    forward_ref(at.problem, at.n, in.x.data(), in.filter.data(), extras.bias ? in.bias.data() : nullptr, y.data());
    if (extras.relu_or_accumulate)
      for (float& value : y) value = value <= 0 ? 0 : value;
    return y;
  }
  template <class Input>
  static std::vector<float> run(const Version& version, const Case& at, const Inputs& in, Extras extras, int64_t shift, Input input) {
    const auto x = input(in.x), filter = input(in.filter), bias = input(in.bias);
    DeviceArray<float> y(at.problem.y_size(at.n), shift);
    run_version(version, kName, Forward{at.problem, at.n, x.data(), filter.data(), extras.bias ? bias.data() : nullptr, y.data(), extras.relu_or_accumulate});
    EXPECT_TRUE(x.intact() && filter.intact() && bias.intact() && y.intact());
    return y.download();
  }
};

struct InputDirection {
  using Version = device::Version<BackwardInput>;
  using Case = Conv2dCase;
  static constexpr const char* kName = "convolution's input gradient";
  static Array reference(const Case& at, const Inputs& in, Extras) {
    Array dx(static_cast<std::size_t>(at.problem.x_size(at.n)));
    backward_input_ref(at.problem, at.n, in.dy.data(), in.filter.data(), dx.data());
    return dx;
  }
  template <class Input>
  static std::vector<float> run(const Version& version, const Case& at, const Inputs& in, Extras, int64_t shift, Input input) {
    const auto dy = input(in.dy), filter = input(in.filter);
    DeviceArray<float> dx(at.problem.x_size(at.n), shift);
    run_version(version, kName, BackwardInput{at.problem, at.n, dy.data(), filter.data(), dx.data()});
    EXPECT_TRUE(dy.intact() && filter.intact() && dx.intact());
    return dx.download();
  }
};

struct FilterDirection {
  using Version = device::Version<BackwardFilter>;
  using Case = Conv2dCase;
  static constexpr const char* kName = "convolution's filter gradient";
  static Array reference(const Case& at, const Inputs& in, Extras extras) {
    Array dfilter = in.dfilter, dbias = in.dbias;
    backward_filter_ref(at.problem, at.n, in.x.data(), in.dy.data(), dfilter.data(), extras.bias ? dbias.data() : nullptr, extras.relu_or_accumulate);
    if (extras.bias) dfilter.insert(dfilter.end(), dbias.begin(), dbias.end());
    return dfilter;
  }
  template <class Input>
  static std::vector<float> run(const Version& version, const Case& at, const Inputs& in, Extras extras, int64_t shift, Input input) {
    const auto x = input(in.x), dy = input(in.dy);
    DeviceArray<float> dfilter(at.problem.filter_size(), shift), dbias(at.problem.k, shift);
    if (extras.relu_or_accumulate) {
      device::copy_to_device(dfilter.data(), in.dfilter.data(), 4 * at.problem.filter_size(), nullptr);
      device::copy_to_device(dbias.data(), in.dbias.data(), 4 * at.problem.k, nullptr);
    }
    run_version(version, kName,
                BackwardFilter{at.problem, at.n, x.data(), dy.data(), dfilter.data(), extras.bias ? dbias.data() : nullptr, extras.relu_or_accumulate});
    EXPECT_TRUE(x.intact() && dy.intact() && dfilter.intact() && dbias.intact());
    std::vector<float> result = dfilter.download(), bias = dbias.download();
    if (extras.bias) result.insert(result.end(), bias.begin(), bias.end());
    return result;
  }
};

// Sums that are split forward, in the input gradient, and in the filter gradient.
const Case kRandomCases[] = {{1, {5, 5, 32, 8, 3, 3, 1, 1}}, {1, {5, 4, 4, 64, 3, 3, 2, 1}}, {1, {17, 16, 3, 8, 2, 2, 1, 0}}};
const Case kExtraCases[] = {{1, {3, 3, 4, 8, 3, 3, 1, 1}}, {1, {2, 2, 32, 4, 3, 3, 1, 1}}, {1, {16, 16, 1, 4, 1, 1, 1, 0}}};
const Case kQuads{1, {9, 8, 4, 12, 3, 3, 1, 1}};    // channels that allow 16-byte accesses
// Sums of 27, 36, 9 and 12 that end inside a step, the first one or the second; with 16-byte accesses in every other case.
const Case kUnpadded[] = {{1, {4, 5, 3, 5, 3, 3, 1, 0}}, {1, {4, 5, 4, 4, 3, 3, 1, 0}}, {1, {2, 5, 3, 5, 1, 3, 1, 0}}, {1, {2, 5, 4, 4, 1, 3, 1, 0}}};
const Case kManyOutputs{1, {8, 8, 5, 7, 3, 3, 1, 1}};  // in every direction more than a block of v1 has threads

class Conv2dForward : public ::testing::TestWithParam<device::Version<Forward>> {};
class Conv2dBackwardInput : public ::testing::TestWithParam<device::Version<BackwardInput>> {};
class Conv2dBackwardFilter : public ::testing::TestWithParam<device::Version<BackwardFilter>> {};
INSTANTIATE_TEST_SUITE_P(Versions, Conv2dForward, ::testing::ValuesIn(forward_versions()), test_arrays::version_name);
INSTANTIATE_TEST_SUITE_P(Versions, Conv2dBackwardInput, ::testing::ValuesIn(backward_input_versions()), test_arrays::version_name);
INSTANTIATE_TEST_SUITE_P(Versions, Conv2dBackwardFilter, ::testing::ValuesIn(backward_filter_versions()), test_arrays::version_name);

#define TEST_ALL_DIRECTIONS(Name, ...)                                  \
  TEST_P(Conv2dForward, Name) {                                         \
    NEEDS_DEVICE();                                                     \
    [&]<class Direction> { __VA_ARGS__; }.operator()<ForwardDirection>(); \
  }                                                                     \
  TEST_P(Conv2dBackwardInput, Name) {                                   \
    NEEDS_DEVICE();                                                     \
    [&]<class Direction> { __VA_ARGS__; }.operator()<InputDirection>();   \
  }                                                                     \
  TEST_P(Conv2dBackwardFilter, Name) {                                  \
    NEEDS_DEVICE();                                                     \
    [&]<class Direction> { __VA_ARGS__; }.operator()<FilterDirection>();  \
  }
TEST_ALL_DIRECTIONS(ExactOnIntegers, exact_on_integers<Direction>(GetParam(), cases()))
TEST_ALL_DIRECTIONS(ExactOnThirteenBits, exact_on_thirteen_bits<Direction>(GetParam(), kQuads))
TEST_ALL_DIRECTIONS(ExactOnUnalignedArrays, exact_on_unaligned<Direction>(GetParam(), kQuads))
TEST_ALL_DIRECTIONS(WithinBoundAndTwiceTheSame, within_bound_and_twice_the_same<Direction>(GetParam(), kRandomCases))
TEST_P(Conv2dForward, ExactWithEveryExtra) {
  NEEDS_DEVICE();
  exact_with_every_extra<ForwardDirection>(GetParam(), kExtraCases);
}
TEST_P(Conv2dBackwardFilter, ExactWithEveryExtra) {
  NEEDS_DEVICE();
  exact_with_every_extra<FilterDirection>(GetParam(), kExtraCases);
}
TEST_P(Conv2dForward, ANaNArrives) {
  NEEDS_DEVICE();
  nan_arrives<ForwardDirection>(GetParam(), kUnpadded[0], {&Inputs::filter});
  for (const Case& at : kUnpadded) nan_arrives<ForwardDirection>(GetParam(), at, {&Inputs::x});
}
TEST_P(Conv2dBackwardInput, ANaNArrives) {
  NEEDS_DEVICE();
  for (const Case& at : kUnpadded) nan_arrives<InputDirection>(GetParam(), at, {&Inputs::dy});
}
TEST_P(Conv2dBackwardFilter, ANaNArrives) {
  NEEDS_DEVICE();
  nan_arrives<FilterDirection>(GetParam(), kUnpadded[0], {&Inputs::x, &Inputs::dy});
}

TEST(Conv2dCuda, AThreadOfTheDirectVersionHasSeveralOutputs) {
  NEEDS_DEVICE();
  const test_arrays::FewBlocks one(1);
  exact_on_integers<ForwardDirection>(forward_versions()[0], {&kManyOutputs, 1});
  exact_on_integers<InputDirection>(backward_input_versions()[0], {&kManyOutputs, 1});
  exact_on_integers<FilterDirection>(backward_filter_versions()[0], {&kManyOutputs, 1});
}

TEST(Conv2dCuda, AsyncCopiesSumInTheOrderOfRegisterTiles) {
  NEEDS_DEVICE();
  same_sums<ForwardDirection>(forward_versions()[3], forward_versions()[2], kRandomCases);
  same_sums<InputDirection>(backward_input_versions()[3], backward_input_versions()[2], kRandomCases);
  same_sums<FilterDirection>(backward_filter_versions()[3], backward_filter_versions()[2], kRandomCases);
}

TEST(Conv2dVendor, ForwardIsExactOnIntegers) {
  NEEDS_DEVICE();
  vendor_is_exact_on_integers<ForwardDirection>(forward_vendor(), kCases);
}
TEST(Conv2dVendor, BackwardInputIsExactOnIntegers) {
  NEEDS_DEVICE();
  vendor_is_exact_on_integers<InputDirection>(backward_input_vendor(), kCases);
}
TEST(Conv2dVendor, BackwardFilterIsExactOnIntegers) {
  NEEDS_DEVICE();
  vendor_is_exact_on_integers<FilterDirection>(backward_filter_vendor(), kCases);
}

TEST(Conv2dCuda, DefaultsAreAccurateAndTakeWhatOthersRefuse) {
  const float x = 0;
  float y = 0;
  const Problem problem{8, 8, 3, 16, 3, 3, 1, 1};
  EXPECT_EQ(default_version(Forward{problem, 1, &x, &x, nullptr, &y}).number, 4);
  EXPECT_EQ(default_version(BackwardInput{problem, 1, &x, &x, &y}).number, 4);
  EXPECT_EQ(default_version(BackwardFilter{problem, 1, &x, &x, &y, nullptr}).number, 4);
  const Problem pixels{1, 1, 1, 1, 1, 1, 1, 0};
  EXPECT_EQ(default_version(Forward{pixels, int64_t{1} << 40, &x, &x, nullptr, &y}).number, 1);
}

TEST(Conv2dCuda, Refusals) {
  const float x = 0;
  float y = 0;
  const auto why_not = [&](const Problem& problem, int64_t n, int number = 4) {
    return device::find_version(forward_versions(), number, "convolution").why_not(Forward{problem, n, &x, &x, nullptr, &y});
  };
  EXPECT_EQ(why_not({8, 8, 3, 16, 3, 3, 1, 1}, 1), "");
  EXPECT_EQ(why_not({0, 5, 1, 1, 3, 3, 1, 1}, 1), "convolution: extents must be positive, got h=0 w=5 c=1 k=1 r=3 s=3 stride=1");
  EXPECT_EQ(why_not({8, 8, 3, 16, 3, 3, 1, 1}, 0), "batch size 0 must be positive");
  EXPECT_EQ(why_not({int64_t{1} << 28, 1, 1, 1, 1, 1, 1, 0}, 1),
            "h=268435456 w=1 stride=1: extents must be below 2^28, an image below 2^29 pixels, the stride below 2^15");
  EXPECT_EQ(why_not({8, 8, 1, 1, 1, 1, int64_t{1} << 15, 0}, 1, 1),
            "h=8 w=8 stride=32768: extents must be below 2^28, an image below 2^29 pixels, the stride below 2^15");
  EXPECT_EQ(why_not({1 << 15, 1 << 14, 1, 1, 1, 1, 1, 0}, 1),
            "h=32768 w=16384 stride=1: extents must be below 2^28, an image below 2^29 pixels, the stride below 2^15");
  EXPECT_EQ(why_not({1, 1, 1 << 29, 1, 1, 1, 1, 0}, 1), "c=536870912 k=1 r=1 s=1: r s c and r s k must be below 2^29");
  EXPECT_EQ(why_not({1, 1, 1, 1 << 27, 2, 2, 1, 1}, 1), "c=1 k=134217728 r=2 s=2: r s c and r s k must be below 2^29");
  EXPECT_EQ(why_not({1, 1, (1 << 29) - 1, 1, 1, 1, 1, 0}, 1), "");
  EXPECT_EQ(why_not({8, 8, 4, 4, 3, 3, 1, 1}, int64_t{1} << 50, 1), "n=1125899906842624 h=8 w=8 c=4 k=4: the bytes of an array exceed 64 bits");
  EXPECT_EQ(why_not({1, 1, 1, 1, 1, 1, 1, 0}, int64_t{1} << 37), "n=137438953472 h=1 w=1 c=1 k=1: 2147483648 blocks, a grid has 2147483647 at most");
  EXPECT_EQ(why_not({1, 1, 1, 1, 1, 1, 1, 0}, (int64_t{1} << 37) - 64), "");
  EXPECT_EQ(why_not({1, 1, 1, 1, 1, 1, 1, 0}, int64_t{1} << 37, 1), "");
  EXPECT_EQ(backward_input_versions()[0].why_not({{8, 8, 3, 16, 3, 3, 1, 1}, 1, nullptr, &x, &y}), "dy is 0x0, no address of floats");
  EXPECT_EQ(backward_filter_versions()[2].why_not({{8, 8, 3, 16, 3, 3, 1, 1}, 1, &x, &x, nullptr, nullptr}), "dfilter is 0x0, no address of floats");
}

}  // namespace
}  // namespace skewbench::conv2d
