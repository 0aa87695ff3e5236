// Tensor cores and asynchronous copies.
#include "kernels/cuda_on_cpu/ptx_rows.h"

namespace skewbench::cuda_on_cpu::ptx {

std::vector<Row> matrix_rows() { return {}; }

}  // namespace skewbench::cuda_on_cpu::ptx
