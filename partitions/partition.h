// How a training set is divided over workers: from evenly mixed to one class each.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kernels/base/names.h"

namespace skewbench::partitions {

/// [worker] -> its training samples, in the worker's order. Every sample is on exactly one worker, no worker is empty.
using Partition = std::vector<std::vector<int64_t>>;

/// [worker][class] -> number of samples.
using Histogram = std::vector<std::vector<int64_t>>;

/// Divides samples 0 .. labels.size()-1 over `workers` by `spec`:
///
///   iid                        a random permutation cut into equal shares
///   dirichlet:ALPHA            every worker's class proportions ~ Dir(ALPHA), equal shares (dirichlet.h)
///   dirichlet-published:ALPHA  the rule of the RelaySum and QG code, groups of ten workers (dirichlet.h)
///   label:PERCENT              PERCENT of the samples sorted by label, the rest at random, equal shares (label_skew.h)
///   label-mod                  the samples with label % workers == worker; shares as large as the classes are
///
/// "Equal" means sizes that differ by at most one, the larger ones first. The same arguments give the same partition
/// everywhere. Throws for an unknown or malformed spec, a label outside [0, classes), workers < 1, more workers than
/// samples, and a split that would leave a worker without a sample.
Partition make_partition(const std::string& spec, std::span<const int32_t> labels, int classes, int workers,
                         uint64_t seed);

/// Throws make_partition's sentence for an unknown or malformed spec, before any data are there.
void check_partition_spec(const std::string& spec);

/// Every form of spec, with a sentence.
std::vector<Named> list_partitioners();

/// Samples per worker and class. The indices are within `labels`, the labels within [0, classes).
Histogram class_histogram(const Partition& partition, std::span<const int32_t> labels, int classes);

/// Total variation distance ½ Σ_c |p_w(c) - p(c)| between each worker's class proportions and those of all samples:
/// 0 = the same mix, towards 1 = nothing in common. One value a worker.
std::vector<double> skew_per_worker(const Histogram& histogram);

/// The mean of skew_per_worker: how skewed a partition is, in one number.
double mean_skew(const Histogram& histogram);

/// `count` samples with as many of each class as possible: the same number of every class, +1 for some, unless a class
/// has too few. Ascending indices. Keyed by (seed, evaluation_subset). Throws unless 1 <= count <= labels.size().
std::vector<int64_t> balanced_subset(std::span<const int32_t> labels, int classes, int64_t count, uint64_t seed);

}  // namespace skewbench::partitions
