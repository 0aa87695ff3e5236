// Which C++ type holds a register.
//
// Newer versions of nvcc declare every 32-bit register .b32 and leave float to the instructions. A register that only
// float instructions (and untyped moves) touch becomes a float variable, so that chains of float arithmetic stay in
// vector registers without moves of bits in between.
#pragma once

#include <vector>

#include "kernels/cuda_on_cpu/ptx_module.h"

namespace skewbench::cuda_on_cpu::ptx {

class RegisterTypes {
 public:
  explicit RegisterTypes(const Function& function);

  Type type(uint32_t index) const { return types_[index]; }  ///< pred, u16, u32, u64, f32 or f64
  bool used(uint32_t index) const { return used_[index]; }
  const std::string& name(uint32_t index) const { return names_[index]; }  ///< in C++

 private:
  void note_uses(const Function& function);

  std::vector<Type> types_;
  std::vector<bool> used_;
  std::vector<std::string> names_;
};

/// Calls visit(register operand) for every register that occurs in `operand`, also inside of addresses and vectors.
template <class Visit>
void for_each_register(const Operand& operand, const Visit& visit) {
  if (operand.is(Operand::Kind::register_)) visit(operand);
  for (const Operand& part : operand.parts) for_each_register(part, visit);
}

}  // namespace skewbench::cuda_on_cpu::ptx
