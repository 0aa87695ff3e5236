// Arithmetic of f16, bf16 and pairs of them.
#include "kernels/cuda_on_cpu/ptx_rows.h"

namespace skewbench::cuda_on_cpu::ptx {

std::vector<Row> half_rows() { return {}; }

}  // namespace skewbench::cuda_on_cpu::ptx
