// Every CUDA version against the reference: maxima and workspaces byte for byte, averages and gradients exact for integers and
// within the bound of a float sum otherwise.
#include "kernels/pooling/pooling_cuda.h"

#include "kernels/base/device_arrays.h"

namespace skewbench::pooling {
namespace {

using test_arrays::DeviceArray;
using test_arrays::magnitudes;
using test_arrays::normals;
using test_arrays::refusal;
using test_arrays::run_version;
using test_arrays::same_bits;
using test_arrays::same_numbers;
using test_arrays::small_integers;
using test_arrays::version_name;
using test_arrays::within;
using Floats = AlignedVector<float>;
using Bytes = std::vector<uint8_t>;

struct Case {
  int64_t n;
  Problem problem;
};

// Windows that overlap, touch and leave gaps, hang over every border; rows of less than a block, exactly one, and more, counted
// in channels and in quads of them.
std::vector<Case> cases() {
  struct Shape {
    int64_t n, h, w, c, window, stride, pad;
  };
  const Shape shapes[] = {{1, 1, 1, 1, 1, 1, 0},  {3, 2, 2, 3, 2, 2, 0},  {2, 5, 7, 4, 3, 2, 0},   {2, 7, 5, 8, 3, 2, 1},
                          {1, 2, 32, 4, 1, 1, 0}, {1, 2, 43, 3, 1, 1, 0}, {1, 3, 66, 8, 2, 1, 0},  {2, 11, 13, 5, 2, 3, 0},
                          {1, 9, 11, 20, 2, 3, 0},
                          {1, 3, 4, 5, 3, 2, 2},  {1, 9, 4, 12, 2, 1, 1}, {1, 15, 15, 4, 15, 1, 7}, {1, 2, 33, 16, 2, 2, 1}};
  std::vector<Case> result;
  for (const auto& [n, h, w, c, window, stride, pad] : shapes)
    for (const Kind kind : {Kind::max, Kind::average})
      for (const bool ceil : {false, true}) result.push_back({n, {kind, h, w, c, window, stride, pad, ceil}});
  struct Image {
    int64_t n, h, w, c;
  };
  for (const auto& [n, h, w, c] : {Image{1, 1, 1, 1}, {2, 1, 7, 4}, {1, 2, 4, 31}, {1, 7, 7, 32}, {3, 4, 4, 36}, {2, 5, 5, 65}, {1, 8, 8, 1}, {1, 9, 9, 3}, {1, 8, 12, 2}})
    result.push_back({n, {Kind::global_average, h, w, c, 99, 0, 50, true}});  // whose window is ignored
  for (int64_t i = 0; i < test_arrays::drawn_cases(4, 200); ++i) {
    test_arrays::Draw draw(i);
    const int64_t window = draw.from(1, 5), pad = draw.from(0, (window - 1) / 2), least = std::max<int64_t>(1, window - 2 * pad);
    const Kind kind = draw.from(0, 1) == 0 ? Kind::max : Kind::average;
    result.push_back({draw.from(1, 3), {kind, draw.from(least, 9), draw.from(least, 9), draw.from(1, 40), window, draw.from(1, 3), pad,
                                        draw.from(0, 1) == 1}});
  }
  return result;
}

std::string text(const Case& at) {
  const auto& [kind, h, w, c, window, stride, pad, ceil] = at.problem;
  return fmt::format("{} n={} h={} w={} c={} window={} stride={} pad={} ceil={}",
                     kind == Kind::max ? "max" : kind == Kind::average ? "average" : "global", at.n, h, w, c, window, stride, pad, ceil);
}

struct Result {
  Floats y, dx;
  Bytes winners;
};

Result reference(const Case& at, const Floats& x, const Floats& dy) {
  const auto& [n, problem] = at;
  Result r{Floats(static_cast<std::size_t>(problem.y_size(n))), Floats(x.size()), Bytes(static_cast<std::size_t>(problem.workspace_bytes(n)))};
  forward_ref(problem, n, x.data(), r.y.data(), r.winners.data());
  backward_ref(problem, n, dy.data(), r.winners.data(), r.dx.data());
  return r;
}

// False where the version does not take the problem.
bool run(const device::Version<Forward>& version, const Case& at, const Floats& x, Result& result) {
  const auto& [n, problem] = at;
  const DeviceArray<float> in(x);
  DeviceArray<float> y(problem.y_size(n));
  DeviceArray<uint8_t> winners(problem.workspace_bytes(n));
  const bool is_max = problem.kind == Kind::max;
  const Forward arguments{problem, n, in.data(), y.data(), is_max ? winners.data() : nullptr};
  if (!version.why_not(arguments).empty()) return false;
  run_version(version, "pooling forward", arguments);
  EXPECT_TRUE(in.intact() && y.intact() && winners.intact()) << text(at);
  const auto values = y.download();
  result.y.assign(values.begin(), values.end());
  result.winners = winners.download();
  return true;
}

bool run(const device::Version<Backward>& version, const Case& at, const Floats& dy, Result& result) {
  const auto& [n, problem] = at;
  const DeviceArray<float> in(dy);
  const DeviceArray<uint8_t> winners{std::span<const uint8_t>(result.winners)};
  DeviceArray<float> dx(problem.x_size(n));
  const Backward arguments{problem, n, in.data(), winners.data(), dx.data()};
  if (!version.why_not(arguments).empty()) return false;
  run_version(version, "pooling backward", arguments);
  EXPECT_TRUE(in.intact() && winners.intact() && dx.intact()) << text(at);
  const auto values = dx.download();
  result.dx.assign(values.begin(), values.end());
  return true;
}

class PoolingCudaForward : public ::testing::TestWithParam<device::Version<Forward>> {};
INSTANTIATE_TEST_SUITE_P(Versions, PoolingCudaForward, ::testing::ValuesIn(forward_versions()), version_name);
class PoolingCudaBackward : public ::testing::TestWithParam<device::Version<Backward>> {};
INSTANTIATE_TEST_SUITE_P(Versions, PoolingCudaBackward, ::testing::ValuesIn(backward_versions()), version_name);

TEST_P(PoolingCudaForward, EqualsTheReference) {
  NEEDS_DEVICE();
  int taken = 0;
  for (const Case& at : cases()) {
    SCOPED_TRACE(text(at));
    const Floats dy(static_cast<std::size_t>(at.problem.y_size(at.n)));
    // Few values, so that windows are full of equal maxima; sums and quotients of integers are exact or rounded once.
    const auto integers = small_integers<float>(at.problem.x_size(at.n), 2, 0), real = normals<float>(at.problem.x_size(at.n), 1);
    Result got, again;
    if (!run(GetParam(), at, integers, got)) continue;
    ++taken;
    const Result want = reference(at, integers, dy);
    EXPECT_TRUE(same_numbers(got.y, want.y));
    EXPECT_EQ(got.winners, want.winners);
    run(GetParam(), at, real, got);
    run(GetParam(), at, real, again);
    const Result want_real = reference(at, real, dy);
    EXPECT_TRUE(within(got.y, want_real.y, reference(at, magnitudes(real), dy).y, at.problem.kind == Kind::max ? 0 : 4));
    EXPECT_EQ(got.winners, want_real.winners);
    EXPECT_TRUE(same_bits(again.y, got.y));
  }
  EXPECT_GT(taken, 5);
}

TEST_P(PoolingCudaBackward, EqualsTheReference) {
  NEEDS_DEVICE();
  int taken = 0;
  for (const Case& at : cases()) {
    SCOPED_TRACE(text(at));
    const auto x = small_integers<float>(at.problem.x_size(at.n), 2, 2);
    const auto integers = small_integers<float>(at.problem.y_size(at.n), 9, 3), real = normals<float>(at.problem.y_size(at.n), 4);
    const Result want = reference(at, x, integers), want_real = reference(at, x, real), magnitude = reference(at, x, magnitudes(real));
    Result got{{}, {}, want.winners}, again = got;
    if (!run(GetParam(), at, integers, got)) continue;
    ++taken;
    if (at.problem.kind == Kind::max) {
      EXPECT_TRUE(same_numbers(got.dx, want.dx));
    }
    run(GetParam(), at, real, got);
    run(GetParam(), at, real, again);
    EXPECT_TRUE(within(got.dx, want_real.dx, magnitude.dx));
    EXPECT_TRUE(same_bits(again.dx, got.dx));
  }
  EXPECT_GT(taken, 5);
}

TEST(PoolingCuda, TheFirstNanWinsAndMinusInfinityIsAValue) {
  NEEDS_DEVICE();
  const Case at{1, {Kind::max, 3, 3, 16, 3, 1, 0, false}};
  auto x = normals<float>(at.problem.x_size(1), 5);
  for (std::size_t c = 0; c < 14; ++c) {
    x[(c % 9) * 16 + c] = std::nanf("");
    x[8 * 16 + c] = std::nanf("");
  }
  for (std::size_t tap = 0; tap < 9; ++tap) x[tap * 16 + 15] = -std::numeric_limits<float>::infinity();
  for (const auto& version : forward_versions()) {
    if (version.number == 3) continue;  // it averages
    SCOPED_TRACE(version.idea);
    Result got;
    ASSERT_TRUE(run(version, at, x, got));
    for (std::size_t c = 0; c < 14; ++c) {
      EXPECT_TRUE(std::isnan(got.y[c])) << c;
      EXPECT_EQ(got.winners[c], c % 9) << c;
    }
    EXPECT_EQ(got.y[15], -std::numeric_limits<float>::infinity());
    EXPECT_EQ(got.winners[15], 0);
  }
}

TEST(PoolingCuda, AMaximumNeedsNoWorkspace) {
  NEEDS_DEVICE();
  const Problem problem{Kind::max, 4, 4, 4, 2, 2, 0, false};
  const auto x = normals<float>(problem.x_size(1), 6);
  const DeviceArray<float> in(x);
  for (const auto& version : forward_versions()) {
    if (version.number == 3) continue;  // it averages
    DeviceArray<float> y(problem.y_size(1));
    run_version(version, "pooling forward", Forward{problem, 1, in.data(), y.data(), nullptr});
    EXPECT_TRUE(same_bits(y.download(), reference({1, problem}, x, Floats(16)).y)) << version.idea;
  }
}

TEST(PoolingCuda, TheVendorsAverages) {
  const device::Version<Forward>* const vendor = forward_vendor();
  if (!vendor) GTEST_SKIP() << "built without cuDNN";
  if (const std::string reason = vendor->why_not({{Kind::global_average, 2, 2, 4}, 1, nullptr, nullptr, nullptr}); !reason.empty())
    GTEST_SKIP() << reason;
  int taken = 0;
  for (const Case& at : cases()) {
    SCOPED_TRACE(text(at));
    const Floats x = normals<float>(at.problem.x_size(at.n), 7), dy(static_cast<std::size_t>(at.problem.y_size(at.n)));
    Result got;
    if (!run(*vendor, at, x, got)) continue;
    ++taken;
    EXPECT_NE(at.problem.kind, Kind::max);
    EXPECT_TRUE(within(got.y, reference(at, x, dy).y, reference(at, magnitudes(x), dy).y));
  }
  EXPECT_GT(taken, 10);
}

TEST(PoolingCuda, BytesCountWhatTheWindowsSee) {
  // 5 columns, windows of 2 every 3: columns 0, 1, 3, 4 of each seen row, rows alike.
  EXPECT_EQ((Forward{{Kind::max, 5, 5, 7, 2, 3, 0, false}, 2, nullptr, nullptr, nullptr}.bytes_read()), 4 * 2 * 4 * 4 * 7);
  EXPECT_EQ((Forward{{Kind::max, 5, 6, 1, 3, 1, 1, false}, 1, nullptr, nullptr, nullptr}.bytes_read()), 4 * 30);
  EXPECT_EQ((Forward{{Kind::global_average, 5, 6, 2}, 1, nullptr, nullptr, nullptr}.bytes_read()), 4 * 60);
}

TEST(PoolingCuda, Refusals) {
  NEEDS_DEVICE();
  DeviceArray<float> a(64);
  const Problem good{Kind::max, 4, 4, 4, 2, 2, 0, false};
  const auto forward = [&](std::size_t version, Problem problem, int64_t n, const float* x) {
    return refusal([&] { device::launch(forward_versions()[version], "pooling", Forward{problem, n, x, a.data(), nullptr}, nullptr, nullptr); });
  };
  EXPECT_EQ(forward(0, good, 0, a.data()), "pooling v1 output_per_thread: batch size 0: it must be positive");
  EXPECT_EQ(forward(0, {Kind::max, 3, 3, 1, 2, 0, 0, false}, 1, a.data()),
            "pooling v1 output_per_thread: pooling: window=2 and stride=0 must be positive");
  EXPECT_EQ(forward(0, {Kind::max, 4, 1 << 20, 16, 2, 2, 0, false}, 1, a.data()),
            "pooling v1 output_per_thread: rows of 1048576 x 16 floats: there may be 8388480 in a row");
  EXPECT_EQ(forward(0, good, int64_t{1} << 29, a.data()), "pooling v1 output_per_thread: 536870912 images of 4 rows of 16 floats: too many for a grid");
  EXPECT_EQ(forward(1, {Kind::max, 4, 4, 3, 2, 2, 0, false}, 1, a.data()), "pooling v2 four_channels: 3 channels are not a multiple of 4");
  EXPECT_NE(forward(1, good, 1, a.data() + 1).find("is not a multiple of 16, which 16-byte accesses need"), std::string::npos);
  EXPECT_EQ(forward(2, good, 1, a.data()), "pooling v3 pixels_over_warps: it takes the global average only");
  EXPECT_EQ(refusal([&] { device::launch(backward_versions()[0], "pooling", Backward{good, 1, a.data(), nullptr, a.data()}, nullptr, nullptr); }),
            "pooling v1 output_per_thread: the gradient of a maximum needs the forward pass's workspace");
}

}  // namespace
}  // namespace skewbench::pooling
