// Writes the C++ of one function of a kernel, statement by statement. The emit functions of the rows (ptx_emit_*.cc) speak
// to it in terms of operands and types.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "kernels/cuda_on_cpu/ptx_mutants.h"
#include "kernels/cuda_on_cpu/ptx_patterns.h"
#include "kernels/cuda_on_cpu/ptx_registers.h"

namespace skewbench::cuda_on_cpu::ptx {

/// What the functions of one kernel have in common: the kernel and copies of the device functions that it calls.
struct KernelContext {
  const Module& module;
  const Function& kernel;
  std::map<std::string, uint32_t> shared_offsets;   ///< of its .shared variables, dynamic ones included
  uint32_t static_shared_bytes = 0;
  std::unordered_map<std::string, const Variable*> globals;     ///< .global and .const
  std::unordered_map<std::string, const Function*> functions;
  Mutants mutants = Mutants::none;
  std::set<size_t> built;  ///< with few mutants: the sites that become code

  std::vector<Statement> places;  ///< the statements that become the kernel's table of Place
  std::vector<Site> sites;        ///< all of them, unless none are wanted
};

class Emitter {
 public:
  Emitter(KernelContext& context, const Function& function);

  /// The whole function as C++.
  std::string emit();

  // --- for emit functions -----------------------------------------------------------------------------------------
  /// Operand `i` of the current instruction as a C++ expression of the C++ type of `type`.
  std::string value(size_t i, Type type);
  std::string value(const Operand& operand, Type type);
  /// C++ that gives `operand` (a register, or _) the value of `expression`, converted to the C++ type of `type`.
  std::string assignment(const Operand& operand, Type type, const std::string& expression);
  void assign(const Operand& operand, Type type, const std::string& expression);
  /// Address operand `i` as a uint64_t, offset included.
  std::string address(size_t i);
  /// Host pointer of an address operand in a function's or kernel's parameters.
  std::string parameter_pointer(const Operand& operand);
  /// Pointer into the kernel's table of places, to the current instruction.
  std::string place();
  void line(const std::string& code);

  /// A number for a change of the current instruction; an empty string where the kernel is not to be changed here.
  std::string site(const char* kind, const char* change);

  const Function& function() const { return function_; }
  const KernelContext& context() const { return context_; }
  const Statement& current() const { return *statement_; }
  [[noreturn]] void fail(const std::string& what) const;  ///< "FILE:LINE: what in KERNEL: text"

 private:
  void emit_head();
  void emit_variables();
  void emit_parameters();
  void emit_registers();
  void emit_statement(size_t index);
  void emit_instruction(const Instruction& instruction, const Row& row);
  void emit_expression(const Instruction& instruction, const Row& row);
  void count_block(size_t index);
  std::string constant(uint64_t bits, Type type, Type wanted);
  std::string special(const std::string& name, Type type);
  std::string symbol_address(const Operand& operand);

  KernelContext& context_;
  const Function& function_;
  const RegisterTypes registers_;
  const AddressSlice slice_;
  std::string code_;
  const Statement* statement_ = nullptr;
  size_t index_ = 0;
  int place_ = -1;
};

/// Name of a PTX name in C++.
std::string identifier(const std::string& name);
/// C++ literal of the integer type `type` with these bits.
std::string integer_literal(uint64_t bits, Type type);
/// Where parameter `name` stands in a kernel's parameter block.
uint64_t parameter_offset(const Function& kernel, const std::string& name);
/// The name of the C++ function that a device function becomes.
std::string function_name(const std::string& name);
/// Its head without a final ';' or '{'.
std::string function_head(const Function& function);

}  // namespace skewbench::cuda_on_cpu::ptx
