// One case from its options to its result file.
#pragma once

#include <string>

#include "bench/train/settings.h"
#include "comm/exchange/mpi_support.h"

namespace skewbench::train {

/// An error that every rank throws with the same sentence: one of them says it, all exit. Any other error is one
/// rank's own, and the others may be waiting for it.
class AgreedError : public Error {
 public:
  using Error::Error;
};

/// Collective. Runs the case and writes `out` (NAME.h5). Returns the verdict, PASSED or DIVERGED.
std::string train_case(const Settings& settings, const std::string& out, const std::string& command_line,
                       const exchange::Communicator& communicator);

}  // namespace skewbench::train
