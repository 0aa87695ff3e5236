// A parsed PTX file.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "kernels/cuda_on_cpu/ptx_types.h"

namespace skewbench::cuda_on_cpu::ptx {

/// Where something stands in the PTX, and in the source that nvcc compiled (.loc; line 0 where there is none).
struct Origin {
  uint32_t ptx_line = 0;
  uint32_t file = 0;  ///< number of a .file directive
  uint32_t line = 0;
  uint32_t caller_file = 0, caller_line = 0;  ///< where the function that this line is in was called and inlined; 0: it was not
};

struct Operand {
  enum class Kind {
    register_,  ///< `index` into Function::registers
    special,    ///< %tid.x: `name`
    integer,    ///< `bits`, two's complement
    real32,     ///< 0f3F800000: `bits`
    real64,     ///< 0d3FF0000000000000: `bits`
    symbol,     ///< a variable, function or label: `name`, plus `offset`
    address,    ///< [base + offset]: `parts` has the base (register, symbol or integer)
    vector,     ///< {a, b}: `parts`
    pair,       ///< p|q: `parts`
    list,       ///< (a, b), of calls: `parts`
    sink,       ///< _
  };
  Kind kind = Kind::sink;
  bool negated = false;  ///< !p
  uint32_t index = 0;
  uint64_t bits = 0;
  int64_t offset = 0;
  std::string name;
  std::vector<Operand> parts;

  bool is(Kind wanted) const { return kind == wanted; }
};

struct Statement {
  enum class Kind { instruction, label, targets };
  Kind kind = Kind::instruction;
  Origin origin;
  std::string text;                 ///< as in the file, spaces normalised, without guard and ';'
  std::string name;                 ///< instruction: the opcode with its modifiers; label, targets: the label
  std::vector<std::string> words;   ///< instruction: the opcode split at its dots
  std::vector<Operand> operands;    ///< targets: the labels of .branchtargets
  int guard = -1;                   ///< register of @p
  bool guard_negated = false;       ///< @!p
};

struct Register {
  std::string name;  ///< as in the file
  Type type = Type::none;
  uint32_t scope = 0;  ///< number of the { } that declares it; 0: the function's own
};

/// A piece of an initialiser: a value, or the address of a variable.
struct Initial {
  uint64_t bits = 0;
  std::string symbol;  ///< empty: a value
  int64_t offset = 0;
};

struct Variable {
  enum class Space { global, constant, shared, local, parameter };
  Space space = Space::global;
  std::string name;
  Type type = Type::none;     ///< of an element
  uint64_t elements = 1;      ///< 0: of unknown length, as dynamic shared memory
  uint32_t align = 1;
  bool external = false;
  std::vector<Initial> initial;
  Origin origin;

  uint64_t bytes() const { return elements * bytes_of(type); }
};

struct Function {
  std::string name;
  bool entry = false;
  bool defined = false;        ///< false: declared only
  uint32_t max_threads = 0;    ///< .maxntid or .reqntid, all dimensions; 0: none given
  std::vector<Variable> results, parameters;
  std::vector<Variable> variables;  ///< .shared, .local and .param of the body
  std::vector<Register> registers;
  std::vector<Statement> statements;
  Origin origin;
};

struct Module {
  std::string path;
  std::map<uint32_t, std::string> files;
  std::vector<Variable> variables;
  std::vector<Function> functions;
};

}  // namespace skewbench::cuda_on_cpu::ptx
