// One round of messages along the directed edges of a topology, between workers wherever they are hosted.
//
// A channel is a kind of message that an algorithm sends: one per worker (all its receivers read the same vector) or
// one per edge. A round carries any number of channels. Workers of one rank read each other's memory; a vector wanted by
// several workers of a remote rank crosses once. Between ranks what lies on the host travels in one
// MPI_Ineighbor_alltoallw straight from the posted memory, and what lies on a device by the transport that the exchange
// was made with. Nothing here depends on which message arrives first.
//
//   const int models = exchange.open({.name = "model", .element_bytes = 4, .bound = layout.size()});
//   for (worker : local) exchange.post(models, worker, {x, size, 1});
//   exchange.run(step, {models});
//   for (from : graph.in(worker)) use(exchange.received(models, from, worker));
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "comm/exchange/meter.h"
#include "comm/exchange/mpi_support.h"
#include "comm/exchange/placement.h"
#include "comm/exchange/rank_plan.h"
#include "comm/exchange/transport.h"
#include "comm/topology/topology.h"
#include "kernels/base/memory.h"

namespace skewbench::exchange {

struct Channel {
  std::string name;
  Addressing addressing = Addressing::per_worker;
  int lane = 0;                ///< whose graph of the topology
  int64_t element_bytes = 1;
  int64_t bound = 0;           ///< most elements of a message, below 2 GiB
  /// Every message has `bound` elements; otherwise only the sender knows, and its length travels ahead (8 bytes of wire).
  bool fixed_length = true;
  Holds holds = Holds::vector;  ///< a vector lies in the exchange's memory; a record is posted and received on the host
};

/// `count` elements of the channel's element size, `stride` elements apart (1 where the channel's memory is a device's).
/// data == nullptr: the message was lost.
struct Slice {
  const void* data = nullptr;
  int64_t count = 0;
  int64_t stride = 1;

  bool lost() const { return data == nullptr; }
  template <class T>
  const T* as() const { return static_cast<const T*>(data); }
};

class Exchange {
 public:
  /// Collective: refuses ranks that disagree about the topology. The references must outlive the exchange. Vectors lie in
  /// the transport's memory.
  Exchange(std::unique_ptr<Transport> transport, const Placement& placement, const topology::Topology& topology, Meter& meter);
  /// The same with vectors on the host.
  Exchange(const Communicator& communicator, const Placement& placement, const topology::Topology& topology, Meter& meter);
  ~Exchange();

  /// Declares a channel and returns its handle; the same calls in the same order on every rank.
  int open(Channel channel);

  /// The message of a local worker to all its receivers of the next round (per_worker channel). The memory must stay
  /// unchanged as long as a receiver may read it: until the channel's next begin(), those of this rank read it in place.
  void post(int channel, int worker, Slice slice);
  /// The message over one edge (per_edge channel).
  void post(int channel, int from, int to, Slice slice);

  /// One round with the given channels over the graphs of `step`: every local worker has posted on each of them (unless
  /// it has no receiver in this step). The same step and channels on every rank. run = begin + end.
  void run(int64_t step, std::initializer_list<int> channels) { run(step, std::vector<int>(channels)); }
  void run(int64_t step, const std::vector<int>& channels);
  /// Between begin and end the caller may compute, and calls progress() a few times: MPI moves nothing by itself. Only what
  /// crosses() must be in the posted memory by begin(); what stays on this rank is read by its receivers after end().
  void begin(int64_t step, const std::vector<int>& channels);
  void progress();
  void end();

  /// Whether a message of local worker `from` leaves this rank in that step.
  bool crosses(int64_t step, int from) const;

  /// What local worker `to` got from its sender `from` in the last round of this channel. Valid until the channel's
  /// next begin(). Fails where the round's graph has no such edge, and between begin() and end().
  Slice received(int channel, int from, int to) const;

  /// Loses each message of each later round with this probability, at the receiver, by (seed, edge, step): the same
  /// messages for every number of ranks. Lost bytes were sent and are counted.
  void lose_messages(double probability, uint64_t seed);

  const Communicator& communicator() const { return transport_->communicator(); }
  Transport& transport() { return *transport_; }  ///< between rounds others may use it
  Memory memory() const { return transport_->memory(); }  ///< of vectors
  const Placement& placement() const { return placement_; }
  const topology::Topology& topology() const { return topology_; }
  Meter& meter() { return meter_; }
  int64_t buffer_bytes() const;  ///< receive buffers of this rank

 private:
  struct Post {
    int from, to;
    Slice slice;
  };
  struct Open {  // a channel and its last round
    Channel spec;
    std::vector<Post> posts;               // for the next round
    std::vector<Slice> sent;               // of the last round: [local worker], or [edge of the graph]
    Buffer<std::byte> buffer;              // what came from other ranks
    std::vector<Slice> arrived;            // [incoming crossing of the plan]
    int64_t step = -1;
    const ChannelPlan* plan = nullptr;
  };

  /// What MPI_Ineighbor_alltoallw takes for one direction; MPI reads it until the request completes.
  struct Direction {
    std::vector<int> counts;
    std::vector<MPI_Aint> displacements;
    std::vector<MPI_Datatype> types;
  };

  const PhasePlan& phase_plan(int64_t step);
  void exchange_lengths(const PhasePlan& phase, const std::vector<int>& channels);
  void count_bytes(Open& channel);
  void take_posts(Open& channel);
  const Slice& sent(const Open& channel, int from, int to) const;

  bool is_on_device(const Open& channel) const { return channel.spec.holds == Holds::vector && memory().on_device(); }
  void make_room(Open& channel);
  void start_on_host(const PhasePlan& phase, const std::vector<int>& channels);
  void start_on_device(const std::vector<int>& channels);

  const std::unique_ptr<Transport> transport_;
  const Placement& placement_;
  const topology::Topology& topology_;
  std::vector<std::unique_ptr<PhasePlan>> phases_;  // [phase], made at first use
  std::vector<Open> channels_;
  Meter& meter_;
  int exceptions_;                       // in flight when this was made
  std::vector<int> channels_under_way_;  // between begin() and end(); with one rank there is no request to tell
  MPI_Request request_ = MPI_REQUEST_NULL;  // of what lies on the host
  bool is_transport_under_way_ = false;     // with what lies on the device
  std::vector<MPI_Datatype> types_in_flight_;
  Direction sends_in_flight_, receives_in_flight_;
  double loss_probability_ = 0;
  uint64_t loss_seed_ = 0;
};

}  // namespace skewbench::exchange
