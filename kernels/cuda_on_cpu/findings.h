// Findings: what the machine objects to in a kernel. A finding ends its launch, is printed to stderr, and makes the CUDA
// runtime return an error from then on, as a GPU would.
#pragma once

#include <cuda_runtime_api.h>

#include <string>
#include <vector>

namespace skewbench::cuda_on_cpu {

struct Finding {
  cudaError_t error;   ///< what the runtime returns
  std::string kernel;  ///< as in the source, without its parameters' names
  std::string text;    ///< the whole report, as printed
};

// --- for tests -----------------------------------------------------------------------------------------------------------

/// The findings since the last call, and takes back the error that the runtime returns because of them.
std::vector<Finding> take_findings();

/// Whether findings are printed; they are, unless a test that provokes them says no.
void print_findings(bool on);

/// As SKEWBENCH_CUDA_CHECKS, from the next launch on.
void set_checks(bool on);

/// As SKEWBENCH_CUDA_WATCHDOG, from the next launch on.
void set_watchdog(double seconds);

/// As SKEWBENCH_CUDA_ORDER, from the next launch on. False if the text is not understood.
bool set_order(const std::string& order);

// --- for the machine ------------------------------------------------------------------------------------------------------

/// Records and prints it. May be called by several OS threads.
void record(Finding finding);

/// The error of the findings that nobody took; cudaSuccess without one.
cudaError_t sticky_error();
void forget_sticky_error();

}  // namespace skewbench::cuda_on_cpu
