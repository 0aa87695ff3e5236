// Streams and events: work that is done as late as the program allows.
//
// An operation is queued with the ones that must be done before it: the one before it in its stream, those of the default
// stream's rules, the events that its stream waits for. It is carried out when the program waits for it, or for something
// that must come after it; so a program that forgets to wait finds old data. SKEWBENCH_CUDA_STREAMS=eager does everything at
// once.
#pragma once

#include <cuda_runtime_api.h>

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

namespace skewbench::cuda_on_cpu {

struct Operation;
using OperationPointer = std::shared_ptr<Operation>;

struct Operation {
  uint64_t number = 0;  ///< in the order of the program's calls
  std::function<void()> work;
  std::vector<OperationPointer> after;  ///< that must be done before it
  bool is_done = false;
  std::chrono::steady_clock::time_point when;  ///< it was done
};

/// False for a handle that no stream has. The null stream and CUDA's constants for default streams are streams.
bool is_stream(cudaStream_t stream);
cudaStream_t create_stream(bool waits_for_default_stream);
void destroy_stream(cudaStream_t stream);  ///< what it was given is still done

/// Adds work, which may touch device memory and must not call the runtime. `also_after` may be null.
OperationPointer enqueue(cudaStream_t stream, std::function<void()> work, OperationPointer also_after = nullptr);

/// Carries out what must come before `operation`, and it.
void finish_operation(const OperationPointer& operation);
void synchronise(cudaStream_t stream);
void synchronise_all();

/// Whether it is done; if not, does one more of the operations that it waits for, so that asking again and again ends.
bool is_finished(const OperationPointer& operation);
bool is_idle(cudaStream_t stream);

}  // namespace skewbench::cuda_on_cpu
