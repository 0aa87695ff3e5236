#include "kernels/cuda_on_cpu/ptx_rows.h"

namespace skewbench::cuda_on_cpu::ptx {

const std::vector<Row>& known_instructions() {
  static const std::vector<Row> all = [] {
    std::vector<Row> rows;
    for (const auto story : {integer_rows, bit_rows, real_rows, half_rows, compare_rows, convert_rows, memory_rows, control_rows,
                             warp_rows, matrix_rows}) {
      const std::vector<Row> more = story();
      rows.insert(rows.end(), more.begin(), more.end());
    }
    return rows;
  }();
  return all;
}

}  // namespace skewbench::cuda_on_cpu::ptx
