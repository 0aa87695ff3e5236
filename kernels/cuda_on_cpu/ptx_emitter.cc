#include "kernels/cuda_on_cpu/ptx_emitter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
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

}  // namespace

std::string identifier(const std::string& name) {
  std::string result;
  for (const char c : name) result += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return result;
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
  if (context_.mutants != Mutants::none) line("const uint32_t mutant = active_mutant - first_site;");
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
  const Type own = instruction.type();
  replace_all(expression, "{T}", cpp_type(own));
  replace_all(expression, "{A}", cpp_type(instruction.type(0)));
  if (bits_of(own) > 1) replace_all(expression, "{U}", cpp_type(unsigned_of(own)));
  if (bits_of(own) > 1 && bits_of(own) < 64) replace_all(expression, "{W}", cpp_type(twice_as_wide(own)));
  replace_all(expression, "{bits}", std::to_string(bits_of(own)));
  for (const auto& name : {"round", "op", "mode", "format"}) replace_all(expression, fmt::format("{{{}}}", name), instruction.choice(name));
  const Type result = operand_type(words[0], instruction);
  if (flushes && result == Type::f32) expression = fmt::format("flushed({})", expression);
  if (instruction.has("sat") && result == Type::f32) expression = fmt::format("saturated({})", expression);
  assign(instruction.operand(0), result, expression);
}

std::string Emitter::place() {
  if (place_ < 0) {
    place_ = static_cast<int>(context_.places.size());
    context_.places.push_back(*statement_);
  }
  return fmt::format("places + {}", place_);
}

std::string Emitter::site(const char* kind, const char* change) {
  if (context_.mutants == Mutants::none) return "";
  place();
  const size_t number = context_.sites.size();
  const bool built = context_.mutants == Mutants::all || context_.built.contains(number);
  context_.sites.push_back({kind, change, static_cast<size_t>(place_), built});
  return built ? std::to_string(number) : "";
}

void Emitter::line(const std::string& code) { code_ += fmt::format("  {}\n", code); }

}  // namespace skewbench::cuda_on_cpu::ptx
