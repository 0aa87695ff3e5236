// What a person sees while a run goes on: a line that updates itself on a terminal, plain lines in a log.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

#include "bench/train/result_file.h"

namespace skewbench::train {

class Progress {
 public:
  /// Writes to `out` only if `is_active` (rank 0). The self-updating line appears where `out` is a terminal.
  Progress(std::FILE* out, bool is_active, int64_t steps, double epochs);

  void headline(const std::string& text);                 ///< a line of its own
  void step(int64_t step, double seconds);                ///< at most five updates a second
  void evaluation(const EvaluationRow& row);              ///< one line with loss, accuracy [min max], average, consensus

 private:
  void clear();

  std::FILE* out_;
  bool is_active_, is_terminal_, is_dirty_ = false;
  int64_t steps_;
  double epochs_, last_update_ = -1;
};

}  // namespace skewbench::train
