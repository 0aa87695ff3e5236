// TernGrad: messages and scales by hand, unbiasedness, clipping, hostile vectors, and the host's bytes against the reference's.
#include "kernels/quantize/ternary.h"

#include <algorithm>
#include <bit>

#include "kernels/quantize/test_values.h"

namespace skewbench::quantize {
namespace {

using test_arrays::Guarded;
using test_arrays::refusal;

const Draws kDraws(77, 1, 2, Purpose::codec);

struct Version {
  const char* name;
  float (*scale)(const Ternary&, const float*);
  void (*encode)(const Ternary&, const Draws&, const float*, float, float, uint32_t*);
};
constexpr Version kReference{"reference", ternary_scale_ref, ternary_encode_ref};
constexpr Version kHost{"host", ternary_scale_host, ternary_encode_host};

Message encoded(const Version& version, const Ternary& problem, const Values& x, float limit, float scale, const Draws& draws = kDraws) {
  Guarded<uint32_t> message(problem.message_words());
  const Values before = x;
  version.encode(problem, draws, x.data(), limit, scale, message.data());
  EXPECT_TRUE(message.guards_intact());
  EXPECT_TRUE(same_floats(x, before)) << "the input";
  return {message.span().begin(), message.span().end()};
}

// With this worker's scale alone.
Message encoded(const Version& version, const Ternary& problem, const Values& x) {
  const float scale = version.scale(problem, x.data());
  return encoded(version, problem, x, scale, scale);
}

Values decoded(int64_t count, const Message& message) {
  Values out(static_cast<std::size_t>(count));
  qsgd_decode_ref(Ternary{count, 0}.message(), message.data(), out.data(), false);
  return out;
}

class TernaryVersions : public testing::TestWithParam<Version> {};
INSTANTIATE_TEST_SUITE_P(Versions, TernaryVersions, testing::Values(kReference, kHost), name_of_version);

// 0 and +-s need no random number.
TEST_P(TernaryVersions, MessageByHand) {
  Values x(34);
  x[0] = 2, x[1] = -2, x[33] = -2;
  const Ternary problem{34, 0};
  EXPECT_EQ(GetParam().scale(problem, x.data()), 2.0f);
  EXPECT_TRUE(same_words(encoded(GetParam(), problem, x), Message{std::bit_cast<uint32_t>(2.0f), 2, 3, 2, 2}));
  EXPECT_TRUE(same_floats(decoded(34, encoded(GetParam(), problem, x)), x));
  EXPECT_EQ(encoded(GetParam(), problem, Values(34)), (Message{0, 0, 0, 0, 0}));
  EXPECT_EQ(encoded(GetParam(), problem, x, 0.0f, 2.0f), (Message{std::bit_cast<uint32_t>(2.0f), 0, 0, 0, 0})) << "clipped to 0";
}

TEST(Ternary, SizeOfAMessage) {
  EXPECT_EQ((Ternary{1, 0}.message_words()), 3);
  EXPECT_EQ((Ternary{32, 0}.message_words()), 3);
  EXPECT_EQ((Ternary{33, 0}.message_words()), 5);
}

TEST_P(TernaryVersions, ScaleByHand) {
  Values x{1, 2, 3, 4, 5, 6, 7, 8};  // variance 5.25
  EXPECT_FLOAT_EQ(GetParam().scale({8, 2.5f}, x.data()), 2.5f * std::sqrt(5.25f));
  EXPECT_EQ(GetParam().scale({8, 0}, x.data()), 8.0f);
  EXPECT_EQ(GetParam().scale({1, 2.5f}, x.data()), 1.0f) << "one coordinate is not clipped";
  const Values equal(5000, 0.1f);
  EXPECT_EQ(GetParam().scale({5000, 2.5f}, equal.data()), 0.0f);
}

// A mean ten thousand times the deviation, and a first coordinate far off: the variance of two passes in long double.
TEST_P(TernaryVersions, VarianceSurvivesALargeMean) {
  for (const float first : {0.0f, 1e6f}) {
    Values x = test_arrays::normals<float>(5000, 3);
    for (float& v : x) v += 1e4f;
    x[0] += first;
    long double sum = 0, squares = 0;
    for (const float v : x) sum += v;
    for (const float v : x) squares += (v - sum / 5000) * (v - sum / 5000);
    const double want = std::sqrt(double(squares / 5000));
    EXPECT_NEAR(GetParam().scale({5000, 1}, x.data()), want, 1e-7 * want);
  }
}

// 10^5 draws of one coordinate each; |z| < 4.5 fails by chance once in 150 000 tries, and the draws are fixed.
TEST_P(TernaryVersions, RoundingIsUnbiased) {
  constexpr int64_t kCount = 100000;
  for (const float v : {0.3f, -0.3f, 0.999f, 1e-3f}) {
    const Message message = encoded(GetParam(), {kCount, 0}, Values(kCount, v), 1.0f, 1.0f);
    EXPECT_LT(std::fabs(z_score(decoded(kCount, message), v, std::fabs(v) * (1 - std::fabs(v)))), 4.5) << v;
  }
  // Clipped to 1/2, with the scale of another worker.
  const Message message = encoded(GetParam(), {kCount, 2.5f}, Values(kCount, -3.0f), 0.5f, 2.0f);
  EXPECT_LT(std::fabs(z_score(decoded(kCount, message), -0.5, 2 * 0.5 - 0.25)), 4.5);
}

TEST_P(TernaryVersions, EveryNumberIsZeroOrTheScale) {
  for (const float clip : {0.0f, 2.5f})
    for (const auto& [name, x] : finite_values(333)) {
      const Ternary problem{333, clip};
      const float scale = GetParam().scale(problem, x.data());
      if (std::isnan(scale)) continue;  // 2.5 deviations of the largest numbers overflow
      const Values out = decoded(333, encoded(GetParam(), problem, x));
      for (std::size_t i = 0; i < x.size(); ++i) {
        ASSERT_TRUE(out[i] == 0 || (std::fabs(out[i]) == scale && std::signbit(out[i]) == std::signbit(x[i]))) << name << ", coordinate " << i;
        ASSERT_TRUE(x[i] != 0 || (out[i] == 0 && !std::signbit(out[i]))) << name << ": a zero stays a zero";
      }
    }
}

TEST_P(TernaryVersions, WhatIsNotFiniteSpoilsEverything) {
  const Message nothing{0x7FC00000, 0, 0, 0, 0, 0, 0};
  for (const float clip : {0.0f, 2.5f})
    for (const auto& [name, x] : not_finite_values(70)) {
      EXPECT_EQ(std::bit_cast<uint32_t>(GetParam().scale({70, clip}, x.data())), 0x7FC00000) << name;
      EXPECT_EQ(encoded(GetParam(), {70, clip}, x), nothing) << name;
    }
  EXPECT_TRUE(std::isnan(GetParam().scale({2, 2.5f}, Values{FLT_MAX, -FLT_MAX}.data()))) << "2.5 deviations overflow";
  const Values x(70, 1.0f);
  for (const float bad : {NAN, INFINITY, -1.0f}) {
    EXPECT_EQ(encoded(GetParam(), {70, 0}, x, bad, 1), nothing) << bad;
    EXPECT_EQ(encoded(GetParam(), {70, 0}, x, 1, bad), nothing) << bad;
  }
  for (const float v : decoded(70, nothing)) EXPECT_TRUE(std::isnan(v));
}

TEST_P(TernaryVersions, DrawsBelongToCoordinates) {
  const Values x(256, 0.3f);
  const Message whole = encoded(GetParam(), {256, 0}, x, 1, 1);
  const Message half = encoded(GetParam(), {128, 0}, Values(128, 0.3f), 1, 1, Draws(77, 1, 2, Purpose::codec, 128));
  EXPECT_TRUE(same_words(std::span(half).subspan(1), std::span(whole).subspan(1 + 8)));
}

TEST(Ternary, HostHasTheReferencesBytes) {
  for (const int64_t count : {1, 2, 31, 32, 33, 255, 257, 2047, 2048, 2049, 9001})
    for (const float clip : {0.0f, 1.0f, 2.5f}) {
      const Ternary problem{count, clip};
      auto cases = finite_values(count);
      for (auto& values : not_finite_values(count)) cases.push_back(std::move(values));
      for (const auto& [name, x] : cases) {
        SCOPED_TRACE(fmt::format("{} coordinates, clipped at {}, {}", count, clip, name));
        const float scale = ternary_scale_ref(problem, x.data());
        ASSERT_EQ(std::bit_cast<uint32_t>(ternary_scale_host(problem, x.data())), std::bit_cast<uint32_t>(scale));
        ASSERT_TRUE(same_words(encoded(kHost, problem, x), encoded(kReference, problem, x)));
        ASSERT_TRUE(same_words(encoded(kHost, problem, x, scale, 1.5f * scale), encoded(kReference, problem, x, scale, 1.5f * scale)));
        ASSERT_TRUE(same_words(encoded(kHost, problem, x, scale, 0.5f * scale), encoded(kReference, problem, x, scale, 0.5f * scale)));
      }
    }
}

TEST_P(TernaryVersions, Refusals) {
  const auto of = [](Ternary problem, int64_t first = 0) {
    return refusal([&] { GetParam().encode(problem, Draws(1, 0, 0, Purpose::codec, first), nullptr, 1, 1, nullptr); });
  };
  EXPECT_EQ(of({0, 0}), "0 coordinates: there must be 1 to 17179869184");
  EXPECT_EQ(of({4, -1}), "clipping at -1 standard deviations: it must be positive, or 0 for none");
  EXPECT_EQ(of({4, NAN}), "clipping at nan standard deviations: it must be positive, or 0 for none");
  EXPECT_EQ(of({4, 0}, 1), "random numbers from 1 on: it must be a multiple of 4");
  EXPECT_EQ(refusal([] { GetParam().scale({4, INFINITY}, nullptr); }), "clipping at inf standard deviations: it must be positive, or 0 for none");
}

}  // namespace
}  // namespace skewbench::quantize
