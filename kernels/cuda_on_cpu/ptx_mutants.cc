#include "kernels/cuda_on_cpu/ptx_mutants.h"

#include <algorithm>
#include <array>
#include <bit>
#include <string_view>

namespace skewbench::cuda_on_cpu::ptx {
namespace {

bool one_of(const std::string& word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool has(const Statement& statement, std::string_view word) {
  return std::find(statement.words.begin(), statement.words.end(), word) != statement.words.end();
}

bool is_access(const Statement& statement) {
  return statement.kind == Statement::Kind::instruction && !has(statement, "param") &&
         one_of(statement.words[0], {"ld", "st", "atom", "red", "ldmatrix", "cp"}) && !statement.operands.empty();
}

/// Bytes that an access moves, and by which its address is aligned.
uint64_t access_bytes(const Statement& statement) {
  if (statement.words[0] == "ldmatrix") return 16;
  if (statement.words[0] == "cp")
    return statement.operands.size() > 2 && statement.operands[2].is(Operand::Kind::integer) ? statement.operands[2].bits : 16;
  const uint64_t element = bytes_of(type_named(statement.words.back()));
  return element * (has(statement, "v4") ? 4 : has(statement, "v2") ? 2 : 1);
}

/// Registers that an instruction writes are in its first operand; stores and the like have an address there.
bool writes_first_operand(const Statement& statement) {
  return statement.kind == Statement::Kind::instruction && !statement.operands.empty() &&
         !statement.operands[0].is(Operand::Kind::address);
}

}  // namespace

AddressSlice::AddressSlice(const Function& function)
    : function_(function),
      definitions_(function.registers.size()),
      uniform_(function.registers.size(), true),
      units_(function.registers.size()) {
  find_definitions();
  find_parameters();
  for (size_t i = 0; i < function.statements.size(); ++i)
    if (is_access(function.statements[i])) start(i);
  while (!waiting_.empty()) {
    const auto [reg, unit] = waiting_.back();
    waiting_.pop_back();
    for (const size_t definition : definitions_[reg]) follow(definition, unit);
  }
}

uint64_t AddressSlice::stride(size_t statement, size_t operand) const {
  const auto found = strides_.find({statement, operand});
  return found == strides_.end() ? 0 : found->second;
}

void AddressSlice::find_definitions() {
  for (size_t i = 0; i < function_.statements.size(); ++i) {
    const Statement& statement = function_.statements[i];
    if (!writes_first_operand(statement)) continue;
    const Operand& first = statement.operands[0];
    if (first.is(Operand::Kind::register_)) definitions_[first.index].push_back(i);
    for (const Operand& part : first.parts)
      if (part.is(Operand::Kind::register_)) definitions_[part.index].push_back(i);
  }
}

// A register is uniform if all its definitions read nothing but parameters, constants and uniform registers: sizes and
// strides that the launch fixes. %ctaid and %tid are not.
void AddressSlice::find_parameters() {
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t reg = 0; reg < definitions_.size(); ++reg) {
      if (!uniform_[reg]) continue;
      const bool still = std::all_of(definitions_[reg].begin(), definitions_[reg].end(), [&](size_t i) {
        const Statement& statement = function_.statements[i];
        if (has(statement, "param")) return true;
        if (one_of(statement.words[0], {"ld", "atom", "shfl"})) return false;
        return std::all_of(statement.operands.begin() + 1, statement.operands.end(), [&](const Operand& operand) {
          if (operand.is(Operand::Kind::register_)) return bool{uniform_[operand.index]} && operand.index != reg;
          return operand.is(Operand::Kind::integer) || operand.name.starts_with("%ntid") || operand.name.starts_with("%nctaid");
        });
      });
      if (!still) uniform_[reg] = false, changed = true;
    }
  }
}

void AddressSlice::start(size_t statement) {
  const Statement& access = function_.statements[statement];
  const uint64_t bytes = access_bytes(access);
  for (size_t i = 0; i < access.operands.size(); ++i) {
    const Operand& operand = access.operands[i];
    if (!operand.is(Operand::Kind::address)) continue;
    if (operand.offset != 0) mark(statement, i, bytes);
    reach(operand.parts[0], bytes);
  }
}

/// `operand` is part of an address and counts in `unit`s.
void AddressSlice::reach(const Operand& operand, uint64_t unit) {
  if (!operand.is(Operand::Kind::register_) || units_[operand.index] >= unit) return;
  units_[operand.index] = unit;
  waiting_.emplace_back(operand.index, unit);
}

void AddressSlice::mark(size_t statement, size_t operand, uint64_t unit) {
  uint64_t& known = strides_[{statement, operand}];
  known = std::max(known, unit);
}

void AddressSlice::follow(size_t statement, uint64_t unit) {
  const Statement& s = function_.statements[statement];
  const std::string& opcode = s.words[0];
  const auto& operands = s.operands;
  if (one_of(opcode, {"mov", "cvta"}) || (opcode == "cvt" && operands.size() == 2)) {
    reach(operands[1], unit);
  } else if (one_of(opcode, {"add", "sub"})) {
    for (size_t i = 1; i < operands.size(); ++i) {
      if (operands[i].is(Operand::Kind::integer)) mark(statement, i, unit);
      reach(operands[i], unit);
    }
  } else if (opcode == "mul" && !has(s, "hi")) {
    follow_product(statement, unit, 1, 2);
  } else if (opcode == "mad" && !has(s, "hi")) {
    follow_product(statement, unit, 1, 2);
    if (operands[3].is(Operand::Kind::integer)) mark(statement, 3, unit);
    reach(operands[3], unit);
  } else if (opcode == "shl" && operands[2].is(Operand::Kind::integer) && operands[2].bits < 64) {
    mark(statement, 2, 1);
    reach(operands[1], std::max<uint64_t>(1, unit >> operands[2].bits));
  } else if (one_of(opcode, {"and", "or", "xor", "shr", "div", "rem", "min", "max", "selp", "mul"})) {
    // Not linear: the unit is lost, but what flows in still places the access.
    for (size_t i = 1; i < operands.size(); ++i) reach(operands[i], 1);
  }
}

void AddressSlice::follow_product(size_t statement, uint64_t unit, size_t first, size_t second) {
  const auto& operands = function_.statements[statement].operands;
  const bool first_constant = operands[first].is(Operand::Kind::integer), second_constant = operands[second].is(Operand::Kind::integer);
  if (first_constant || second_constant) {
    const size_t constant = second_constant ? second : first, index = second_constant ? first : second;
    const uint64_t factor = operands[constant].bits;
    mark(statement, constant, unit);
    const bool divides = factor != 0 && unit % factor == 0;
    return reach(operands[index], divides ? unit / factor : 1);
  }
  // Of two registers the uniform one is the stride; if both are or none is, the second.
  const auto uniform = [&](size_t i) { return operands[i].is(Operand::Kind::register_) && uniform_[operands[i].index]; };
  mark(statement, uniform(first) && !uniform(second) ? first : second, unit);
  reach(operands[first], 1);
  reach(operands[second], 1);
}

std::set<size_t> draw_few(const Function& kernel, const std::vector<Site>& sites) {
  constexpr int kDraws = 4;
  uint64_t state = 0xCBF29CE484222325u;  // FNV-1a
  for (const Statement& statement : kernel.statements)
    for (const char c : statement.text) state = (state ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  std::set<size_t> drawn;
  for (int i = 0; i < kDraws && !sites.empty(); ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;  // Knuth's MMIX; its high bits are the random ones
    const size_t site = (state >> 33) % sites.size();
    drawn.insert(site);
    if (sites[site].kind == "bound") drawn.insert(sites[site].change == "+1" ? site + 1 : site - 1);
  }
  return drawn;
}

}  // namespace skewbench::cuda_on_cpu::ptx
