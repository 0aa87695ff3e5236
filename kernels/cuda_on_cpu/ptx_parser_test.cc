// What the parser makes of each construct that nvcc writes.
#include "kernels/cuda_on_cpu/ptx_parser.h"

#include <gtest/gtest.h>

#include "kernels/cuda_on_cpu/ptx_test_text.h"

namespace skewbench::cuda_on_cpu::ptx {
namespace {

Function parsed_kernel(const std::string& body) { return parse(kernel_text(body), "k.ptx").functions.at(0); }

/// The first instruction of a body.
Statement parsed(const std::string& body) { return parsed_kernel(body).statements.at(0); }

TEST(PtxParser, AnInstructionHasWordsOperandsTextAndLine) {
  const Function kernel = parsed_kernel("\tfma.rn.f32 \t%f1, %f2,\n\t  %f3, 0f3F800000;");
  const Statement& fma = kernel.statements.at(0);
  EXPECT_EQ(fma.name, "fma.rn.f32");
  EXPECT_EQ(fma.words, (std::vector<std::string>{"fma", "rn", "f32"}));
  EXPECT_EQ(fma.text, "fma.rn.f32 %f1, %f2, %f3, 0f3F800000");
  EXPECT_EQ(fma.origin.ptx_line, static_cast<uint32_t>(kLineOfBody));
  ASSERT_EQ(fma.operands.size(), 4u);
  EXPECT_EQ(kernel.registers.at(fma.operands[2].index).name, "%f3");
  EXPECT_EQ(fma.operands[3].kind, Operand::Kind::real32);
  EXPECT_EQ(fma.operands[3].bits, 0x3f800000u);
  EXPECT_EQ(kernel.statements.at(1).name, "ret");
}

TEST(PtxParser, Guards) {
  const Function kernel = parsed_kernel("@!%p2 mov.u32 %r1, 7;\n@%p1 bra DONE;\nDONE:");
  EXPECT_TRUE(kernel.statements.at(0).guard_negated);
  EXPECT_EQ(kernel.registers.at(static_cast<size_t>(kernel.statements.at(0).guard)).name, "%p2");
  EXPECT_FALSE(kernel.statements.at(1).guard_negated);
  EXPECT_EQ(kernel.registers.at(static_cast<size_t>(kernel.statements.at(1).guard)).name, "%p1");
  EXPECT_EQ(kernel.statements.at(2).kind, Statement::Kind::label);
}

TEST(PtxParser, NumbersOfAllBases) {
  const std::vector<std::pair<std::string, uint64_t>> numbers{{"0", 0}, {"42", 42}, {"-1", ~uint64_t{0}}, {"0x1F", 31}, {"0X1f", 31}, {"017", 15},
                                                              {"0b101", 5}, {"12U", 12}, {"-9223372036854775808", uint64_t{1} << 63}};
  for (const auto& [text, value] : numbers) EXPECT_EQ(parsed("mov.u64 %rd1, " + text + ";").operands.at(1).bits, value) << text;
  EXPECT_EQ(parsed("mov.f64 %fd1, 0dBFF0000000000000;").operands.at(1).bits, 0xbff0000000000000u);
}

TEST(PtxParser, Addresses) {
  const auto address = [](const std::string& text) { return parsed("ld.global.u32 %r1, " + text + ";").operands.at(1); };
  EXPECT_EQ(address("[%rd1]").offset, 0);
  EXPECT_EQ(address("[%rd1+16]").offset, 16);
  EXPECT_EQ(address("[%rd1+-16]").offset, -16);
  EXPECT_EQ(address("[ %rd1 + 0x10 ]").offset, 16);
  EXPECT_EQ(address("[name+4]").parts.at(0).name, "name");
  EXPECT_EQ(address("[name+4]").offset, 4);
  EXPECT_EQ(address("[64]").parts.at(0).kind, Operand::Kind::integer);
}

TEST(PtxParser, VectorsPairsListsSinksAndSpecialRegisters) {
  EXPECT_EQ(parsed("ld.global.v4.f32 {%f1, %f2, _, %f4}, [%rd1];").operands.at(0).parts.at(2).kind, Operand::Kind::sink);
  const Operand pair = parsed("setp.lt.and.s32 %p1|%p2, %r1, %r2, !%p3;").operands.at(0);
  EXPECT_EQ(pair.kind, Operand::Kind::pair);
  EXPECT_EQ(pair.parts.size(), 2u);
  EXPECT_TRUE(parsed("setp.lt.and.s32 %p1|%p2, %r1, %r2, !%p3;").operands.at(3).negated);
  EXPECT_EQ(parsed("mov.u32 %r1, %tid.x;").operands.at(1).name, "%tid.x");
  const Statement call = parsed("call.uni (%r1), f, (%r2, %r3);");
  EXPECT_EQ(call.operands.at(0).kind, Operand::Kind::list);
  EXPECT_EQ(call.operands.at(1).name, "f");
  EXPECT_EQ(call.operands.at(2).parts.size(), 2u);
  EXPECT_EQ(parsed("ld.shared::cta.u32 %r1, [%r2];").words.at(1), "shared::cta");
}

TEST(PtxParser, CommentsAreSpacesAndKeepTheLines) {
  const Function kernel = parsed_kernel("// mov.u32 %r1, 1;\n/* mov.u32\n%r1, 2; */ mov.u32 %r1, 3; // }");
  ASSERT_EQ(kernel.statements.size(), 2u);
  EXPECT_EQ(kernel.statements[0].operands.at(1).bits, 3u);
  EXPECT_EQ(kernel.statements[0].origin.ptx_line, static_cast<uint32_t>(kLineOfBody + 2));
}

TEST(PtxParser, SourceLinesAreTheInnermostOnes) {
  const Function kernel = parsed_kernel(
      ".loc\t1 33 0\nmov.u32 %r1, 1;\n.loc\t2 22 3, function_name $L__info_string0, inlined_at 1 34 3\nmov.u32 %r1, 2;\n.loc 1 0 3\nmov.u32 %r1, 3;");
  const auto origin = [&](size_t i) { return std::pair{kernel.statements.at(i).origin.file, kernel.statements.at(i).origin.line}; };
  EXPECT_EQ(origin(0), (std::pair{1u, 33u}));
  EXPECT_EQ(origin(1), (std::pair{2u, 22u}));
  EXPECT_EQ(origin(2), (std::pair{2u, 22u}));  // line 0 belongs to no line: the one before goes on
}

TEST(PtxParser, FilesMayComeLastAndDebugSectionsAreSkipped) {
  const Module module = parse(kernel_text("") + "\t.file\t1 \"a//b.cu\"\n\t.file 2 \"c.h\", 12, 34\n\t.section\t.debug_str\n\t{\n$L__info_string0:\n.b8 95,90\n{ }\n\t}\n", "k.ptx");
  EXPECT_EQ(module.files.at(1), "a//b.cu");
  EXPECT_EQ(module.files.at(2), "c.h");
}

TEST(PtxParser, BlocksHaveNamesOfTheirOwn) {
  const Function kernel = parsed_kernel(
      "{ .reg .u32 x; .reg .pred q; mov.u32 x, 1; DONE: bra DONE; }\n{ .reg.f32 x; mov.f32 x, 0f00000000; { bra DONE; } DONE: }\nDONE: bra DONE;");
  const auto& s = kernel.statements;
  EXPECT_NE(s.at(0).operands[0].index, s.at(3).operands[0].index);
  EXPECT_EQ(kernel.registers.at(s.at(3).operands[0].index).type, Type::f32);
  EXPECT_EQ(s.at(2).operands[0].name, s.at(1).name);
  EXPECT_EQ(s.at(4).operands[0].name, s.at(5).name);  // a branch forward, out of an inner block
  EXPECT_EQ(s.at(7).operands[0].name, s.at(6).name);
  EXPECT_NE(s.at(1).name, s.at(5).name);
  EXPECT_NE(s.at(5).name, s.at(6).name);
}

TEST(PtxParser, TablesOfBranches) {
  const Function kernel = parsed_kernel("TABLE: .branchtargets A, B;\nbrx.idx %r1, TABLE;\nA:\nB:");
  EXPECT_EQ(kernel.statements.at(0).kind, Statement::Kind::targets);
  ASSERT_EQ(kernel.statements.at(0).operands.size(), 2u);
  EXPECT_EQ(kernel.statements.at(0).operands[1].name, "B");
}

TEST(PtxParser, VariablesAndTheirInitialValues) {
  const Module module = parse(
      ".global .align 4 .u32 counter;\n.const .align 8 .b8 table[2][3] = {1, 2, 255};\n.global .align 8 .u64 pointers[3] = {generic(counter), 0, counter+4};\n"
      ".global .f32 real = 0f3FC00000;\n.extern .shared .align 16 .b8 dynamic[];\n.shared .align 4 .b8 fixed[64];\n", "k.ptx");
  const auto& v = module.variables;
  ASSERT_EQ(v.size(), 6u);
  EXPECT_EQ(v[0].bytes(), 4u);
  EXPECT_TRUE(v[0].initial.empty());
  EXPECT_EQ(v[1].space, Variable::Space::constant);
  EXPECT_EQ(v[1].bytes(), 6u);
  EXPECT_EQ(v[1].initial.at(2).bits, 255u);
  EXPECT_EQ(v[2].initial.at(0).symbol, "counter");
  EXPECT_EQ(v[2].initial.at(2).offset, 4);
  EXPECT_EQ(v[3].initial.at(0).bits, 0x3fc00000u);
  EXPECT_TRUE(v[4].external);
  EXPECT_EQ(v[4].elements, 0u);
  EXPECT_EQ(v[4].align, 16u);
  EXPECT_EQ(v[5].bytes(), 64u);
}

TEST(PtxParser, HeadsOfFunctions) {
  const Module module = parse(
      ".extern .func (.param .b32 r) vprintf (.param .b64 a, .param .b64 b);\n"
      ".entry bounded(.param .align 8 .b8 s[24], .param .u64 .ptr .global .align 4 p) .maxntid 16, 8, 1 .minnctapersm 2 { ret; }\n"
      ".func nothing() { ret; }\n", "k.ptx");
  EXPECT_FALSE(module.functions.at(0).defined);
  EXPECT_EQ(module.functions.at(0).results.size(), 1u);
  const Function& bounded = module.functions.at(1);
  EXPECT_TRUE(bounded.entry);
  EXPECT_EQ(bounded.max_threads, 128u);
  EXPECT_EQ(bounded.parameters.at(0).bytes(), 24u);
  EXPECT_EQ(bounded.parameters.at(0).align, 8u);
  EXPECT_EQ(bounded.parameters.at(1).name, "p");
  EXPECT_FALSE(module.functions.at(2).entry);
}

}  // namespace
}  // namespace skewbench::cuda_on_cpu::ptx
