#include "kernels/pooling/pooling.h"

#include "kernels/base/test_arrays.h"

namespace skewbench::pooling {
namespace {

using test_arrays::Guarded;
using test_arrays::normals;
using test_arrays::refusal;
using test_arrays::same_bits;
using test_arrays::same_numbers;
using test_arrays::small_integers;
using test_arrays::within;
template <class T>
using Array = AlignedVector<T>;

constexpr auto kMax = Kind::max, kAverage = Kind::average, kGlobal = Kind::global_average;

// --- the reference -------------------------------------------------------------------------------------------------

TEST(PoolingShape, FloorCeilAndCaffesRule) {
  auto outputs = [](int64_t h, int64_t window, int64_t stride, int64_t pad, bool ceil) {
    return Problem{kMax, h, h, 1, window, stride, pad, ceil}.p();
  };
  EXPECT_EQ(outputs(32, 3, 2, 0, false), 15);
  EXPECT_EQ(outputs(32, 3, 2, 0, true), 16);
  EXPECT_EQ(outputs(28, 3, 2, 0, true), 14);
  EXPECT_EQ(outputs(7, 3, 2, 0, true), 3);    // divides: the same in both modes
  EXPECT_EQ(outputs(4, 2, 2, 1, true), 3);
  EXPECT_EQ(outputs(5, 2, 2, 1, true), 3);    // ceil alone gives 4: the last window would start at 5, in the padding
  EXPECT_EQ(outputs(3, 2, 3, 1, true), 2);
  EXPECT_EQ((Problem{kGlobal, 8, 5, 3}.p()), 1);
  EXPECT_EQ((Problem{kGlobal, 8, 5, 3}.q()), 1);
}

TEST(PoolingRef, HandComputed) {
  const float x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};  // 3x3
  float y[4], dx[9];
  uint8_t winner[4];
  const Problem max{kMax, 3, 3, 1, 2, 2, 0, true};
  forward_ref(max, 1, x, y, winner);
  const float want_max[] = {5, 6, 8, 9}, dy[] = {1, 2, 3, 4}, want_dx[] = {0, 0, 0, 0, 1, 2, 0, 3, 4};
  EXPECT_TRUE(same_bits(y, want_max));
  EXPECT_EQ((std::vector<uint8_t>(winner, winner + 4)), (std::vector<uint8_t>{3, 2, 1, 0}));
  backward_ref(max, 1, dy, winner, dx);
  EXPECT_TRUE(same_bits(dx, want_dx));

  const Problem average{kAverage, 3, 3, 1, 2, 2, 0, true};  // the right column and the bottom row are clipped windows
  forward_ref(average, 1, x, y, nullptr);
  const float want_average[] = {3, 4.5f, 7.5f, 9}, want_share[] = {0.25f, 0.25f, 1, 0.25f, 0.25f, 1, 1.5f, 1.5f, 4};
  EXPECT_TRUE(same_bits(y, want_average));
  backward_ref(average, 1, dy, nullptr, dx);
  EXPECT_TRUE(same_bits(dx, want_share));

  const Problem global{kGlobal, 3, 3, 1};
  forward_ref(global, 1, x, y, nullptr);
  EXPECT_EQ(y[0], 5);
  const float nine[] = {9};
  backward_ref(global, 1, nine, nullptr, dx);
  for (float value : dx) EXPECT_EQ(value, 1);
}

TEST(PoolingRef, GradientsAreCentralDifferences) {
  for (const Problem& problem : {Problem{kMax, 5, 6, 2, 3, 2, 1, true}, Problem{kAverage, 5, 6, 2, 3, 2, 1, true},
                                 Problem{kAverage, 4, 4, 3, 2, 1, 0, false}, Problem{kGlobal, 3, 4, 2}}) {
    auto x = normals<double>(problem.x_size(2), 0);  // distinct by far more than the step: a maximum has no kink nearby
    const auto dy = normals<double>(problem.y_size(2), 1);
    Array<double> y(dy.size()), dx(x.size());
    Array<uint8_t> winner(y.size());
    auto loss = [&] {
      forward_ref(problem, 2, x.data(), y.data(), winner.data());
      return test_arrays::dot(y, dy);
    };
    loss();
    backward_ref(problem, 2, dy.data(), winner.data(), dx.data());
    EXPECT_TRUE(test_arrays::gradient_matches(loss, x, dx));
  }
}

// --- the host version against it -----------------------------------------------------------------------------------

struct Case {
  int64_t n;
  Problem problem;  // kind h w c window stride pad ceil
};

std::vector<Case> cases() {
  struct Shape {
    int64_t n, h, w, c, window, stride, pad;
  };
  const Shape shapes[] = {{1, 1, 1, 1, 1, 1, 0}, {3, 2, 2, 3, 2, 2, 0},   {1, 5, 7, 16, 3, 2, 0},  {2, 7, 5, 17, 3, 2, 1},
                          {1, 28, 28, 32, 3, 2, 0}, {8, 14, 14, 32, 3, 2, 0}, {3, 7, 7, 64, 3, 2, 0}, {1, 9, 4, 33, 2, 1, 1},
                          {1, 8, 8, 48, 5, 3, 2}, {2, 11, 13, 15, 2, 3, 0}, {32, 6, 6, 16, 3, 1, 1}, {1, 3, 4, 5, 3, 2, 2},
                          {1, 15, 15, 2, 15, 1, 7}, {2, 5, 5, 31, 2, 2, 1}};
  std::vector<Case> result;
  for (const auto& [n, h, w, c, window, stride, pad] : shapes) {
    for (Kind kind : {kMax, kAverage})
      for (bool ceil : {false, true}) result.push_back({n, {kind, h, w, c, window, stride, pad, ceil}});
    result.push_back({n, {kGlobal, h, w, c}});
  }
  return result;
}

std::string name_of(const ::testing::TestParamInfo<Case>& info) {
  const auto& [n, f] = info.param;
  return fmt::format("{}n{}h{}w{}c{}window{}st{}pad{}{}", f.kind == kMax ? "max" : f.kind == kAverage ? "average" : "global", n,
                     f.h, f.w, f.c, f.window, f.stride, f.pad, f.ceil ? "ceil" : "floor");
}

class PoolingHost : public ::testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(Shapes, PoolingHost, ::testing::ValuesIn(cases()), name_of);

std::vector<Case> drawn() {
  std::vector<Case> list;
  for (int64_t i = 0; i < test_arrays::drawn_cases(8, 400); ++i) {
    test_arrays::Draw draw(i);
    const int64_t window = draw.from(1, 5), pad = draw.from(0, (window - 1) / 2), smallest = std::max<int64_t>(1, window - 2 * pad);
    const Kind kind = draw.from(0, 1) == 0 ? Kind::max : Kind::average;
    list.push_back({draw.from(1, 5), {kind, draw.from(smallest, 20), draw.from(smallest, 20), draw.from(1, 70), window,
                                      draw.from(1, 3), pad, draw.from(0, 1) == 1}});
  }
  return list;
}
INSTANTIATE_TEST_SUITE_P(Drawn, PoolingHost, ::testing::ValuesIn(drawn()),
                         [](const auto& drawn_case) { return fmt::format("case{}", drawn_case.index); });

struct Outputs {
  Guarded<float> y, dx;
  Guarded<uint8_t> winner;
  Outputs(const Problem& problem, int64_t n, int64_t shift = 0)
      : y(problem.y_size(n), shift), dx(problem.x_size(n), shift), winner(problem.workspace_bytes(n), shift) {}
};

Outputs run_host(const Case& at, const Array<float>& x, const Array<float>& dy, int64_t shift) {
  const auto& [n, problem] = at;
  Outputs out(problem, n, shift);
  const auto x_before = x, dy_before = dy;
  forward_host(problem, n, x.data(), out.y.data(), out.winner.data());
  backward_host(problem, n, dy.data(), out.winner.data(), out.dx.data());
  EXPECT_TRUE(out.y.guards_intact() && out.dx.guards_intact() && out.winner.guards_intact());
  EXPECT_TRUE(x == x_before && dy == dy_before);
  return out;
}

Outputs run_ref(const Case& at, const Array<float>& x, const Array<float>& dy) {
  const auto& [n, problem] = at;
  Outputs out(problem, n);
  forward_ref(problem, n, x.data(), out.y.data(), out.winner.data());
  backward_ref(problem, n, dy.data(), out.winner.data(), out.dx.data());
  return out;
}

bool same_bytes(const Guarded<uint8_t>& a, const Guarded<uint8_t>& b) {
  return std::ranges::equal(a.span(), b.span());
}

// Integers from -2 to 2, and then the same after a ReLU: windows full of equal values, decided by the order alone.
TEST_P(PoolingHost, TiesGoToTheFirst) {
  const auto& [n, problem] = GetParam();
  auto x = small_integers<float>(problem.x_size(n), 2, 0);
  const auto dy = small_integers<float>(problem.y_size(n), 9, 1);
  for (bool after_relu : {false, true}) {
    if (after_relu)
      for (float& value : x) value = std::max(value, 0.0f);
    const Outputs got = run_host(GetParam(), x, dy, 1), want = run_ref(GetParam(), x, dy);
    EXPECT_TRUE(same_numbers(got.y.span(), want.y.span()));
    EXPECT_TRUE(same_bytes(got.winner, want.winner));
    if (problem.kind == kMax) {
      EXPECT_TRUE(same_numbers(got.dx.span(), want.dx.span()));
    }
  }
}

TEST_P(PoolingHost, RandomNumbersAndTwiceTheSame) {
  const auto& [n, problem] = GetParam();
  const auto x = normals<float>(problem.x_size(n), 2), dy = normals<float>(problem.y_size(n), 3);
  const Outputs got = run_host(GetParam(), x, dy, 0), again = run_host(GetParam(), x, dy, 1), want = run_ref(GetParam(), x, dy);
  // The gradient goes where it went for x itself, so the magnitude of dx is that of |dy| through the same winners.
  Outputs magnitude = run_ref(GetParam(), test_arrays::magnitudes(x), test_arrays::magnitudes(dy));
  if (problem.kind == kMax) {
    EXPECT_TRUE(same_bits(got.y.span(), want.y.span()));
    EXPECT_TRUE(same_bytes(got.winner, want.winner));
    backward_ref<float>(problem, n, test_arrays::magnitudes(dy).data(), want.winner.span().data(), magnitude.dx.data());
  }
  EXPECT_TRUE(within(got.y.span(), want.y.span(), magnitude.y.span()));
  EXPECT_TRUE(within(got.dx.span(), want.dx.span(), magnitude.dx.span()));
  EXPECT_TRUE(same_bits(again.y.span(), got.y.span()));
  EXPECT_TRUE(same_bits(again.dx.span(), got.dx.span()));
}

TEST(PoolingHostUse, TheFirstNaNWins) {
  const Problem problem{kMax, 3, 3, 17, 3, 1, 0, false};
  auto x = normals<float>(problem.x_size(1), 0);
  for (std::size_t c = 0; c < 17; ++c) {
    x[(c % 9) * 17 + c] = std::nanf("");
    x[8 * 17 + c] = std::nanf("");
  }
  Array<float> y(17), y_ref(17);
  Array<uint8_t> winner(17), winner_ref(17);
  forward_host(problem, 1, x.data(), y.data(), winner.data());
  forward_ref(problem, 1, x.data(), y_ref.data(), winner_ref.data());
  for (std::size_t c = 0; c < 17; ++c) {
    EXPECT_TRUE(std::isnan(y[c]) && std::isnan(y_ref[c])) << c;
    EXPECT_EQ(winner[c], c % 9) << c;
    EXPECT_EQ(winner_ref[c], c % 9) << c;
  }
}

TEST(PoolingHostUse, MinusInfinityIsAValueAndNoWorkspaceIsNeeded) {
  const Problem problem{kMax, 2, 2, 1, 2, 2, 1, false};
  const float low = -std::numeric_limits<float>::infinity(), x[] = {low, low, low, low};
  float y[4];
  forward_host(problem, 1, x, y, nullptr);
  for (float value : y) EXPECT_EQ(value, low);
}

TEST(PoolingRefusals, SayWhatAndWhy) {
  float values[16] = {};
  auto make = [&](Problem problem) { return refusal([&] { forward_host(problem, 1, values, values, nullptr); }); };
  EXPECT_EQ(make({kMax, 0, 3, 1, 2, 1, 0, false}), "pooling: extents must be positive, got h=0 w=3 c=1");
  EXPECT_EQ(make({kMax, 3, 3, 1, 2, 0, 0, false}), "pooling: window=2 and stride=0 must be positive");
  EXPECT_EQ(make({kMax, 3, 3, 1, 2, 1, 2, false}), "pooling: pad=2 must be at least 0 and below window=2");
  EXPECT_EQ(make({kAverage, 3, 2, 1, 3, 1, 0, false}), "pooling: window=3 does not fit into a 3x2 image with pad=0");
  EXPECT_EQ(make({kMax, 20, 20, 1, 16, 1, 0, false}), "pooling: window=16 of a maximum must be at most 15");
  const Problem max{kMax, 2, 2, 1, 2, 2, 0, false};
  EXPECT_EQ(refusal([&] { backward_host(max, 1, values, nullptr, values); }),
            "pooling: the gradient of a maximum needs the forward pass's workspace");
  EXPECT_EQ(refusal([&] { forward_ref(max, 0, values, values, nullptr); }), "pooling: batch size 0 must be positive");
}

}  // namespace
}  // namespace skewbench::pooling
