// Every CUDA version against the reference, both forms: windows that hang over every border, rows around a block, channels around
// a quad; scales of integers to the bit, all else within the bound of sums, a power and a quotient in float.
#include "kernels/local_response_norm/local_response_norm_cuda.h"

#include "kernels/base/device_arrays.h"

namespace skewbench::local_response_norm {
namespace {

using test_arrays::DeviceArray;
using test_arrays::magnitudes;
using test_arrays::normals;
using test_arrays::refusal;
using test_arrays::run_version;
using test_arrays::same_bits;
using test_arrays::version_name;
using test_arrays::within;
using Floats = AlignedVector<float>;

constexpr auto kAcross = Form::across_channels, kWithin = Form::within_channel;

std::vector<Problem> problems() {
  struct Image {
    int64_t h, w, c;
  };
  std::vector<Problem> list;
  for (const auto& [h, w, c] : {Image{1, 1, 1}, {1, 2, 2}, {2, 1, 4}, {3, 4, 5}, {4, 3, 8}, {7, 6, 12}, {1, 32, 16}, {2, 33, 16}, {1, 43, 3}, {1, 16, 8}})
    for (const int64_t size : {1, 3, 5, 7})
      for (const Form form : {kAcross, kWithin}) list.push_back({h, w, c, size, 0.7f, 0.75f, form});
  for (const float beta : {0.5f, 1.0f, 2.0f})
    for (const Form form : {kAcross, kWithin}) list.push_back({3, 3, 8, 3, 0.7f, beta, form});
  for (int64_t i = 0; i < test_arrays::drawn_cases(4, 200); ++i) {
    test_arrays::Draw draw(i);
    list.push_back({draw.from(1, 9), draw.from(1, 9), draw.from(1, 24), 2 * draw.from(0, 4) + 1, 0.9f, 0.75f, draw.from(0, 1) ? kAcross : kWithin});
  }
  return list;
}

std::string text(const Problem& p) {
  return fmt::format("h={} w={} c={} size={} beta={} {}", p.h, p.w, p.c, p.size, p.beta, p.form == kAcross ? "across" : "within");
}

constexpr int64_t kBatch = 2;
int64_t size_of(const Problem& p) { return kBatch * p.h * p.w * p.c; }

// In units of float's epsilon, relative: a sum of size^2 terms, the power (4 ulps of the approximate instructions and what its
// exponent's rounding makes of them), a few products.
double roundings(const Problem& p) { return 0.5 * static_cast<double>(p.size * p.size) + 16; }

struct Result {
  Floats y, scale;
};

// False where the version does not take the problem.
bool run(const device::Version<Forward>& version, const Problem& p, const Floats& x, Result& result) {
  const DeviceArray<float> in(x);
  DeviceArray<float> y(size_of(p)), scale(size_of(p));
  const Forward arguments{p, kBatch, in.data(), y.data(), scale.data()};
  if (!version.why_not(arguments).empty()) return false;
  run_version(version, "response norm forward", arguments);
  EXPECT_TRUE(in.intact() && y.intact() && scale.intact());
  const auto of_y = y.download(), of_scale = scale.download();
  result = {{of_y.begin(), of_y.end()}, {of_scale.begin(), of_scale.end()}};
  return true;
}

bool run(const device::Version<Backward>& version, const Problem& p, const Floats& x, const Result& forward, const Floats& dy, Floats& result) {
  const DeviceArray<float> in_x(x), in_y(forward.y), in_scale(forward.scale), in_dy(dy);
  DeviceArray<float> dx(size_of(p));
  const Backward arguments{p, kBatch, in_x.data(), in_y.data(), in_scale.data(), in_dy.data(), dx.data()};
  if (!version.why_not(arguments).empty()) return false;
  run_version(version, "response norm backward", arguments);
  EXPECT_TRUE(in_x.intact() && in_y.intact() && in_scale.intact() && in_dy.intact() && dx.intact());
  const auto values = dx.download();
  result.assign(values.begin(), values.end());
  return true;
}

Result reference(const Problem& p, const Floats& x) {
  Result r{Floats(x.size()), Floats(x.size())};
  forward_ref(p, kBatch, x.data(), r.y.data(), r.scale.data());
  return r;
}

Floats reference(const Problem& p, const Floats& x, const Result& forward, const Floats& dy) {
  Floats dx(x.size());
  backward_ref(p, kBatch, x.data(), forward.y.data(), forward.scale.data(), dy.data(), dx.data());
  return dx;
}

class ResponseNormCudaForward : public ::testing::TestWithParam<device::Version<Forward>> {};
INSTANTIATE_TEST_SUITE_P(Versions, ResponseNormCudaForward, ::testing::ValuesIn(forward_versions()), version_name);
class ResponseNormCudaBackward : public ::testing::TestWithParam<device::Version<Backward>> {};
INSTANTIATE_TEST_SUITE_P(Versions, ResponseNormCudaBackward, ::testing::ValuesIn(backward_versions()), version_name);

TEST_P(ResponseNormCudaForward, EqualsTheReference) {
  NEEDS_DEVICE();
  int taken = 0;
  for (const Problem& p : problems()) {
    SCOPED_TRACE(text(p));
    auto x = normals<float>(size_of(p), 1);
    for (float& value : x) value *= 3;
    Result got, again;
    if (!run(GetParam(), p, x, got)) continue;
    ++taken;
    run(GetParam(), p, x, again);
    const Result want = reference(p, x);
    EXPECT_TRUE(within(got.scale, want.scale, want.scale, roundings(p)));
    EXPECT_TRUE(within(got.y, want.y, magnitudes(want.y), roundings(p)));
    EXPECT_TRUE(same_bits(again.y, got.y) && same_bits(again.scale, got.scale));
  }
  EXPECT_GT(taken, 10);
}

// alpha per element is 1: scales are integers.
TEST_P(ResponseNormCudaForward, ScalesOfIntegersAreExact) {
  NEEDS_DEVICE();
  for (const Problem& p : {Problem{3, 4, 8, 3, 3.0f, 0.75f, kAcross}, {3, 4, 8, 3, 9.0f, 0.75f, kWithin}, {2, 3, 8, 5, 5.0f, 0.75f, kAcross}}) {
    const auto x = test_arrays::small_integers<float>(size_of(p), 9, 2);
    Result got;
    ASSERT_TRUE(run(GetParam(), p, x, got));
    EXPECT_TRUE(same_bits(got.scale, reference(p, x).scale)) << text(p);
  }
}

TEST_P(ResponseNormCudaBackward, EqualsTheReference) {
  NEEDS_DEVICE();
  int taken = 0;
  for (const Problem& p : problems()) {
    SCOPED_TRACE(text(p));
    auto x = normals<float>(size_of(p), 3);
    for (float& value : x) value *= 3;
    const auto dy = normals<float>(size_of(p), 4);
    const Result forward = reference(p, x);
    Floats got, again;
    if (!run(GetParam(), p, x, forward, dy, got)) continue;
    ++taken;
    run(GetParam(), p, x, forward, dy, again);
    // With x below and the rest above zero the two terms of dx have the same sign: the sum of the magnitudes.
    auto minus_x = magnitudes(x);
    for (float& value : minus_x) value = -value;
    const Floats magnitude = reference(p, minus_x, {magnitudes(forward.y), forward.scale}, magnitudes(dy));
    EXPECT_TRUE(within(got, reference(p, x, forward, dy), magnitude, roundings(p)));
    EXPECT_TRUE(same_bits(again, got));
  }
  EXPECT_GT(taken, 10);
}

TEST(ResponseNormCuda, Refusals) {
  NEEDS_DEVICE();
  DeviceArray<float> a(64);
  const auto refused = [&](std::size_t version, const Problem& p, int64_t n, const float* x) {
    return refusal([&] { device::launch(forward_versions()[version], "norm", Forward{p, n, x, a.data(), a.data()}, nullptr, nullptr); });
  };
  EXPECT_EQ(refused(0, {2, 2, 4, 2}, 1, a.data()), "norm v1 output_per_thread: local response norm over 2: the size must be odd and positive");
  EXPECT_EQ(refused(0, {2, 2, 4, 3}, 0, a.data()), "norm v1 output_per_thread: batch size 0: it must be positive");
  EXPECT_EQ(refused(0, {2, 1 << 20, 16, 3}, 1, a.data()), "norm v1 output_per_thread: rows of 1048576 x 16 floats: there may be 8388480 in a row");
  EXPECT_EQ(refused(0, {2, 2, 4, 3}, int64_t{1} << 30, a.data()),
            "norm v1 output_per_thread: 1073741824 images of 2 rows of 8 floats: too many for a grid");
  EXPECT_EQ(refused(0, {2, 2, 4, (1 << 21) + 1}, 1, a.data()), "norm v1 output_per_thread: a window of 2097153: it may be at most 1048576");
  EXPECT_EQ(refused(1, {2, 2, 6, 3}, 1, a.data()), "norm v2 four_channels: 6 channels are not a multiple of 4");
  EXPECT_EQ(refused(1, {2, 2, 4, 7}, 1, a.data()), "norm v2 four_channels: a window of 7 channels: it takes 3 and 5");
  EXPECT_NE(refused(1, {2, 2, 4, 3}, 1, a.data() + 1).find("is not a multiple of 16"), std::string::npos);
}

}  // namespace
}  // namespace skewbench::local_response_norm
