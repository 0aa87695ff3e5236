// SGD: hand-computed steps, what is not touched, reference and host equal to the bit.
#include "kernels/sgd/sgd.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kernels/base/compare.h"
#include "kernels/base/random.h"

namespace skewbench::sgd {
namespace {

template <class T>
using Version = void (*)(const Layout&, const Options&, const T*, const T*, T*, T*, bool);

Layout one_number(TensorKind kind, double lr_multiplier = 1, double decay_multiplier = 1) {
  Layout layout;
  layout.add("x", kind, 1, 1, lr_multiplier, decay_multiplier);
  return layout;
}

// Values of one step on a single parameter; the vector is padded to a whole cache line.
struct One {
  double x, momentum;
};
One step_one(Version<double> step, const Layout& layout, const Options& options, double x, double gradient,
             double momentum, bool update_momentum = true) {
  std::vector<double> xs(16), gs(16), ms(16), out(16, -7);
  xs[0] = x, gs[0] = gradient, ms[0] = momentum;
  step(layout, options, xs.data(), gs.data(), ms.data(), out.data(), update_momentum);
  for (std::size_t i = 1; i < 16; ++i) EXPECT_EQ(out[i], 0) << "the gap";
  return {out[0], ms[0]};
}

class Sgd : public testing::TestWithParam<Version<double>> {};
INSTANTIATE_TEST_SUITE_P(Versions, Sgd, testing::Values(&step_ref<double>, &step_host<double>));

TEST_P(Sgd, HandComputed) {
  const Layout weight = one_number(TensorKind::weight);
  Options options{.lr = 0.5, .momentum = 0.5, .weight_decay = 0.25, .nesterov = true};
  // g = 3 + 0.25 * 4 = 4; m' = 0.5 * 2 + 4 = 5; d = 4 + 0.5 * 5 = 6.5; x = 4 - 0.5 * 6.5
  One one = step_one(GetParam(), weight, options, 4, 3, 2);
  EXPECT_EQ(one.x, 0.75);
  EXPECT_EQ(one.momentum, 5);
  options.nesterov = false;  // d = m'
  EXPECT_EQ(step_one(GetParam(), weight, options, 4, 3, 2).x, 1.5);
  options.momentum = 0;  // d = g, and the buffer is left alone
  one = step_one(GetParam(), weight, options, 4, 3, 2);
  EXPECT_EQ(one.x, 2);
  EXPECT_EQ(one.momentum, 2);
}

TEST_P(Sgd, QuasiGlobalMomentumUsesTheBufferWithoutStoring) {
  const Options options{.lr = 0.5, .momentum = 0.5, .weight_decay = 0.25, .nesterov = true};
  const One one = step_one(GetParam(), one_number(TensorKind::weight), options, 4, 3, 2, false);
  EXPECT_EQ(one.x, 0.75);
  EXPECT_EQ(one.momentum, 2);
}

TEST_P(Sgd, MultipliersComeFromTheLayout) {
  const Options options{.lr = 0.5, .momentum = 0, .weight_decay = 0.25};
  EXPECT_EQ(step_one(GetParam(), one_number(TensorKind::bias, 2, 0), options, 4, 3, 0).x, 1);      // 4 - 1 * 3
  EXPECT_EQ(step_one(GetParam(), one_number(TensorKind::weight, 1, 4), options, 4, 3, 0).x, 0.5);  // 4 - .5 * 7
}

TEST_P(Sgd, RunningStatisticsFoldInTheBatch) {
  const Layout statistic = one_number(TensorKind::running_statistic);
  Options options{.lr = 0.5, .momentum = 0.5, .weight_decay = 0.25, .statistic_momentum = 0.25};
  One one = step_one(GetParam(), statistic, options, 4, 8, 2);
  EXPECT_EQ(one.x, 5);
  EXPECT_EQ(one.momentum, 2);
  options.frozen_statistics = true;
  EXPECT_EQ(step_one(GetParam(), statistic, options, 4, 8, 2).x, 4);
}

template <class T>
void expect_equal_bits(const Options& options, bool has_momentum, bool update_momentum, bool in_place) {
  Layout layout;
  for (int64_t length : {1, 15, 16, 17, 257, 4801})
    layout.add("t" + std::to_string(length), TensorKind::weight, 1, length, 1.0 + 0.1 * static_cast<double>(length % 7),
               0.3 * static_cast<double>(length % 5));
  layout.add("statistic", TensorKind::running_statistic, 1, 31);
  const auto size = static_cast<std::size_t>(layout.size());
  std::vector<T> x(size), gradient(size), momentum(size);
  Random random(11, 0, 0, Purpose::probe);
  for (const Tensor& tensor : layout.tensors())
    for (int64_t i = tensor.offset; i < tensor.offset + tensor.length; ++i) {
      x[static_cast<std::size_t>(i)] = static_cast<T>(random.normal());
      gradient[static_cast<std::size_t>(i)] = static_cast<T>(random.normal());
      momentum[static_cast<std::size_t>(i)] = static_cast<T>(random.normal());
    }
  std::vector<T> want(size, std::numeric_limits<T>::quiet_NaN()), got = in_place ? x : want;
  std::vector<T> want_momentum = momentum, got_momentum = momentum;
  step_ref<T>(layout, options, x.data(), gradient.data(), has_momentum ? want_momentum.data() : nullptr, want.data(),
              update_momentum);
  step_host<T>(layout, options, in_place ? got.data() : x.data(), gradient.data(),
               has_momentum ? got_momentum.data() : nullptr, got.data(), update_momentum);
  EXPECT_TRUE(compare_bits(got, want).ok) << compare_bits(got, want).summary;
  EXPECT_TRUE(compare_bits(got_momentum, want_momentum).ok);
  EXPECT_EQ(has_momentum && update_momentum && options.momentum != 0, want_momentum != momentum);
}

TEST(SgdVersions, HostEqualsReferenceToTheBit) {
  for (double beta : {0.0, 0.9})
    for (bool nesterov : {false, true})
      for (int flags = 0; flags < 16; ++flags) {
        const Options options{.lr = 0.05,
                              .momentum = beta,
                              .weight_decay = 5e-4,
                              .nesterov = nesterov,
                              .frozen_statistics = (flags & 8) != 0};
        expect_equal_bits<float>(options, flags & 1, flags & 2, flags & 4);
        expect_equal_bits<double>(options, flags & 1, flags & 2, flags & 4);
      }
}

}  // namespace
}  // namespace skewbench::sgd
