#include <cmath>

#include "comm/all_reduce/all_reduce.h"

namespace skewbench::all_reduce {

template <class T>
std::vector<T> all_reduce_ref(const std::vector<double>& weight, const std::vector<std::vector<T>>& x) {
  std::vector<T> result(x[0].size());
  for (std::size_t e = 0; e < result.size(); ++e) {
    T sum = static_cast<T>(weight[0]) * x[0][e];
    for (std::size_t i = 1; i < x.size(); ++i) sum = std::fma(static_cast<T>(weight[i]), x[i][e], sum);
    result[e] = sum;
  }
  return result;
}

template std::vector<float> all_reduce_ref(const std::vector<double>&, const std::vector<std::vector<float>>&);
template std::vector<double> all_reduce_ref(const std::vector<double>&, const std::vector<std::vector<double>>&);

}  // namespace skewbench::all_reduce
