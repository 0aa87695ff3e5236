// Comparisons and selections.
#include <fmt/format.h>

#include <map>

#include "kernels/cuda_on_cpu/ptx_rows.h"

namespace skewbench::cuda_on_cpu::ptx {
namespace {

/// The C++ operator of a comparison, or "" for num and nan.
std::string ordered_operator(const std::string& comparison) {
  static const std::map<std::string, std::string> operators{{"eq", "=="}, {"ne", "!="}, {"lt", "<"}, {"le", "<="}, {"gt", ">"},
                                                            {"ge", ">="}, {"lo", "<"}, {"ls", "<="}, {"hi", ">"}, {"hs", ">="}};
  const auto found = operators.find(comparison);
  return found == operators.end() ? "" : found->second;
}

/// Floats: eq ... ge are false if one is NaN, equ ... geu are true. C++'s != is true with a NaN, all others are false.
std::string compare_reals(const std::string& comparison, const std::string& a, const std::string& b) {
  if (comparison == "num") return fmt::format("!is_nan({}) && !is_nan({})", a, b);
  if (comparison == "nan") return fmt::format("is_nan({}) || is_nan({})", a, b);
  if (comparison == "ne") return fmt::format("{0} < {1} || {0} > {1}", a, b);
  if (comparison == "neu") return fmt::format("{} != {}", a, b);
  if (const std::string plain = ordered_operator(comparison); !plain.empty()) return fmt::format("{} {} {}", a, plain, b);
  static const std::map<std::string, std::string> opposite{{"equ", "ne"}, {"ltu", "ge"}, {"leu", "gt"}, {"gtu", "le"}, {"geu", "lt"}};
  return fmt::format("!({})", compare_reals(opposite.at(comparison), a, b));
}

/// What the comparison gives, with the mutants of an integer's bound.
std::string comparison(Emitter& emitter, const Instruction& instruction) {
  const Type type = instruction.type();
  std::string a = emitter.value(1, type), b = emitter.value(2, type);
  if (is_real(type)) {
    if (instruction.has("ftz")) a = fmt::format("flushed({})", a), b = fmt::format("flushed({})", b);
    return compare_reals(instruction.choice("op"), a, b);
  }
  const std::string up = emitter.site("bound", "+1"), down = emitter.site("bound", "-1");
  if (!up.empty()) b = fmt::format("{}({} + {}(bound_shift(mutant, {})))", cpp_type(type), b, bits_of(type) == 64 ? "int32_t" : "", up);
  return fmt::format("{} {} {}", a, ordered_operator(instruction.choice("op")), b);
}

/// setp.op[.and|or|xor] p[|q], a, b[, c]: p = (a op b) and c, q = !(a op b) and c
void emit_setp(Emitter& emitter, const Instruction& instruction) {
  const std::string join = instruction.choice("join");
  if (join.empty() == (instruction.operands() == 4)) emitter.fail("unknown form of operands");
  const std::string sign = join == "and" ? "&" : join == "or" ? "|" : "^";
  const Operand& to = instruction.operand(0);
  const std::string result = comparison(emitter, instruction);
  const auto joined = [&](const std::string& condition) {
    return join.empty() ? condition : fmt::format("({}) {} {}", condition, sign, emitter.value(3, Type::pred));
  };
  if (!to.is(Operand::Kind::pair)) return emitter.assign(to, Type::pred, joined(result));
  emitter.line(fmt::format("{{ const bool holds_ = {};", result));  // both are computed before either is written
  emitter.line(fmt::format("const bool p_ = {}, q_ = {};", joined("holds_"), joined("!holds_")));
  emitter.line(emitter.assignment(to.parts[0], Type::pred, "p_") + " " + emitter.assignment(to.parts[1], Type::pred, "q_") + " }");
}

/// set.op.type.source: all ones or 1.0 where the comparison holds
void emit_set(Emitter& emitter, const Instruction& instruction) {
  const Type result = instruction.type(0);
  emitter.assign(instruction.operand(0), result, fmt::format("{} ? {}({}) : {}(0)", comparison(emitter, instruction), cpp_type(result),
                                                            is_real(result) ? "1" : "-1", cpp_type(result)));
}

/// slct: a where c >= 0, else b; a NaN selects b.
void emit_slct(Emitter& emitter, const Instruction& instruction) {
  const Type type = instruction.type(0), of = instruction.type(1);
  std::string c = emitter.value(3, of);
  if (instruction.has("ftz")) c = fmt::format("flushed({})", c);
  emitter.assign(instruction.operand(0), type, fmt::format("{} >= 0 ? {} : {}", c, emitter.value(1, type), emitter.value(2, type)));
}

}  // namespace

std::vector<Row> compare_rows() {
  return {
      {"setp op:(eq|ne|lt|le|gt|ge) join:[and|or|xor] (s16|s32|s64)", "x x x x?", nullptr, emit_setp},
      {"setp op:(eq|ne|lt|le|gt|ge|lo|ls|hi|hs) join:[and|or|xor] (u16|u32|u64)", "x x x x?", nullptr, emit_setp},
      {"setp op:(eq|ne) join:[and|or|xor] (b16|b32|b64)", "x x x x?", nullptr, emit_setp},
      {"setp op:(eq|ne|lt|le|gt|ge|equ|neu|ltu|leu|gtu|geu|num|nan) join:[and|or|xor] [ftz] (f32)", "x x x x?", nullptr, emit_setp},
      {"setp op:(eq|ne|lt|le|gt|ge|equ|neu|ltu|leu|gtu|geu|num|nan) join:[and|or|xor] (f64)", "x x x x?", nullptr, emit_setp},
      {"set op:(eq|ne|lt|le|gt|ge) (u32|s32|f32) (s16|s32|s64|u16|u32|u64)", "x x x", nullptr, emit_set},
      {"set op:(eq|ne) (u32|s32|f32) (b16|b32|b64)", "x x x", nullptr, emit_set},
      {"set op:(eq|ne|lt|le|gt|ge|equ|neu|ltu|leu|gtu|geu|num|nan) [ftz] (u32|s32|f32) (f32)", "x x x", nullptr, emit_set},
      {"set op:(eq|ne|lt|le|gt|ge|equ|neu|ltu|leu|gtu|geu|num|nan) (u32|s32|f32) (f64)", "x x x", nullptr, emit_set},
      {"selp (b16|b32|b64|u16|u32|u64|s16|s32|s64|f32|f64)", "T T T pred", "$3 ? $1 : $2", nullptr},
      {"slct (b16|b32|b64|u16|u32|u64|s16|s32|s64|f32|f64) (s32)", "x x x x", nullptr, emit_slct},
      {"slct [ftz] (b16|b32|b64|u16|u32|u64|s16|s32|s64|f32|f64) (f32)", "x x x x", nullptr, emit_slct},
  };
}

}  // namespace skewbench::cuda_on_cpu::ptx
