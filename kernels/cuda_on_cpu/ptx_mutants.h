// Where mutants change a kernel: which operands are strides of addresses.
//
// Barriers, comparison bounds and float constants are found where they are emitted. A stride is whatever scales an index or
// steps a pointer, and that an instruction is part of an address is known only from its uses further down: a slice
// backwards from the addresses of all memory accesses.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kernels/cuda_on_cpu/ptx_module.h"

namespace skewbench::cuda_on_cpu::ptx {

/// Which places of a kernel can be changed at run time: each costs a comparison, and much of the compiler's time.
enum class Mutants { none, few, all };

/// One place of a kernel that a mutant changes.
struct Site {
  std::string kind;
  std::string change;
  size_t place;      ///< in the kernel's table of places
  bool built = true; ///< the kernel can be changed there; else it is only listed
};

/// A few of a kernel's sites, drawn by its statements alone: the same ones until the kernel changes. Of a bound both changes.
std::set<size_t> draw_few(const Function& kernel, const std::vector<Site>& sites);

class AddressSlice {
 public:
  explicit AddressSlice(const Function& function);

  /// 0, or by how much a mutant makes operand `operand` of statement `statement` larger. The unit is that of the operand: the
  /// bytes of the access where it counts bytes, 1 where it counts elements, so that the changed address is aligned again and
  /// belongs to another element.
  uint64_t stride(size_t statement, size_t operand) const;

 private:
  void find_definitions();
  void find_parameters();
  void start(size_t statement);
  void reach(const Operand& operand, uint64_t unit);
  void follow(size_t statement, uint64_t unit);
  void follow_product(size_t statement, uint64_t unit, size_t first, size_t second);
  void mark(size_t statement, size_t operand, uint64_t unit);

  const Function& function_;
  std::vector<std::vector<size_t>> definitions_;  // of each register
  std::vector<bool> uniform_;                     // registers that hold the same in all threads
  std::vector<uint64_t> units_;                   // of each register in the slice; 0: not in it
  std::vector<std::pair<uint32_t, uint64_t>> waiting_;
  std::map<std::pair<size_t, size_t>, uint64_t> strides_;
};

}  // namespace skewbench::cuda_on_cpu::ptx
