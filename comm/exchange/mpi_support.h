// MPI with every call checked. The communicator returns errors (MPI_ERRORS_RETURN), so that MPI_CALL is reached.
#pragma once

#include <mpi.h>

#include <functional>
#include <string>

#include "kernels/base/error.h"

namespace skewbench::exchange {

/// Throws Error with call, file, line and MPI's own text unless `code` is MPI_SUCCESS.
void check_mpi(int code, const char* call, const char* file, int line);

#define MPI_CALL(call) ::skewbench::exchange::check_mpi((call), #call, __FILE__, __LINE__)

/// MPI_Init and MPI_Finalize, and the refusal of a launch that produced singletons: a program started by the launcher
/// of another MPI runs as N processes of size 1, silently (OMPI_COMM_WORLD_SIZE, PMI_SIZE or SLURM_NTASKS say N).
class MpiSession {
 public:
  MpiSession(int* argc, char*** argv);
  ~MpiSession();
  MpiSession(const MpiSession&) = delete;
  MpiSession& operator=(const MpiSession&) = delete;
};

/// Whether MPI says that it sends from and receives into CUDA device memory. After MPI_Init.
bool mpi_reads_device_memory();

/// Own duplicate of a communicator, with MPI_ERRORS_RETURN.
class Communicator {
 public:
  explicit Communicator(MPI_Comm parent = MPI_COMM_WORLD);
  ~Communicator();
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;

  MPI_Comm handle() const { return handle_; }
  int rank() const { return rank_; }
  int size() const { return size_; }

 private:
  MPI_Comm handle_ = MPI_COMM_NULL;
  int rank_ = 0, size_ = 1;
};

/// Collective. This rank's number among those of its host.
int rank_on_host(const Communicator& communicator);

/// Collective. Runs `action` on every rank; if it throws on any, every rank throws the Error of the lowest such rank.
/// For set-up, where an error on one rank (a file that only it cannot read) must stop all without a hang. `action`
/// must not communicate unless it throws on all ranks or on none.
void agree(const Communicator& communicator, const std::function<void()>& action);

}  // namespace skewbench::exchange
