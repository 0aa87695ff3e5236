// Every CUDA version of every direction against the reference: edges of images, tiles and splits, strides, channels that do and do not
// allow 16-byte accesses.
#include "kernels/conv2d/conv2d_cuda.h"

#include "kernels/base/cudnn_support.h"
#include "kernels/base/device_arrays.h"
#include "kernels/conv2d/conv2d.h"

namespace skewbench::conv2d {
namespace {

using test_arrays::DeviceArray;
using test_arrays::ExactInput;
using test_arrays::normals;
using test_arrays::refusal;
using test_arrays::run_version;
using test_arrays::same_bits;
using test_arrays::same_numbers;
using test_arrays::small_integers;
using test_arrays::within;
using Array = AlignedVector<float>;

struct Case {
  int64_t n;
  Problem problem;  // h w c k r s stride pad
};

const Case kCases[] = {
    // one element of everything; image edges; strides that do and do not divide, and one that is larger than the image
    {1, {1, 1, 1, 1, 1, 1, 1, 0}}, {2, {2, 3, 2, 2, 3, 3, 2, 1}}, {1, {5, 7, 3, 5, 2, 3, 1, 1}}, {2, {5, 4, 5, 7, 5, 5, 1, 2}},
    {3, {5, 5, 1, 4, 5, 5, 3, 2}}, {1, {3, 3, 4, 4, 3, 3, 5, 1}}, {2, {7, 7, 3, 8, 1, 1, 2, 0}}, {1, {6, 6, 4, 4, 3, 3, 2, 1}},
    // more than a tile of 64: of pixels, of output channels, of input channels
    {1, {9, 9, 4, 12, 3, 3, 1, 1}}, {2, {6, 6, 8, 68, 3, 3, 2, 0}}, {1, {4, 4, 68, 4, 1, 1, 1, 0}}, {1, {1, 66, 5, 66, 1, 1, 1, 0}},
    // depths that are split (from 256 on): forward, input gradient without and with a stride, filter gradient
    {1, {8, 8, 32, 8, 3, 3, 1, 1}}, {1, {5, 5, 8, 32, 3, 3, 1, 1}}, {1, {6, 5, 4, 64, 3, 3, 2, 1}}, {2, {13, 11, 4, 8, 3, 3, 1, 1}},
    {1, {17, 17, 1, 5, 3, 3, 1, 1}},
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

struct Inputs {
  Array x, filter, bias, dy, dfilter, dbias;  // the last two: what is added to
};
struct Limits {
  int x = 3, filter = 2, dy = 2;
};
Inputs integers(const Case& at, const Limits& limits = {}) {
  const auto& [n, f] = at;
  return {small_integers<float>(f.x_size(n), limits.x, 0), small_integers<float>(f.filter_size(), limits.filter, 1), small_integers<float>(f.k, 9, 2),
          small_integers<float>(f.y_size(n), limits.dy, 3), small_integers<float>(f.filter_size(), 9, 4), small_integers<float>(f.k, 9, 5)};
}
Inputs randoms(const Case& at) {
  const auto& [n, f] = at;
  return {normals<float>(f.x_size(n), 0), normals<float>(f.filter_size(), 1), normals<float>(f.k, 2),
          normals<float>(f.y_size(n), 3), normals<float>(f.filter_size(), 4), normals<float>(f.k, 5)};
}
Inputs magnitudes(const Inputs& in) {
  using test_arrays::magnitudes;
  return {magnitudes(in.x), magnitudes(in.filter), magnitudes(in.bias), magnitudes(in.dy), magnitudes(in.dfilter), magnitudes(in.dbias)};
}

/// What may accompany a product: the bias or its gradient, and the ReLU or accumulation.
struct Extras {
  bool bias, relu_or_accumulate;
};
const Extras kExtras[] = {{false, false}, {true, true}, {true, false}, {false, true}};

/// One direction: its versions and how it is run, on the device and by the reference. Results: the product, and the bias gradient
/// behind it where there is one.
struct ForwardDirection {
  using Version = device::Version<Forward>;
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

const auto kExact = [](const Array& values) { return ExactInput<float>(values); };
const auto kShifted = [](const Array& values) { return DeviceArray<float>(values, 1); };

template <class Direction>
std::vector<float> run(const typename Direction::Version& version, const Case& at, const Inputs& in, Extras extras = {true, false}) {
  return Direction::run(version, at, in, extras, 0, kExact);
}

/// Of plain tf32, the one version whose accuracy is not float32's.
constexpr int kTf32 = 5;

/// In units of epsilon(float) times the sum of magnitudes. 3xtf32 leaves out 2^-22 of a product and twice rounds 2^-22 of an operand: 3
/// x 2 epsilon more than float32 has. tf32 rounds both operands by up to 2^-11: 2^-10 is 8192 epsilon.
double bound_of(int number) { return number == kTf32 ? 8192 + 4 : number == 6 ? 6 + 4 : 4; }

template <class Direction>
void exact_on_integers(const typename Direction::Version& version) {
  std::size_t number = 0;
  for (const Case& at : cases()) {
    SCOPED_TRACE(text(at));
    const Inputs in = integers(at);
    for (const Extras extras : {kExtras[number % 2], kExtras[2 + number / 2 % 2]})
      EXPECT_TRUE(same_numbers(run<Direction>(version, at, in, extras), Direction::reference(at, in, extras)));
    ++number;
  }
}

// Numbers of 13 bits have to come through in either operand; 11 bits are all that tf32 has.
template <class Direction>
void exact_on_thirteen_bits(const typename Direction::Version& version) {
  const Case at{1, {5, 6, 4, 8, 3, 3, 1, 1}};
  int exact = 0;
  for (const Limits& limits : {Limits{8191, 1, 1}, Limits{1, 8191, 1}, Limits{1, 1, 8191}}) {
    const Inputs in = integers(at, limits);
    exact += bool(same_numbers(run<Direction>(version, at, in), Direction::reference(at, in, {true, false})));
  }
  EXPECT_EQ(exact, version.number == kTf32 ? 1 : 3);  // one of the three is no operand of this direction
}

template <class Direction>
void exact_on_unaligned(const typename Direction::Version& version) {
  const Case at{1, {9, 8, 4, 12, 3, 3, 1, 1}};
  const Inputs in = integers(at);
  EXPECT_TRUE(same_numbers(Direction::run(version, at, in, {true, true}, 1, kShifted), Direction::reference(at, in, {true, true})));
}

const Case kRandomCases[] = {{1, {8, 8, 32, 8, 3, 3, 1, 1}}, {1, {6, 5, 4, 64, 3, 3, 2, 1}}, {2, {13, 12, 3, 8, 5, 5, 1, 2}}};

template <class Direction>
void within_bound_and_twice_the_same(const typename Direction::Version& version) {
  for (const Case& at : kRandomCases) {
    SCOPED_TRACE(text(at));
    const Inputs in = randoms(at);
    const auto got = run<Direction>(version, at, in), again = run<Direction>(version, at, in);
    const Array want = Direction::reference(at, in, {true, false}), magnitude = Direction::reference(at, magnitudes(in), {true, false});
    EXPECT_TRUE(within(got, want, magnitude, bound_of(version.number)));
    EXPECT_TRUE(same_bits(again, got));
    if (version.number == kTf32) {  // or the wider bound would not be needed
      EXPECT_FALSE(within(got, want, magnitude, bound_of(6)));
    }
  }
}

// A NaN arrives where the reference has one and nowhere else: nothing behind the end of a sum may be read into it, not even times
// zero. Without padding, since a tap on the padding does multiply zero.
template <class Direction>
void nan_arrives(const typename Direction::Version& version, std::initializer_list<Array Inputs::*> operands) {
  const Case at{1, {4, 5, 3, 5, 3, 3, 1, 0}};
  for (const auto operand : operands) {
    const std::size_t size = (integers(at).*operand).size();
    for (std::size_t position = 0; position < size; position += 3) {
      SCOPED_TRACE(fmt::format("NaN at {}", position));
      Inputs in = integers(at);
      (in.*operand)[position] = std::nanf("");
      const auto got = run<Direction>(version, at, in, {false, true});
      const Array want = Direction::reference(at, in, {false, true});
      for (std::size_t i = 0; i < want.size(); ++i) ASSERT_TRUE(std::isnan(want[i]) ? std::isnan(got[i]) : got[i] == want[i]) << i;
    }
  }
}

class Conv2dForward : public ::testing::TestWithParam<device::Version<Forward>> {};
class Conv2dBackwardInput : public ::testing::TestWithParam<device::Version<BackwardInput>> {};
class Conv2dBackwardFilter : public ::testing::TestWithParam<device::Version<BackwardFilter>> {};
INSTANTIATE_TEST_SUITE_P(Versions, Conv2dForward, ::testing::ValuesIn(forward_versions()), test_arrays::version_name);
INSTANTIATE_TEST_SUITE_P(Versions, Conv2dBackwardInput, ::testing::ValuesIn(backward_input_versions()), test_arrays::version_name);
INSTANTIATE_TEST_SUITE_P(Versions, Conv2dBackwardFilter, ::testing::ValuesIn(backward_filter_versions()), test_arrays::version_name);

#define TEST_ALL_DIRECTIONS(Name, function)       \
  TEST_P(Conv2dForward, Name) {                   \
    NEEDS_DEVICE();                               \
    function<ForwardDirection>(GetParam());       \
  }                                               \
  TEST_P(Conv2dBackwardInput, Name) {             \
    NEEDS_DEVICE();                               \
    function<InputDirection>(GetParam());         \
  }                                               \
  TEST_P(Conv2dBackwardFilter, Name) {            \
    NEEDS_DEVICE();                               \
    function<FilterDirection>(GetParam());        \
  }
TEST_P(Conv2dForward, ANaNArrives) {
  NEEDS_DEVICE();
  nan_arrives<ForwardDirection>(GetParam(), {&Inputs::x, &Inputs::filter});
}
TEST_P(Conv2dBackwardInput, ANaNArrives) {
  NEEDS_DEVICE();
  nan_arrives<InputDirection>(GetParam(), {&Inputs::dy});
}
TEST_P(Conv2dBackwardFilter, ANaNArrives) {
  NEEDS_DEVICE();
  nan_arrives<FilterDirection>(GetParam(), {&Inputs::x, &Inputs::dy});
}
TEST_ALL_DIRECTIONS(ExactOnIntegers, exact_on_integers)
TEST_ALL_DIRECTIONS(ExactOnThirteenBits, exact_on_thirteen_bits)
TEST_ALL_DIRECTIONS(ExactOnUnalignedArrays, exact_on_unaligned)
TEST_ALL_DIRECTIONS(WithinBoundAndTwiceTheSame, within_bound_and_twice_the_same)

template <class Direction>
void vendor_is_exact_on_integers(const typename Direction::Version* vendor) {
  if (const std::string reason = device::why_no_cudnn(); !reason.empty()) GTEST_SKIP() << reason;
  for (const Case& at : kCases) {
    const Inputs in = integers(at);
    for (const Extras extras : kExtras) EXPECT_TRUE(same_numbers(run<Direction>(*vendor, at, in, extras), Direction::reference(at, in, extras))) << text(at);
  }
}
TEST(Conv2dVendor, ForwardIsExactOnIntegers) {
  NEEDS_DEVICE();
  vendor_is_exact_on_integers<ForwardDirection>(forward_vendor());
}
TEST(Conv2dVendor, BackwardInputIsExactOnIntegers) {
  NEEDS_DEVICE();
  vendor_is_exact_on_integers<InputDirection>(backward_input_vendor());
}
TEST(Conv2dVendor, BackwardFilterIsExactOnIntegers) {
  NEEDS_DEVICE();
  vendor_is_exact_on_integers<FilterDirection>(backward_filter_vendor());
}

// Asynchronous copies change when a sum's terms are loaded, not their order.
template <class Direction, class Arguments>
void same_sums(std::span<const device::Version<Arguments>> versions) {
  for (const Case& at : kRandomCases) {
    const Inputs in = randoms(at);
    EXPECT_TRUE(same_bits(run<Direction>(versions[3], at, in), run<Direction>(versions[2], at, in))) << text(at);
  }
}
TEST(Conv2dCuda, AsyncCopiesSumInTheOrderOfRegisterTiles) {
  NEEDS_DEVICE();
  same_sums<ForwardDirection>(forward_versions());
  same_sums<InputDirection>(backward_input_versions());
  same_sums<FilterDirection>(backward_filter_versions());
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
            "h=268435456 w=1 stride=1: extents must be below 2^28, an image below 2^30 pixels, the stride below 2^15");
  EXPECT_EQ(why_not({8, 8, 1, 1, 1, 1, int64_t{1} << 15, 0}, 1, 1),
            "h=8 w=8 stride=32768: extents must be below 2^28, an image below 2^30 pixels, the stride below 2^15");
  EXPECT_EQ(why_not({8, 8, 4, 4, 3, 3, 1, 1}, int64_t{1} << 50, 1), "n=1125899906842624 h=8 w=8 c=4 k=4: the bytes of an array exceed 64 bits");
  EXPECT_EQ(why_not({1, 1, 1, 1, 1, 1, 1, 0}, int64_t{1} << 37), "n=137438953472 h=1 w=1 c=1 k=1: 2147483648 blocks, a grid has 2147483647 at most");
  EXPECT_EQ(why_not({1, 1, 1, 1, 1, 1, 1, 0}, (int64_t{1} << 37) - 64), "");
  EXPECT_EQ(why_not({1, 1, 1, 1, 1, 1, 1, 0}, int64_t{1} << 37, 1), "");
  EXPECT_EQ(backward_input_versions()[0].why_not({{8, 8, 3, 16, 3, 3, 1, 1}, 1, nullptr, &x, &y}), "dy is 0x0, no address of floats");
  EXPECT_EQ(backward_filter_versions()[2].why_not({{8, 8, 3, 16, 3, 3, 1, 1}, 1, &x, &x, nullptr, nullptr}), "dfilter is 0x0, no address of floats");
}

}  // namespace
}  // namespace skewbench::conv2d
