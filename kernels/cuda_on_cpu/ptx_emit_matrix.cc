// Tensor cores and asynchronous copies.
#include <fmt/format.h>

#include "kernels/cuda_on_cpu/ptx_rows.h"

namespace skewbench::cuda_on_cpu::ptx {
namespace {

/// The elements of a vector operand, which must have `count` of them.
const std::vector<Operand>& fragment(Emitter& emitter, const Instruction& instruction, size_t operand, size_t count) {
  const Operand& vector = instruction.operand(operand);
  if (!vector.is(Operand::Kind::vector) || vector.parts.size() != count) emitter.fail("a vector of another length");
  return vector.parts;
}

std::string values(Emitter& emitter, const std::vector<Operand>& elements, Type type) {
  std::string list;
  for (const Operand& element : elements) list += (list.empty() ? "" : ", ") + emitter.value(element, type);
  return list;
}

/// mma d, a, b, c. A 32-bit register holds two f16 or bf16, or one tf32; a has 16 x K elements, b K x 8, c and d 16 x 8, on 32
/// lanes.
void emit_mma(Emitter& emitter, const Instruction& instruction) {
  const std::string& shape = instruction.choice("shape");
  const unsigned k = static_cast<unsigned>(std::stoul(shape.substr(shape.find('k') + 1)));
  const Type element = instruction.type(1);
  const size_t of_b = k * 8 / 32 / (element == Type::tf32 ? 1 : 2), of_a = 2 * of_b;
  emitter.line(fmt::format("{{ const uint32_t a_[] = {{{}}}, b_[] = {{{}}};", values(emitter, fragment(emitter, instruction, 1, of_a), Type::u32),
                           values(emitter, fragment(emitter, instruction, 2, of_b), Type::u32)));
  emitter.line(fmt::format("const float c_[] = {{{}}}; float d_[4];", values(emitter, fragment(emitter, instruction, 3, 4), Type::f32)));
  emitter.line(fmt::format("mma(thread, Element::{}, {}, a_, b_, c_, d_, {});", name_of(element), k, emitter.place()));
  const std::vector<Operand>& to = fragment(emitter, instruction, 0, 4);
  for (size_t i = 0; i < to.size(); ++i) emitter.assign(to[i], Type::f32, fmt::format("d_[{}]", i));
  emitter.line("}");
}

void emit_ldmatrix(Emitter& emitter, const Instruction& instruction) {
  const std::string& count = instruction.choice("count");
  const size_t matrices = count == "x4" ? 4 : count == "x2" ? 2 : 1;
  const std::vector<Operand>& to = fragment(emitter, instruction, 0, matrices);
  emitter.line(fmt::format("{{ uint32_t d_[{}]; ldmatrix(thread, {}, {}, uint32_t({}), d_, {});", matrices, matrices,
                           instruction.has("trans") ? "true" : "false", emitter.address(1), emitter.place()));
  for (size_t i = 0; i < matrices; ++i) emitter.assign(to[i], Type::u32, fmt::format("d_[{}]", i));
  emitter.line("}");
}

/// cp.async [shared], [global], bytes[, source bytes][, cache policy]
void emit_async_copy(Emitter& emitter, const Instruction& instruction) {
  const Operand& bytes = instruction.operand(2);
  const size_t without_policy = instruction.operands() - (instruction.has("L2::cache_hint") ? 1 : 0);
  const bool sizes = bytes.is(Operand::Kind::integer) && (bytes.bits == 16 || (instruction.has("ca") && (bytes.bits == 4 || bytes.bits == 8)));
  if (!sizes || without_policy < 3 || without_policy > 4) emitter.fail("unknown form of operands");
  emitter.line(fmt::format("async_copy(thread, uint32_t({}), {}, {}, {}, {});", emitter.address(0), emitter.address(1), bytes.bits,
                           without_policy == 4 ? emitter.value(3, Type::u32) : std::to_string(bytes.bits), emitter.place()));
}

void emit_commit(Emitter& emitter, const Instruction&) { emitter.line("async_commit(thread);"); }

void emit_wait(Emitter& emitter, const Instruction& instruction) {
  const std::string code = instruction.has("wait_all") ? "async_wait_all(thread);" : fmt::format("async_wait_group(thread, {});", emitter.value(0, Type::u32));
  const std::string site = emitter.site("barrier", "removed");
  emitter.line(site.empty() ? code : fmt::format("if (mutant != {}) {}", site, code));
}

}  // namespace

std::vector<Row> matrix_rows() {
  return {
      {"mma sync aligned shape:(m16n8k8|m16n8k16) row col (f32) (f16) (f16) (f32)", "x x x x", nullptr, emit_mma},
      {"mma sync aligned shape:(m16n8k8|m16n8k16) row col (f32) (bf16) (bf16) (f32)", "x x x x", nullptr, emit_mma},
      {"mma sync aligned shape:(m16n8k4|m16n8k8) row col (f32) (tf32) (tf32) (f32)", "x x x x", nullptr, emit_mma},
      {"ldmatrix sync aligned m8n8 count:(x1|x2|x4) [trans] (shared|shared::cta) b16", "x x", nullptr, emit_ldmatrix},
      {"cp async (ca|cg) (shared|shared::cta) global [L2::cache_hint] [L2::64B|L2::128B|L2::256B]", "x x x x? x?", nullptr, emit_async_copy},
      {"cp async commit_group", "", nullptr, emit_commit},
      {"cp async wait_group", "x", nullptr, emit_wait},
      {"cp async wait_all", "", nullptr, emit_wait},
      // Cache policies change no value.
      {"createpolicy fractional (L2::evict_last|L2::evict_normal|L2::evict_first|L2::evict_unchanged) b64", "b64 x?", "0", nullptr},
  };
}

}  // namespace skewbench::cuda_on_cpu::ptx
