// Ends kernels that would run for ever: a thread that spins on what another block or thread will never do, a loop without end.
#pragma once

#include <pthread.h>

#include <cstdint>

namespace skewbench::cuda_on_cpu {

struct Block;

/// While it lives, the blocks that this OS thread runs in `block` are watched. A block that takes more processor time than the
/// settings allow is told so (Block::is_late), which the machine notices at its next operation; if there is none, a signal
/// interrupts it; if that does not help, the process ends. Every way says which kernel, block and thread it was.
class Watched {
 public:
  explicit Watched(Block& block);
  ~Watched();
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;

 private:
  Block& block_;
};

/// The signal that interrupts a block that calls nothing.
int late_signal();

}  // namespace skewbench::cuda_on_cpu
