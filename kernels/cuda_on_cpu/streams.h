// Streams and events: work in the order that a program has asked for.
#pragma once

#include <cuda_runtime_api.h>

#include <functional>

namespace skewbench::cuda_on_cpu {

/// Adds work to a stream. It may touch device memory and must not call the runtime.
void enqueue(cudaStream_t stream, std::function<void()> work);

/// Does what the stream, or all of them, have been given.
void synchronise(cudaStream_t stream);
void synchronise_all();

bool is_stream(cudaStream_t stream);

}  // namespace skewbench::cuda_on_cpu
