// Which instructions are known: patterns of opcodes, and what an opcode picked from its pattern.
//
// A pattern is an opcode and its modifiers, in the order in which PTX writes them, separated by spaces:
//   add              a word that must stand there
//   (s32|u32)        one of these must stand there
//   [ftz|sat]        one of these may stand there
//   round:(rz|rm)    the choice has a name
// Whatever an instruction has beyond its pattern makes it unknown.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kernels/cuda_on_cpu/ptx_module.h"

namespace skewbench::cuda_on_cpu::ptx {

class Pattern {
 public:
  struct Slot {
    std::string name;
    std::vector<std::string> alternatives;
    bool optional = false;
  };

  explicit Pattern(std::string_view text);

  const std::string& opcode() const { return slots_[0].alternatives[0]; }
  const std::vector<Slot>& slots() const { return slots_; }

  /// The word taken for each slot, "" for an optional one that is absent; empty where `words` do not match.
  std::vector<std::string> match(const std::vector<std::string>& words) const;

 private:
  std::vector<Slot> slots_;
};

/// An instruction with what its pattern says about its modifiers.
class Instruction {
 public:
  Instruction(const Statement& statement, const Pattern& pattern, std::vector<std::string> picks);

  const Statement& statement() const { return statement_; }
  const Operand& operand(size_t i) const { return statement_.operands[i]; }
  size_t operands() const { return statement_.operands.size(); }

  bool has(std::string_view word) const;               ///< among its modifiers
  const std::string& choice(std::string_view slot) const;  ///< what the slot of this name picked, or ""
  Type type() const { return types_.back(); }          ///< the last one, or the only one
  Type type(size_t i) const { return types_[i]; }      ///< in the order of the opcode
  size_t types() const { return types_.size(); }

 private:
  const Statement& statement_;
  const Pattern& pattern_;
  std::vector<std::string> picks_;
  std::vector<Type> types_;
};

class Emitter;

/// What the translator knows about one family of instructions.
struct Row {
  const char* pattern;
  /// How often an operand may occur and as which type it is read; the first is the destination of an expression.
  /// T the instruction's type, U unsigned of the same width, W twice as wide, V W unsigned, A the first type, or a type's
  /// name; "x" an operand that only `emit` understands; "?" behind one that may be absent.
  const char* operands;
  /// C++ whose value the destination gets: $1, $2 ... are the operands, {T} {U} {W} the C++ types, {name} what the slot
  /// picked. Null: `emit` writes the statement.
  const char* expression;
  void (*emit)(Emitter& emitter, const Instruction& instruction);
};

/// All rows, story by story.
const std::vector<Row>& known_instructions();

}  // namespace skewbench::cuda_on_cpu::ptx
