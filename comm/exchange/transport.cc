#include "comm/exchange/transport.h"

#include <climits>
#include <cstring>
#include <exception>
#include <map>
#include <optional>

#include "kernels/base/aligned.h"
#include "kernels/base/queue.h"

namespace skewbench::exchange {

namespace {

/// Page-locked copies of what is sent and received, on a stream beside the queue's.
class Staging {
 public:
  explicit Staging(device::Queue& queue) : queue_(queue) {}

  /// Copies every distinct vector of `sends` to the host once all work so far is done; the parcels then name the copies, and
  /// those of `receives` room for what comes. Returns when the copies are there.
  void down(std::vector<Parcel>& sends, std::vector<Parcel>& receives) {
    uploads_ = receives;
    int64_t bytes = 0;
    const auto give_room = [&](const Parcel& parcel) {
      const int64_t at = bytes;
      bytes += round_up(parcel.bytes, kAlignment);
      return at;
    };
    std::map<std::pair<void*, int64_t>, int64_t> offsets;  // a vector that several ranks want comes down once
    for (const Parcel& parcel : sends)
      if (!offsets.contains({parcel.data, parcel.bytes})) offsets[{parcel.data, parcel.bytes}] = give_room(parcel);
    std::vector<int64_t> arrivals;
    for (const Parcel& parcel : receives) arrivals.push_back(give_room(parcel));
    device::wait(stream_.get());  // the last round's copies up may still read the memory
    std::byte* const memory = memory_.at_least(bytes);
    ready_.record(queue_.stream());
    ready_.hold(stream_.get());
    for (const auto& [vector, offset] : offsets)
      device::copy_to_host(memory + offset, vector.first, vector.second, stream_.get());
    device::wait(stream_.get());
    for (Parcel& parcel : sends) parcel.data = memory + offsets[{parcel.data, parcel.bytes}];
    for (std::size_t i = 0; i < receives.size(); ++i) receives[i].data = memory + arrivals[i];
    arrived_ = receives;
  }

  /// What has arrived goes up; the queue's later work sees it.
  void up() {
    for (std::size_t i = 0; i < uploads_.size(); ++i)
      device::copy_to_device(uploads_[i].data, arrived_[i].data, uploads_[i].bytes, stream_.get());
    done_.record(stream_.get());
    done_.hold(queue_.stream());
  }

 private:
  device::Queue& queue_;
  device::OwnedStream stream_;
  device::Event ready_, done_;
  device::PinnedBuffer memory_;
  std::vector<Parcel> uploads_, arrived_;
};

/// MPI that reads a GPU's memory cannot read what stands in for it on the CPU.
bool mpi_reads(Memory memory) { return !memory.on_device() || (mpi_reads_device_memory() && !device::properties().is_on_cpu); }

class MpiTransport : public Transport {
 public:
  MpiTransport(const Communicator& communicator, Memory memory, bool is_staged)
      : Transport(communicator, memory), own_(communicator.handle()), exceptions_(std::uncaught_exceptions()) {
    if (is_staged) staging_.emplace(memory.queue());
  }
  // While an error of this rank unwinds, the others may never answer: waiting for them would hide it for ever.
  ~MpiTransport() override {
    if (std::uncaught_exceptions() == exceptions_) MPI_Waitall(static_cast<int>(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE);
  }

  std::string name() const override {
    return staging_ ? "MPI through page-locked copies" : memory().on_device() ? "MPI from device memory" : "MPI";
  }

  void begin(const std::vector<Parcel>& sends, const std::vector<Parcel>& receives) override {
    REQUIRE(requests_.empty(), "parcels are sent before the last ones have arrived ({} requests)", requests_.size());
    std::vector<Parcel> out = sends, in = receives;
    if (staging_) staging_->down(out, in);
    else memory().wait();
    for (const Parcel& parcel : in)
      MPI_CALL(MPI_Irecv(parcel.data, length(parcel), MPI_BYTE, parcel.rank, 0, own_.handle(), &requests_.emplace_back(MPI_REQUEST_NULL)));
    for (const Parcel& parcel : out)
      MPI_CALL(MPI_Isend(parcel.data, length(parcel), MPI_BYTE, parcel.rank, 0, own_.handle(), &requests_.emplace_back(MPI_REQUEST_NULL)));
  }

  void progress() override {
    int done = 0;
    if (!requests_.empty()) MPI_CALL(MPI_Testall(static_cast<int>(requests_.size()), requests_.data(), &done, MPI_STATUSES_IGNORE));
  }

  void end() override {
    MPI_CALL(MPI_Waitall(static_cast<int>(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE));
    requests_.clear();
    if (staging_) staging_->up();
  }

 private:
  static int length(const Parcel& parcel) {
    REQUIRE(parcel.bytes > 0 && parcel.bytes <= INT_MAX, "a parcel of {} bytes for rank {}: MPI takes 1 to {}", parcel.bytes, parcel.rank, INT_MAX);
    return static_cast<int>(parcel.bytes);
  }

  const Communicator own_;  // its own, so that no other message can be taken for a parcel
  int exceptions_;          // in flight when this was made
  std::optional<Staging> staging_;
  std::vector<MPI_Request> requests_;
};

}  // namespace

std::unique_ptr<Transport> make_transport(const Communicator& communicator, Memory memory, const std::string& way) {
  const bool is_staged = memory.on_device() && (way == "staged" || !mpi_reads(memory));
  const auto mpi = [&] { return std::make_unique<MpiTransport>(communicator, memory, is_staged); };
  if (way == "mpi" || way == "staged" || !memory.on_device()) return mpi();
  const std::string obstacle = why_no_nccl(communicator, memory);
  REQUIRE(way != "nccl" || obstacle.empty(), "{}", obstacle);
  const bool is_worth_it = communicator.size() > 1 && is_staged && !device::properties().is_on_cpu;
  if (way == "nccl" || (is_worth_it && obstacle.empty())) return make_nccl_transport(communicator, memory);
  return mpi();
}

std::unique_ptr<Transport> make_mpi_transport(const Communicator& communicator, Memory memory) { return make_transport(communicator, memory, "mpi"); }

std::string why_gpus_do_not_fit_nccl(const std::vector<std::string>& gpus) {
  std::map<std::string, std::size_t> rank_of;
  for (std::size_t rank = 0; rank < gpus.size(); ++rank) {
    const auto [other, is_first] = rank_of.emplace(gpus[rank], rank);
    if (!is_first)
      return fmt::format("NCCL wants a GPU for each rank, but ranks {} and {} share {}: start at most as many ranks as GPUs, or use --exchange mpi",
                         other->second, rank, gpus[rank]);
  }
  return "";
}

}  // namespace skewbench::exchange
