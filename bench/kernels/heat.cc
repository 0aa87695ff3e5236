#include "bench/kernels/heat.h"

#include <algorithm>

#include "bench/kernels/counting.h"
#include "bench/kernels/peaks.h"
#include "bench/train/speed/clock.h"

namespace skewbench::bench_kernels {
namespace {

constexpr double kHostSample_s = 20e-6, kDeviceSample_s = 200e-6;  // a sample is that long at least: clocks resolve less
constexpr int64_t kDeviceCacheBytes = 64 << 20;                    // the second-level cache of an H100 has 50 MB

int copies_for(const Contest& contest, const Contestant& contestant, bool is_cold) {
  return is_cold ? cold_copies(contest, contestant.place == Place::host ? host_cache_bytes() : kDeviceCacheBytes) : 1;
}

}  // namespace

Heat::Heat(const Contest& contest, const Contestant& contestant, bool is_cold)
    : contestant_(contestant), arena_(contest, contestant, copies_for(contest, contestant, is_cold), nullptr) {
  if (contestant.place == Place::device) events_.emplace();
}

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
  const double start = train::now();
  if (events_) events_->start.record(nullptr);
  for (int i = 0; i < calls; ++i) call(next_++ % arena_.copies());
  if (!events_) return train::now() - start;
  events_->end.record(nullptr);
  events_->end.wait();
  return events_->end.seconds_since(events_->start);
}

int Heat::calibrated() {
  if (calls_ > 0) return calls_;
  time(1);  // warms up
  const double target = events_ ? kDeviceSample_s : kHostSample_s;
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
