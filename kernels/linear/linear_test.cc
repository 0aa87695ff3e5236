#include "kernels/linear/linear.h"

#include "kernels/base/test_arrays.h"

namespace skewbench::linear {
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

TEST(LinearRef, HandComputed) {
  const Problem problem{2, 3};
  const float x[] = {1, 2, 3, 4}, weights[] = {1, 0, 0, 1, 10, 100}, bias[] = {0.5f, 0.25f, 0}, dy[] = {1, 2, 3, 0, 0, 1};
  float y[6], dx[4], dweights[6], dbias[3] = {1, 1, 1};
  forward_ref(problem, 2, x, weights, bias, y);
  backward_input_ref(problem, 2, dy, weights, dx);
  backward_weights_ref<float>(problem, 2, x, dy, dweights, nullptr);
  const float want_y[] = {1.5f, 2.25f, 210, 3.5f, 4.25f, 430}, want_dx[] = {31, 302, 10, 100};
  const float want_dweights[] = {1, 2, 2, 4, 6, 10}, twice[] = {2, 4, 4, 8, 12, 20}, want_dbias[] = {2, 3, 5};
  EXPECT_TRUE(same_bits(y, want_y));
  EXPECT_TRUE(same_bits(dx, want_dx));
  EXPECT_TRUE(same_bits(dweights, want_dweights));
  backward_weights_ref(problem, 2, x, dy, dweights, dbias, true);
  EXPECT_TRUE(same_bits(dweights, twice));
  EXPECT_TRUE(same_bits(dbias, want_dbias));
}

TEST(LinearRef, GradientsAreCentralDifferences) {
  const Problem problem{5, 3};
  const int64_t n = 4;
  auto x = normals<double>(n * 5, 0), weights = normals<double>(15, 1), bias = normals<double>(3, 2);
  const auto dy = normals<double>(n * 3, 3);
  Array<double> y(dy.size()), dx(x.size()), dweights(15), dbias(3);
  auto loss = [&] {
    forward_ref(problem, n, x.data(), weights.data(), bias.data(), y.data());
    return test_arrays::dot(y, dy);
  };
  backward_input_ref(problem, n, dy.data(), weights.data(), dx.data());
  backward_weights_ref(problem, n, x.data(), dy.data(), dweights.data(), dbias.data());
  EXPECT_TRUE(test_arrays::gradient_matches(loss, x, dx));
  EXPECT_TRUE(test_arrays::gradient_matches(loss, weights, dweights));
  EXPECT_TRUE(test_arrays::gradient_matches(loss, bias, dbias));
}

struct Case {
  int64_t n, c, k;
};

class LinearHost : public ::testing::TestWithParam<Case> {};

std::string name_of(const ::testing::TestParamInfo<Case>& info) {
  return fmt::format("n{}c{}k{}", info.param.n, info.param.c, info.param.k);
}
INSTANTIATE_TEST_SUITE_P(Shapes, LinearHost,
                         ::testing::Values(Case{1, 1, 1}, Case{1, 7, 1}, Case{1, 1, 7}, Case{3, 1, 10}, Case{8, 16, 16},
                                           Case{32, 64, 10}, Case{7, 63, 11}, Case{31, 65, 9}, Case{1, 576, 64},
                                           Case{32, 576, 64}, Case{8, 1024, 64}, Case{33, 17, 33}, Case{5, 257, 129},
                                           Case{32, 784, 200}, Case{2, 15, 48}, Case{128, 64, 100}),
                         name_of);

struct Inputs {
  Array<float> x, weights, bias, dy;
};
struct Outputs {
  Guarded<float> y, dx, dweights, dbias;
  explicit Outputs(const Case& at, int64_t shift = 0)
      : y(at.n * at.k, shift), dx(at.n * at.c, shift), dweights(at.c * at.k, shift), dbias(at.k, shift) {}
};

Outputs run_host(const Case& at, const Inputs& in, int64_t shift) {
  Outputs out(at, shift);
  const Inputs before = in;
  Host host({at.c, at.k}, true, false);
  host.set_weights(in.weights.data(), in.bias.data());
  host.forward(at.n, in.x.data(), out.y.data());
  host.backward_input(at.n, in.dy.data(), out.dx.data());
  host.backward_weights(at.n, in.x.data(), in.dy.data(), out.dweights.data(), out.dbias.data(), false);
  for (const Guarded<float>* array : {&out.y, &out.dx, &out.dweights, &out.dbias}) EXPECT_TRUE(array->guards_intact());
  EXPECT_TRUE(before.x == in.x && before.weights == in.weights && before.bias == in.bias && before.dy == in.dy);
  return out;
}

Outputs run_ref(const Case& at, const Inputs& in) {
  const Problem problem{at.c, at.k};
  Outputs out(at);
  forward_ref(problem, at.n, in.x.data(), in.weights.data(), in.bias.data(), out.y.data());
  backward_input_ref(problem, at.n, in.dy.data(), in.weights.data(), out.dx.data());
  backward_weights_ref(problem, at.n, in.x.data(), in.dy.data(), out.dweights.data(), out.dbias.data());
  return out;
}

TEST_P(LinearHost, ExactOnIntegers) {
  const Case at = GetParam();
  const Inputs in{small_integers<float>(at.n * at.c, 5, 0), small_integers<float>(at.c * at.k, 5, 1),
                  small_integers<float>(at.k, 5, 2), small_integers<float>(at.n * at.k, 5, 3)};
  const Outputs got = run_host(at, in, 1), want = run_ref(at, in);
  for (auto member : {&Outputs::y, &Outputs::dx, &Outputs::dweights, &Outputs::dbias})
    EXPECT_TRUE(same_numbers((got.*member).span(), (want.*member).span()));
}

TEST_P(LinearHost, WithinBoundOnRandomNumbersAndTwiceTheSame) {
  const Case at = GetParam();
  const Inputs in{normals<float>(at.n * at.c, 0), normals<float>(at.c * at.k, 1), normals<float>(at.k, 2),
                  normals<float>(at.n * at.k, 3)};
  const Inputs absolute{magnitudes(in.x), magnitudes(in.weights), magnitudes(in.bias), magnitudes(in.dy)};
  const Outputs got = run_host(at, in, 0), again = run_host(at, in, 0), want = run_ref(at, in), magnitude = run_ref(at, absolute);
  for (auto member : {&Outputs::y, &Outputs::dx, &Outputs::dweights, &Outputs::dbias}) {
    EXPECT_TRUE(within((got.*member).span(), (want.*member).span(), (magnitude.*member).span()));
    EXPECT_TRUE(same_bits((again.*member).span(), (got.*member).span()));
  }
}

TEST_P(LinearHost, ReluNoBiasAndAccumulation) {
  const Case at = GetParam();
  const Inputs in{small_integers<float>(at.n * at.c, 5, 4), small_integers<float>(at.c * at.k, 5, 5), Array<float>(std::size_t(at.k)),
                  small_integers<float>(at.n * at.k, 5, 6)};
  Outputs want = run_ref(at, in);
  for (int64_t i = 0; i < at.n * at.k; ++i) want.y.data()[i] = std::max(want.y.data()[i], 0.0f);
  Outputs got(at);
  Host plain({at.c, at.k}, false, true), biased({at.c, at.k}, true, false);
  plain.set_weights(in.weights.data(), nullptr);
  plain.forward(at.n, in.x.data(), got.y.data());
  EXPECT_TRUE(same_numbers(got.y.span(), want.y.span()));
  plain.backward_weights(at.n, in.x.data(), in.dy.data(), got.dweights.data(), nullptr, false);
  EXPECT_TRUE(same_numbers(got.dweights.span(), want.dweights.span()));
  biased.backward_weights(at.n, in.x.data(), in.dy.data(), got.dweights.data(), got.dbias.data(), false);
  biased.backward_weights(at.n, in.x.data(), in.dy.data(), got.dweights.data(), got.dbias.data(), true);
  backward_weights_ref({at.c, at.k}, at.n, in.x.data(), in.dy.data(), want.dweights.data(), want.dbias.data(), true);
  EXPECT_TRUE(same_numbers(got.dweights.span(), want.dweights.span()));
  EXPECT_TRUE(same_numbers(got.dbias.span(), want.dbias.span()));
}

TEST(LinearHostUse, NaNArrives) {
  Host host({3, 2}, false, true);
  const float x[] = {1, std::nanf(""), 1}, weights[] = {1, 1, 1, 1, 1, 1};
  float y[2];
  host.set_weights(weights, nullptr);
  host.forward(1, x, y);
  EXPECT_TRUE(std::isnan(y[0]) && std::isnan(y[1]));
}

TEST(LinearRefusals, SayWhatAndWhy) {
  float values[4] = {};
  EXPECT_EQ(refusal([] { Host({0, 3}, true, false); }), "linear: c=0 and k=3 must be positive and below 2^31");
  Host host({2, 2}, true, false);
  EXPECT_EQ(refusal([&] { host.forward(1, values, values); }), "linear: forward() before set_weights()");
  EXPECT_EQ(refusal([&] { host.backward_input(1, values, values); }), "linear: backward_input() before set_weights()");
  EXPECT_EQ(refusal([&] { host.set_weights(nullptr, values); }), "linear: set_weights() was given a null weights");
  EXPECT_EQ(refusal([&] { host.backward_weights(1, values, values, values, nullptr, false); }),
            "linear: backward_weights() was given a null dbias");
  host.set_weights(values, values);
  EXPECT_EQ(refusal([&] { host.forward(-2, values, values); }), "linear: batch size -2 must be positive");
}

}  // namespace
}  // namespace skewbench::linear
