// What a run has cost this rank so far: bytes by directed worker edge, seconds by phase. Measured, never fed back.
#pragma once

#include "comm/exchange/byte_ledger.h"

namespace skewbench::exchange {

struct PhaseSeconds {
  double compute = 0;     ///< gradients and updates
  double exchange = 0;    ///< starting and driving communication
  double wait = 0;        ///< until the last message of a round is here
  double mix = 0;         ///< forming and averaging messages
  double evaluation = 0;
};

struct Meter {
  ByteLedger ledger;
  PhaseSeconds seconds;
};

}  // namespace skewbench::exchange
