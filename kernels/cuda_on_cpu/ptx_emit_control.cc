// Branches, calls, fences.
#include <fmt/format.h>

#include "kernels/cuda_on_cpu/ptx_rows.h"

namespace skewbench::cuda_on_cpu::ptx {
namespace {

void emit_bra(Emitter& emitter, const Instruction& instruction) {
  if (!instruction.operand(0).is(Operand::Kind::symbol)) emitter.fail("unknown form of branch");
  emitter.line(fmt::format("goto {};", identifier(instruction.operand(0).name)));
}

/// brx.idx index, table
void emit_brx(Emitter& emitter, const Instruction& instruction) {
  const std::string& table = instruction.operand(1).name;
  for (const Statement& statement : emitter.function().statements) {
    if (statement.kind != Statement::Kind::targets || statement.name != table) continue;
    std::string cases;
    for (size_t i = 0; i < statement.operands.size(); ++i) cases += fmt::format("case {}: goto {}; ", i, identifier(statement.operands[i].name));
    return emitter.line(fmt::format("switch ({}) {{ {}default: stop(thread, {}, \"a branch out of its table\"); }}", emitter.value(0, Type::u32),
                                    cases, emitter.place()));
  }
  emitter.fail(fmt::format("unknown table '{}'", table));
}

void emit_return(Emitter& emitter, const Instruction& instruction) {
  if (instruction.statement().words[0] == "exit" && !emitter.function().entry) emitter.fail("unknown instruction 'exit' of a device function");
  emitter.line("return;");
}

void emit_trap(Emitter& emitter, const Instruction&) { emitter.line(fmt::format("stop(thread, {}, \"trap\");", emitter.place())); }

/// call [(result)], function[, (arguments)]
void emit_call(Emitter& emitter, const Instruction& instruction) {
  std::string arguments = "thread";
  const std::string* name = nullptr;
  for (size_t i = 0; i < instruction.operands(); ++i) {
    const Operand& operand = instruction.operand(i);
    if (operand.is(Operand::Kind::symbol)) name = &operand.name;
    for (const Operand& argument : operand.parts) {
      if (!argument.is(Operand::Kind::symbol)) emitter.fail("unknown form of argument");
      arguments += ", " + identifier(argument.name);
    }
  }
  if (name == nullptr) emitter.fail("unknown form of call");
  const auto& functions = emitter.context().functions;
  if (const auto found = functions.find(*name); found != functions.end() && found->second->defined)
    return emitter.line(fmt::format("{}({});", function_name(*name), arguments));
  if (*name == "vprintf") return emitter.line(fmt::format("device_printf({});", arguments));
  if (*name == "__assertfail") return emitter.line(fmt::format("device_assert_failed({}, {});", arguments, emitter.place()));
  emitter.fail(fmt::format("call of the unknown function '{}'", *name));
}

// Threads of a block run on one core, one after the other, and what a barrier or a kernel's end orders needs no fence.
void emit_nothing(Emitter&, const Instruction&) {}

}  // namespace

std::vector<Row> control_rows() {
  return {
      {"bra [uni]", "x", nullptr, emit_bra},
      {"brx idx [uni]", "x x", nullptr, emit_brx},
      {"ret", "", nullptr, emit_return},
      {"exit", "", nullptr, emit_return},
      {"trap", "", nullptr, emit_trap},
      {"call [uni]", "x x? x?", nullptr, emit_call},
      {"membar (cta|gl|sys)", "", nullptr, emit_nothing},
      {"fence [sc|acq_rel] (cta|gpu|sys)", "", nullptr, emit_nothing},
      {"nanosleep u32", "x", nullptr, emit_nothing},
      {"prefetch [global] (L1|L2)", "x", nullptr, emit_nothing},
  };
}

}  // namespace skewbench::cuda_on_cpu::ptx
