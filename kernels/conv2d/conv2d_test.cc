#include "kernels/conv2d/conv2d.h"

#include "kernels/base/test_arrays.h"

namespace skewbench::conv2d {
namespace {

using test_arrays::Guarded;
using test_arrays::magnitudes;
using test_arrays::normals;
using test_arrays::refusal;
using test_arrays::same_bits;
using test_arrays::same_numbers;
using test_arrays::small_integers;
using test_arrays::within;
template <class T>
using Array = AlignedVector<T>;

// --- the reference -------------------------------------------------------------------------------------------------

TEST(Conv2dRef, HandComputed) {
  // x = [1 2; 3 4], one channel, filter 2x2 = [1 10; 100 1000], pad 1, stride 1: a 3x3 output.
  const Problem problem{2, 2, 1, 1, 2, 2, 1, 1};
  const float x[] = {1, 2, 3, 4}, filter[] = {1, 10, 100, 1000}, bias[] = {0.5f};
  float y[9];
  forward_ref(problem, 1, x, filter, bias, y);
  const float want[] = {1000.5f, 2100.5f, 200.5f, 3010.5f, 4321.5f, 402.5f, 30.5f, 43.5f, 4.5f};
  EXPECT_TRUE(same_bits(y, want));

  const float dy[] = {1, 0, 0, 0, 1, 0, 0, 0, 2};  // y[0,0] sees x[0,0] with 1000; y[1,1] all; y[2,2] sees x[1,1] with 1
  float dx[4], dfilter[4], dbias[1];
  backward_input_ref(problem, 1, dy, filter, dx);
  const float want_dx[] = {1001, 10, 100, 1002};
  EXPECT_TRUE(same_bits(dx, want_dx));
  backward_filter_ref(problem, 1, x, dy, dfilter, dbias);
  const float want_dfilter[] = {1 + 2 * 4, 2, 3, 4 + 1}, want_dbias[] = {4};
  EXPECT_TRUE(same_bits(dfilter, want_dfilter));
  EXPECT_TRUE(same_bits(dbias, want_dbias));
}

TEST(Conv2dRef, DeltaFilterShifts) {
  // A 3x3 filter with its one at (0, 2) for k == c moves every channel one row down and one column left.
  const Problem problem{5, 7, 2, 2, 3, 3, 1, 1};
  const auto x = normals<float>(problem.x_size(2), 0);
  Array<float> filter(std::size_t(problem.filter_size())), y(std::size_t(problem.y_size(2)));
  for (std::size_t k = 0; k < 2; ++k) filter[((k * 3 + 0) * 3 + 2) * 2 + k] = 1;
  forward_ref<float>(problem, 2, x.data(), filter.data(), nullptr, y.data());
  for (int64_t n = 0; n < 2; ++n)
    for (int64_t p = 0; p < 5; ++p)
      for (int64_t q = 0; q < 7; ++q)
        for (int64_t c = 0; c < 2; ++c) {
          const float want = p > 0 && q < 6 ? x[std::size_t(((n * 5 + p - 1) * 7 + q + 1) * 2 + c)] : 0.0f;
          ASSERT_EQ(y[std::size_t(((n * 5 + p) * 7 + q) * 2 + c)], want) << n << ' ' << p << ' ' << q << ' ' << c;
        }
}

TEST(Conv2dRef, GradientsAreCentralDifferences) {
  for (const Problem& problem : {Problem{5, 4, 2, 3, 3, 3, 2, 1}, Problem{4, 6, 3, 2, 1, 1, 2, 0}, Problem{6, 5, 1, 2, 5, 5, 1, 2}}) {
    const int64_t n = 2;
    auto x = normals<double>(problem.x_size(n), 0), filter = normals<double>(problem.filter_size(), 1);
    auto bias = normals<double>(problem.k, 2);
    const auto dy = normals<double>(problem.y_size(n), 3);
    Array<double> y(dy.size()), dx(x.size()), dfilter(filter.size()), dbias(bias.size());
    auto loss = [&] {
      forward_ref(problem, n, x.data(), filter.data(), bias.data(), y.data());
      return test_arrays::dot(y, dy);
    };
    backward_input_ref(problem, n, dy.data(), filter.data(), dx.data());
    backward_filter_ref(problem, n, x.data(), dy.data(), dfilter.data(), dbias.data());
    EXPECT_TRUE(test_arrays::gradient_matches(loss, x, dx));
    EXPECT_TRUE(test_arrays::gradient_matches(loss, filter, dfilter));
    EXPECT_TRUE(test_arrays::gradient_matches(loss, bias, dbias));
  }
}

// --- the host version against it -----------------------------------------------------------------------------------

struct Case {
  int64_t n;
  Problem problem;  // h w c k r s stride pad
};

const Case kCases[] = {
    // one element of everything, then image edges against filter sizes
    {1, {1, 1, 1, 1, 1, 1, 1, 0}}, {3, {1, 1, 17, 16, 1, 1, 1, 0}}, {1, {3, 3, 1, 1, 3, 3, 1, 0}}, {1, {1, 1, 3, 5, 3, 3, 1, 1}},
    {2, {2, 3, 2, 2, 3, 3, 2, 1}}, {1, {5, 5, 1, 16, 5, 5, 1, 0}}, {3, {5, 5, 1, 16, 5, 5, 1, 2}}, {1, {7, 1, 3, 32, 1, 1, 1, 0}},
    {1, {1, 31, 4, 16, 1, 3, 1, 0}}, {2, {4, 9, 5, 7, 3, 5, 1, 2}},
    // strides that do and do not divide
    {3, {5, 7, 3, 16, 3, 3, 2, 1}}, {1, {8, 8, 16, 17, 3, 3, 2, 1}}, {1, {7, 7, 17, 32, 3, 3, 2, 0}}, {2, {9, 6, 16, 16, 1, 1, 2, 0}},
    {1, {14, 14, 32, 16, 5, 5, 2, 2}}, {1, {11, 11, 3, 32, 5, 5, 3, 1}}, {8, {7, 7, 16, 32, 1, 1, 2, 0}},
    // channels at, below and above the width of a register
    {1, {5, 5, 16, 16, 3, 3, 1, 1}}, {1, {5, 5, 15, 16, 3, 3, 1, 1}}, {1, {5, 5, 16, 15, 3, 3, 1, 1}}, {2, {5, 5, 17, 17, 3, 3, 1, 1}},
    {1, {7, 7, 32, 33, 3, 3, 1, 1}}, {1, {7, 7, 31, 64, 3, 3, 1, 1}}, {1, {5, 5, 64, 64, 3, 3, 1, 1}}, {8, {5, 5, 13, 11, 3, 3, 1, 1}},
    {1, {4, 4, 48, 80, 1, 1, 1, 0}},
    // few input channels: first layers, all remainders of a row of outputs
    {1, {28, 28, 1, 32, 5, 5, 1, 2}}, {3, {28, 28, 1, 16, 5, 5, 1, 2}}, {2, {14, 13, 1, 48, 5, 5, 1, 2}}, {1, {32, 32, 3, 16, 3, 3, 1, 1}},
    {2, {15, 29, 3, 16, 3, 3, 1, 1}}, {1, {9, 31, 3, 64, 3, 3, 1, 1}}, {3, {9, 17, 2, 32, 3, 3, 1, 0}}, {1, {12, 23, 4, 16, 3, 3, 2, 1}},
    {1, {10, 21, 4, 32, 5, 5, 1, 2}}, {1, {28, 28, 1, 31, 5, 5, 1, 2}}, {1, {16, 16, 3, 96, 7, 7, 2, 3}}, {1, {13, 19, 3, 16, 1, 1, 1, 0}},
    {32, {7, 7, 1, 16, 3, 3, 1, 1}}, {1, {6, 40, 4, 16, 2, 3, 1, 1}},
    // batches, and inner layers of the networks
    {8, {14, 14, 8, 8, 3, 3, 1, 1}}, {32, {4, 4, 16, 16, 3, 3, 1, 1}}, {1, {14, 14, 32, 32, 5, 5, 1, 2}}, {2, {7, 7, 32, 64, 5, 5, 1, 2}},
    {1, {32, 32, 16, 16, 3, 3, 1, 1}}, {1, {32, 32, 16, 32, 3, 3, 2, 1}}, {1, {16, 16, 32, 64, 1, 1, 2, 0}}, {2, {8, 8, 64, 64, 3, 3, 1, 1}},
};

class Conv2dHost : public ::testing::TestWithParam<Case> {};

std::string name_of(const ::testing::TestParamInfo<Case>& info) {
  const auto& [n, f] = info.param;
  return fmt::format("n{}h{}w{}c{}k{}r{}s{}st{}pad{}", n, f.h, f.w, f.c, f.k, f.r, f.s, f.stride, f.pad);
}
INSTANTIATE_TEST_SUITE_P(Shapes, Conv2dHost, ::testing::ValuesIn(kCases), name_of);

std::vector<Case> drawn() {
  std::vector<Case> list;
  for (int64_t i = 0; i < test_arrays::drawn_cases(8, 400); ++i) {
    test_arrays::Draw draw(i);
    const int64_t r = draw.from(1, 5), s = draw.from(1, 5), pad = draw.from(0, std::min(r, s) - 1);
    const int64_t h = draw.from(std::max<int64_t>(1, r - 2 * pad), 24), w = draw.from(std::max<int64_t>(1, s - 2 * pad), 24);
    list.push_back({draw.from(1, 5), {h, w, draw.from(1, 40), draw.from(1, 40), r, s, draw.from(1, 3), pad}});
  }
  return list;
}
INSTANTIATE_TEST_SUITE_P(Drawn, Conv2dHost, ::testing::ValuesIn(drawn()),
                         [](const auto& drawn_case) { return fmt::format("case{}", drawn_case.index); });

struct Inputs {
  Array<float> x, filter, bias, dy;
};

/// Everything that a layer computes, from arrays that start as NaN between guards, checked for stray writes.
struct Outputs {
  Guarded<float> y, dx, dfilter, dbias;
  Outputs(const Problem& problem, int64_t n, int64_t shift = 0)
      : y(problem.y_size(n), shift), dx(problem.x_size(n), shift), dfilter(problem.filter_size(), shift), dbias(problem.k, shift) {}
};

Outputs run_host(Host& host, int64_t n, const Inputs& in, int64_t shift = 0) {
  Outputs out(host.problem(), n, shift);
  const Inputs before = in;
  host.set_filter(in.filter.data(), in.bias.data());
  host.forward(n, in.x.data(), out.y.data());
  host.backward_input(n, in.dy.data(), out.dx.data());
  host.backward_filter(n, in.x.data(), in.dy.data(), out.dfilter.data(), out.dbias.data(), false);
  for (const Guarded<float>* array : {&out.y, &out.dx, &out.dfilter, &out.dbias}) EXPECT_TRUE(array->guards_intact());
  EXPECT_TRUE(before.x == in.x && before.filter == in.filter && before.bias == in.bias && before.dy == in.dy);
  return out;
}

Outputs run_ref(const Problem& problem, int64_t n, const Inputs& in) {
  Outputs out(problem, n);
  forward_ref(problem, n, in.x.data(), in.filter.data(), in.bias.data(), out.y.data());
  backward_input_ref(problem, n, in.dy.data(), in.filter.data(), out.dx.data());
  backward_filter_ref(problem, n, in.x.data(), in.dy.data(), out.dfilter.data(), out.dbias.data());
  return out;
}

TEST_P(Conv2dHost, ExactOnIntegers) {
  const auto& [n, problem] = GetParam();
  const Inputs in{small_integers<float>(problem.x_size(n), 3, 0), small_integers<float>(problem.filter_size(), 2, 1),
                  small_integers<float>(problem.k, 9, 2), small_integers<float>(problem.y_size(n), 3, 3)};
  Host host(problem, true, false, true);
  const Outputs got = run_host(host, n, in, 1), want = run_ref(problem, n, in);
  EXPECT_TRUE(same_numbers(got.y.span(), want.y.span()));
  EXPECT_TRUE(same_numbers(got.dx.span(), want.dx.span()));
  EXPECT_TRUE(same_numbers(got.dfilter.span(), want.dfilter.span()));
  EXPECT_TRUE(same_numbers(got.dbias.span(), want.dbias.span()));
}

TEST_P(Conv2dHost, WithinBoundOnRandomNumbersAndTwiceTheSame) {
  const auto& [n, problem] = GetParam();
  const Inputs in{normals<float>(problem.x_size(n), 0), normals<float>(problem.filter_size(), 1), normals<float>(problem.k, 2),
                  normals<float>(problem.y_size(n), 3)};
  const Inputs absolute{magnitudes(in.x), magnitudes(in.filter), magnitudes(in.bias), magnitudes(in.dy)};
  Host host(problem, true, false, true);
  const Outputs got = run_host(host, n, in), again = run_host(host, n, in);
  const Outputs want = run_ref(problem, n, in), magnitude = run_ref(problem, n, absolute);
  for (auto member : {&Outputs::y, &Outputs::dx, &Outputs::dfilter, &Outputs::dbias}) {
    EXPECT_TRUE(within((got.*member).span(), (want.*member).span(), (magnitude.*member).span()));
    EXPECT_TRUE(same_bits((again.*member).span(), (got.*member).span()));
  }
}

// Without bias, with ReLU, and gradients added to what is there.
TEST_P(Conv2dHost, ReluNoBiasAndAccumulation) {
  const auto& [n, problem] = GetParam();
  const Inputs in{small_integers<float>(problem.x_size(n), 3, 4), small_integers<float>(problem.filter_size(), 2, 5),
                  small_integers<float>(problem.k, 9, 6), small_integers<float>(problem.y_size(n), 3, 7)};
  Outputs want = run_ref(problem, n, in);

  Host plain(problem, false, true, false);
  plain.set_filter(in.filter.data(), nullptr);
  Guarded<float> y(problem.y_size(n)), dfilter(problem.filter_size());
  plain.forward(n, in.x.data(), y.data());
  for (int64_t i = 0; i < problem.y_size(n); ++i)
    want.y.data()[i] = std::max(want.y.data()[i] - in.bias[std::size_t(i % problem.k)], 0.0f);
  EXPECT_TRUE(same_numbers(y.span(), want.y.span()));

  // Twice the gradient: once overwritten over poison, once added.
  plain.backward_filter(n, in.x.data(), in.dy.data(), dfilter.data(), nullptr, false);
  plain.backward_filter(n, in.x.data(), in.dy.data(), dfilter.data(), nullptr, true);
  Host biased(problem, true, false, false);
  Guarded<float> dfilter_biased(problem.filter_size()), dbias(problem.k);
  biased.backward_filter(n, in.x.data(), in.dy.data(), dfilter_biased.data(), dbias.data(), false);
  biased.backward_filter(n, in.x.data(), in.dy.data(), dfilter_biased.data(), dbias.data(), true);
  backward_filter_ref(problem, n, in.x.data(), in.dy.data(), want.dfilter.data(), want.dbias.data(), true);
  EXPECT_TRUE(same_numbers(dfilter.span(), want.dfilter.span()));
  EXPECT_TRUE(same_numbers(dfilter_biased.span(), want.dfilter.span()));
  EXPECT_TRUE(same_numbers(dbias.span(), want.dbias.span()));
  EXPECT_TRUE(y.guards_intact() && dfilter.guards_intact() && dfilter_biased.guards_intact() && dbias.guards_intact());
}

// --- one layer over time -------------------------------------------------------------------------------------------

TEST(Conv2dHostUse, BatchSizesShareOneFilterAndNewFiltersAreSeen) {
  for (const Problem& problem : {Problem{8, 8, 16, 32, 3, 3, 1, 1}, Problem{9, 9, 1, 16, 5, 5, 1, 2}, Problem{6, 6, 5, 7, 3, 3, 1, 1}}) {
    Host host(problem, true, false, true);
    for (uint32_t round = 0; round < 2; ++round)
      for (int64_t n : {3, 1, 8, 3}) {
        const Inputs in{small_integers<float>(problem.x_size(n), 3, round), small_integers<float>(problem.filter_size(), 2, 10 + round),
                        small_integers<float>(problem.k, 5, round), small_integers<float>(problem.y_size(n), 3, 20 + round)};
        const Outputs got = run_host(host, n, in), want = run_ref(problem, n, in);
        EXPECT_TRUE(same_numbers(got.y.span(), want.y.span()));
        EXPECT_TRUE(same_numbers(got.dx.span(), want.dx.span()));
        EXPECT_TRUE(same_numbers(got.dfilter.span(), want.dfilter.span()));
      }
  }
}

TEST(Conv2dHostUse, ANaNInTheInputArrives) {
  const Problem problem{8, 8, 3, 16, 3, 3, 1, 1};
  auto x = normals<float>(problem.x_size(1), 0);
  const auto filter = normals<float>(problem.filter_size(), 1);
  x[0] = std::nanf("");
  Host host(problem, false, false, false);
  host.set_filter(filter.data(), nullptr);
  Array<float> y(std::size_t(problem.y_size(1)));
  host.forward(1, x.data(), y.data());
  EXPECT_TRUE(std::isnan(y[0]));
}

// --- refusals ------------------------------------------------------------------------------------------------------

TEST(Conv2dRefusals, SayWhatAndWhy) {
  auto make = [](Problem problem) { return refusal([&] { Host(problem, true, false, true); }); };
  EXPECT_EQ(make({0, 5, 1, 1, 3, 3, 1, 1}), "convolution: extents must be positive, got h=0 w=5 c=1 k=1 r=3 s=3 stride=1");
  EXPECT_EQ(make({5, 5, 1, 1, 3, 3, 1, 3}), "convolution: pad=3 must be at least 0 and below the filter's r=3 and s=3");
  EXPECT_EQ(make({2, 5, 1, 1, 5, 5, 1, 1}), "convolution: a 5x5 filter does not fit into a 2x5 image with pad=1");
  EXPECT_EQ(make({5, 5, int64_t{1} << 31, 1, 3, 3, 1, 1}), "convolution: extent 2147483648 is not below 2^31");
  EXPECT_NE(make({1 << 16, 1 << 16, 1, 1, 3, 3, 1, 1}).find("2^31 elements"), std::string::npos);

  Host host({5, 5, 1, 1, 3, 3, 1, 1}, true, false, false);
  float values[25] = {}, out[25];
  EXPECT_EQ(refusal([&] { host.forward(1, values, out); }), "convolution: forward() before set_filter()");
  EXPECT_EQ(refusal([&] { host.set_filter(values, nullptr); }), "convolution: set_filter() was given a null bias");
  EXPECT_EQ(refusal([&] { host.backward_filter(1, values, values, out, nullptr, false); }),
            "convolution: backward_filter() was given a null dbias");
  host.set_filter(values, values);
  EXPECT_EQ(refusal([&] { host.forward(0, values, out); }), "convolution: batch size 0 must be positive");
  EXPECT_EQ(refusal([&] { host.backward_input(1, values, out); }),
            "convolution: backward_input() of a layer that was made without an input gradient");
  EXPECT_EQ(refusal([&] { forward_ref<float>({5, 5, 1, 1, 3, 3, 1, 1}, -1, values, values, nullptr, out); }),
            "convolution: batch size -1 must be positive");
}

}  // namespace
}  // namespace skewbench::conv2d
