// An algorithm: what all workers do in one step. One file each, opened by its update rule.
//
// An algorithm is written for the local workers of a rank and is the same program on every rank. It declares its
// arrays in run.state() and its channels in run.exchange() when it is made, and keeps nothing else between steps. It may
// draw batches of any size, compute gradients of any vector on any samples, exchange any vectors, and gather small
// records of all workers; Run (bench/train/run.h) holds what it needs for that.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/train/run.h"
#include "kernels/base/names.h"

namespace skewbench::train {

template <class T>
class Algorithm {
 public:
  virtual ~Algorithm() = default;
  /// One step of every local worker: run.x(i) at step t -> run.x(i) at step t + 1.
  virtual void step(Run<T>& run) = 0;
};

template <class T>
using AlgorithmMaker = std::function<std::unique_ptr<Algorithm<T>>(Run<T>&)>;

/// Refuses a topology that the algorithm cannot run on, with the reason. For checking before anything is loaded.
void check_topology_of(const std::string& algorithm, const topology::Topology& topology);

/// By name; an unknown one is refused with the nearest.
template <class T>
AlgorithmMaker<T> find_algorithm(const std::string& name);

std::vector<Named> list_algorithms();

}  // namespace skewbench::train
