// One small record per worker, known to every rank afterwards, in worker order: losses, votes, push-sum weights, knobs.
// What an algorithm decides from them is therefore the same on every rank, whatever the placement.
#pragma once

#include <type_traits>
#include <vector>

#include "comm/exchange/meter.h"
#include "comm/exchange/mpi_support.h"
#include "comm/exchange/placement.h"

namespace skewbench::exchange {

/// Bytes of the records of this rank's workers in worker order -> bytes of all workers' records.
/// Counts a record as payload from each worker to each other one, and as wire once per remote rank.
std::vector<std::byte> all_gather_bytes(const Communicator& communicator, const Placement& placement, Meter& meter,
                                        const std::vector<std::byte>& local, int64_t record_bytes);

/// `local`: one record per worker of this rank, ascending. Returns one per worker of the topology.
template <class Record>
std::vector<Record> all_gather(const Communicator& communicator, const Placement& placement, Meter& meter,
                               const std::vector<Record>& local) {
  static_assert(std::is_trivially_copyable_v<Record>);
  const auto* first = reinterpret_cast<const std::byte*>(local.data());
  const auto bytes = all_gather_bytes(communicator, placement, meter, {first, first + local.size() * sizeof(Record)},
                                      sizeof(Record));
  const auto* records = reinterpret_cast<const Record*>(bytes.data());
  return {records, records + placement.workers()};
}

}  // namespace skewbench::exchange
