// Every barrier and every collective of a warp against loops over the lanes.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "kernels/cuda_on_cpu/ptx_cases_test.h"
#include "kernels/cuda_on_cpu/ptx_machine_cases.h"

namespace skewbench::cuda_on_cpu {
namespace {

constexpr size_t kThreads = kWarpThreads;
constexpr Bits kUntouched = 0x5a5a5a5a5a5a5a5a;

/// What `run` puts out, `results` words a thread.
std::vector<Bits> put_out(size_t results, const std::function<void(uint64_t*)>& run) {
  const Device outputs(results * kThreads);
  outputs.write(std::vector<Bits>(results * kThreads, kUntouched));
  run(outputs.get());
  CUDA_CALL(cudaDeviceSynchronize());
  return outputs.read();
}

/// Compares the results one after the other.
class Results {
 public:
  explicit Results(std::vector<Bits> words) : words_(std::move(words)) {}

  template <class Wanted>
  void expect(const std::string& what, Wanted wanted) {
    for (uint32_t thread = 0; thread < kThreads; ++thread)
      EXPECT_EQ(words_[at_ * kThreads + thread], Bits{wanted(thread)}) << what << ", thread " << thread << ", result " << at_;
    ++at_;
  }

  size_t taken() const { return at_; }

 private:
  std::vector<Bits> words_;
  size_t at_ = 0;
};

TEST(PtxWarpCases, BarriersOrderABlock) {
  Results results(put_out(10, run_barriers));
  for (uint32_t round = 0; round < 10; ++round)
    results.expect("barrier", [&](uint32_t thread) { return 100 * round + (thread + 1) % kWarpThreads; });
}

TEST(PtxWarpCases, ArrivalsLetOthersGoOn) {
  Results results(put_out(6, run_arrivals));
  for (uint32_t round = 0; round < 6; ++round)
    results.expect("arrival", [&](uint32_t thread) { return thread < 32 ? 0 : 100 * round + thread - 32; });
}

TEST(PtxWarpCases, BarriersReduce) {
  for (const auto& [from, to] : {std::pair{0u, 64u}, {0u, 0u}, {5u, 6u}, {0u, 63u}, {31u, 33u}}) {
    Results results(put_out(21, [&](uint64_t* outputs) { run_reductions(from, to, outputs); }));
    for (int kind = 0; kind < 7; ++kind) {
      const uint32_t hold = kind == 1 ? kWarpThreads - (to - from) : to - from;  // the second one asks for the opposite
      results.expect("and", [&](uint32_t) { return hold == kWarpThreads; });
      results.expect("or", [&](uint32_t) { return hold > 0; });
      results.expect("popc", [&](uint32_t) { return hold; });
    }
  }
}

/// The lane that shfl reads and whether it is in range, as the PTX ISA's pseudocode has it.
std::pair<uint32_t, bool> source_lane(char mode, int lane, int b, int c) {
  const int bval = b & 0x1f, cval = c & 0x1f, segment = c >> 8 & 0x1f;
  const int max_lane = (lane & segment) | (cval & ~segment), min_lane = lane & segment;
  const int j = mode == 'u' ? lane - bval : mode == 'd' ? lane + bval : mode == 'b' ? lane ^ bval : min_lane | (bval & ~segment);
  const bool in_range = mode == 'u' ? j >= max_lane : j <= max_lane;
  return {static_cast<uint32_t>(in_range ? j : lane), in_range};
}

void expect_shuffle(Results& results, char mode, int c, const std::function<int(uint32_t)>& b) {
  const auto source = [&](uint32_t thread) { return source_lane(mode, static_cast<int>(thread % 32), b(thread), c); };
  const std::string what = fmt::format("shfl {} of segments {:#x}", mode, c);
  results.expect(what, [&](uint32_t thread) { return 1000 + thread / 32 * 32 + source(thread).first; });
  results.expect(what, [&](uint32_t thread) { return source(thread).second; });
  results.expect(what, [&](uint32_t thread) { return 2000 + thread / 32 * 32 + source(thread).first; });
}

TEST(PtxWarpCases, Shuffles) {
  Results results(put_out(4 * 7 * 4 * 3 + 3, run_shuffles));
  for (int width = 4; width <= 32; width *= 2)
    for (int lane = 0; lane < 7; ++lane) {
      const int segment = (32 - width) << 8, by = lane == 6 ? 40 : 3 * lane;
      expect_shuffle(results, 'u', segment, [&](uint32_t) { return by; });
      expect_shuffle(results, 'd', segment | 31, [&](uint32_t) { return by; });
      expect_shuffle(results, 'b', segment | 31, [&](uint32_t) { return by; });
      expect_shuffle(results, 'i', segment | 31, [&](uint32_t thread) { return by + static_cast<int>(thread % 2); });
    }
  expect_shuffle(results, 'b', 31, [](uint32_t thread) { return thread % 32 < 16 ? 5 : 9; });
}

using Members = std::vector<uint32_t>;

/// The threads of the warp of `thread` that `mask` names.
Members members(uint32_t thread, uint32_t mask) {
  Members list;
  for (uint32_t lane = 0; lane < 32; ++lane)
    if ((mask >> lane & 1) != 0) list.push_back(thread / 32 * 32 + lane);
  return list;
}

/// All results of one use of COLLECTIVES; mask(thread) are its members.
void expect_collectives(Results& results, const std::vector<int32_t>& values, const std::function<uint32_t(uint32_t)>& mask) {
  const auto lanes_where = [&](uint32_t thread, const auto& holds) {
    uint32_t lanes = 0;
    for (const uint32_t other : members(thread, mask(thread)))
      if (holds(values[other])) lanes |= 1u << other % 32;
    return lanes;
  };
  const auto expect_votes = [&](const std::function<bool(int32_t)>& holds) {
    const auto yes = [&](uint32_t thread) { return lanes_where(thread, holds); };
    results.expect("any", [&](uint32_t thread) { return yes(thread) != 0; });
    results.expect("all, of the opposite", [&](uint32_t thread) { return yes(thread) == 0; });
    results.expect("uni", [&](uint32_t thread) { return yes(thread) == 0 || yes(thread) == mask(thread); });
    results.expect("ballot", yes);
  };
  expect_votes([](int32_t value) { return value % 3 == 0; });
  expect_votes([](int32_t value) { return value >= 0; });
  expect_votes([](int32_t value) { return value > 1000; });
  const auto expect_combined = [&](const char* what, const std::function<int64_t(int64_t, int64_t)>& combine, bool is_signed) {
    results.expect(what, [&](uint32_t thread) {
      const Members all = members(thread, mask(thread));
      const auto value = [&](uint32_t of) { return is_signed ? int64_t{values[of]} : int64_t{static_cast<uint32_t>(values[of])}; };
      int64_t result = value(all[0]);
      for (size_t i = 1; i < all.size(); ++i) result = combine(result, value(all[i]));
      return static_cast<uint32_t>(result);
    });
  };
  const auto sum = [](int64_t a, int64_t b) { return a + b; };
  const auto lowest = [](int64_t a, int64_t b) { return std::min(a, b); };
  const auto highest = [](int64_t a, int64_t b) { return std::max(a, b); };
  for (const bool is_signed : {false, true}) {
    expect_combined("redux add", sum, is_signed);
    expect_combined("redux min", lowest, is_signed);
    expect_combined("redux max", highest, is_signed);
  }
  expect_combined("redux and", [](int64_t a, int64_t b) { return a & b; }, false);
  expect_combined("redux or", [](int64_t a, int64_t b) { return a | b; }, false);
  expect_combined("redux xor", [](int64_t a, int64_t b) { return a ^ b; }, false);
  for (const auto& of : std::vector<std::function<int32_t(int32_t)>>{[](int32_t value) { return value / 4; }, [](int32_t value) { return value % 4; },
                                                                    [](int32_t) { return 7; }, [](int32_t) { return 7; }}) {
    const auto same = [&](uint32_t thread) { return lanes_where(thread, [&](int32_t value) { return of(value) == of(values[thread]); }); };
    const auto whole = [&](uint32_t thread) { return same(thread) == mask(thread) ? mask(thread) : 0; };
    results.expect("match any", same);
    results.expect("match all", whole);
    results.expect("match all's predicate", [&](uint32_t thread) { return whole(thread) != 0; });
    results.expect("match all", whole);
  }
}

TEST(PtxWarpCases, CollectivesOfAllLanesAndOfHalfOfThem) {
  std::vector<int32_t> values;
  for (int32_t i = 0; i < kWarpThreads; ++i) values.push_back((i * 37 + 11) % 50 - (i < 32 ? 0 : 25));
  const Device device_values(kThreads / 2);
  std::vector<Bits> words(kThreads / 2);
  std::memcpy(words.data(), values.data(), kThreads * sizeof(int32_t));
  device_values.write(words);
  constexpr size_t kEach = 3 * 4 + 9 + 4 * 4;
  Results results(put_out(2 * kEach, [&](uint64_t* outputs) { run_collectives(reinterpret_cast<const int32_t*>(device_values.get()), outputs); }));
  expect_collectives(results, values, [](uint32_t) { return 0xffffffffu; });
  expect_collectives(results, values, [](uint32_t thread) { return thread % 2 == 0 ? 0x55555555u : 0xaaaaaaaau; });
  EXPECT_EQ(results.taken(), 2 * kEach);
}

TEST(PtxWarpCases, LanesThatStay) {
  Results results(put_out(15, run_lanes));
  const auto mask = [](const auto& wanted) {
    return [=](uint32_t thread) {
      uint32_t lanes = 0;
      for (uint32_t other = 0; other < 32; ++other)
        if (wanted(other, thread % 32)) lanes |= 1u << other;
      return lanes;
    };
  };
  results.expect("%laneid", [](uint32_t thread) { return thread % 32; });
  results.expect("%warpid", [](uint32_t thread) { return thread / 32; });
  results.expect("%lanemask_eq", mask([](uint32_t other, uint32_t lane) { return other == lane; }));
  results.expect("%lanemask_lt", mask([](uint32_t other, uint32_t lane) { return other < lane; }));
  results.expect("%lanemask_le", mask([](uint32_t other, uint32_t lane) { return other <= lane; }));
  results.expect("%lanemask_gt", mask([](uint32_t other, uint32_t lane) { return other > lane; }));
  results.expect("%lanemask_ge", mask([](uint32_t other, uint32_t lane) { return other >= lane; }));
  for (uint32_t stays = 32; stays > 0; stays -= 8) {
    const auto if_here = [&](uint32_t thread, Bits value) { return thread % 32 < stays ? value : kUntouched; };
    results.expect("bar.warp.sync", [&](uint32_t thread) {
      const uint32_t next = thread / 32 * 32 + (thread % 32 + 1) % stays;
      return if_here(thread, 10 * next + stays);
    });
    results.expect("activemask", [&](uint32_t thread) { return if_here(thread, stays == 32 ? 0xffffffff : (1u << stays) - 1); });
  }
}

}  // namespace
}  // namespace skewbench::cuda_on_cpu
