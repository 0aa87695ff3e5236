#include "kernels/cuda_on_cpu/findings.h"

#include <cstdio>
#include <mutex>
#include <utility>

#include "kernels/cuda_on_cpu/settings.h"
#include "kernels/cuda_on_cpu/thread.h"

namespace skewbench::cuda_on_cpu {
namespace {

struct Record {
  std::mutex mutex;
  std::vector<Finding> findings;
  cudaError_t sticky = cudaSuccess;
  bool is_printed = true;
};

Record& the_record() {
  static Record record;
  return record;
}

}  // namespace

void record(Finding finding) {
  Record& all = the_record();
  const std::lock_guard lock(all.mutex);
  if (all.is_printed) std::fputs(finding.text.c_str(), stderr);
  if (all.sticky == cudaSuccess) all.sticky = finding.error;
  all.findings.push_back(std::move(finding));
}

std::vector<Finding> take_findings() {
  Record& all = the_record();
  const std::lock_guard lock(all.mutex);
  all.sticky = cudaSuccess;
  return std::exchange(all.findings, {});
}

void print_findings(bool on) { the_record().is_printed = on; }
void set_checks(bool on) { settings().checks = on; }
void set_watchdog(double seconds) { settings().watchdog_s = seconds; }
bool set_order(const std::string& order) { return apply_setting(settings(), "SKEWBENCH_CUDA_ORDER", order).empty(); }

cudaError_t sticky_error() { return the_record().sticky; }
void forget_sticky_error() { the_record().sticky = cudaSuccess; }

}  // namespace skewbench::cuda_on_cpu
