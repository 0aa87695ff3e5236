#include "comm/exchange/all_gather.h"

#include <climits>

namespace skewbench::exchange {

std::vector<std::byte> all_gather_bytes(const Communicator& communicator, const Placement& placement, Meter& meter,
                                        const std::vector<std::byte>& local, int64_t record_bytes) {
  REQUIRE(record_bytes > 0 && placement.workers() <= INT_MAX / record_bytes,
          "{} workers gather {} bytes each; MPI places at most {} in all", placement.workers(), record_bytes, INT_MAX);
  const auto size = static_cast<int>(record_bytes);
  REQUIRE(std::ssize(local) == placement.local() * record_bytes, "rank {} gathers {} bytes for {} workers of {} bytes each",
          placement.rank(), local.size(), placement.local(), record_bytes);
  std::vector<int> counts, displacements;
  for (int rank = 0; rank < placement.ranks(); ++rank) {
    counts.push_back((placement.first_of(rank + 1) - placement.first_of(rank)) * size);
    displacements.push_back(placement.first_of(rank) * size);
  }
  std::vector<std::byte> all(static_cast<std::size_t>(placement.workers()) * static_cast<std::size_t>(record_bytes));
  MPI_CALL(MPI_Allgatherv(local.data(), counts[static_cast<std::size_t>(placement.rank())], MPI_BYTE, all.data(),
                          counts.data(), displacements.data(), MPI_BYTE, communicator.handle()));
  for (int from = placement.first(); from < placement.last(); ++from) {
    for (int to = 0; to < placement.workers(); ++to)
      if (to != from) meter.ledger.on(from, to).payload += record_bytes;
    for (int rank = 0; rank < placement.ranks(); ++rank)
      if (rank != placement.rank()) meter.ledger.on(from, placement.first_of(rank)).wire += record_bytes;
  }
  return all;
}

}  // namespace skewbench::exchange
