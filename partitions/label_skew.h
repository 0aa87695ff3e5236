// Splits by label: the skew of "The Non-IID Data Quagmire" (Hsieh et al., ICML 2020).
#pragma once

#include <cstdint>
#include <span>

#include "partitions/partition.h"

namespace skewbench::partitions {

/// `percent` % of the samples by label, the others at random: "20% non-IID indicates 20% of the dataset is
/// partitioned by labels, while the remaining 80% is partitioned uniformly at random". The paper leaves open which
/// ones; here the first round(percent * N / 100) of a random permutation are sorted by label, within a label in the
/// order of the permutation, and cut into equal consecutive shares. The rest goes to the workers in the order of the
/// permutation, as many to each as make all shares equal. At 0 this is `iid`, to the bit. 0 <= percent <= 100.
Partition label_partition(double percent, std::span<const int32_t> labels, int classes, int workers, uint64_t seed);

/// Worker w has every sample with label % workers == w, ascending: the 100 % setting of the paper's code
/// (convert_partitioned_cifar_data.cpp). Refuses more workers than classes. No random numbers.
Partition label_mod_partition(std::span<const int32_t> labels, int classes, int workers);

}  // namespace skewbench::partitions
