// From names to the data set and the task of a run.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bench/train/tasks/task.h"
#include "kernels/base/names.h"
#include "partitions/dataset.h"
#include "partitions/partition.h"

namespace skewbench::train {

struct Settings;

std::vector<Named> list_all_datasets();  ///< those of partitions/ and quadratics
std::vector<Named> list_all_models();    ///< the networks and quadratics

/// The data of a case and who holds them. Reads files; local.
struct CaseData {
  partitions::Dataset dataset;
  partitions::Partition partition;
};
CaseData load_case(const Settings& settings);

/// The task of a case: float networks on images, with their vectors in `memory`; double quadratics, on the host. T must be
/// the one that the case needs.
template <class T>
std::unique_ptr<Task<T>> make_task(const Settings& settings, const partitions::Dataset& dataset, Memory memory = {});

}  // namespace skewbench::train
