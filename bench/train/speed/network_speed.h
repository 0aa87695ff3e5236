// Forward, backward and update of one worker on one core: the networks alone, without exchange and data feed.
#pragma once

#include <cstdint>

namespace skewbench::train {

struct NetworkSpeedOptions {
  int64_t batch = 32, repetitions = 25;
  int64_t micro_batch = 0;  ///< samples at a time; 0: each model's own
  bool layers = false;      ///< also print where the time goes, layer by layer
};

/// Prints one row per network. Returns whether every gradient was right; a wrong one prints no speed.
bool measure_networks(const NetworkSpeedOptions& options);

}  // namespace skewbench::train
