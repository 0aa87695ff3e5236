// The weighted mean of all workers' vectors, known to every worker, in a fixed order.
//
// Every worker owns one slice of the coordinates. Each worker sends each other one its slice of its vector; the owner sums
// by ascending worker id in the scalar type with fused multiply-adds (kernels/mix) and sends the result to all: 2 (n-1)/n
// of a vector per worker, as in a ring all-reduce, but with a sum whose order does not depend on ranks or arrival.
// MPI_Allreduce would give other bits for every number of ranks.
#pragma once

#include <vector>

#include "comm/exchange/meter.h"
#include "comm/exchange/placement.h"
#include "comm/exchange/transport.h"
#include "comm/exchange/worker_vectors.h"
#include "kernels/base/memory.h"

namespace skewbench::all_reduce {

template <class T>
class AllReduce {
 public:
  /// Over the first `count` elements of every worker's vector, which lie in the transport's memory. The references must
  /// outlive it; between calls others may use the transport.
  AllReduce(exchange::Transport& transport, const exchange::Placement& placement, exchange::Meter& meter, int64_t count);

  /// result [count] <- sum_i weight[i] * source(i), weights of all n workers. Collective. The result is one vector per
  /// rank, in the transport's memory and valid until the next call: workers of a rank read it, nothing is copied.
  const T* combine(const std::vector<double>& weight, const exchange::VectorOf<const T>& source);

  int64_t buffer_bytes() const { return (received_.size() + result_.size()) * static_cast<int64_t>(sizeof(T)); }

 private:
  int64_t slice_begin(int worker) const;
  void count_bytes();
  void scatter(const exchange::VectorOf<const T>& source);
  void gather();

  exchange::Transport& transport_;
  const exchange::Placement& placement_;
  exchange::Meter& meter_;
  int64_t count_;
  Buffer<T> received_;  // [remote worker][elements of this rank's slices]
  Buffer<T> result_;    // [count]
};

/// The same sum for all workers in one process.
template <class T>
std::vector<T> all_reduce_ref(const std::vector<double>& weight, const std::vector<std::vector<T>>& x);

}  // namespace skewbench::all_reduce
