#include "kernels/cuda_on_cpu/ptx_registers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace skewbench::cuda_on_cpu::ptx {
namespace {

Type held_as(Type declared) {
  if (declared == Type::pred || is_real(declared)) return declared;
  return bits_of(declared) == 8 ? Type::u16 : unsigned_of(bits_of(declared) == 16 ? Type::b16 : bits_of(declared) == 32 ? Type::b32 : Type::b64);
}

// %rd12 becomes rd12. A name without a number (or of an inner block) gets its register's number, as no name of ours ends
// with one.
std::string cpp_name(const Register& reg, size_t index) {
  std::string name;
  for (const char c : reg.name)
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '_') name += c;
  const bool plain = reg.scope == 0 && reg.name[0] == '%' && std::isdigit(static_cast<unsigned char>(name.back()));
  return plain ? name : fmt::format("{}_{}", name, index);
}

/// How an instruction sees a register.
struct Uses {
  bool as_f32 = false, as_bits = false;
};

}  // namespace

RegisterTypes::RegisterTypes(const Function& function) : used_(function.registers.size()) {
  for (size_t i = 0; i < function.registers.size(); ++i) {
    types_.push_back(held_as(function.registers[i].type));
    names_.push_back(cpp_name(function.registers[i], i));
  }
  note_uses(function);
}

void RegisterTypes::note_uses(const Function& function) {
  std::vector<Uses> uses(types_.size());
  for (const Statement& statement : function.statements) {
    if (statement.guard >= 0) used_[static_cast<size_t>(statement.guard)] = true;
    if (statement.kind != Statement::Kind::instruction) continue;
    // Only where all types of an instruction are f32 do all its operands hold floats; a move of bits says nothing.
    bool f32 = false, other = false;
    for (const std::string& word : statement.words) {
      const Type type = type_named(word);
      if (type == Type::f32) f32 = true;
      else if (type != Type::none) other = true;
    }
    const std::string& opcode = statement.words[0];
    const bool moves = !f32 && (opcode == "mov" || opcode == "ld" || opcode == "st") && statement.words.back() == "b32";
    for (const Operand& operand : statement.operands)
      for_each_register(operand, [&](const Operand& reg) {
        used_[reg.index] = true;
        const bool in_address = operand.is(Operand::Kind::address);
        if (f32 && !other && !in_address) uses[reg.index].as_f32 = true;
        else if (!moves || in_address) uses[reg.index].as_bits = true;
      });
  }
  for (size_t i = 0; i < types_.size(); ++i)
    if (function.registers[i].type == Type::b32 && uses[i].as_f32 && !uses[i].as_bits) types_[i] = Type::f32;
}

}  // namespace skewbench::cuda_on_cpu::ptx
