#include "comm/exchange/exchange.h"

#include <algorithm>
#include <climits>
#include <exception>
#include <utility>

#include "kernels/base/aligned.h"
#include "kernels/base/compare.h"
#include "kernels/base/random.h"

namespace skewbench::exchange {

namespace {

/// Appends messages, each of at most INT_MAX bytes, to the parts of an MPI struct type with absolute addresses.
class TypeBuilder {
 public:
  void add(const Slice& slice, int64_t element_bytes, std::vector<MPI_Datatype>& to_free) {
    if (slice.count == 0) return;
    MPI_Aint address = 0;
    MPI_CALL(MPI_Get_address(slice.data, &address));
    if (slice.stride == 1) return append(static_cast<int>(slice.count * element_bytes), address, MPI_BYTE);
    MPI_Datatype vector = MPI_DATATYPE_NULL, element = MPI_DATATYPE_NULL;
    MPI_CALL(MPI_Type_contiguous(static_cast<int>(element_bytes), MPI_BYTE, &element));
    MPI_CALL(MPI_Type_create_hvector(static_cast<int>(slice.count), 1, static_cast<MPI_Aint>(slice.stride * element_bytes),
                                     element, &vector));
    to_free.insert(to_free.end(), {element, vector});
    append(1, address, vector);
  }

  /// The committed type, or MPI_BYTE (to be sent zero times) where nothing was added.
  MPI_Datatype commit(int& count, std::vector<MPI_Datatype>& to_free) {
    count = lengths_.empty() ? 0 : 1;
    if (lengths_.empty()) return MPI_BYTE;
    MPI_Datatype type = MPI_DATATYPE_NULL;
    MPI_CALL(MPI_Type_create_struct(static_cast<int>(lengths_.size()), lengths_.data(), addresses_.data(), types_.data(),
                                    &type));
    to_free.push_back(type);
    MPI_CALL(MPI_Type_commit(&type));
    return type;
  }

 private:
  void append(int length, MPI_Aint address, MPI_Datatype type) {
    lengths_.push_back(length);
    addresses_.push_back(address);
    types_.push_back(type);
  }
  std::vector<int> lengths_;
  std::vector<MPI_Aint> addresses_;
  std::vector<MPI_Datatype> types_;
};

const std::byte kNothing{};  // where an empty message points: its own memory may have no address, which would say lost

std::size_t position_of(const std::vector<int>& ranks, int rank) {
  return static_cast<std::size_t>(std::lower_bound(ranks.begin(), ranks.end(), rank) - ranks.begin());
}

}  // namespace

Exchange::Exchange(const Communicator& communicator, const Placement& placement, const topology::Topology& topology,
                   Meter& meter)
    : Exchange(make_mpi_transport(communicator, Memory()), placement, topology, meter) {}

Exchange::Exchange(std::unique_ptr<Transport> transport, const Placement& placement, const topology::Topology& topology,
                   Meter& meter)
    : transport_(std::move(transport)), placement_(placement), topology_(topology),
      phases_(static_cast<std::size_t>(topology.period)), meter_(meter), exceptions_(std::uncaught_exceptions()) {
  uint64_t hash = 0;
  for (const topology::Graph& graph : topology.graphs)
    hash = hash * 31 + fingerprint(std::as_bytes(std::span(graph.edges())));
  uint64_t lowest = 0, highest = 0;
  MPI_CALL(MPI_Allreduce(&hash, &lowest, 1, MPI_UINT64_T, MPI_MIN, communicator().handle()));
  MPI_CALL(MPI_Allreduce(&hash, &highest, 1, MPI_UINT64_T, MPI_MAX, communicator().handle()));
  REQUIRE(lowest == highest, "the ranks disagree about the edges of topology {}", topology.name);
}

Exchange::~Exchange() {
  // While an error of this rank unwinds, the others may never enter the round: waiting for them would hide it for ever.
  if (request_ != MPI_REQUEST_NULL && std::uncaught_exceptions() == exceptions_) MPI_Wait(&request_, MPI_STATUS_IGNORE);
  for (MPI_Datatype& type : types_in_flight_) MPI_Type_free(&type);
}

int Exchange::open(Channel channel) {
  REQUIRE(channel.lane >= 0 && channel.lane < topology_.lanes, "channel {} is on lane {} of {}", channel.name,
          channel.lane, topology_.lanes);
  REQUIRE(channel.bound > 0 && channel.element_bytes > 0, "channel {} is bound to {} elements of {} bytes", channel.name,
          channel.bound, channel.element_bytes);
  // Open MPI 4.1.4 crashes on a longer one, also in parts: it joins what lies side by side. Several may be more together.
  REQUIRE(channel.bound <= INT_MAX / channel.element_bytes,
          "a message of channel {} may have {} elements of {} bytes; MPI takes {} bytes", channel.name, channel.bound,
          channel.element_bytes, INT_MAX);
  Open opened;
  opened.buffer = Buffer<std::byte>(channel.holds == Holds::vector ? memory() : Memory());
  opened.spec = std::move(channel);
  channels_.push_back(std::move(opened));
  return static_cast<int>(channels_.size()) - 1;
}

const PhasePlan& Exchange::phase_plan(int64_t step) {
  const auto phase = static_cast<int>(step % topology_.period);
  auto& plan = phases_[static_cast<std::size_t>(phase)];
  if (!plan) plan = std::make_unique<PhasePlan>(communicator(), placement_, topology_, phase);
  return *plan;
}

void Exchange::post(int handle, int worker, Slice slice) { post(handle, worker, worker, slice); }

void Exchange::post(int handle, int from, int to, Slice slice) {
  Open& channel = channels_[static_cast<std::size_t>(handle)];
  REQUIRE(placement_.hosts(from), "worker {} posts on channel {} but is not hosted by rank {}", from, channel.spec.name,
          communicator().rank());
  REQUIRE(channel.spec.fixed_length ? slice.count == channel.spec.bound : slice.count <= channel.spec.bound,
          "worker {} posts {} elements on channel {}, whose messages have {}{}", from, slice.count, channel.spec.name,
          channel.spec.fixed_length ? "" : "at most ", channel.spec.bound);
  REQUIRE(slice.count >= 0 && (slice.count == 0 || !slice.lost()), "worker {} posts {} elements from {} on channel {}",
          from, slice.count, slice.data, channel.spec.name);
  REQUIRE(slice.count == 0 || slice.stride == 1 || !is_on_device(channel),
          "worker {} posts elements {} apart on channel {}: on a device a message is contiguous", from, slice.stride, channel.spec.name);
  if (slice.count == 0) slice.data = &kNothing;
  channel.posts.push_back({from, to, slice});
}

/// The posts become the messages of this round; a worker with a receiver and without a message is an error.
void Exchange::take_posts(Open& channel) {
  const topology::Graph& graph = *channel.plan->graph;
  const bool per_worker = channel.spec.addressing == Addressing::per_worker;
  channel.sent.assign(per_worker ? static_cast<std::size_t>(placement_.local()) : graph.edges().size(), Slice{});
  for (const Post& post : channel.posts) {
    const int at = per_worker ? post.from - placement_.first() : graph.edge_index(post.from, post.to);
    REQUIRE(at >= 0, "worker {} posts a message to {} on channel {}; step {} has no such edge", post.from, post.to,
            channel.spec.name, channel.step);
    channel.sent[static_cast<std::size_t>(at)] = post.slice;
  }
  channel.posts.clear();
  for (int from = placement_.first(); from < placement_.last(); ++from)
    for (const int to : graph.out(from))
      REQUIRE(!sent(channel, from, to).lost(), "worker {} has no message for {} on channel {} at step {}", from, to,
              channel.spec.name, channel.step);
}

const Slice& Exchange::sent(const Open& channel, int from, int to) const {
  const bool per_worker = channel.spec.addressing == Addressing::per_worker;
  const int at = per_worker ? from - placement_.first() : channel.plan->graph->edge_index(from, to);
  return channel.sent[static_cast<std::size_t>(at)];
}

void Exchange::count_bytes(Open& channel) {
  const int64_t size = channel.spec.element_bytes, length_bytes = channel.spec.fixed_length ? 0 : sizeof(int64_t);
  for (int from = placement_.first(); from < placement_.last(); ++from)
    for (const int to : channel.plan->graph->out(from))
      meter_.ledger.on(from, to).payload += sent(channel, from, to).count * size;
  for (const auto& [rank, from, to] : channel.plan->outgoing)
    meter_.ledger.on(from, to).wire += sent(channel, from, to).count * size + length_bytes;
}

void Exchange::exchange_lengths(const PhasePlan& phase, const std::vector<int>& channels) {
  std::vector<std::vector<int64_t>> to_send(phase.neighbours().size()), to_receive(to_send.size());
  const auto variable = [&](int handle) { return !channels_[static_cast<std::size_t>(handle)].spec.fixed_length; };
  if (std::none_of(channels.begin(), channels.end(), variable)) return;
  for (const int handle : channels) {
    Open& channel = channels_[static_cast<std::size_t>(handle)];
    if (!variable(handle)) continue;
    for (const Crossing& crossing : channel.plan->outgoing)
      to_send[position_of(phase.neighbours(), crossing.remote_rank)].push_back(
          sent(channel, crossing.from, crossing.to).count);
    for (const Crossing& crossing : channel.plan->incoming)
      to_receive[position_of(phase.neighbours(), crossing.remote_rank)].push_back(0);
  }
  const auto flatten = [](const std::vector<std::vector<int64_t>>& parts, std::vector<int>& counts,
                          std::vector<int>& displacements) {
    std::vector<int64_t> flat;
    for (const auto& part : parts) {
      counts.push_back(static_cast<int>(part.size()));
      displacements.push_back(static_cast<int>(flat.size()));
      flat.insert(flat.end(), part.begin(), part.end());
    }
    return flat;
  };
  std::vector<int> send_counts, send_displacements, receive_counts, receive_displacements;
  const auto sent = flatten(to_send, send_counts, send_displacements);
  auto received = flatten(to_receive, receive_counts, receive_displacements);
  MPI_CALL(MPI_Neighbor_alltoallv(sent.data(), send_counts.data(), send_displacements.data(), MPI_INT64_T, received.data(),
                                  receive_counts.data(), receive_displacements.data(), MPI_INT64_T, phase.comm()));
  std::vector<int> cursor = receive_displacements;
  for (const int handle : channels) {
    Open& channel = channels_[static_cast<std::size_t>(handle)];
    if (!variable(handle)) continue;
    for (std::size_t i = 0; i < channel.plan->incoming.size(); ++i) {
      auto& at = cursor[position_of(phase.neighbours(), channel.plan->incoming[i].remote_rank)];
      channel.arrived[i].count = received[static_cast<std::size_t>(at++)];
      REQUIRE(channel.arrived[i].count >= 0 && channel.arrived[i].count <= channel.spec.bound,
              "worker {} announces {} elements on channel {}, whose bound is {}", channel.plan->incoming[i].from,
              channel.arrived[i].count, channel.spec.name, channel.spec.bound);
    }
  }
}

void Exchange::begin(int64_t step, const std::vector<int>& channels) {
  const double start = MPI_Wtime();
  REQUIRE(channels_under_way_.empty(), "a round begins at step {} before the last one ended", step);
  const PhasePlan& phase = phase_plan(step);
  for (const int handle : channels) {
    Open& channel = channels_[static_cast<std::size_t>(handle)];
    channel.step = step;
    channel.plan = &phase.channel(channel.spec.addressing, channel.spec.lane);
    channel.arrived.assign(channel.plan->incoming.size(), Slice{nullptr, channel.spec.bound, 1});
    take_posts(channel);
    count_bytes(channel);
  }
  if (phase.comm() != MPI_COMM_NULL) {
    exchange_lengths(phase, channels);
    for (const int handle : channels) make_room(channels_[static_cast<std::size_t>(handle)]);
    start_on_host(phase, channels);
    start_on_device(channels);
  }
  channels_under_way_ = channels;
  meter_.seconds.exchange += MPI_Wtime() - start;
}

/// Where each message from another rank will lie.
void Exchange::make_room(Open& channel) {
  const int64_t size = channel.spec.element_bytes;
  int64_t bytes = 0;
  for (const Slice& slot : channel.arrived) bytes += round_up(slot.count * size, kAlignment);
  const std::byte* at = channel.buffer.at_least(bytes);
  for (Slice& slot : channel.arrived) {
    slot.data = slot.count > 0 ? at : &kNothing;
    at += round_up(slot.count * size, kAlignment);
  }
}

/// Everything that lies on the host, in one collective without packing.
void Exchange::start_on_host(const PhasePlan& phase, const std::vector<int>& channels) {
  std::vector<TypeBuilder> sends(phase.neighbours().size()), receives(sends.size());
  for (const int handle : channels) {
    Open& channel = channels_[static_cast<std::size_t>(handle)];
    if (is_on_device(channel)) continue;
    const int64_t size = channel.spec.element_bytes;
    for (const auto& [rank, from, to] : channel.plan->outgoing)
      sends[position_of(phase.neighbours(), rank)].add(sent(channel, from, to), size, types_in_flight_);
    for (std::size_t i = 0; i < channel.arrived.size(); ++i)
      receives[position_of(phase.neighbours(), channel.plan->incoming[i].remote_rank)].add(channel.arrived[i], size, types_in_flight_);
  }
  const auto commit = [&](std::vector<TypeBuilder>& builders, Direction& direction) {
    direction.counts.assign(builders.size(), 0);
    direction.displacements.assign(builders.size(), 0);
    direction.types.clear();
    for (std::size_t i = 0; i < builders.size(); ++i)
      direction.types.push_back(builders[i].commit(direction.counts[i], types_in_flight_));
  };
  Direction &out = sends_in_flight_, &in = receives_in_flight_;
  commit(sends, out);
  commit(receives, in);
  const bool is_needed = std::any_of(channels.begin(), channels.end(), [this](int handle) {
    return !is_on_device(channels_[static_cast<std::size_t>(handle)]);
  });
  if (is_needed)  // the same on every rank
    MPI_CALL(MPI_Ineighbor_alltoallw(MPI_BOTTOM, out.counts.data(), out.displacements.data(), out.types.data(), MPI_BOTTOM,
                                     in.counts.data(), in.displacements.data(), in.types.data(), phase.comm(), &request_));
}

/// Everything that lies on the device, in one round of the transport. Channels and crossings are in the same order for the
/// sender and the receiver.
void Exchange::start_on_device(const std::vector<int>& channels) {
  if (!memory().on_device()) return;
  std::vector<Parcel> sends, receives;
  for (const int handle : channels) {
    Open& channel = channels_[static_cast<std::size_t>(handle)];
    if (!is_on_device(channel)) continue;
    const int64_t size = channel.spec.element_bytes;
    for (const auto& [rank, from, to] : channel.plan->outgoing) {
      const Slice& slice = sent(channel, from, to);
      if (slice.count > 0) sends.push_back({rank, const_cast<void*>(slice.data), slice.count * size});
    }
    for (std::size_t i = 0; i < channel.arrived.size(); ++i) {
      const Slice& slot = channel.arrived[i];
      if (slot.count > 0) receives.push_back({channel.plan->incoming[i].remote_rank, const_cast<void*>(slot.data), slot.count * size});
    }
  }
  transport_->begin(sends, receives);
  is_transport_under_way_ = true;
}

void Exchange::progress() {
  if (request_ == MPI_REQUEST_NULL && !is_transport_under_way_) return;
  const double start = MPI_Wtime();
  int done = 0;
  MPI_CALL(MPI_Test(&request_, &done, MPI_STATUS_IGNORE));
  if (is_transport_under_way_) transport_->progress();
  meter_.seconds.exchange += MPI_Wtime() - start;
}

void Exchange::end() {
  const double start = MPI_Wtime();
  MPI_CALL(MPI_Wait(&request_, MPI_STATUS_IGNORE));
  if (std::exchange(is_transport_under_way_, false)) transport_->end();
  for (MPI_Datatype& type : types_in_flight_) MPI_CALL(MPI_Type_free(&type));
  types_in_flight_.clear();
  channels_under_way_.clear();
  meter_.seconds.wait += MPI_Wtime() - start;
}

void Exchange::run(int64_t step, const std::vector<int>& channels) {
  begin(step, channels);
  end();
}

bool Exchange::crosses(int64_t step, int from) const {
  for (int lane = 0; lane < topology_.lanes; ++lane)
    for (const int to : topology_.graph(step, lane).out(from))
      if (!placement_.hosts(to)) return true;
  return false;
}

Slice Exchange::received(int handle, int from, int to) const {
  const Open& channel = channels_[static_cast<std::size_t>(handle)];
  REQUIRE(channel.plan != nullptr, "channel {} has had no round", channel.spec.name);
  REQUIRE(std::find(channels_under_way_.begin(), channels_under_way_.end(), handle) == channels_under_way_.end(),
          "channel {} is read at step {} before its round has ended", channel.spec.name, channel.step);
  const int edge = channel.plan->graph->edge_index(from, to);
  REQUIRE(edge >= 0 && placement_.hosts(to),
          "rank {} reads a message {} -> {} on channel {}; step {} has no such edge to it", communicator().rank(), from, to,
          channel.spec.name, channel.step);
  if (loss_probability_ > 0) {
    const auto stream = static_cast<uint32_t>(int64_t{from} * placement_.workers() + to);
    Random random(loss_seed_, stream, static_cast<uint32_t>(channel.step), Purpose::fault);
    if (random.uniform() < loss_probability_) return {};
  }
  if (placement_.hosts(from)) return sent(channel, from, to);
  return channel.arrived[static_cast<std::size_t>(channel.plan->arrival[static_cast<std::size_t>(edge)])];
}

void Exchange::lose_messages(double probability, uint64_t seed) {
  REQUIRE(probability >= 0 && probability <= 1, "messages are lost with a probability in [0, 1], not {}", probability);
  loss_probability_ = probability;
  loss_seed_ = seed;
}

int64_t Exchange::buffer_bytes() const {
  int64_t bytes = 0;
  for (const Open& channel : channels_) bytes += channel.buffer.size();
  return bytes;
}

}  // namespace skewbench::exchange
