// Gossip averaging: x_i <- sum_j w_ij x_j over i itself and its in-neighbours, with Metropolis-Hastings weights.
//
// Sources: Xiao & Boyd, "Fast linear iterations for distributed averaging", 2004, section 4 (the weights); Lian et al.,
// "Can decentralized algorithms outperform centralized algorithms?", NeurIPS 2017 (as the averaging step of D-PSGD).
// The sum runs by ascending worker id, self in its place, in the scalar type with fused multiply-adds (kernels/mix), so
// it is the same to the bit on any number of ranks; gossip_ref states it in plain loops over all workers.
#pragma once

#include <vector>

#include "comm/exchange/exchange.h"
#include "comm/exchange/worker_vectors.h"

namespace skewbench::gossip {

/// out <- sum_j w_ij v_j for worker i: its own vector and what it received on `channel` in the last round, `row` being its
/// row of the mixing matrix. `own` and `out` have `count` elements, `stride` apart.
template <class T>
void mix_with_neighbours(const exchange::Exchange& exchange, int channel, const topology::MixingRow& row, int i, const T* own,
                         int64_t count, int64_t stride, T* out);

template <class T>
class Gossip {
 public:
  /// Averages the first `count` elements of every worker's vector, over the exchange's topology (all lanes and phases).
  Gossip(exchange::Exchange& exchange, int64_t count);

  /// One averaging step over the graphs of `step`. source(i) and destination(i) are the vectors of local worker i; they
  /// must not overlap: a worker of this rank reads its neighbours' sources in place.
  void run(int64_t step, const exchange::VectorOf<const T>& source, const exchange::VectorOf<T>& destination);

  /// The same in two halves: after begin() the sources that cross to other ranks (exchange.crosses()) are under way and must
  /// not change until end() has returned. Those that stay may still be written in between.
  void begin(int64_t step, const exchange::VectorOf<const T>& source);
  void end(const exchange::VectorOf<const T>& source, const exchange::VectorOf<T>& destination);

 private:
  bool packs() const { return exchange_.memory().on_device() && exchange_.topology().lanes > 1; }
  Buffer<T>& packed(int lane, int worker);
  void pack(bool those_that_cross, const exchange::VectorOf<const T>& source);

  exchange::Exchange& exchange_;
  int64_t count_;
  std::vector<int> channels_;                        // [lane]
  std::vector<Buffer<T>> packed_;                    // [lane][local worker] where a message must be contiguous
  std::vector<topology::MixingMatrix> weights_;      // [phase * lanes + lane], as the topology's graphs
  int64_t step_ = 0;
};

/// The same step for all workers in one process: x[i] -> mixed[i], each of `count` elements.
template <class T>
void gossip_ref(const topology::Topology& topology, int64_t step, const std::vector<std::vector<T>>& x,
                std::vector<std::vector<T>>& mixed);

}  // namespace skewbench::gossip
