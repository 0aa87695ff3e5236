// NCCL's calls over MPI, for programs whose kernels run on the CPU: each of the ranks has a device of its own there, and the
// exchange over NCCL is executed like everything else. Linked into build/cuda_on_cpu only.
//
// A group waits for its stream, brings device memory to the host, moves it by MPI, and takes it back before the call returns:
// in stream order, but never while kernels run. MPI has as many ranks as the communicator, or the communicator has one.
#include <cuda_runtime_api.h>
#include <mpi.h>
#include <nccl.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

struct ncclComm {
  MPI_Comm mpi = MPI_COMM_NULL;
  int rank = 0, size = 1;
};

namespace {

enum class Kind { send, receive, sum };

struct Operation {
  Kind kind;
  const void* from;  // device memory
  void* to;
  std::size_t count, bytes;
  ncclDataType_t type;
  int peer;
  ncclComm* comm;
  cudaStream_t stream;
};

int depth = 0;
std::vector<Operation> group;

std::size_t size_of(ncclDataType_t type) {
  switch (type) {
    case ncclInt8:
    case ncclUint8: return 1;
    case ncclFloat16:
    case ncclBfloat16: return 2;
    case ncclInt32:
    case ncclUint32:
    case ncclFloat32: return 4;
    case ncclInt64:
    case ncclUint64:
    case ncclFloat64: return 8;
    default: return 0;
  }
}

/// By ascending rank, so that the bits depend on nothing but the number of ranks.
template <class T>
ncclResult_t sum(const Operation& operation, std::vector<std::byte>& host) {
  std::vector<T> all(operation.count * static_cast<std::size_t>(operation.comm->size));
  const int bytes = static_cast<int>(operation.bytes);
  if (MPI_Allgather(host.data(), bytes, MPI_BYTE, all.data(), bytes, MPI_BYTE, operation.comm->mpi) != MPI_SUCCESS) return ncclRemoteError;
  for (std::size_t rank = 1; rank < static_cast<std::size_t>(operation.comm->size); ++rank)
    for (std::size_t i = 0; i < operation.count; ++i) all[i] = static_cast<T>(all[i] + all[rank * operation.count + i]);
  std::memcpy(host.data(), all.data(), operation.bytes);
  return ncclSuccess;
}

ncclResult_t all_reduce(const Operation& operation) {
  std::vector<std::byte> host(operation.bytes);
  if (cudaMemcpy(host.data(), operation.from, operation.bytes, cudaMemcpyDeviceToHost) != cudaSuccess) return ncclUnhandledCudaError;
  const ncclResult_t result = operation.type == ncclFloat32   ? sum<float>(operation, host)
                              : operation.type == ncclFloat64 ? sum<double>(operation, host)
                              : operation.type == ncclInt64   ? sum<int64_t>(operation, host)
                                                              : ncclInvalidArgument;
  if (result != ncclSuccess) return result;
  return cudaMemcpy(operation.to, host.data(), operation.bytes, cudaMemcpyHostToDevice) == cudaSuccess ? ncclSuccess : ncclUnhandledCudaError;
}

/// All sends and receives of a group at once, in the order of the calls between each pair of ranks.
ncclResult_t exchange(const std::vector<Operation>& operations) {
  std::vector<std::vector<std::byte>> host(operations.size());
  std::vector<MPI_Request> requests(operations.size(), MPI_REQUEST_NULL);
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const Operation& operation = operations[i];
    host[i].resize(operation.bytes);
    const int bytes = static_cast<int>(operation.bytes);
    if (operation.kind == Kind::receive) {
      if (MPI_Irecv(host[i].data(), bytes, MPI_BYTE, operation.peer, 0, operation.comm->mpi, &requests[i]) != MPI_SUCCESS) return ncclRemoteError;
      continue;
    }
    if (cudaMemcpy(host[i].data(), operation.from, operation.bytes, cudaMemcpyDeviceToHost) != cudaSuccess) return ncclUnhandledCudaError;
    if (MPI_Isend(host[i].data(), bytes, MPI_BYTE, operation.peer, 0, operation.comm->mpi, &requests[i]) != MPI_SUCCESS) return ncclRemoteError;
  }
  std::vector<MPI_Status> statuses(requests.size());
  if (MPI_Waitall(static_cast<int>(requests.size()), requests.data(), statuses.data()) != MPI_SUCCESS) return ncclRemoteError;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (operations[i].kind != Kind::receive) continue;
    int came = 0;
    MPI_Get_count(&statuses[i], MPI_BYTE, &came);
    if (static_cast<std::size_t>(came) != operations[i].bytes) return ncclInvalidUsage;  // the peer sent another length
    if (cudaMemcpy(operations[i].to, host[i].data(), operations[i].bytes, cudaMemcpyHostToDevice) != cudaSuccess) return ncclUnhandledCudaError;
  }
  return ncclSuccess;
}

ncclResult_t run_group() {
  const std::vector<Operation> operations = std::move(group);
  group.clear();
  std::vector<Operation> moves;
  for (const Operation& operation : operations)
    if (cudaStreamSynchronize(operation.stream) != cudaSuccess) return ncclUnhandledCudaError;
  for (const Operation& operation : operations) {
    if (operation.kind != Kind::sum) {
      moves.push_back(operation);
    } else if (const ncclResult_t result = all_reduce(operation); result != ncclSuccess) {
      return result;
    }
  }
  return exchange(moves);
}

ncclResult_t add(const Operation& operation) {
  const std::size_t size = size_of(operation.type);
  if (!operation.comm || size == 0 || operation.count > INT32_MAX / size) return ncclInvalidArgument;
  if (operation.kind != Kind::sum && (operation.peer < 0 || operation.peer >= operation.comm->size)) return ncclInvalidArgument;
  group.push_back(operation);
  group.back().bytes = operation.count * size;
  return depth > 0 ? ncclSuccess : run_group();
}

}  // namespace

extern "C" {

ncclResult_t ncclGetVersion(int* version) {
  *version = NCCL_VERSION_CODE;
  return ncclSuccess;
}

ncclResult_t ncclGetUniqueId(ncclUniqueId* id) {
  std::memset(id, 0, sizeof *id);
  return ncclSuccess;
}

ncclResult_t ncclCommInitRank(ncclComm_t* comm, int ranks, ncclUniqueId, int rank) {
  int world = 0, mine = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &world);
  MPI_Comm_rank(MPI_COMM_WORLD, &mine);
  if (ranks != 1 && (ranks != world || rank != mine)) return ncclInvalidArgument;
  auto* made = new ncclComm{MPI_COMM_NULL, rank, ranks};
  if (MPI_Comm_dup(ranks == 1 ? MPI_COMM_SELF : MPI_COMM_WORLD, &made->mpi) != MPI_SUCCESS) return ncclRemoteError;
  MPI_Comm_set_errhandler(made->mpi, MPI_ERRORS_RETURN);
  *comm = made;
  return ncclSuccess;
}

ncclResult_t ncclCommDestroy(ncclComm_t comm) {
  MPI_Comm_free(&comm->mpi);
  delete comm;
  return ncclSuccess;
}

ncclResult_t ncclCommAbort(ncclComm_t comm) {  // MPI_Comm_free would wait for the others
  delete comm;
  return ncclSuccess;
}

const char* ncclGetErrorString(ncclResult_t result) {
  switch (result) {
    case ncclSuccess: return "no error";
    case ncclUnhandledCudaError: return "unhandled cuda error";
    case ncclInvalidArgument: return "invalid argument";
    case ncclInvalidUsage: return "invalid usage";
    case ncclRemoteError: return "remote process exited or there was a network error";
    default: return "error";
  }
}

const char* ncclGetLastError(ncclComm_t) { return ""; }

ncclResult_t ncclCommGetAsyncError(ncclComm_t, ncclResult_t* error) {
  *error = ncclSuccess;
  return ncclSuccess;
}

ncclResult_t ncclGroupStart() {
  ++depth;
  return ncclSuccess;
}

ncclResult_t ncclGroupEnd() {
  if (depth == 0) return ncclInvalidUsage;
  return --depth > 0 ? ncclSuccess : run_group();
}

ncclResult_t ncclSend(const void* buffer, std::size_t count, ncclDataType_t type, int peer, ncclComm_t comm, cudaStream_t stream) {
  return add({Kind::send, buffer, nullptr, count, 0, type, peer, comm, stream});
}

ncclResult_t ncclRecv(void* buffer, std::size_t count, ncclDataType_t type, int peer, ncclComm_t comm, cudaStream_t stream) {
  return add({Kind::receive, nullptr, buffer, count, 0, type, peer, comm, stream});
}

ncclResult_t ncclAllReduce(const void* from, void* to, std::size_t count, ncclDataType_t type, ncclRedOp_t operation, ncclComm_t comm,
                           cudaStream_t stream) {
  if (operation != ncclSum) return ncclInvalidArgument;
  return add({Kind::sum, from, to, count, 0, type, -1, comm, stream});
}

}  // extern "C"
