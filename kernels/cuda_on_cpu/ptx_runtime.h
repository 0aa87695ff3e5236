// All that translated code includes.
#pragma once

#include "kernels/cuda_on_cpu/device_calls.h"
#include "kernels/cuda_on_cpu/ptx_half.h"
#include "kernels/cuda_on_cpu/ptx_memory.h"
#include "kernels/cuda_on_cpu/ptx_warp.h"
