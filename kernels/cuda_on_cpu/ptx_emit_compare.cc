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

/// The value of the half of a pair that starts at bit `shift`.
std::string half_of(const std::string& pair, int shift) { return fmt::format("F16::value(uint16_t({} >> {}))", pair, shift); }

/// What the comparison gives, with the mutants of an integer's bound.
std::string comparison(Emitter& emitter, const Instruction& instruction) {
  const Type type = instruction.type();
  std::string a = emitter.value(1, type), b = emitter.value(2, type);
  if (is_real(type)) {
    if (instruction.has("ftz")) a = fmt::format("flushed({})", a), b = fmt::format("flushed({})", b);
    return compare_reals(instruction.choice("op"), a, b);
  }
  if (type == Type::f16) return compare_reals(instruction.choice("op"), half_of(a, 0), half_of(b, 0));
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
  const char* const yes = result == Type::f16 ? "F16::kOne" : is_real(result) ? "1" : "-1";
  emitter.assign(instruction.operand(0), result, fmt::format("{} ? {}({}) : {}(0)", comparison(emitter, instruction), cpp_type(result), yes, cpp_type(result)));
}

/// setp of pairs: p|q are the comparisons of the low and of the high halves
void emit_setp_pair(Emitter& emitter, const Instruction& instruction) {
  const Operand& to = instruction.operand(0);
  if (!to.is(Operand::Kind::pair)) emitter.fail("unknown form of operands");
  const std::string a = emitter.value(1, Type::u32), b = emitter.value(2, Type::u32);
  emitter.line(fmt::format("{{ const bool low_ = {}, high_ = {};", compare_reals(instruction.choice("op"), half_of(a, 0), half_of(b, 0)),
                           compare_reals(instruction.choice("op"), half_of(a, 16), half_of(b, 16))));
  emitter.line(emitter.assignment(to.parts[0], Type::pred, "low_") + " " + emitter.assignment(to.parts[1], Type::pred, "high_") + " }");
}

/// set of pairs: in each half 1.0, or all ones
void emit_set_pair(Emitter& emitter, const Instruction& instruction) {
  const std::string a = emitter.value(1, Type::u32), b = emitter.value(2, Type::u32), yes = instruction.type(0) == Type::f16x2 ? "F16::kOne" : "0xffff";
  const auto half = [&](int shift) {
    return fmt::format("uint16_t({} ? {} : 0)", compare_reals(instruction.choice("op"), half_of(a, shift), half_of(b, shift)), yes);
  };
  emitter.assign(instruction.operand(0), Type::u32, fmt::format("pair_of({}, {})", half(16), half(0)));
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
      {"setp op:(eq|ne|lt|le|gt|ge|equ|neu|ltu|leu|gtu|geu|num|nan) join:[and|or|xor] (f16)", "x x x x?", nullptr, emit_setp},
      {"setp op:(eq|ne|lt|le|gt|ge|equ|neu|ltu|leu|gtu|geu|num|nan) (f16x2)", "x x x", nullptr, emit_setp_pair},
      {"set op:(eq|ne|lt|le|gt|ge|equ|neu|ltu|leu|gtu|geu|num|nan) (f16|u32|s32) (f16)", "x x x", nullptr, emit_set},
      {"set op:(eq|ne|lt|le|gt|ge|equ|neu|ltu|leu|gtu|geu|num|nan) (f16x2|u32|s32) (f16x2)", "x x x", nullptr, emit_set_pair},
      {"selp (b16|b32|b64|u16|u32|u64|s16|s32|s64|f32|f64)", "T T T pred", "$3 ? $1 : $2", nullptr},
      {"slct (b16|b32|b64|u16|u32|u64|s16|s32|s64|f32|f64) (s32)", "x x x x", nullptr, emit_slct},
      {"slct [ftz] (b16|b32|b64|u16|u32|u64|s16|s32|s64|f32|f64) (f32)", "x x x x", nullptr, emit_slct},
  };
}

}  // namespace skewbench::cuda_on_cpu::ptx
