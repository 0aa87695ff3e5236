// What a core can do: float32 fused multiply-adds on registers alone.
#pragma once

namespace skewbench::train {

/// FLOP/s of the calling thread's core, the best of bursts of half a millisecond over some 30 ms.
double fma_peak();

}  // namespace skewbench::train
