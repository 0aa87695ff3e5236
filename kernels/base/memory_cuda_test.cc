// Memory on a device: what is copied arrives, in order, also where the host goes on at once; the versions that a queue chooses.
#include "kernels/base/memory.h"

#include <numeric>

#include "kernels/base/device_arrays.h"
#include "kernels/base/queue.h"

namespace skewbench {
namespace {

using test_arrays::refusal;

std::vector<int32_t> sequence(int first, int64_t count) {
  std::vector<int32_t> values(static_cast<std::size_t>(count));
  std::iota(values.begin(), values.end(), first);
  return values;
}

std::vector<int32_t> download(const Buffer<int32_t>& buffer, Memory memory) {
  std::vector<int32_t> values(static_cast<std::size_t>(buffer.size()));
  memory.download(values.data(), buffer.data(), 4 * buffer.size());
  return values;
}

TEST(MemoryCuda, ABufferStartsAsZerosAndGrows) {
  NEEDS_DEVICE();
  device::Queue queue;
  const Memory memory(queue);
  Buffer<int32_t> buffer(memory, 100);
  EXPECT_EQ(download(buffer, memory), std::vector<int32_t>(100, 0));
  const auto values = sequence(5, 100);
  memory.upload(buffer.data(), values.data(), 400);
  EXPECT_EQ(download(buffer, memory), values);
  EXPECT_EQ(buffer.at_least(50), buffer.data());
  EXPECT_EQ(buffer.size(), 100) << "large enough already";
  buffer.at_least(200);
  EXPECT_EQ(download(buffer, memory), std::vector<int32_t>(200, 0));
}

TEST(MemoryCuda, UploadedMemoryMayBeChangedAtOnce) {
  NEEDS_DEVICE();
  device::Queue queue;
  const Memory memory(queue);
  std::vector<Buffer<int32_t>> buffers;
  std::vector<int32_t> values;
  for (int i = 0; i < 30; ++i) {  // more than there are places for uploads under way, and longer each time
    buffers.emplace_back(memory, 10 + i);
    values = sequence(i, 10 + i);
    memory.upload(buffers.back().data(), values.data(), 4 * (10 + i));
    std::fill(values.begin(), values.end(), -1);
  }
  for (int i = 0; i < 30; ++i) EXPECT_EQ(download(buffers[static_cast<std::size_t>(i)], memory), sequence(i, 10 + i));
}

TEST(MemoryCuda, CopiesAndZerosAreInOrder) {
  NEEDS_DEVICE();
  device::Queue queue;
  const Memory memory(queue);
  Buffer<int32_t> a(memory, 20), b(memory, 20);
  const auto values = sequence(1, 20);
  memory.upload(a.data(), values.data(), 80);
  memory.copy(b.data(), a.data(), 80);
  memory.zero(a.data() + 10, 40);
  memory.copy(b.data() + 15, a.data() + 12, 8);
  auto want = values;
  want[15] = want[16] = 0;
  EXPECT_EQ(download(b, memory), want);
}

// Two versions that write their number; the second refuses odd ones, for which it would need more memory than there is.
struct Number {
  int32_t value;
  int32_t* out;
};
template <int number>
void write(const Number& a, void*, device::Stream stream) { device::fill_bytes(a.out, number, 4, stream); }
std::string any(const Number&) { return ""; }
std::string even(const Number& a) { return a.value % 2 == 0 ? "" : "an odd number"; }
int64_t memory_of_even(const Number& a) { return a.value % 2 == 0 ? 0 : int64_t{1} << 60; }

const device::Version<Number> kVersions[] = {{1, "any", any, device::no_workspace, write<1>},
                                             {2, "even", even, memory_of_even, write<2>}};
const device::Version<Number> kVendor = {0, "vendor", any, device::no_workspace, write<3>};
const device::Version<Number> kEvenVendor = {0, "vendor", even, device::no_workspace, write<3>};
const device::Version<Number>& first_version(const Number&) { return kVersions[0]; }

int written(device::Choice choice, int value, device::Operation<Number> operation = {"number", kVersions}) {
  device::Queue queue(std::move(choice));
  Buffer<int32_t> out{Memory(queue), 1};
  queue.launch(operation, {value, out.data()});
  return download(out, Memory(queue))[0] & 0xFF;
}

TEST(QueueCuda, ChoosesTheVersion) {
  NEEDS_DEVICE();
  EXPECT_EQ(written({}, 4), 2) << "the last";
  EXPECT_EQ(written({}, 5), 1) << "the last that takes it";
  EXPECT_EQ(written({}, 4, {"number", kVersions, nullptr, first_version}), 1) << "the operation's own default";
  EXPECT_EQ(written({.rungs = {{"number", 1}}}, 4), 1);
  EXPECT_EQ(written({.rungs = {{"other", 1}}}, 4), 2);
  EXPECT_EQ(written({.vendor = true}, 4), 2) << "there is no vendor's";
  EXPECT_EQ(written({.vendor = true}, 4, {"number", kVersions, &kVendor}), 3);
  EXPECT_EQ(written({.vendor = true}, 5, {"number", kVersions, &kEvenVendor}), 1) << "by hand, where the vendor's refuses";
  EXPECT_EQ(written({.vendor = true, .rungs = {{"number", 2}}}, 4, {"number", kVersions, &kVendor}), 2);
}

TEST(QueueCuda, WhatIsLeftToTheHandIsKnown) {
  NEEDS_DEVICE();
  device::Queue queue({.vendor = true, .rungs = {}});
  Buffer<int32_t> out{Memory(queue), 1};
  const device::Operation<Number> taken = {"taken", kVersions, &kVendor}, refused = {"refused", kVersions, &kEvenVendor}, own = {"own", kVersions};
  for (const auto& operation : {taken, refused, own}) queue.launch(operation, {5, out.data()});
  EXPECT_EQ(queue.by_hand(), (std::map<std::string, std::string>{{"refused", "an odd number"}}));
}

TEST(QueueCuda, AVersionThatWasNamedDoesNotFallBack) {
  NEEDS_DEVICE();
  EXPECT_EQ(refusal([] { written({.rungs = {{"number", 2}}}, 5); }), "number v2 even: an odd number");
  EXPECT_THROW(written({.rungs = {{"number", 2}}}, 5), device::NotTaken);
  EXPECT_EQ(refusal([] { written({.rungs = {{"number", 7}}}, 5); }), "number has no v7; it has v1 any, v2 even");
}

TEST(MemoryCuda, TooMuchIsRefusedWithTheSizes) {
  NEEDS_DEVICE();
  device::Queue queue;
  const std::string sentence = refusal([&] { Buffer<double>(Memory(queue), int64_t{1} << 44); });
  EXPECT_NE(sentence.find("not enough device memory: 140737488355328 bytes were asked for"), std::string::npos) << sentence;
}

}  // namespace
}  // namespace skewbench
