// Whole messages between ranks, from and into the memory that the vectors lie in: the layer under exchanges and all-reduces.
//
//   MPI, host memory     point to point, from where the vectors lie
//   MPI, device memory   the same where MPI reads device memory itself (mpi_reads_device_memory), otherwise through
//                        page-locked copies
//   NCCL                 one group of sends and receives on a stream of its own (transport_nccl.cc)
// All of them move the same bytes, so a run has the same bits over each.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "comm/exchange/mpi_support.h"
#include "kernels/base/memory.h"

namespace skewbench::exchange {

/// `bytes` > 0 to or from another rank, less than 2 GiB. Both ranks list what travels between them in the same order.
struct Parcel {
  int rank;
  void* data;
  int64_t bytes;
};

class Transport {
 public:
  Transport(const Communicator& communicator, Memory memory) : communicator_(communicator), memory_(memory) {}
  virtual ~Transport() = default;

  const Communicator& communicator() const { return communicator_; }
  Memory memory() const { return memory_; }
  virtual std::string name() const = 0;  ///< in a few words, for the result file

  /// Starts to move what all work so far leaves in `sends`. Until end() the memory of `sends` must not change, and that of
  /// `receives` must not be touched; work on anything else may go on. Every rank begins, with nothing to move too.
  virtual void begin(const std::vector<Parcel>& sends, const std::vector<Parcel>& receives) = 0;
  /// MPI moves nothing by itself: call it now and then while the host is busy.
  virtual void progress() {}
  /// Work that is started after this sees what was received. Only the host's memory has it when this returns.
  virtual void end() = 0;

 private:
  const Communicator& communicator_;
  Memory memory_;
};

/// Collective. `way`: "mpi", "nccl", "staged" (MPI through page-locked copies, whatever it says that it reads), or "auto": MPI for
/// the host's memory and where it reads the device's, otherwise NCCL where it can be used, otherwise MPI through page-locked
/// copies. The communicator must outlive it. Refuses NCCL where it cannot be used, with the same sentence on every rank.
std::unique_ptr<Transport> make_transport(const Communicator& communicator, Memory memory, const std::string& way);

std::unique_ptr<Transport> make_mpi_transport(const Communicator& communicator, Memory memory);
std::unique_ptr<Transport> make_nccl_transport(const Communicator& communicator, Memory memory);

/// Why NCCL cannot connect these ranks, in a sentence; empty if it can. Collective, the same answer everywhere.
std::string why_no_nccl(const Communicator& communicator, Memory memory);

/// That part of it which is about who has which GPU. `gpus`: of each rank, a name that is one GPU's alone.
std::string why_gpus_do_not_fit_nccl(const std::vector<std::string>& gpus);

}  // namespace skewbench::exchange
