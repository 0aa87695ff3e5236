// The operations of training on a device, in one list: names, ladders, vendor's versions, defaults. The kernel set launches
// them, `--kernels` and `--list` name them, and the tests walk their rungs.
#pragma once

#include <string>
#include <vector>

namespace skewbench::train {

struct Rung {
  int number;
  std::string idea;
};

/// An operation by its name, with its rungs in order; has_vendor: the vendor's library has it, too.
struct Ladder {
  std::string name;
  std::vector<Rung> rungs;
  bool has_vendor = false;
};

/// All of them; empty in a program without CUDA.
std::vector<Ladder> list_ladders();

}  // namespace skewbench::train
