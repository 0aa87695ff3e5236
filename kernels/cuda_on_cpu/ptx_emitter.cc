#include "kernels/cuda_on_cpu/ptx_emitter.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <sstream>

#include "kernels/cuda_on_cpu/ptx_parser.h"

namespace skewbench::cuda_on_cpu::ptx {
namespace {

struct Known {
  const Row* row;
  Pattern pattern;
};

/// Rows by opcode.
const std::unordered_multimap<std::string, Known>& patterns() {
  static const auto all = [] {
    std::unordered_multimap<std::string, Known> result;
    for (const Row& row : known_instructions()) {
      Pattern pattern(row.pattern);
      const std::string opcode = pattern.opcode();
      result.emplace(opcode, Known{&row, std::move(pattern)});
    }
    return result;
  }();
  return all;
}

std::vector<std::string> split(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

void replace_all(std::string& text, const std::string& what, const std::string& by) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) text.replace(at, what.size(), by);
}

/// Type of a word of Row::operands for this instruction.
Type operand_type(const std::string& word, const Instruction& instruction) {
  if (word == "T") return instruction.type();
  if (word == "A") return instruction.type(0);
  if (word == "U") return unsigned_of(instruction.type());
  if (word == "W") return twice_as_wide(instruction.type());
  if (word == "V") return unsigned_of(twice_as_wide(instruction.type()));
  return type_named(word);
}

bool operand_count_fits(const Row& row, size_t count) {
  const auto words = split(row.operands);
  const auto least = std::count_if(words.begin(), words.end(), [](const std::string& word) { return !word.ends_with('?'); });
  return count >= static_cast<size_t>(least) && count <= words.size();
}

std::string real_literal(uint64_t bits, Type type) {
  const double value = type == Type::f32 ? double{std::bit_cast<float>(static_cast<uint32_t>(bits))} : std::bit_cast<double>(bits);
  const char* const suffix = type == Type::f32 ? "f" : "";
  if (std::isfinite(value)) return fmt::format("{:a}{}", value, suffix);
  return type == Type::f32 ? fmt::format("bits<float>({:#x}u)", bits) : fmt::format("bits<double>(uint64_t{{{:#x}}})", bits);
}

}  // namespace

std::string identifier(const std::string& name) {
  std::string result;
  for (const char c : name) result += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return result;
}

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

uint64_t parameter_offset(const Function& kernel, const std::string& name) {
  uint64_t offset = 0;
  for (const Variable& parameter : kernel.parameters) {
    offset = (offset + parameter.align - 1) / parameter.align * parameter.align;
    if (parameter.name == name) break;
    offset += parameter.bytes();
  }
  return offset;
}

std::string function_name(const std::string& name) { return "function_" + identifier(name); }

std::string function_head(const Function& function) {
  std::string head = fmt::format("void {}(Thread& thread", function_name(function.name));
  for (const Variable& result : function.results) head += fmt::format(", std::byte* {}", identifier(result.name));
  for (const Variable& parameter : function.parameters) head += fmt::format(", std::byte* {}", identifier(parameter.name));
  return head + ")";
}

Emitter::Emitter(KernelContext& context, const Function& function)
    : context_(context), function_(function), registers_(function), slice_(function) {}

void Emitter::fail(const std::string& what) const {
  throw Error(fmt::format("{}:{}: {} in {}: {}", context_.module.path, statement_ ? statement_->origin.ptx_line : function_.origin.ptx_line,
                          what, function_.name, statement_ ? statement_->text : ""));
}

std::string Emitter::emit() {
  emit_head();
  emit_variables();
  emit_parameters();
  emit_registers();
  count_block(0);
  for (size_t i = 0; i < function_.statements.size(); ++i) emit_statement(i);
  return code_ + "}\n";
}

void Emitter::emit_head() {
  code_ += function_.entry ? "void body(Thread& thread, const std::byte* parameters) {\n" : function_head(function_) + " {\n";
  line("const Memory memory(thread);");
  if (context_.mutants) line("const uint32_t mutant = active_mutant - first_site;");
}

void Emitter::emit_variables() {
  for (const Variable& variable : function_.variables) {
    using enum Variable::Space;
    if (variable.space == shared) continue;  // laid out by the kernel
    line(fmt::format("alignas({}) std::byte {}[{}];", std::max(variable.align, 8u), identifier(variable.name), std::max<uint64_t>(variable.bytes(), 1)));
    if (variable.space == local) line(fmt::format("declare_local(thread, {}, {});", identifier(variable.name), variable.bytes()));
  }
}

/// Generic accesses reach a kernel's parameters only where their address is taken.
void Emitter::emit_parameters() {
  const bool addressed = std::any_of(function_.statements.begin(), function_.statements.end(), [](const Statement& statement) {
    return statement.name.starts_with("cvta.param");
  });
  if (!function_.entry || !addressed) return;
  const Variable& last = function_.parameters.back();
  line(fmt::format("declare_local(thread, parameters, {});", parameter_offset(function_, last.name) + last.bytes()));
}

// Registers start as zero: the PTX leaves them undefined, but a run must be repeatable.
void Emitter::emit_registers() {
  std::map<std::string, std::string> lists;
  for (uint32_t i = 0; i < function_.registers.size(); ++i) {
    if (!registers_.used(i)) continue;
    std::string& list = lists[cpp_type(registers_.type(i))];
    list += fmt::format("{}{} = 0", list.empty() ? "" : ", ", registers_.name(i));
  }
  for (const auto& [type, list] : lists) line(fmt::format("{} {};", type, list));
  line("uint32_t carry = 0;");
}

/// Counts the instructions from statement `index` to the end of its basic block, if a block begins there.
void Emitter::count_block(size_t index) {
  unsigned count = 0;
  for (size_t i = index; i < function_.statements.size(); ++i) {
    const Statement& statement = function_.statements[i];
    if (statement.kind == Statement::Kind::label) break;
    if (statement.kind != Statement::Kind::instruction) continue;
    ++count;
    if (statement.words[0] == "bra" || statement.words[0] == "brx" || statement.words[0] == "ret" || statement.words[0] == "exit") break;
  }
  if (count > 0) line(fmt::format("memory.count({});", count));
}

void Emitter::emit_statement(size_t index) {
  const Statement& statement = function_.statements[index];
  if (statement.kind == Statement::Kind::targets) return;
  if (statement.kind == Statement::Kind::label) {
    code_ += identifier(statement.name) + ":;\n";
    return count_block(index + 1);
  }
  statement_ = &statement;
  index_ = index;
  place_ = -1;
  temporaries_ = 0;
  const auto [begin, end] = patterns().equal_range(statement.words[0]);
  for (auto known = begin; known != end; ++known) {
    std::vector<std::string> picks = known->second.pattern.match(statement.words);
    const Row& row = *known->second.row;
    if (picks.empty() || !operand_count_fits(row, statement.operands.size())) continue;
    emit_instruction(Instruction(statement, known->second.pattern, std::move(picks)), row);
    const std::string& opcode = statement.words[0];
    if (opcode == "bra" || opcode == "brx" || opcode == "ret" || opcode == "exit") count_block(index + 1);
    return;
  }
  fail(fmt::format("unknown instruction '{}'", statement.name));
}

void Emitter::emit_instruction(const Instruction& instruction, const Row& row) {
  const Statement& statement = instruction.statement();
  if (statement.guard >= 0)
    line(fmt::format("if ({}{}) {{", statement.guard_negated ? "!" : "", registers_.name(static_cast<uint32_t>(statement.guard))));
  if (row.expression != nullptr)
    emit_expression(instruction, row);
  else
    row.emit(*this, instruction);
  if (statement.guard >= 0) line("}");
}

// .ftz and .sat of f32 are the same for all instructions: subnormal operands and results are zeros of their sign, the
// result is clamped to [0, 1].
void Emitter::emit_expression(const Instruction& instruction, const Row& row) {
  const auto words = split(row.operands);
  const bool flushes = instruction.has("ftz");
  std::string expression = row.expression;
  for (size_t i = instruction.operands(); i-- > 1;) {
    if (words[i][0] == 'x') continue;  // not part of the expression
    const Type type = operand_type(words[i], instruction);
    std::string operand = value(i, type);
    if (flushes && type == Type::f32) operand = fmt::format("flushed({})", operand);
    replace_all(expression, fmt::format("${}", i), operand);
  }
  for (const Type type : {instruction.type()}) {
    replace_all(expression, "{T}", cpp_type(type));
    replace_all(expression, "{A}", cpp_type(instruction.type(0)));
    if (bits_of(type) > 1) replace_all(expression, "{U}", cpp_type(unsigned_of(type)));
    if (bits_of(type) > 1 && bits_of(type) < 64) replace_all(expression, "{W}", cpp_type(twice_as_wide(type)));
    replace_all(expression, "{bits}", std::to_string(bits_of(type)));
  }
  for (const auto& name : {"round", "op", "mode", "format"}) replace_all(expression, fmt::format("{{{}}}", name), instruction.choice(name));
  const Type result = operand_type(words[0], instruction);
  if (flushes && result == Type::f32) expression = fmt::format("flushed({})", expression);
  if (instruction.has("sat") && result == Type::f32) expression = fmt::format("saturated({})", expression);
  assign(instruction.operand(0), result, expression);
}

// --- operands ------------------------------------------------------------------------------------------------------

std::string Emitter::value(size_t i, Type type) {
  const Operand& operand = statement_->operands[i];
  const uint64_t unit = context_.mutants ? slice_.stride(index_, i) : 0;
  if (unit == 0 || !is_integer(type)) return value(operand, type);
  const std::string plain = value(operand, type), number = site("stride", fmt::format("+{}", unit).c_str());
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
  const uint64_t unit = context_.mutants ? slice_.stride(index_, i) : 0;
  if (unit == 0) return fmt::format("{} + {}", start, operand.offset);
  return fmt::format("{} + (mutant == {} ? {} : {})", start, site("stride", fmt::format("+{}", unit).c_str()),
                     operand.offset + static_cast<int64_t>(unit), operand.offset);
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

std::string Emitter::place() {
  if (place_ < 0) {
    place_ = static_cast<int>(context_.places.size());
    context_.places.push_back(*statement_);
  }
  return fmt::format("places + {}", place_);
}

std::string Emitter::site(const char* kind, const char* change) {
  if (!context_.mutants) return "";
  place();
  context_.sites.push_back({kind, change, static_cast<size_t>(place_)});
  return std::to_string(context_.sites.size() - 1);
}

void Emitter::line(const std::string& code) { code_ += fmt::format("  {}\n", code); }

std::string Emitter::temporary() { return fmt::format("t{}_", temporaries_++); }

}  // namespace skewbench::cuda_on_cpu::ptx
