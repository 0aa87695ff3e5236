// Memory faults: a host that touches device memory is told so before it dies; a kernel that touches what it may not, unchecked,
// ends with a finding like any other.
#pragma once

namespace skewbench::cuda_on_cpu {

/// Once per process.
void install_fault_handler();

/// Gives the calling OS thread a stack for signal handlers: a fibre's own may be what is full.
void prepare_thread_for_faults();

}  // namespace skewbench::cuda_on_cpu
