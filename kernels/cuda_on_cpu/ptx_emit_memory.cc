// Loads, stores, atomics.
//
// Modifiers that change no value here: cache operators and hints (.ca .cg .cs .lu .cv .nc .wb .wt, .L1::*, .L2::*), and
// .weak .volatile .relaxed .acquire .release .acq_rel with their scopes: the machine executes a block's threads on one core, and
// its atomics are sequentially consistent.
#include <fmt/format.h>

#include "kernels/cuda_on_cpu/ptx_rows.h"

namespace skewbench::cuda_on_cpu::ptx {
namespace {

std::string space_of(const Instruction& instruction) {
  const std::string& space = instruction.choice("space");
  if (space.empty()) return "Space::generic";
  if (space == "const") return "Space::global";  // constants are variables in device memory
  return space.starts_with("shared") ? "Space::shared" : "Space::" + space;
}

size_t vector_length(const Instruction& instruction) { return instruction.has("v4") ? 4 : instruction.has("v2") ? 2 : 1; }

/// The registers of a vector operand, or the operand itself.
std::vector<Operand> elements(Emitter& emitter, const Instruction& instruction, size_t operand) {
  const size_t length = vector_length(instruction);
  const Operand& whole = instruction.operand(operand);
  if (length == 1 && !whole.is(Operand::Kind::vector)) return {whole};
  if (!whole.is(Operand::Kind::vector) || whole.parts.size() != length) emitter.fail("a vector of another length");
  return whole.parts;
}

/// C++ type of an access.
std::string accessed(const Instruction& instruction) {
  const size_t length = vector_length(instruction);
  const char* const element = cpp_type(instruction.type());
  return length == 1 ? element : fmt::format("Vector<{}, {}>", element, length);
}

void assign_elements(Emitter& emitter, const Instruction& instruction, const std::string& from) {
  const std::vector<Operand> to = elements(emitter, instruction, 0);
  if (to.size() == 1) return emitter.assign(to[0], instruction.type(), from);
  emitter.line(fmt::format("{{ const auto v_ = {};", from));
  for (size_t i = 0; i < to.size(); ++i) emitter.assign(to[i], instruction.type(), fmt::format("v_.at[{}]", i));
  emitter.line("}");
}

std::string joined_elements(Emitter& emitter, const Instruction& instruction) {
  const std::vector<Operand> from = elements(emitter, instruction, 1);
  if (from.size() == 1) return emitter.value(from[0], instruction.type());
  std::string list;
  for (const Operand& element : from) list += (list.empty() ? "" : ", ") + emitter.value(element, instruction.type());
  return fmt::format("{}{{{{{}}}}}", accessed(instruction), list);
}

/// The operand behind the others is a cache policy.
void check_policy(Emitter& emitter, const Instruction& instruction) {
  if (instruction.has("L2::cache_hint") != (instruction.operands() == 3)) emitter.fail("unknown form of operands");
}

void emit_ld(Emitter& emitter, const Instruction& instruction) {
  check_policy(emitter, instruction);
  assign_elements(emitter, instruction, fmt::format("memory.load<{}, {}>({}, {})", space_of(instruction), accessed(instruction),
                                                    emitter.address(1), emitter.place()));
}

void emit_st(Emitter& emitter, const Instruction& instruction) {
  check_policy(emitter, instruction);
  emitter.line(fmt::format("memory.store<{}, {}>({}, {}, {});", space_of(instruction), accessed(instruction), emitter.address(0),
                           joined_elements(emitter, instruction), emitter.place()));
}

void emit_ld_param(Emitter& emitter, const Instruction& instruction) {
  assign_elements(emitter, instruction, fmt::format("read_parameter<{}>({})", accessed(instruction), emitter.parameter_pointer(instruction.operand(1))));
}

void emit_st_param(Emitter& emitter, const Instruction& instruction) {
  emitter.line(fmt::format("write_parameter<{}>({}, {});", accessed(instruction), emitter.parameter_pointer(instruction.operand(0)),
                           joined_elements(emitter, instruction)));
}

/// What an atomic operation leaves behind, from the value before (`v`) and its operands (`b`, and `c` of cas).
std::string updated(const std::string& operation, Type type) {
  if (type == Type::f16 || type == Type::f16x2) return "half_sum<F16>(v, b)";
  if (operation == "add") return "v + b";
  if (operation == "min") return is_real(type) ? "minimum(v, b)" : "v < b ? v : b";
  if (operation == "max") return is_real(type) ? "maximum(v, b)" : "v > b ? v : b";
  if (operation == "and") return "v & b";
  if (operation == "or") return "v | b";
  if (operation == "xor") return "v ^ b";
  if (operation == "exch") return "b";
  if (operation == "cas") return "v == b ? c : v";
  if (operation == "inc") return "v >= b ? 0 : v + 1";
  return "v == 0 || v > b ? b : v - 1";  // dec
}

void emit_update(Emitter& emitter, const Instruction& instruction, size_t address) {
  const std::string& operation = instruction.choice("op");
  const Type type = operation == "add" && is_integer(instruction.type()) ? unsigned_of(instruction.type()) : instruction.type();
  const char* const cpp = cpp_type(type);
  std::string code = fmt::format("{{ const {} b = {}", cpp, emitter.value(address + 1, type));
  if (operation == "cas") code += fmt::format(", c = {}", emitter.value(address + 2, type));
  emitter.line(code + ";");
  const std::string expression = updated(operation, type);
  const std::string update = fmt::format("memory.atomic<{}, {}>({}, [=]({} v) {{ return {}({}); }}, {})", space_of(instruction), cpp,
                                         emitter.address(address), cpp, cpp, expression, emitter.place());
  if (address == 0)
    emitter.line(update + "; }");
  else
    emitter.line(emitter.assignment(instruction.operand(0), type, update) + " }");
}

void emit_atom(Emitter& emitter, const Instruction& instruction) { emit_update(emitter, instruction, 1); }
void emit_red(Emitter& emitter, const Instruction& instruction) { emit_update(emitter, instruction, 0); }

#define TYPES "(b8|b16|b32|b64|u8|u16|u32|u64|s8|s16|s32|s64|f32|f64)"
#define WRITE_HINTS "[L1::evict_normal|L1::evict_unchanged|L1::evict_first|L1::evict_last|L1::no_allocate] [L2::cache_hint] "
#define HINTS WRITE_HINTS "[L2::64B|L2::128B|L2::256B] "
#define ORDER "[relaxed|acquire|release|acq_rel] [cta|gpu|sys] space:[global|shared|shared::cta] "
#define RED_ORDER "[relaxed|release] [cta|gpu|sys] space:[global|shared|shared::cta] "

}  // namespace

std::vector<Row> memory_rows() {
  return {
      {"ld [weak] space:[global|shared|shared::cta|local|const] [ca|cg|cs|lu|cv] " HINTS "[v2|v4] " TYPES, "x x x?", nullptr, emit_ld},
      {"ld volatile space:[global|shared|shared::cta] [v2|v4] " TYPES, "x x", nullptr, emit_ld},
      {"ld (relaxed|acquire) (cta|gpu|sys) space:[global|shared|shared::cta] " HINTS "[v2|v4] " TYPES, "x x x?", nullptr, emit_ld},
      {"ld space:(global) [ca|cg|cs] nc " HINTS "[v2|v4] " TYPES, "x x x?", nullptr, emit_ld},
      {"ldu space:(global) [v2|v4] " TYPES, "x x", nullptr, emit_ld},
      {"ld param [v2|v4] (b8|b16|b32|b64|u8|u16|u32|u64|s8|s16|s32|f32|f64)", "x x", nullptr, emit_ld_param},
      {"st [weak] space:[global|shared|shared::cta|local] [wb|cg|cs|wt] " WRITE_HINTS "[v2|v4] " TYPES, "x x x?", nullptr, emit_st},
      {"st volatile space:[global|shared|shared::cta] [v2|v4] " TYPES, "x x", nullptr, emit_st},
      {"st (relaxed|release) (cta|gpu|sys) space:[global|shared|shared::cta] " WRITE_HINTS "[v2|v4] " TYPES, "x x x?", nullptr, emit_st},
      {"st param [v2|v4] (b8|b16|b32|b64|f32|f64)", "x x", nullptr, emit_st_param},

      {"atom " ORDER "op:(add) (u32|s32|u64|f32|f64)", "x x x", nullptr, emit_atom},
      {"atom " ORDER "op:(add) noftz (f16|f16x2)", "x x x", nullptr, emit_atom},
      {"atom " ORDER "op:(min|max) (u32|s32|u64|s64)", "x x x", nullptr, emit_atom},
      {"atom " ORDER "op:(and|or|xor|exch) (b32|b64)", "x x x", nullptr, emit_atom},
      {"atom " ORDER "op:(inc|dec) (u32)", "x x x", nullptr, emit_atom},
      {"atom " ORDER "op:(cas) (b16|b32|b64)", "x x x x", nullptr, emit_atom},
      {"red " RED_ORDER "op:(add) (u32|s32|u64|f32|f64)", "x x", nullptr, emit_red},
      {"red " RED_ORDER "op:(add) noftz (f16|f16x2)", "x x", nullptr, emit_red},
      {"red " RED_ORDER "op:(min|max) (u32|s32|u64|s64)", "x x", nullptr, emit_red},
      {"red " RED_ORDER "op:(and|or|xor) (b32|b64)", "x x", nullptr, emit_red},
      {"red " RED_ORDER "op:(inc|dec) (u32)", "x x", nullptr, emit_red},
  };
}

}  // namespace skewbench::cuda_on_cpu::ptx
