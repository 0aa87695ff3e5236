#include "bench/kernels/heat.h"

#include <algorithm>

#include "bench/kernels/counting.h"
#include "bench/kernels/peaks.h"
#include "bench/train/speed/clock.h"

namespace skewbench::bench_kernels {
namespace {

constexpr double kHostSample_s = 20e-6, kDeviceSample_s = 200e-6;  // a sample is that long at least: clocks resolve less

int copies_for(const Contest& contest, const Contestant& contestant, bool is_cold) {
  if (!is_cold) return 1;
  return cold_copies(contest, contestant.place == Place::host ? host_cache_bytes() : device::properties().cache_bytes);
}

}  // namespace

/// Times what is queued on the device, not how fast it is queued: the host needs microseconds for a launch, and many a kernel
/// is shorter. So the device is held until the host has queued all calls, and only then passes the first event.
class Heat::DeviceClock {
 public:
  template <class Queue>
  double time(int calls, Queue&& queue) {
    static const double seconds_per_round = calibrate();
    constexpr double kReserve = 1.5, kLongest_s = 0.05;
    const double hold_s = std::min(kReserve * calls * queueing_s_, kLongest_s);
    launch_hold(word_.data(), static_cast<int64_t>(hold_s / seconds_per_round), nullptr);
    start_.record(nullptr);
    const double begin = train::now();
    for (int i = 0; i < calls; ++i) queue();
    queueing_s_ = (train::now() - begin) / calls;
    end_.record(nullptr);
    end_.wait();
    return end_.seconds_since(start_);
  }

 private:
  double calibrate() {
    constexpr int64_t kRounds = 100'000;
    for (int i = 0; i < 2; ++i) {  // the first one warms up
      start_.record(nullptr);
      launch_hold(word_.data(), kRounds, nullptr);
      end_.record(nullptr);
      end_.wait();
    }
    return end_.seconds_since(start_) / kRounds;
  }

  device::Event start_, end_;
  device::Array<uint32_t> word_{1};
  double queueing_s_ = 0;  // of a call, as it was the last time
};

Heat::Heat(const Contest& contest, const Contestant& contestant, bool is_cold)
    : contestant_(contestant), arena_(contest, contestant, copies_for(contest, contestant, is_cold), nullptr) {
  if (contestant.place == Place::device) device_clock_ = std::make_unique<DeviceClock>();
}

Heat::~Heat() = default;

void Heat::wait() const {
  if (contestant_.place == Place::device) device::wait(nullptr);
}

std::string Heat::check() {
  arena_.reset();
  call(0);
  wait();
  return arena_.check();
}

double Heat::time(int calls) {
  const auto next_call = [&] { call(next_++ % arena_.copies()); };
  if (device_clock_) return device_clock_->time(calls, next_call);
  const double start = train::now();
  for (int i = 0; i < calls; ++i) next_call();
  return train::now() - start;
}

int Heat::calibrated() {
  if (calls_ > 0) return calls_;
  time(1);  // warms up
  const double target = device_clock_ ? kDeviceSample_s : kHostSample_s;
  calls_ = static_cast<int>(std::clamp(target / std::max(time(1), 1e-9), 1.0, 10'000.0));
  return calls_;
}

double Heat::sample() {
  const int calls = calibrated();
  return time(calls) / calls;
}

std::vector<LaunchCount> Heat::count() {
  return count_launches([&] {
    call(0);
    wait();
  });
}

}  // namespace skewbench::bench_kernels
