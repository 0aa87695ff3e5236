#include "comm/exchange/mpi_support.h"

#if __has_include(<mpi-ext.h>)
#include <mpi-ext.h>  // Open MPI and its relatives
#endif

#include <cstdlib>

namespace skewbench::exchange {

void check_mpi(int code, const char* call, const char* file, int line) {
  if (code == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  MPI_Error_string(code, text, &length);
  fail("{} failed at {}:{}: {}", call, file, line, std::string(text, static_cast<std::size_t>(length)));
}

MpiSession::MpiSession(int* argc, char*** argv) {
  MPI_CALL(MPI_Init(argc, argv));
  MPI_CALL(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
  int size = 0;
  MPI_CALL(MPI_Comm_size(MPI_COMM_WORLD, &size));
  // A singleton is one process by MPI's count whose launcher started several. SLURM_NTASKS is also set for a single
  // program inside a job script; only a step's task is srun's.
  const bool is_srun_task = std::getenv("SLURM_STEP_NUM_TASKS") != nullptr;
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", is_srun_task ? "SLURM_STEP_NUM_TASKS" : ""}) {
    const char* value = *name ? std::getenv(name) : nullptr;
    const int launched = value ? std::atoi(value) : size;
    if (size > 1 || launched <= 1) continue;
    const char* rank = std::getenv(*name == 'O' ? "OMPI_COMM_WORLD_RANK" : *name == 'P' ? "PMI_RANK" : "SLURM_PROCID");
    MPI_Finalize();
    if (rank && std::atoi(rank) != 0) throw Error("");  // the same sentence from every singleton would be N sentences
    fail("the launcher started {} processes ({}), but MPI sees one: it belongs to another MPI than this program was "
         "built with; use that MPI's own mpirun", launched, name);
  }
}

MpiSession::~MpiSession() {
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (!finalized) MPI_Finalize();
}

bool mpi_reads_device_memory() {
#if defined(MPIX_CUDA_AWARE_SUPPORT)
  return MPIX_Query_cuda_support() == 1;
#elif defined(MPIX_GPU_SUPPORT_CUDA)  // MPICH
  int supported = 0;
  MPI_CALL(MPIX_GPU_query_support(MPIX_GPU_SUPPORT_CUDA, &supported));
  return supported != 0;
#else
  return false;
#endif
}

Communicator::Communicator(MPI_Comm parent) {
  MPI_CALL(MPI_Comm_dup(parent, &handle_));
  MPI_CALL(MPI_Comm_set_errhandler(handle_, MPI_ERRORS_RETURN));
  MPI_CALL(MPI_Comm_rank(handle_, &rank_));
  MPI_CALL(MPI_Comm_size(handle_, &size_));
}

Communicator::~Communicator() {
  if (handle_ != MPI_COMM_NULL) MPI_Comm_free(&handle_);
}

int rank_on_host(const Communicator& communicator) {
  MPI_Comm host = MPI_COMM_NULL;
  int rank = 0;
  MPI_CALL(MPI_Comm_split_type(communicator.handle(), MPI_COMM_TYPE_SHARED, communicator.rank(), MPI_INFO_NULL, &host));
  MPI_CALL(MPI_Comm_rank(host, &rank));
  MPI_CALL(MPI_Comm_free(&host));
  return rank;
}

void agree(const Communicator& communicator, const std::function<void()>& action) {
  std::string sentence;
  bool threw = false;
  try {
    action();
  } catch (const std::exception& error) {
    threw = true;
    sentence = error.what();
  }
  int culprit = threw ? communicator.rank() : communicator.size(), lowest = 0;
  MPI_CALL(MPI_Allreduce(&culprit, &lowest, 1, MPI_INT, MPI_MIN, communicator.handle()));
  if (lowest == communicator.size()) return;
  int length = static_cast<int>(sentence.size());
  MPI_CALL(MPI_Bcast(&length, 1, MPI_INT, lowest, communicator.handle()));
  sentence.resize(static_cast<std::size_t>(length));
  MPI_CALL(MPI_Bcast(sentence.data(), length, MPI_CHAR, lowest, communicator.handle()));
  throw Error(sentence);
}

}  // namespace skewbench::exchange
