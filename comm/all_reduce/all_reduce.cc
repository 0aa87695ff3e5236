#include "comm/all_reduce/all_reduce.h"

#include <algorithm>
#include <climits>

#include "kernels/mix/mix.h"

namespace skewbench::all_reduce {

template <class T>
AllReduce<T>::AllReduce(const exchange::Communicator& communicator, const exchange::Placement& placement,
                        exchange::Meter& meter, int64_t count)
    : communicator_(communicator), placement_(placement), meter_(meter), count_(count) {
  REQUIRE(count > 0 && count <= INT_MAX / static_cast<int64_t>(sizeof(T)), "an all-reduce of {} elements: at most {} fit",
          count, INT_MAX / static_cast<int64_t>(sizeof(T)));
  // Asked of every rank by every rank: a refusal must not leave some of them in a collective.
  for (int rank = 0; rank < placement.ranks(); ++rank) {
    const int first = placement.first_of(rank), last = placement.first_of(rank + 1);
    const int64_t incoming = (slice_begin(last) - slice_begin(first)) * (placement.workers() - (last - first));
    REQUIRE(incoming <= INT_MAX / static_cast<int64_t>(sizeof(T)),
            "an all-reduce of {} workers with {} elements needs more ranks: rank {} of {} would receive {} elements at once",
            placement.workers(), count, rank, placement.ranks(), incoming);
  }
  const int64_t own = slice_begin(placement.last()) - slice_begin(placement.first());
  received_.resize(static_cast<std::size_t>(own * (placement.workers() - placement.local())));
  result_.resize(static_cast<std::size_t>(count));
}

/// Slices are multiples of a cache line, so that two owners never write one; the last ones may be empty.
template <class T>
int64_t AllReduce<T>::slice_begin(int worker) const {
  const int64_t n = placement_.workers(), share = round_up((count_ + n - 1) / n, 16);
  return std::min(worker * share, count_);
}

template <class T>
void AllReduce<T>::count_bytes() {
  const int64_t size = sizeof(T);
  const auto length = [&](int first, int last) { return slice_begin(last) - slice_begin(first); };
  for (int from = placement_.first(); from < placement_.last(); ++from) {
    for (int to = 0; to < placement_.workers(); ++to)
      if (to != from) meter_.ledger.on(from, to).payload += (length(to, to + 1) + length(from, from + 1)) * size;
    for (int rank = 0; rank < placement_.ranks(); ++rank) {
      const int lowest = placement_.first_of(rank);
      const int64_t elements = length(lowest, placement_.first_of(rank + 1)) + length(from, from + 1);
      if (rank != placement_.rank()) meter_.ledger.on(from, lowest).wire += elements * size;
    }
  }
}

template <class T>
const T* AllReduce<T>::combine(const std::vector<double>& weight, const exchange::VectorOf<const T>& source) {
  const double start = MPI_Wtime();
  const int ranks = placement_.ranks(), me = placement_.rank(), n = placement_.workers();
  const int64_t begin = slice_begin(placement_.first()), own = slice_begin(placement_.last()) - begin;
  const MPI_Datatype element = sizeof(T) == 4 ? MPI_FLOAT : MPI_DOUBLE;

  // To each rank its slice of every local worker's vector, straight from there; from each its workers' parts of ours.
  std::vector<int> send_counts(static_cast<std::size_t>(ranks), 0), receive_counts = send_counts, no_offset = send_counts;
  std::vector<int> receive_offsets = send_counts;
  std::vector<MPI_Datatype> send_types(static_cast<std::size_t>(ranks), MPI_BYTE), receive_types(send_types.size(), element);
  int64_t remote_before = 0;
  for (int rank = 0; rank < ranks; ++rank) {
    const auto at = static_cast<std::size_t>(rank);
    if (rank == me) continue;
    const int their_first = placement_.first_of(rank), their_last = placement_.first_of(rank + 1);
    const int64_t their_begin = slice_begin(their_first), theirs = slice_begin(their_last) - their_begin;
    if (theirs > 0) {
      std::vector<int> lengths(static_cast<std::size_t>(placement_.local()), static_cast<int>(theirs));
      std::vector<MPI_Aint> addresses(lengths.size());
      for (int i = 0; i < placement_.local(); ++i)
        MPI_CALL(MPI_Get_address(source(placement_.first() + i) + their_begin, &addresses[static_cast<std::size_t>(i)]));
      MPI_CALL(MPI_Type_create_hindexed(placement_.local(), lengths.data(), addresses.data(), element, &send_types[at]));
      MPI_CALL(MPI_Type_commit(&send_types[at]));
      send_counts[at] = 1;
    }
    const int64_t incoming = (their_last - their_first) * own;
    receive_counts[at] = static_cast<int>(incoming);
    receive_offsets[at] = static_cast<int>(remote_before * static_cast<int64_t>(sizeof(T)));  // bytes, as alltoallw wants
    remote_before += incoming;
  }
  MPI_CALL(MPI_Alltoallw(MPI_BOTTOM, send_counts.data(), no_offset.data(), send_types.data(), received_.data(),
                         receive_counts.data(), receive_offsets.data(), receive_types.data(), communicator_.handle()));
  for (MPI_Datatype& type : send_types)
    if (type != MPI_BYTE) MPI_CALL(MPI_Type_free(&type));
  const double mixing = MPI_Wtime();
  meter_.seconds.exchange += mixing - start;

  std::vector<mix::Input<T>> inputs;
  int64_t remote = 0;
  for (int i = 0; i < n; ++i) {
    const T* data = placement_.hosts(i) ? source(i) + begin : received_.data() + own * remote++;
    inputs.push_back({data, 1, static_cast<T>(weight[static_cast<std::size_t>(i)])});
  }
  mix::mix_host<T>(inputs, own, result_.data() + begin, 1);
  const double gathering = MPI_Wtime();
  meter_.seconds.mix += gathering - mixing;

  std::vector<int> lengths, begins;
  for (int rank = 0; rank < ranks; ++rank) {
    begins.push_back(static_cast<int>(slice_begin(placement_.first_of(rank))));
    lengths.push_back(static_cast<int>(slice_begin(placement_.first_of(rank + 1))) - begins.back());
  }
  MPI_CALL(MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, result_.data(), lengths.data(), begins.data(), element,
                          communicator_.handle()));
  count_bytes();
  meter_.seconds.exchange += MPI_Wtime() - gathering;
  return result_.data();
}

template class AllReduce<float>;
template class AllReduce<double>;

}  // namespace skewbench::all_reduce
