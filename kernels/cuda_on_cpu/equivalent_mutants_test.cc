// The lists of equivalent mutants: what an entry is, and what it fits.
#include "kernels/cuda_on_cpu/equivalent_mutants.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "kernels/base/error.h"

namespace skewbench::cuda_on_cpu {
namespace {

const char kMangled[] = "_ZN9skewbench3mix2v212_GLOBAL__N_113mix_v2_kernelILi4EEEvlPKf";

std::string refusal(const std::string& text) {
  try {
    parse_equivalent_mutants(text, "list.txt");
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was refused";
}

TEST(EquivalentMutants, Entries) {
  const auto entries = parse_equivalent_mutants(
      "# a comment\n\nkernels  a_kernel b_kernel\nmutant   bound +1\nline     if (i   < n)  x[i] = 0;\n"
      "code     setp.lt.s64 %p, %rd, %rd\nwhy      because\n         it is so\n\n\nkernels c\nmutant m n\nline l\ncode c\nwhy w\n",
      "list.txt");
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].kernels, (std::vector<std::string>{"a_kernel", "b_kernel"}));
  EXPECT_EQ(entries[0].mutant, "bound +1");
  EXPECT_EQ(entries[0].line, "if (i < n) x[i] = 0;");
  EXPECT_EQ(entries[0].why, "because it is so");
  EXPECT_EQ(entries[0].line_number, 3);
  EXPECT_EQ(entries[1].line_number, 11);
}

TEST(EquivalentMutants, WhatIsNoEntry) {
  EXPECT_EQ(refusal("kernels a\nmutant m\nline l\ncode c\n"), "list.txt:1: the entry has no why");
  EXPECT_EQ(refusal("mutant m\nline l\ncode c\nwhy w\n"), "list.txt:1: the entry has no kernels");
  EXPECT_EQ(refusal("kernels a\nmutants m\n"), "list.txt:2: mutants is not one of kernels, mutant, line, after, code, why");
  EXPECT_EQ(refusal("kernels a\nline l\nline k\n"), "list.txt:3: line twice in one entry; a blank line ends an entry");
  EXPECT_EQ(refusal("kernels a\n  more\n"), "list.txt:2: only a why goes on in a second line");
}

TEST(EquivalentMutants, Names) {
  EXPECT_EQ(short_kernel_name(kMangled), "mix_v2_kernel");
  EXPECT_EQ(short_kernel_name("_ZN1a8f_kernelEPf"), "f_kernel");
  EXPECT_EQ(short_kernel_name("plain"), "plain");
}

TEST(EquivalentMutants, RegistersAndLabelsLoseTheirNumbers) {
  EXPECT_EQ(without_numbers("@%p3 bra  $L__BB0_7;"), "@%p bra $L");
  EXPECT_EQ(without_numbers("setp.lt.s64 %p12, %rd1, 17;"), "setp.lt.s64 %p, %rd, 17");
  EXPECT_EQ(without_numbers("mov.u32 %r1, %tid.x;"), "mov.u32 %r, %tid.x");
  EXPECT_EQ(without_numbers("add.f32 %f1, %f2, 0f3F800000"), "add.f32 %f, %f, 0f3F800000");
}

TEST(EquivalentMutants, Patterns) {
  EXPECT_TRUE(matches("a*c", "abbc"));
  EXPECT_TRUE(matches("a*c", "ac"));
  EXPECT_TRUE(matches("*", ""));
  EXPECT_TRUE(matches("a*b*c", "axbxbxc"));
  EXPECT_FALSE(matches("a*c", "abcd"));
  EXPECT_FALSE(matches("ac", "abc"));
  EXPECT_FALSE(matches("", "a"));
}

TEST(EquivalentMutants, AnEntryFitsItsSitesOnly) {
  const EquivalentMutant entry{"", 0, {"mix_v2_kernel"}, "bound -1", "if (i < n) *", "add.*", "setp.lt.s64 %p, %rd, %rd", "why"};
  const SiteText site{"mix_v2_kernel", "bound -1", "if (i < n) x[i] = 0;", "add.s64 %rd, %rd, 1", "setp.lt.s64 %p, %rd, %rd"};
  EXPECT_TRUE(fits(entry, site));
  for (const auto change : {&SiteText::kernel, &SiteText::mutant, &SiteText::line, &SiteText::after, &SiteText::code}) {
    SiteText other = site;
    other.*change = "another " + other.*change;
    EXPECT_FALSE(fits(entry, other));
  }
}

TEST(EquivalentMutants, ASiteHasTheTextOfItsLine) {
  const Place place{"kernels/cuda_on_cpu/equivalent_mutants_test.cc", 1, 77, "bar.sync 0;"};
  const Place nowhere{"no such file", 1, 77, "bar.sync 0;"};
  SourceTexts texts;
  const SiteText site = describe({kMangled, "barrier", "removed", &place}, texts);
  EXPECT_EQ(site.kernel, "mix_v2_kernel");
  EXPECT_EQ(site.mutant, "barrier removed");
  EXPECT_EQ(site.line, "// The lists of equivalent mutants: what an entry is, and what it fits.");
  EXPECT_EQ(site.code, "bar.sync 0");
  EXPECT_EQ(describe({kMangled, "barrier", "removed", &nowhere}, texts).line, "");
}

TEST(EquivalentMutants, TheInstructionBeforeIsFoundInThePtx) {
  const std::string folder = ::testing::TempDir() + "equivalent_mutants_test";
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/a.ptx") << ".visible .entry " << kMangled << "(\n)\n{\n\tadd.s64 %rd3, %rd1, 4;\n$L_1:\n\t.loc 1 2 3;\n\n\tbar.sync 0;\n";
  SourceTexts texts;
  texts.add_ptx(folder);
  const Place place{"no such file", 1, 8, "bar.sync 0;"};
  EXPECT_EQ(describe({kMangled, "barrier", "removed", &place}, texts).after, "add.s64 %rd, %rd, 4");
  EXPECT_EQ(describe({"another_kernel", "barrier", "removed", &place}, texts).after, "");
  EXPECT_THROW(texts.add_ptx(folder + "/nothing"), Error);
}

}  // namespace
}  // namespace skewbench::cuda_on_cpu
