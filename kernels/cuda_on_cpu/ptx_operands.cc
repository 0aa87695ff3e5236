// Operands as C++: registers, constants, special registers, addresses; and what is assigned to them.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "kernels/cuda_on_cpu/ptx_emitter.h"

namespace skewbench::cuda_on_cpu::ptx {
namespace {

std::string real_literal(uint64_t bits, Type type) {
  const double value = type == Type::f32 ? double{std::bit_cast<float>(static_cast<uint32_t>(bits))} : std::bit_cast<double>(bits);
  const char* const suffix = type == Type::f32 ? "f" : "";
  if (std::isfinite(value)) return fmt::format("{:a}{}", value, suffix);
  return type == Type::f32 ? fmt::format("bits<float>({:#x}u)", bits) : fmt::format("bits<double>(uint64_t{{{:#x}}})", bits);
}

}  // namespace

std::string integer_literal(uint64_t bits, Type type) {
  switch (type) {
    case Type::pred: return bits != 0 ? "true" : "false";
    case Type::s32: {
      const auto value = static_cast<int32_t>(bits);
      return value == INT32_MIN ? "(-2147483647 - 1)" : fmt::format("{}", value);
    }
    case Type::u32: case Type::b32: return fmt::format("{}u", static_cast<uint32_t>(bits));
    case Type::s64: {
      const auto value = static_cast<int64_t>(bits);
      return value == INT64_MIN ? "INT64_MIN" : fmt::format("int64_t{{{}}}", value);
    }
    case Type::u64: case Type::b64: return fmt::format("uint64_t{{{}u}}", bits);
    default:
      return fmt::format("{}({})", cpp_type(type), is_signed(type) ? static_cast<int64_t>(bits) : static_cast<int64_t>(bits & ((uint64_t{1} << bits_of(type)) - 1)));
  }
}

std::string Emitter::value(size_t i, Type type) {
  const Operand& operand = statement_->operands[i];
  const uint64_t unit = context_.mutants != Mutants::none ? slice_.stride(index_, i) : 0;
  const std::string plain = value(operand, type);
  if (unit == 0 || !is_integer(type)) return plain;
  const std::string number = site("stride", fmt::format("+{}", unit).c_str());
  if (number.empty()) return plain;
  return fmt::format("{}({} + (mutant == {} ? {} : 0))", cpp_type(type), plain, number, unit);
}

std::string Emitter::value(const Operand& operand, Type type) {
  switch (operand.kind) {
    case Operand::Kind::register_: {
      const Type held = registers_.type(operand.index);
      const std::string& name = registers_.name(operand.index);
      if ((held == Type::pred) != (type == Type::pred)) fail("a predicate and a number mixed");
      if (held == Type::pred) return operand.negated ? "!" + name : name;
      if (std::string_view(cpp_type(held)) == cpp_type(type)) return name;
      if (is_real(held) || is_real(type)) {
        if (bits_of(held) != bits_of(type)) fail(fmt::format("operand '{}' of another width", operand.name));
        return fmt::format("bits<{}>({})", cpp_type(type), name);
      }
      if (bits_of(held) < bits_of(type)) fail(fmt::format("operand '{}' narrower than its type", operand.name));
      return fmt::format("{}({})", cpp_type(type), name);
    }
    case Operand::Kind::integer: return constant(operand.bits, Type::none, type);
    case Operand::Kind::real32: return constant(operand.bits, Type::f32, type);
    case Operand::Kind::real64: return constant(operand.bits, Type::f64, type);
    case Operand::Kind::special: return special(operand.name, type);
    case Operand::Kind::symbol: return fmt::format("{}({})", cpp_type(type), symbol_address(operand));
    default: fail("unknown form of operand");
  }
}

std::string Emitter::constant(uint64_t bits, Type type, Type wanted) {
  if (type == Type::none) {
    if (!is_real(wanted)) return integer_literal(bits, wanted);
    return real_literal(bits, wanted);
  }
  if (bits_of(type) != bits_of(wanted)) fail("a constant of another width");
  if (!is_real(wanted)) return integer_literal(bits, wanted);
  const std::string plain = real_literal(bits, type);
  const double v = type == Type::f32 ? double{std::bit_cast<float>(static_cast<uint32_t>(bits))} : std::bit_cast<double>(bits);
  const std::string number = site("constant", v == 0 ? "0 becomes 1" : std::isfinite(v) ? "x2" : "becomes 0");
  if (number.empty()) return plain;
  const std::string changed = v == 0 ? "1" : std::isfinite(v) ? fmt::format("2 * {}", plain) : "0";
  return fmt::format("(mutant == {} ? {} : {})", number, changed, plain);
}

std::string Emitter::special(const std::string& name, Type type) {
  static const std::map<std::string, std::string> known = [] {
    std::map<std::string, std::string> result{
        {"%laneid", "thread.lane"}, {"%warpid", "thread.warp"}, {"%nwarpid", "warps_of(thread)"}, {"WARP_SZ", "32u"},
        {"%lanemask_eq", "(1u << thread.lane)"}, {"%lanemask_lt", "((1u << thread.lane) - 1)"}, {"%lanemask_le", "((2u << thread.lane) - 1)"},
        {"%lanemask_gt", "~((2u << thread.lane) - 1)"}, {"%lanemask_ge", "~((1u << thread.lane) - 1)"},
        {"%clock", "uint32_t(clock_ticks())"}, {"%clock_hi", "uint32_t(clock_ticks() >> 32)"}, {"%clock64", "clock_ticks()"},
        {"%globaltimer", "clock_ticks()"}, {"%globaltimer_lo", "uint32_t(clock_ticks())"}, {"%globaltimer_hi", "uint32_t(clock_ticks() >> 32)"},
        {"%dynamic_smem_size", ""}, {"%total_smem_size", "thread.shared_bytes"}};
    for (int d = 0; d < 3; ++d)
      for (const char* const array : {"tid", "ntid", "ctaid", "nctaid"})
        result[fmt::format("%{}.{}", array, "xyz"[d])] = fmt::format("thread.{}[{}]", array, d);
    return result;
  }();
  const auto found = known.find(name);
  if (found == known.end()) fail(fmt::format("unknown special register '{}'", name));
  const std::string text = name == "%dynamic_smem_size" ? fmt::format("(thread.shared_bytes - {}u)", context_.static_shared_bytes) : found->second;
  return fmt::format("{}({})", cpp_type(type), text);
}

std::string Emitter::symbol_address(const Operand& operand) {
  const std::string& name = operand.name;
  std::string base;
  const auto is_named = [&](const Variable& variable) { return variable.name == name; };
  if (const auto shared = context_.shared_offsets.find(name); shared != context_.shared_offsets.end())
    base = fmt::format("uint64_t{{{}}}", shared->second);
  else if (context_.globals.contains(name))
    base = "address_of_" + identifier(name);
  else if (const auto& p = function_.parameters; function_.entry && std::any_of(p.begin(), p.end(), is_named))
    base = fmt::format("address_of(parameters + {})", parameter_offset(function_, name));
  else if (std::any_of(p.begin(), p.end(), is_named) || std::any_of(function_.results.begin(), function_.results.end(), is_named) ||
           std::any_of(function_.variables.begin(), function_.variables.end(), is_named))
    base = fmt::format("address_of({})", identifier(name));
  else
    fail(fmt::format("unknown name '{}'", name));
  return operand.offset == 0 ? base : fmt::format("({} + {})", base, operand.offset);
}

std::string Emitter::address(size_t i) {
  const Operand& operand = statement_->operands[i];
  if (!operand.is(Operand::Kind::address)) fail("an operand that is no address");
  const Operand& base = operand.parts[0];
  const bool narrow = base.is(Operand::Kind::register_) && bits_of(registers_.type(base.index)) == 32;
  const std::string start = narrow ? fmt::format("uint64_t({})", value(base, Type::u32)) : value(base, Type::u64);
  if (operand.offset == 0) return start;
  const uint64_t unit = context_.mutants != Mutants::none ? slice_.stride(index_, i) : 0;
  const std::string number = unit == 0 ? "" : site("stride", fmt::format("+{}", unit).c_str());
  if (number.empty()) return fmt::format("{} + {}", start, operand.offset);
  return fmt::format("{} + (mutant == {} ? {} : {})", start, number, operand.offset + static_cast<int64_t>(unit), operand.offset);
}

std::string Emitter::parameter_pointer(const Operand& operand) {
  if (!operand.is(Operand::Kind::address)) fail("an operand that is no address");
  const Operand& base = operand.parts[0];
  if (base.is(Operand::Kind::register_)) return fmt::format("pointer_to({} + {})", value(base, Type::u64), operand.offset);
  if (!base.is(Operand::Kind::symbol)) fail("unknown form of parameter");
  const auto& p = function_.parameters;
  const bool of_kernel = function_.entry && std::any_of(p.begin(), p.end(), [&](const Variable& v) { return v.name == base.name; });
  return of_kernel ? fmt::format("parameters + {}", parameter_offset(function_, base.name) + operand.offset)
                   : fmt::format("{} + {}", identifier(base.name), operand.offset);
}

std::string Emitter::assignment(const Operand& operand, Type type, const std::string& expression) {
  if (operand.is(Operand::Kind::sink)) return fmt::format("(void)({});", expression);
  if (!operand.is(Operand::Kind::register_)) fail("a destination that is no register");
  const Type held = registers_.type(operand.index);
  const std::string& name = registers_.name(operand.index);
  if ((held == Type::pred) != (type == Type::pred)) fail("a predicate and a number mixed");
  if (is_real(held) != is_real(type) || bits_of(held) < bits_of(type)) {
    if (bits_of(held) != bits_of(type)) fail(fmt::format("destination '{}' of another width", operand.name));
    return fmt::format("{} = bits<{}>({}({}));", name, cpp_type(held), cpp_type(type), expression);
  }
  if (bits_of(held) == bits_of(type)) return fmt::format("{} = {};", name, expression);
  return fmt::format("{} = {}({});", name, cpp_type(type), expression);  // widened by its sign
}

void Emitter::assign(const Operand& operand, Type type, const std::string& expression) { line(assignment(operand, type, expression)); }

}  // namespace skewbench::cuda_on_cpu::ptx
