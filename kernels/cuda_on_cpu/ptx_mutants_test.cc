// Which places of a kernel mutants change, how, and that there is no trace of them without --mutants.
#include "kernels/cuda_on_cpu/ptx_mutants.h"

#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <vector>

#include "kernels/cuda_on_cpu/ptx_test_text.h"

namespace skewbench::cuda_on_cpu::ptx {
namespace {

/// "kind change" of each registered site, in their order.
std::vector<std::string> sites(const std::string& body) {
  const std::string code = translated(kernel_text(body), Mutants::all);
  const std::regex entry("\\{\"k\", \"([a-z]+)\", \"([^\"]+)\", places \\+ [0-9]+, true\\},");
  std::vector<std::string> result;
  for (std::sregex_iterator i(code.begin(), code.end(), entry), end; i != end; ++i) result.push_back((*i)[1].str() + " " + (*i)[2].str());
  return result;
}

using Sites = std::vector<std::string>;

TEST(PtxMutants, WithoutThemThereIsNoTrace) {
  const std::string code = translated(kernel_text("bar.sync 0;\nsetp.lt.s32 %p1, %r1, 5;\nmul.f32 %f1, %f2, 0f3F800000;\nld.global.u32 %r1, [%rd1+4];"));
  EXPECT_EQ(code.find("mutant"), std::string::npos);
  EXPECT_EQ(code.find("sites"), std::string::npos);
}

TEST(PtxMutants, EveryBarrierAndWaitIsRemoved) {
  EXPECT_EQ(sites("bar.sync 0;\nbarrier.sync 1, 64;\nbar.warp.sync -1;\ncp.async.wait_group 1;\ncp.async.wait_all;\ncp.async.commit_group;"),
            Sites(5, "barrier removed"));
}

TEST(PtxMutants, EveryIntegerBoundIsMovedBothWays) {
  EXPECT_EQ(sites("setp.lt.s32 %p1, %r1, 5;\nsetp.ge.u64 %p2, %rd1, %rd2;\nset.eq.u32.s16 %r1, %rs1, %rs2;"),
            (Sites{"bound +1", "bound -1", "bound +1", "bound -1", "bound +1", "bound -1"}));
  EXPECT_EQ(sites("setp.lt.f32 %p1, %f1, %f2;"), Sites{});
}

TEST(PtxMutants, EveryFloatConstantIsChanged) {
  EXPECT_EQ(sites("mul.f32 %f1, %f2, 0f3F800000;\nmov.f32 %f1, 0f00000000;\nmax.f32 %f1, %f2, 0fFF800000;\nadd.f64 %fd1, %fd2, 0d3FF0000000000000;"),
            (Sites{"constant x2", "constant 0 becomes 1", "constant becomes 0", "constant x2"}));
}

TEST(PtxMutants, StridesAreWhatFlowsIntoAddresses) {
  // The multiplications are alike; only the first one's product is an address.
  EXPECT_EQ(sites("mul.wide.s32 %rd1, %r1, 4;\nmul.wide.s32 %rd2, %r1, 4;\nadd.s64 %rd3, %rd4, %rd1;\nld.global.f32 %f1, [%rd3];"), Sites{"stride +4"});
  EXPECT_EQ(sites("mul.wide.s32 %rd1, %r1, 4;\nst.global.u64 [%rd3], %rd1;"), Sites{});
}

TEST(PtxMutants, UnitsKeepAddressesAligned) {
  // 16 bytes a quad: its bytes count in 16, its numbers in 1.
  EXPECT_EQ(sites("mad.lo.s32 %r3, %r1, 12, %r2;\nmul.wide.s32 %rd1, %r3, 16;\nadd.s64 %rd3, %rd4, %rd1;\nld.global.v4.f32 {%f1, %f2, %f3, %f4}, [%rd3+32];"),
            (Sites{"stride +1", "stride +16", "stride +16"}));
  EXPECT_EQ(sites("shl.b64 %rd1, %rd2, 3;\nadd.s64 %rd3, %rd4, %rd1;\nst.shared.f64 [%rd3], %fd1;"), Sites{"stride +1"});
}

TEST(PtxMutants, PointersThatAreSteppedAndRegistersThatScale) {
  EXPECT_EQ(sites("L: ld.global.f32 %f1, [%rd1];\nadd.s64 %rd1, %rd1, 128;\nbra L;"), Sites{"stride +4"});
  // Of row * width the width comes from a parameter: it is the stride, whichever operand it is.
  const auto code = [](const std::string& product) {
    return translated(kernel_text("ld.param.u32 %r2, [k_param_0];\nmov.u32 %r1, %tid.x;\n" + product + "\ncvt.u64.u32 %rd1, %r3;\nld.global.f32 %f1, [%rd1];"), Mutants::all);
  };
  EXPECT_NE(code("mul.lo.s32 %r3, %r1, %r2;").find("uint32_t(r2 + (mutant == 0 ? 4 : 0))"), std::string::npos);
  EXPECT_NE(code("mul.lo.s32 %r3, %r2, %r1;").find("uint32_t(r2 + (mutant == 0 ? 4 : 0))"), std::string::npos);
}

TEST(PtxMutants, ASliceGoesThroughMovesConversionsAndChoices) {
  EXPECT_EQ(sites("shl.b32 %r2, %r1, 5;\nmov.u32 %r3, %r2;\nselp.b32 %r4, %r3, %r5, %p1;\ncvt.u64.u32 %rd1, %r4;\ncvta.to.global.u64 %rd2, %rd1;\nred.global.add.u32 [%rd2], 1;"),
            Sites{"stride +1"});
  // What was loaded is data, however it is used then.
  EXPECT_EQ(sites("shl.b32 %r2, %r1, 5;\nst.shared.u32 [%r7], %r2;\nld.shared.u32 %r3, [%r7];\ncvt.u64.u32 %rd1, %r3;\nld.global.u32 %r4, [%rd1];"), Sites{});
}

TEST(PtxMutants, ASiteHasItsPlace) {
  const std::string code = translated(kernel_text(".loc 1 77 3\nbar.sync 0;") + ".file 1 \"a.cu\"\n", Mutants::all);
  EXPECT_NE(code.find("{\"a.cu\", 77, 14, \"bar.sync 0\"}"), std::string::npos) << code;
}

TEST(PtxMutants, OfAFewAllAreListedAndTheSameOnesAreCode) {
  const auto code_of = [](const std::string& bound) {
    std::string body;
    for (int i = 0; i < 20; ++i) body += "bar.sync 0;\nmul.f32 %f1, %f2, 0f3F800000;\nsetp.lt.s32 %p1, %r1, " + bound + ";\n";
    return translated(kernel_text(body), Mutants::few);
  };
  const std::string code = code_of("5");
  EXPECT_EQ(code, code_of("5"));
  const auto times = [&](const std::string& text) {
    int found = 0;
    for (size_t at = code.find(text); at != std::string::npos; at = code.find(text, at + 1)) ++found;
    return found;
  };
  const int built = times(", true},"), asked = times("(mutant "), bounds = times("bound_shift(mutant, ");
  EXPECT_EQ(built + times(", false},"), 20 * 4);
  EXPECT_GE(built, 3);  // two draws may meet
  EXPECT_LE(built, 8);
  EXPECT_EQ(asked + 2 * bounds, built) << code;
  const auto drawn = [](const std::string& text) {
    std::string result;
    for (size_t at = 0; (at = text.find("e},", at)) != std::string::npos; at += 3) result += text[at - 2];  // tru, fals
    return result;
  };
  EXPECT_NE(drawn(code), drawn(code_of("7"))) << "another kernel, the same sites drawn";
}

}  // namespace
}  // namespace skewbench::cuda_on_cpu::ptx
