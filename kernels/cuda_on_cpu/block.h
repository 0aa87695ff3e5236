// A block of CUDA threads in execution on one OS thread: its fibres, who may run, and who waits for what.
//
// Threads run until they wait; then the one that was woken last goes on, or the next one starts that has not run yet. So a
// warp that exchanges values stays in the cache until it meets a barrier of the block. Order of start and wake: settings.h.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "kernels/cuda_on_cpu/block_checks.h"
#include "kernels/cuda_on_cpu/counts.h"
#include "kernels/cuda_on_cpu/fibre.h"
#include "kernels/cuda_on_cpu/findings.h"
#include "kernels/cuda_on_cpu/settings.h"
#include "kernels/cuda_on_cpu/thread.h"

namespace skewbench::cuda_on_cpu {

inline constexpr uint32_t kMaxThreads = 1024;
inline constexpr uint32_t kMaxSharedBytes = 227 << 10;
/// Shared memory lies at the begin of so many addresses without access: whatever 32-bit offset a kernel adds stays there.
inline constexpr uint64_t kSharedWindow = uint64_t{4} << 30;
inline constexpr uint32_t kBarriers = 16;
inline constexpr uint32_t kLanes = 32;

/// One launch: everything its blocks have in common.
struct Launch {
  const Kernel* kernel = nullptr;
  uint32_t grid[3] = {}, block[3] = {};
  uint32_t shared_bytes = 0;  ///< static and dynamic
  uint32_t dynamic_shared_bytes = 0;
  const std::byte* parameters = nullptr;
  uint32_t number = 0;        ///< counts the launches of this process
  bool is_shared = false;     ///< by several OS threads
  std::atomic<bool> has_finding = false, is_abandoned = false;

  uint64_t blocks() const { return uint64_t{grid[0]} * grid[1] * grid[2]; }
  uint32_t threads() const { return block[0] * block[1] * block[2]; }
};

struct ThreadFibre;

/// cp.async that was not waited for yet.
struct AsyncCopy {
  uint32_t shared_address, bytes;
  uint64_t global_address;
  uint32_t source_bytes;  ///< the rest is zeros
  const Place* place;
};
struct AsyncCopies {
  std::vector<AsyncCopy> copies;        ///< oldest first
  std::vector<std::size_t> group_ends;  ///< of the committed groups, indices into `copies`
};

struct LocalArray {
  uint64_t begin;
  uint32_t bytes;
};

/// Index of a block in a grid, or of a thread in a block, by its number.
std::array<uint32_t, 3> position(const uint32_t (&size)[3], uint64_t number);

/// A thread, and what the machine knows of it besides.
struct MachineThread : Thread {
  enum class State : uint8_t { unstarted, ready, at_barrier, at_collective, exited };
  uint32_t number;
  State state;
  uint8_t barrier;                ///< where it waits, if it does
  uint32_t mask;                  ///< of the collective that it waits in
  const Place* place;             ///< of the operation that it waits in
  const uint64_t* exchanged;      ///< the values of the collective that released it
  uint32_t barrier_arrived, barrier_holds;  ///< at the barrier that released it: members, and those with a true predicate
  ThreadFibre* fibre;
  AsyncCopies async;
  std::vector<LocalArray> locals;
};

struct ThreadFibre : Fibre {
  using Fibre::Fibre;
  Block* block = nullptr;
};

/// The block that this OS thread executes, or null.
Block* running_block();

/// Threads that wait at one of the 16 barriers.
struct Barrier {
  uint32_t count = 0;      ///< that completes it; 0: all that have not returned
  uint32_t arrived = 0;    ///< of them
  bool has_arrivals = false;  ///< somebody arrived without waiting
  bool is_open = false;
  std::vector<uint16_t> waiting;
  uint32_t holds = 0;      ///< reduction: arrived with a true predicate
  struct {
    uint32_t lanes;      ///< that have arrived
    const Place* place;  ///< of the first one
  } of_warp[kMaxThreads / kLanes];
  std::vector<uint32_t> passed_on;  ///< for HappensBefore: what threads that did not wait have left
};

/// One mask's collectives of a warp. Two sets of values alternate: a lane reads those of one collective until it arrives at
/// the next one, which cannot complete before all lanes have arrived there.
struct Collective {
  uint32_t mask = 0;
  uint32_t arrived = 0;
  uint32_t turn = 0;
  const Place* place = nullptr;
  uint64_t values[2][kLanes];
};

struct Warp {
  uint32_t lanes = 0;    ///< that exist
  uint32_t exited = 0;
  std::vector<std::unique_ptr<Collective>> collectives;  ///< by mask, found by search: there are few
};

struct Block {
  Block();
  ~Block();
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  /// Sets the threads up for a launch's blocks.
  void prepare(Launch& launch);
  /// Runs the block with this linear index. False: a finding ended it, and the launch is abandoned.
  bool run(uint64_t index);

  // --- for the operations (barriers.cc, warp.cc ...)

  MachineThread& self(Thread& thread) { return static_cast<MachineThread&>(thread); }
  /// `me` waits; returns when somebody woke it. Its state says what for.
  void wait(MachineThread& me);
  /// Makes these threads ready, given in the order of their numbers; reorders the list.
  void wake(std::vector<uint16_t>& group);
  /// Reports and does not return: every thread of the block is given up.
  [[noreturn]] void find(const MachineThread& thread, cudaError_t error, const Place* place, const std::string& what);
  [[noreturn]] void abandon();

  void thread_returned(MachineThread& me);
  /// The block has run for too long: says so, with the thread that was found running. Does not return.
  [[noreturn]] void stop_late(const MachineThread& me, const Place* place);

  Launch* launch = nullptr;
  std::vector<MachineThread> threads;
  std::vector<Warp> warps;
  Barrier barriers[kBarriers];
  uint32_t live = 0;             ///< threads that have not returned
  MachineThread* current = nullptr;
  std::byte* shared;             ///< kMaxSharedBytes, then addresses that nobody can touch
  uint64_t number = 0;           ///< in the grid, x running first
  std::array<uint32_t, 3> index{};
  bool has_checks = false;
  Counts counts;                 ///< of the launch's blocks that ran here
  BlockChecks checks{kMaxSharedBytes};
  std::atomic<bool> is_late = false;  ///< set by the watchdog
  std::atomic<uint64_t> runs = 0;     ///< of blocks, for the watchdog
  bool is_in_fibre = false;           ///< a thread is being executed, not the scheduler
  std::vector<uint16_t> woken;   ///< scratch, for wake()
  std::vector<uint32_t> passed_on;  ///< scratch, for HappensBefore

 private:
  friend void run_threads();
  void release_full_barriers();           // barriers.cc
  void lane_returned(MachineThread& me);  // warp.cc
  MachineThread* pick();
  ThreadFibre& idle_fibre();
  void start_order();
  [[noreturn]] void deadlock();

  std::vector<std::unique_ptr<ThreadFibre>> fibres_;
  std::vector<ThreadFibre*> idle_;
  std::vector<uint16_t> ready_;   ///< the last one goes on first
  std::vector<uint16_t> order_;   ///< in which threads start
  uint32_t started_ = 0;
  Context scheduler_;
  bool is_whole_ = true;          ///< no finding so far
  Order order_kind_ = Order::forward;
  uint64_t random_ = 0;
  uint32_t random_below(uint32_t n);
};

}  // namespace skewbench::cuda_on_cpu
