// Bytes sent, counted where they are sent. Payload: encoded bytes over a directed worker edge, whatever the placement.
// Wire: bytes handed to MPI, each distinct vector once per remote rank, zero inside a rank; a crossing that serves
// several receivers counts on the edge to the lowest of them.
#pragma once

#include <cstdint>
#include <map>

#include "comm/topology/topology.h"

namespace skewbench::exchange {

struct EdgeBytes {
  int64_t payload = 0, wire = 0;
};

/// The edges that this rank's workers sent on. Entries never move: a plan may keep a pointer to one.
class ByteLedger {
 public:
  EdgeBytes& on(int from, int to) { return edges_[{from, to}]; }
  const std::map<topology::Edge, EdgeBytes>& edges() const { return edges_; }

  /// Sum over the edges that leave `worker`.
  EdgeBytes sent_by(int worker) const {
    EdgeBytes sum;
    for (auto at = edges_.lower_bound({worker, -1}); at != edges_.end() && at->first.from == worker; ++at) {
      sum.payload += at->second.payload;
      sum.wire += at->second.wire;
    }
    return sum;
  }

 private:
  std::map<topology::Edge, EdgeBytes> edges_;
};

}  // namespace skewbench::exchange
