#include "comm/all_reduce/all_reduce.h"

#include <algorithm>
#include <climits>

#include "kernels/base/aligned.h"
#include "kernels/base/error.h"
#include "kernels/mix/mix_in_memory.h"

namespace skewbench::all_reduce {

template <class T>
AllReduce<T>::AllReduce(exchange::Transport& transport, const exchange::Placement& placement, exchange::Meter& meter, int64_t count)
    : transport_(transport), placement_(placement), meter_(meter), count_(count), received_(transport.memory()),
      result_(transport.memory()) {
  REQUIRE(count > 0 && count <= INT_MAX / static_cast<int64_t>(sizeof(T)), "an all-reduce of {} elements: at most {} fit",
          count, INT_MAX / static_cast<int64_t>(sizeof(T)));
  const int64_t own = slice_begin(placement.last()) - slice_begin(placement.first());
  result_.at_least(count);
  received_.at_least(own * (placement.workers() - placement.local()));
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

/// To each rank its slice of every local worker's vector, straight from there; from each its workers' parts of this rank's.
template <class T>
void AllReduce<T>::scatter(const exchange::VectorOf<const T>& source) {
  const int64_t own = slice_begin(placement_.last()) - slice_begin(placement_.first()), size = sizeof(T);
  std::vector<exchange::Parcel> sends, receives;
  T* arrival = received_.data();
  for (int rank = 0; rank < placement_.ranks(); ++rank) {
    if (rank == placement_.rank()) continue;
    const int first = placement_.first_of(rank), last = placement_.first_of(rank + 1);
    const int64_t begin = slice_begin(first), theirs = slice_begin(last) - begin;
    for (int i = placement_.first(); i < placement_.last() && theirs > 0; ++i)
      sends.push_back({rank, const_cast<T*>(source(i)) + begin, theirs * size});
    for (int i = first; i < last && own > 0; ++i, arrival += own) receives.push_back({rank, arrival, own * size});
  }
  transport_.begin(sends, receives);
  transport_.end();
}

/// This rank's slice of the result to every other one, and theirs.
template <class T>
void AllReduce<T>::gather() {
  std::vector<exchange::Parcel> sends, receives;
  const auto slice_of = [&](int rank, int to_or_from) {
    const int64_t begin = slice_begin(placement_.first_of(rank)), end = slice_begin(placement_.first_of(rank + 1));
    return exchange::Parcel{to_or_from, result_.data() + begin, (end - begin) * static_cast<int64_t>(sizeof(T))};
  };
  for (int rank = 0; rank < placement_.ranks(); ++rank) {
    if (rank == placement_.rank()) continue;
    const exchange::Parcel mine = slice_of(placement_.rank(), rank), theirs = slice_of(rank, rank);
    if (mine.bytes > 0) sends.push_back(mine);
    if (theirs.bytes > 0) receives.push_back(theirs);
  }
  transport_.begin(sends, receives);
  transport_.end();
}

template <class T>
const T* AllReduce<T>::combine(const std::vector<double>& weight, const exchange::VectorOf<const T>& source) {
  const double start = MPI_Wtime();
  if (placement_.ranks() > 1) scatter(source);
  const double mixing = MPI_Wtime();
  meter_.seconds.exchange += mixing - start;

  const int64_t begin = slice_begin(placement_.first()), own = slice_begin(placement_.last()) - begin;
  std::vector<mix::Input<T>> inputs;
  int64_t remote = 0;
  for (int i = 0; i < placement_.workers(); ++i) {
    const T* data = placement_.hosts(i) ? source(i) + begin : received_.data() + own * remote++;
    inputs.push_back({data, 1, static_cast<T>(weight[static_cast<std::size_t>(i)])});
  }
  if (own > 0) mix::mix<T>(transport_.memory(), inputs, own, result_.data() + begin, 1);
  const double gathering = MPI_Wtime();
  meter_.seconds.mix += gathering - mixing;

  if (placement_.ranks() > 1) gather();
  count_bytes();
  meter_.seconds.exchange += MPI_Wtime() - gathering;
  return result_.data();
}

template class AllReduce<float>;
template class AllReduce<double>;

}  // namespace skewbench::all_reduce
