// The type of a CUDA stream, for .cu files that need nothing else of device.h: <string> alone costs nvcc a second.
#pragma once

struct CUstream_st;

namespace skewbench::device {

using Stream = CUstream_st*;  ///< cudaStream_t; null is the default stream

}  // namespace skewbench::device
