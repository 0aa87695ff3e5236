// Learning-rate schedules by hand, and the malformed ones.
#include "bench/train/learning_rate.h"

#include <gtest/gtest.h>

#include "kernels/base/error.h"

namespace skewbench::train {
namespace {

TEST(LearningRate, Constant) {
  const LearningRate rate(0.05, "constant");
  for (const double epoch : {0.0, 0.5, 1.0, 1000.0}) EXPECT_EQ(rate.at(epoch), 0.05);
}

TEST(LearningRate, WarmsUpStepByStepFromZero) {
  const LearningRate rate(0.5, "warmup:2");
  constexpr int kStepsPerEpoch = 8;  // a power of two: all rates are exact
  for (int step = 0; step < 2 * kStepsPerEpoch; ++step) EXPECT_EQ(rate.at(step / 8.0), 0.5 * step / 16.0) << "step " << step;
  EXPECT_EQ(rate.at(2), 0.5);
  EXPECT_EQ(rate.at(7), 0.5);
  EXPECT_EQ(LearningRate(0.5, "warmup:0").at(0), 0.5) << "no warm-up at all, not a division by zero";
  EXPECT_EQ(LearningRate(0.5, "warmup:0.25").at(0.125), 0.25);
}

TEST(LearningRate, DecaysFromTheirEpochOn) {
  const LearningRate rate(1, "decay:2:0.5,decay:4:0.25");
  EXPECT_EQ(rate.at(1.999), 1);
  EXPECT_EQ(rate.at(2), 0.5);
  EXPECT_EQ(rate.at(3.999), 0.5);
  EXPECT_EQ(rate.at(4), 0.125);
  EXPECT_EQ(LearningRate(1, "decay:4:0.25,decay:2:0.5").at(5), 0.125) << "in any order";
}

TEST(LearningRate, WarmUpAndDecayTogether) {
  const LearningRate rate(1, "warmup:4,decay:2:0.5");
  EXPECT_EQ(rate.at(1), 0.25);
  EXPECT_EQ(rate.at(2), 0.25) << "half of the warm-up, halved";
  EXPECT_EQ(rate.at(4), 0.5);
}

TEST(LearningRate, RefusesWhatIsMalformed) {
  for (const char* schedule : {"", ",", "warmup", "warmup:", "warmup:x", "warmup:-1", "warmup:1:2", "warmup:nan", "warmup:1,", ",warmup:1",
                               "warmup:1,,decay:1:0.1", "warmup:1,warmup:2", "warmpu:1", "decay", "decay:1", "decay:1:", "decay::0.1",
                               "decay:1:x", "decay:-1:0.1", "decay:1:0", "decay:1:-0.1", "decay:1:0.1:2", "decay:inf:0.1", "constant,warmup:1",
                               "constant:1", "Constant", "warmup: 1"}) {
    std::string sentence;
    try {
      const LearningRate rate(0.05, schedule);
    } catch (const Error& error) {
      sentence = error.what();
    }
    EXPECT_NE(sentence, "") << "accepted: '" << schedule << "'";
    EXPECT_TRUE(sentence.find("--lr-schedule") != std::string::npos || sentence.find('\'') != std::string::npos) << sentence;
  }
  for (const double base : {0.0, -0.1}) EXPECT_THROW(LearningRate(base, "constant"), Error);
}

}  // namespace
}  // namespace skewbench::train
