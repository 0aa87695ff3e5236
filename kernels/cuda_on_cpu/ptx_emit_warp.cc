// Barriers and collectives of a warp.
#include <fmt/format.h>

#include "kernels/cuda_on_cpu/ptx_rows.h"

namespace skewbench::cuda_on_cpu::ptx {
namespace {

/// Code that a mutant leaves out.
void removable(Emitter& emitter, const std::string& code) {
  const std::string site = emitter.site("barrier", "removed");
  emitter.line(site.empty() ? code : fmt::format("if (mutant != {}) {}", site, code));
}

/// Number and thread count of a barrier; count 0: the whole block
std::string barrier_operands(Emitter& emitter, size_t first, size_t end) {
  return fmt::format("thread, {}, {}", emitter.value(first, Type::u32), end > first + 1 ? emitter.value(first + 1, Type::u32) : "0");
}

void emit_barrier(Emitter& emitter, const Instruction& instruction) {
  removable(emitter, fmt::format("barrier({}, {});", barrier_operands(emitter, 0, instruction.operands()), emitter.place()));
}

void emit_barrier_arrive(Emitter& emitter, const Instruction&) {
  emitter.line(fmt::format("barrier_arrive({}, {});", barrier_operands(emitter, 0, 2), emitter.place()));
}

void emit_barrier_reduce(Emitter& emitter, const Instruction& instruction) {
  const std::string& op = instruction.choice("op");
  const size_t predicate = instruction.operands() - 1;
  emitter.assign(instruction.operand(0), op == "popc" ? Type::u32 : Type::pred,
                 fmt::format("barrier_reduce({}, Reduction::{}, {}, {}){}", barrier_operands(emitter, 1, predicate),
                             op == "popc" ? op : op + "_", emitter.value(predicate, Type::pred), emitter.place(), op == "popc" ? "" : " != 0"));
}

void emit_warp_barrier(Emitter& emitter, const Instruction&) {
  removable(emitter, fmt::format("warp_barrier(thread, {}, {});", emitter.value(0, Type::u32), emitter.place()));
}

/// shfl.sync.mode d[|p], a, lane, clamp, mask
void emit_shuffle(Emitter& emitter, const Instruction& instruction) {
  const Operand& to = instruction.operand(0);
  emitter.line(fmt::format("{{ bool in_range_; const uint32_t v_ = shuffle(thread, Shuffle::{}, {}, {}, {}, {}, in_range_, {});",
                           instruction.choice("mode"), emitter.value(1, Type::u32), emitter.value(2, Type::u32), emitter.value(3, Type::u32),
                           emitter.value(4, Type::u32), emitter.place()));
  const bool pair = to.is(Operand::Kind::pair);
  emitter.assign(pair ? to.parts[0] : to, Type::u32, "v_");
  if (pair) emitter.assign(to.parts[1], Type::pred, "in_range_");
  emitter.line("}");
}

void emit_vote(Emitter& emitter, const Instruction& instruction) {
  const std::string& mode = instruction.choice("mode");
  emitter.line(fmt::format("{{ const uint32_t mask_ = {} & lanes_of_warp(thread), holds_ = ballot(thread, mask_, {}, {});", emitter.value(2, Type::u32),
                           emitter.value(1, Type::pred), emitter.place()));
  if (mode == "ballot") emitter.assign(instruction.operand(0), Type::u32, "holds_");
  else emitter.assign(instruction.operand(0), Type::pred, mode == "any" ? "holds_ != 0" : mode == "all" ? "holds_ == mask_" : "holds_ == 0 || holds_ == mask_");
  emitter.line("}");
}

/// match.any.sync d, a, mask and match.all.sync d[|p], a, mask: all members or none, and whether all have the same value
void emit_match(Emitter& emitter, const Instruction& instruction) {
  const Operand& to = instruction.operand(0);
  const bool pair = to.is(Operand::Kind::pair), any = instruction.has("any");
  if (pair && any) emitter.fail("unknown form of operands");
  emitter.line(fmt::format("{{ const uint32_t mask_ = {} & lanes_of_warp(thread), same_ = lanes_with_value(thread, {}, mask_, {});", emitter.value(2, Type::u32),
                           emitter.value(1, instruction.type()), emitter.place()));
  emitter.assign(pair ? to.parts[0] : to, Type::u32, any ? "same_" : "same_ == mask_ ? mask_ : 0");
  if (pair) emitter.assign(to.parts[1], Type::pred, "same_ == mask_");
  emitter.line("}");
}

/// redux.sync.op d, a, mask
void emit_redux(Emitter& emitter, const Instruction& instruction) {
  const std::string& op = instruction.choice("op");
  const Type type = instruction.type() == Type::s32 && op != "add" ? Type::s32 : Type::u32;
  const std::string combined = op == "add" ? "a + b" : op == "min" ? "a < b ? a : b" : op == "max" ? "a > b ? a : b"
                             : op == "and" ? "a & b" : op == "or" ? "a | b" : "a ^ b";
  emitter.assign(instruction.operand(0), type,
                 fmt::format("reduced<{0}>(thread, {1}, {2}, []({0} a, {0} b) {{ return {3}; }}, {4})", cpp_type(type), emitter.value(1, type),
                             emitter.value(2, Type::u32), combined, emitter.place()));
}

}  // namespace

std::vector<Row> warp_rows() {
  return {
      {"bar [cta] sync", "x x?", nullptr, emit_barrier},
      {"barrier [cta] sync [aligned]", "x x?", nullptr, emit_barrier},
      {"bar [cta] arrive", "x x", nullptr, emit_barrier_arrive},
      {"barrier [cta] arrive [aligned]", "x x", nullptr, emit_barrier_arrive},
      {"bar [cta] red op:(and|or) pred", "x x x x?", nullptr, emit_barrier_reduce},
      {"barrier [cta] red op:(and|or) [aligned] pred", "x x x x?", nullptr, emit_barrier_reduce},
      {"bar [cta] red op:(popc) u32", "x x x x?", nullptr, emit_barrier_reduce},
      {"barrier [cta] red op:(popc) [aligned] u32", "x x x x?", nullptr, emit_barrier_reduce},
      {"bar warp sync", "x", nullptr, emit_warp_barrier},
      {"shfl sync mode:(up|down|bfly|idx) b32", "x x x x x", nullptr, emit_shuffle},
      {"vote sync mode:(any|all|uni) pred", "x x x", nullptr, emit_vote},
      {"vote sync mode:(ballot) b32", "x x x", nullptr, emit_vote},
      {"match any sync (b32|b64)", "x x x", nullptr, emit_match},
      {"match all sync (b32|b64)", "x x x", nullptr, emit_match},
      {"redux sync op:(add|min|max) (u32|s32)", "x x x", nullptr, emit_redux},
      {"redux sync op:(and|or|xor) (b32)", "x x x", nullptr, emit_redux},
      {"activemask b32", "u32", "active_mask(thread)", nullptr},
  };
}

}  // namespace skewbench::cuda_on_cpu::ptx
