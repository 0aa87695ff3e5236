// Scaled sign: messages by hand, the contraction's closed form, sent + kept = given, hostile vectors, and the host's bytes
// against the reference's.
#include "kernels/quantize/scaled_sign.h"

#include <algorithm>
#include <bit>

#include "kernels/quantize/test_values.h"

namespace skewbench::quantize {
namespace {

using test_arrays::Guarded;
using test_arrays::refusal;

struct Version {
  const char* name;
  void (*encode)(const ScaledSign&, const float*, float*, uint32_t*);
  void (*decode)(const ScaledSign&, const uint32_t*, float*, bool);
};
constexpr Version kReference{"reference", scaled_sign_encode_ref, scaled_sign_decode_ref};
constexpr Version kHost{"host", scaled_sign_encode_host, scaled_sign_decode_host};

struct Sent {
  Message message;
  Values kept;
};

Sent encoded(const Version& version, const Values& x, const Values& memory) {
  const ScaledSign problem{std::ssize(x)};
  Guarded<uint32_t> message(problem.message_words());
  Guarded<float> kept(problem.count);
  std::copy(memory.begin(), memory.end(), kept.data());
  const Values before = x;
  version.encode(problem, x.data(), memory.empty() ? nullptr : kept.data(), message.data());
  EXPECT_TRUE(message.guards_intact() && kept.guards_intact());
  EXPECT_TRUE(same_floats(x, before)) << "the input";
  return {{message.span().begin(), message.span().end()}, {kept.span().begin(), kept.span().end()}};
}

Values decoded_by(const Version& version, int64_t count, const Message& message) {
  Guarded<float> out(count);
  version.decode({count}, message.data(), out.data(), false);
  EXPECT_TRUE(out.guards_intact());
  return {out.span().begin(), out.span().end()};
}

class ScaledSignVersions : public testing::TestWithParam<Version> {};
INSTANTIATE_TEST_SUITE_P(Versions, ScaledSignVersions, testing::Values(kReference, kHost), name_of_version);

TEST_P(ScaledSignVersions, MessageByHand) {
  Values x(33), memory(33);
  x[0] = 60, x[1] = -60, x[2] = -0.0f, x[32] = -5;
  memory[0] = 1, memory[1] = -1, memory[31] = -2, memory[32] = -3;
  const auto [message, kept] = encoded(GetParam(), x, memory);  // ||p||_1 = 61 + 61 + 2 + 8 = 132 = 33 * 4
  EXPECT_TRUE(same_words(message, Message{std::bit_cast<uint32_t>(4.0f), 0x80000002, 1}));
  Values want(33, -4);
  want[0] = 57, want[1] = -57, want[31] = 2, want[32] = -4;
  EXPECT_TRUE(same_floats(kept, want));
  Values sent(33, 4);
  sent[1] = sent[31] = sent[32] = -4;
  EXPECT_TRUE(same_floats(decoded_by(GetParam(), 33, message), sent));
  EXPECT_EQ(encoded(GetParam(), Values{0.0f}, {}).message, (Message{0, 0}));  // sign(0) is +1
}

TEST(ScaledSign, SizeOfAMessage) {
  EXPECT_EQ(ScaledSign{1}.message_words(), 2);
  EXPECT_EQ(ScaledSign{32}.message_words(), 2);
  EXPECT_EQ(ScaledSign{33}.message_words(), 3);
}

// With these scales and values, what is kept is rounded; the bound is half a unit in its last place.
TEST_P(ScaledSignVersions, SentPlusKeptIsWhatWasGiven) {
  for (const auto& [name, x] : finite_values(777)) {
    const Values memory = test_arrays::normals<float>(777, 3);
    const auto [message, kept] = encoded(GetParam(), x, memory);
    const Values sent = decoded_by(GetParam(), 777, message);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double p = x[i] + memory[i];
      ASSERT_LE(std::fabs(double(sent[i]) + double(kept[i]) - p), std::fabs(double(kept[i])) * 0x1p-24 + FLT_TRUE_MIN) << name << ", coordinate " << i;
    }
  }
  // Small integers with a power of two as their mean: nothing is rounded, over many steps.
  Values memory(64), given(64), sent(64);
  for (uint32_t step = 0; step < 20; ++step) {
    Values x(64);
    for (std::size_t i = 0; i < 64; ++i) x[i] = (i % 2 ? 8.0f : -8.0f) - memory[i] + (i % 4 < 2 ? 1.0f : -1.0f);
    const auto [message, kept] = encoded(GetParam(), x, memory);
    EXPECT_EQ(message[0], std::bit_cast<uint32_t>(8.0f));
    const Values now = decoded_by(GetParam(), 64, message);
    for (std::size_t i = 0; i < 64; ++i) given[i] += x[i], sent[i] += now[i], memory[i] = kept[i];
  }
  for (std::size_t i = 0; i < 64; ++i) ASSERT_EQ(sent[i] + memory[i], given[i]);
}

// ||p - C(p)||^2 = ||p||^2 - ||p||_1^2 / n
TEST_P(ScaledSignVersions, Contracts) {
  const Values x = test_arrays::normals<float>(5000, 4);
  const auto [message, kept] = encoded(GetParam(), x, Values(5000));
  double sum = 0;
  for (const float v : x) sum += std::fabs(double(v));
  const double squares = test_arrays::dot(x, x), want = squares - sum * sum / 5000;
  EXPECT_NEAR(test_arrays::dot(kept, kept), want, 1e-5 * squares);
  EXPECT_LT(want, 0.4 * squares);  // 1 - 2 / pi for normals
}

TEST_P(ScaledSignVersions, WhatIsNotFiniteSpoilsEverything) {
  for (const auto& [name, x] : not_finite_values(70)) {
    const auto [message, kept] = encoded(GetParam(), x, Values(70));
    EXPECT_EQ(message[0], 0x7FC00000) << name;
    for (const float v : decoded_by(GetParam(), 70, message)) EXPECT_TRUE(std::isnan(v)) << name;
    for (const float v : kept) EXPECT_EQ(std::bit_cast<uint32_t>(v), 0x7FC00000) << name;
  }
}

TEST_P(ScaledSignVersions, WithoutAMemoryNothingIsKept) {
  const Values x = test_arrays::normals<float>(100, 5);
  const auto with = encoded(GetParam(), x, Values(100)), without = encoded(GetParam(), x, {});
  EXPECT_EQ(without.message, with.message);
  for (const float v : without.kept) EXPECT_TRUE(std::isnan(v)) << "still poison";
}

TEST_P(ScaledSignVersions, DecodeAdds) {
  const Values x = test_arrays::normals<float>(77, 6), start = test_arrays::normals<float>(77, 7);
  const Message message = encoded(GetParam(), x, {}).message;
  Guarded<float> out(77);
  std::copy(start.begin(), start.end(), out.data());
  GetParam().decode({77}, message.data(), out.data(), true);
  Values want = decoded_by(kReference, 77, message);
  for (std::size_t i = 0; i < want.size(); ++i) want[i] = start[i] + want[i];
  EXPECT_TRUE(same_floats(out.span(), want));
  EXPECT_TRUE(out.guards_intact());
}

TEST(ScaledSign, HostHasTheReferencesBytes) {
  for (const int64_t count : {1, 31, 32, 33, 127, 255, 256, 257, 2047, 2048, 2049, 9001}) {
    auto cases = finite_values(count);
    for (auto& values : not_finite_values(count)) cases.push_back(std::move(values));
    for (const auto& [name, x] : cases)
      for (const Values& memory : {Values(), test_arrays::normals<float>(count, 8)}) {
        SCOPED_TRACE(fmt::format("{} coordinates, {}{}", count, name, memory.empty() ? "" : ", with a memory"));
        const auto want = encoded(kReference, x, memory), got = encoded(kHost, x, memory);
        ASSERT_TRUE(same_words(got.message, want.message));
        ASSERT_EQ(std::memcmp(got.kept.data(), want.kept.data(), 4 * want.kept.size()), 0);
        ASSERT_TRUE(same_floats(decoded_by(kHost, count, want.message), decoded_by(kReference, count, want.message)));
      }
  }
}

TEST_P(ScaledSignVersions, Refusals) {
  EXPECT_EQ(refusal([] { GetParam().encode({0}, nullptr, nullptr, nullptr); }), "0 coordinates: there must be 1 to 17179869184");
  EXPECT_EQ(refusal([] { GetParam().decode({-1}, nullptr, nullptr, false); }), "-1 coordinates: there must be 1 to 17179869184");
}

}  // namespace
}  // namespace skewbench::quantize
