// Conversions, moves, addresses of other spaces.
#include <fmt/format.h>

#include "kernels/cuda_on_cpu/ptx_rows.h"

namespace skewbench::cuda_on_cpu::ptx {
namespace {

/// mov.b64 {a, b}, c and mov.b64 c, {a, b}: the first is the lowest.
void emit_pack(Emitter& emitter, const Instruction& instruction) {
  const Operand &to = instruction.operand(0), &from = instruction.operand(1);
  const Type type = instruction.type();
  const auto part_type = [&](const Operand& vector) {
    const unsigned bits = bits_of(type) / static_cast<unsigned>(vector.parts.size());
    return bits == 8 ? Type::u8 : bits == 16 ? Type::u16 : bits == 32 ? Type::u32 : (emitter.fail("unknown form of vector"), Type::none);
  };
  if (to.is(Operand::Kind::vector)) {
    const Type part = part_type(to);
    emitter.line(fmt::format("{{ const {} whole_ = {};", cpp_type(type), emitter.value(1, type)));
    for (size_t i = 0; i < to.parts.size(); ++i)
      emitter.assign(to.parts[i], part, fmt::format("{}(whole_ >> {})", cpp_type(part), i * bits_of(part)));
    return emitter.line("}");
  }
  const Type part = part_type(from);
  std::string whole;
  for (size_t i = 0; i < from.parts.size(); ++i)
    whole += fmt::format("{}{}({}) << {}", i ? " | " : "", cpp_type(type), emitter.value(from.parts[i], part), i * bits_of(part));
  emitter.assign(to, type, whole);
}

void emit_mov(Emitter& emitter, const Instruction& instruction) {
  if (instruction.operand(0).is(Operand::Kind::vector) || instruction.operand(1).is(Operand::Kind::vector)) return emit_pack(emitter, instruction);
  emitter.assign(instruction.operand(0), instruction.type(), emitter.value(1, instruction.type()));
}

/// Generic addresses of shared memory are its host addresses; those of the other spaces do not change.
void emit_cvta(Emitter& emitter, const Instruction& instruction) {
  const std::string address = emitter.value(1, Type::u64), &space = instruction.choice("space");
  const bool shared = space.starts_with("shared");
  emitter.assign(instruction.operand(0), Type::u64,
                 !shared ? address : instruction.has("to") ? address + " - address_of(memory.shared)" : address + " + address_of(memory.shared)");
}

/// cvt.packed d, a, b: a goes to the upper half
#define PACKED(half) "pair_of(" half "($1), " half "($2))"

}  // namespace

std::vector<Row> convert_rows() {
  return {
      {"mov (b16|b32|b64|u16|u32|u64|s16|s32|s64|f32|f64|pred)", "x x", nullptr, emit_mov},
      {"cvta [to] space:(global|const|local|param|shared|shared::cta) u64", "x x", nullptr, emit_cvta},
      {"isspacep global", "pred u64", "$1 - memory.base < kDeviceWindow", nullptr},
      {"isspacep (shared|shared::cta)", "pred u64", "$1 - address_of(memory.shared) < thread.shared_bytes", nullptr},

      {"cvt (u8|u16|u32|u64|s8|s16|s32|s64) (u8|u16|u32|u64|s8|s16|s32|s64)", "A T", "{A}($1)", nullptr},
      {"cvt sat (u8|u16|u32|u64|s8|s16|s32|s64) (u8|u16|u32|u64|s8|s16|s32|s64)", "A T", "saturated_integer<{A}>($1)", nullptr},
      {"cvt round:(rni|rzi|rmi|rpi) [ftz] [sat] (u8|u16|u32|u64|s8|s16|s32|s64) f32", "A T", "to_integer<{A}, float>(integral_{round}($1))", nullptr},
      {"cvt round:(rni|rzi|rmi|rpi) [sat] (u8|u16|u32|u64|s8|s16|s32|s64) f64", "A T", "to_integer<{A}, double>(integral_{round}($1))", nullptr},
      {"cvt round:(rni|rzi|rmi|rpi) [ftz] [sat] f32 f32", "A T", "integral_{round}($1)", nullptr},
      {"cvt round:(rni|rzi|rmi|rpi) f64 f64", "A T", "integral_{round}($1)", nullptr},
      {"cvt rn [sat] f32 (u8|u16|u32|u64|s8|s16|s32|s64)", "A T", "float($1)", nullptr},
      {"cvt round:(rz|rm|rp) [sat] f32 (u8|u16|u32|u64|s8|s16|s32|s64)", "A T", "to_float<Rounding::{round}>(odd_double($1))", nullptr},
      {"cvt rn f64 (u8|u16|u32|u64|s8|s16|s32|s64)", "A T", "double($1)", nullptr},
      {"cvt [ftz] [sat] f32 f32", "A T", "$1", nullptr},
      {"cvt rn f16 (f32|f64)", "A T", "F16::nearest(double($1))", nullptr},
      {"cvt rn sat f16 f32", "A T", "half_saturated<F16>(F16::nearest(double($1)))", nullptr},
      {"cvt round:(rz|rm|rp) f16 (f32|f64)", "A T", "to_f16<Rounding::{round}>(double($1))", nullptr},
      {"cvt round:(rn|rz|rm|rp) f16 (u8|u16|u32|u64|s8|s16|s32|s64)", "A T", "to_f16<Rounding::{round}>(odd_double($1))", nullptr},
      {"cvt f32 f16", "A T", "F16::value($1)", nullptr},
      {"cvt f64 f16", "A T", "double(F16::value($1))", nullptr},
      {"cvt round:(rni|rzi|rmi|rpi) f16 f16", "A T", "F16::nearest(double(integral_{round}(F16::value($1))))", nullptr},
      {"cvt round:(rni|rzi|rmi|rpi) (u8|u16|u32|u64|s8|s16|s32|s64) f16", "A T", "to_integer<{A}, float>(integral_{round}(F16::value($1)))", nullptr},
      {"cvt rn bf16 f32", "A T", "Bf16::nearest(double($1))", nullptr},
      {"cvt rz bf16 f32", "A T", "truncated_bf16($1)", nullptr},
      {"cvt rn f16x2 f32", "A T T", PACKED("F16::nearest"), nullptr},
      {"cvt rz f16x2 f32", "A T T", PACKED("to_f16<Rounding::rz>"), nullptr},
      {"cvt rn bf16x2 f32", "A T T", PACKED("Bf16::nearest"), nullptr},
      {"cvt rz bf16x2 f32", "A T T", PACKED("truncated_bf16"), nullptr},
      {"cvt rna tf32 f32", "A T", "to_tf32($1)", nullptr},
      {"cvt [ftz] f64 f32", "A T", "double($1)", nullptr},
      {"cvt rn [ftz] [sat] f32 f64", "A T", "float($1)", nullptr},
      {"cvt round:(rz|rm|rp) [ftz] [sat] f32 f64", "A T", "to_float<Rounding::{round}>($1)", nullptr},
  };
}

}  // namespace skewbench::cuda_on_cpu::ptx
