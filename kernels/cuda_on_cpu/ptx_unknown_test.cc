// Whatever the translator does not know stops it, with the line, the name and the kernel; nothing is skipped.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kernels/cuda_on_cpu/ptx_test_text.h"

namespace skewbench::cuda_on_cpu::ptx {
namespace {

TEST(PtxUnknown, TheMessageHasFileLineNameKernelAndText) {
  EXPECT_EQ(error_of(kernel_text("mov.u32 %r1, 1;\nwgmma.fence.sync.aligned;")),
            fmt::format("k.ptx:{}: unknown instruction 'wgmma.fence.sync.aligned' in k: wgmma.fence.sync.aligned", kLineOfBody + 1));
}

TEST(PtxUnknown, KnownInstructionsPass) { EXPECT_EQ(error_of(kernel_text("add.s32 %r1, %r2, 3;")), ""); }

struct Wrong {
  const char* text;
  const char* says;
};

void expect_stopped(const Wrong& wrong) {
  const std::string error = error_of(kernel_text(wrong.text));
  EXPECT_TRUE(error.starts_with(fmt::format("k.ptx:{}: ", kLineOfBody))) << wrong.text << ": " << error;
  EXPECT_NE(error.find(wrong.says), std::string::npos) << wrong.text << ": " << error;
  EXPECT_NE(error.find(" in k"), std::string::npos) << wrong.text << ": " << error;
  EXPECT_EQ(error.find('\n'), std::string::npos) << error;
}

TEST(PtxUnknown, Names) {
  for (const Wrong& wrong : {Wrong{"vadd4.u32.u32.u32 %r1, %r2, %r3, %r4;", "unknown instruction 'vadd4.u32.u32.u32'"},
                             {"mbarrier.init.shared.b64 [%r1], 1;", "unknown instruction 'mbarrier.init.shared.b64'"},
                             {"elect.sync %r1|%p1, 0xffffffff;", "unknown instruction 'elect.sync'"},
                             {"griddepcontrol.wait;", "unknown instruction 'griddepcontrol.wait'"}})
    expect_stopped(wrong);
}

TEST(PtxUnknown, ModifiersAndTypesOfKnownNames) {
  for (const Wrong& wrong : {Wrong{"add.rn.relu.f32 %f1, %f2, %f3;", "'add.rn.relu.f32'"}, {"add.ftz.rn.f32 %f1, %f2, %f3;", "'add.ftz.rn.f32'"},
                             {"add.f32x2 %rd1, %rd2, %rd3;", "'add.f32x2'"}, {"ld.global.v8.f32 %f1, [%rd1];", "'ld.global.v8.f32'"},
                             {"ld.shared::cluster.u32 %r1, [%r2];", "'ld.shared::cluster.u32'"}, {"atom.global.add.bf16 %rs1, [%rd1], %rs2;", "bf16"},
                             {"mma.sync.aligned.m16n8k16.row.col.f16.f16.f16.f16 {%r1}, {%r2}, {%r3}, {%r4};", "f16.f16.f16.f16"},
                             {"cvt.rn.satfinite.e4m3x2.f32 %rs1, %f1, %f2;", "e4m3x2"}, {"shfl.bfly.b32 %r1, %r2, 1, 31;", "'shfl.bfly.b32'"}})
    expect_stopped(wrong);
}

TEST(PtxUnknown, OperandsOfKnownInstructions) {
  for (const Wrong& wrong : {Wrong{"add.s32 %r1, %r2;", "unknown instruction 'add.s32'"}, {"add.s32 %r1, %r2, %r3, %r4;", "unknown instruction 'add.s32'"},
                             {"mov.u32 %r1, %envreg3;", "unknown special register '%envreg3'"}, {"mov.u64 %rd1, nowhere;", "unknown name 'nowhere'"},
                             {"add.s64 %rd1, %r2, %rd3;", "narrower"}, {"add.s32 %r1, %p1, %r2;", "a predicate and a number mixed"},
                             {"mov.u32 %p1, 1;", "a predicate and a number mixed"}, {"add.f32 %f1, %fd1, %f2;", "another width"},
                             {"ld.global.v2.f32 {%f1, %f2, %f3}, [%rd1];", "a vector of another length"},
                             {"cp.async.cg.shared.global [%r1], [%rd1], 8;", "unknown form of operands"},
                             {"ld.global.L2::cache_hint.u32 %r1, [%rd1];", "unknown form of operands"},
                             {"setp.lt.and.s32 %p1, %r1, %r2;", "unknown form of operands"}, {"call.uni malloc, (%rd1);", "unknown form of argument"},
                             {"call.uni malloc;", "call of the unknown function 'malloc'"}, {"call.uni (%r1), %rd1, (%r2);", "unknown form of"},
                             {"brx.idx %r1, 5;", "unknown table"}})
    expect_stopped(wrong);
}

TEST(PtxUnknown, ConstructsOfABody) {
  for (const Wrong& wrong : {Wrong{".pragma \"enable_smem_spilling\";", "unknown pragma 'enable_smem_spilling'"}, {".reg .b128 x;", "unknown type '.b128'"},
                             {".callprototype ();", "unknown directive '.callprototype'"}, {"bra NOWHERE;", "unknown label 'NOWHERE'"},
                             {"@%q1 bra X;", "unknown register '%q1'"}}) {
    const std::string error = error_of(kernel_text(wrong.text));
    EXPECT_TRUE(error.starts_with("k.ptx:")) << error;
    EXPECT_NE(error.find(wrong.says), std::string::npos) << wrong.text << ": " << error;
  }
}

TEST(PtxUnknown, ConstructsOfAModule) {
  for (const Wrong& wrong : {Wrong{".alias a, b;\n", "unknown directive '.alias'"}, {".section .text { }\n", "unknown section '.text'"},
                             {".extern .global .u32 elsewhere;\n", "defined in another file"}, {".global .texref t;\n", "unknown word '.texref'"},
                             {".global .u8 p[8] = {0xFF(p)};\n", "unknown form of initial value"}, {".global .u64 p = later;\n", "unknown form of initial value"},
                             {".entry e() .reqnctapercluster 2 { ret; }\n", "unknown directive '.reqnctapercluster'"}}) {
    const std::string error = error_of(kernel_text("", wrong.text));
    EXPECT_TRUE(error.starts_with("k.ptx:4: ") || error.starts_with("k.ptx:5: ")) << wrong.text << ": " << error;
    EXPECT_NE(error.find(wrong.says), std::string::npos) << wrong.text << ": " << error;
  }
}

TEST(PtxUnknown, TextThatEndsTooEarly) {
  EXPECT_NE(error_of(".entry k() { mov.u32").find("k.ptx:1: "), std::string::npos);
  EXPECT_NE(error_of(".entry k() { ret;").find("does not end"), std::string::npos);
  EXPECT_NE(error_of(".section .debug_str { ").find("does not end"), std::string::npos);
}

}  // namespace
}  // namespace skewbench::cuda_on_cpu::ptx
