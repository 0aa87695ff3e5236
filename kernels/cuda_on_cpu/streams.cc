#include "kernels/cuda_on_cpu/streams.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "kernels/cuda_on_cpu/findings.h"
#include "kernels/cuda_on_cpu/settings.h"

struct CUstream_st {
  bool waits_for_default_stream = true;
  skewbench::cuda_on_cpu::OperationPointer last{};
};

namespace skewbench::cuda_on_cpu {
namespace {

// A GPU's queues are finite, too: beyond so many operations a call first carries out the older ones.
constexpr std::size_t kMostQueued = 1 << 16;

struct Streams {
  CUstream_st default_stream;
  std::set<CUstream_st*> created;
  std::map<uint64_t, OperationPointer> queued;  // of all streams, by number
  uint64_t operations = 0;
  uint64_t random = 1;
};

Streams& all() {
  static Streams& streams = *new Streams;  // static objects may still use streams when the program ends
  return streams;
}

CUstream_st& find(cudaStream_t stream) {
  if (stream == nullptr || stream == cudaStreamLegacy) return all().default_stream;
  if (stream != cudaStreamPerThread) return *stream;
  static thread_local cudaStream_t of_this_thread = create_stream(true);
  return *of_this_thread;
}

bool is_pending(const OperationPointer& operation) { return operation != nullptr && !operation->is_done; }

void carry_out(const OperationPointer& operation) {
  if (operation->work && sticky_error() == cudaSuccess) operation->work();
  operation->work = nullptr;
  operation->after.clear();
  operation->is_done = true;
  operation->when = std::chrono::steady_clock::now();
  all().queued.erase(operation->number);
}

/// The last operations that an operation added to `stream` now must come after.
std::vector<OperationPointer> before(const CUstream_st& stream) {
  std::vector<OperationPointer> result;
  const auto add = [&](const CUstream_st& other) {
    if (is_pending(other.last)) result.push_back(other.last);
  };
  add(stream);
  if (&stream == &all().default_stream) {
    for (const CUstream_st* other : all().created)
      if (other->waits_for_default_stream) add(*other);
  } else if (stream.waits_for_default_stream) {
    add(all().default_stream);
  }
  return result;
}

/// What must be done for these operations, and they.
std::vector<OperationPointer> needed_for(std::vector<OperationPointer> waiting) {
  std::vector<OperationPointer> needed;
  std::unordered_set<const Operation*> seen;
  while (!waiting.empty()) {
    const OperationPointer operation = std::move(waiting.back());
    waiting.pop_back();
    if (!is_pending(operation) || !seen.insert(operation.get()).second) continue;
    needed.push_back(operation);
    waiting.insert(waiting.end(), operation->after.begin(), operation->after.end());
  }
  return needed;
}

/// Takes from `ready` what goes first among operations that nothing orders.
OperationPointer choose(std::vector<OperationPointer>& ready) {
  const auto by_number = [](const OperationPointer& a, const OperationPointer& b) { return a->number < b->number; };
  auto chosen = std::min_element(ready.begin(), ready.end(), by_number);
  if (settings().order == Order::reversed) chosen = std::max_element(ready.begin(), ready.end(), by_number);
  if (settings().order == Order::random) {
    all().random = (all().random + settings().seed) * 6364136223846793005u + 1442695040888963407u;
    chosen = ready.begin() + static_cast<std::ptrdiff_t>((all().random >> 33) % ready.size());
  }
  std::swap(*chosen, ready.back());
  OperationPointer result = std::move(ready.back());
  ready.pop_back();
  return result;
}

/// Carries out at most `most` of them and of what they need, in an order that is allowed.
void run(std::vector<OperationPointer> operations, std::size_t most = SIZE_MAX) {
  const std::vector<OperationPointer> needed = needed_for(std::move(operations));
  std::unordered_map<const Operation*, std::vector<OperationPointer>> next;
  std::unordered_map<const Operation*, std::size_t> missing;
  std::vector<OperationPointer> ready;
  for (const OperationPointer& operation : needed) {
    std::size_t& count = missing[operation.get()];
    for (const OperationPointer& other : operation->after) {
      if (!is_pending(other)) continue;
      ++count;
      next[other.get()].push_back(operation);
    }
    if (count == 0) ready.push_back(operation);
  }
  for (std::size_t i = 0; i < most && !ready.empty(); ++i) {
    const OperationPointer operation = choose(ready);
    carry_out(operation);
    for (const OperationPointer& later : next[operation.get()])
      if (--missing[later.get()] == 0) ready.push_back(later);
  }
}

/// What a wait for the stream waits for; for the default stream, every stream that waits for it as well.
std::vector<OperationPointer> everything_of(cudaStream_t handle) {
  const CUstream_st& stream = find(handle);
  if (&stream == &all().default_stream) return before(stream);
  return is_pending(stream.last) ? std::vector{stream.last} : std::vector<OperationPointer>{};
}

}  // namespace

bool is_stream(cudaStream_t stream) {
  return stream == nullptr || stream == cudaStreamLegacy || stream == cudaStreamPerThread || all().created.contains(stream);
}

cudaStream_t create_stream(bool waits_for_default_stream) {
  return *all().created.insert(new CUstream_st{waits_for_default_stream}).first;
}

void destroy_stream(cudaStream_t stream) {
  all().created.erase(stream);
  delete stream;
}

OperationPointer enqueue(cudaStream_t handle, std::function<void()> work, OperationPointer also_after) {
  if (all().queued.size() >= kMostQueued) synchronise_all();
  CUstream_st& stream = find(handle);
  const auto operation = std::make_shared<Operation>();
  operation->number = ++all().operations;
  operation->work = std::move(work);
  operation->after = before(stream);
  if (is_pending(also_after)) operation->after.push_back(std::move(also_after));
  stream.last = operation;
  all().queued[operation->number] = operation;
  if (settings().eager_streams) run({operation});
  return operation;
}

void finish_operation(const OperationPointer& operation) { run({operation}); }
void synchronise(cudaStream_t stream) { run(everything_of(stream)); }

void synchronise_all() {
  std::vector<OperationPointer> operations;
  for (const auto& [number, operation] : all().queued) operations.push_back(operation);
  run(std::move(operations));
}

bool is_finished(const OperationPointer& operation) {
  if (!is_pending(operation)) return true;
  run({operation}, 1);
  return false;
}

bool is_idle(cudaStream_t stream) {
  std::vector<OperationPointer> operations = everything_of(stream);
  if (operations.empty()) return true;
  run(std::move(operations), 1);
  return false;
}

}  // namespace skewbench::cuda_on_cpu
