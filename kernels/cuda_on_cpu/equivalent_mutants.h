// Mutants that are known to change nothing: kernels/<op>/equivalent_mutants.txt, each with its proof.
//
//     kernels  add_v2_kernel relu_forward_v2_kernel
//     mutant   bound -1
//     line     if (tail < count) out[tail] = compute(in[tail]...);
//     after    add.s64 %rd, %rd, %rd
//     code     setp.lt.s64 %p, %rd, %rd
//     why      Why the kernel does the same; going on in
//              lines that are indented.
//
// Entries are separated by blank lines, # begins a comment line. `line` is the source text that the instruction comes from,
// without the spaces around it, and `code` its PTX with registers and labels without their numbers: so neither another
// line above nor another register touches an entry. `after`, the instruction before it in the PTX, may be left out. * in any
// but the kernels stands for anything. An entry covers all sites that fit.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "kernels/cuda_on_cpu/thread.h"

namespace skewbench::cuda_on_cpu {

struct EquivalentMutant {
  std::string file{};    ///< the list, and the entry's first line in it
  int line_number = 0;
  std::vector<std::string> kernels{};
  std::string mutant{};  ///< kind and change
  std::string line{}, after{"*"}, code{}, why{};
};

/// Throws Error with file and line where an entry is incomplete or has an unknown or repeated key.
std::vector<EquivalentMutant> parse_equivalent_mutants(const std::string& text, const std::string& file);

/// A site as the lists describe it.
struct SiteText {
  std::string kernel;  ///< short_kernel_name()
  std::string mutant;  ///< "bound -1"
  std::string line;
  std::string after;
  std::string code;
};

/// The texts that sites point into: CUDA sources by their path, read when they are first asked for, and PTX by its kernels.
class SourceTexts {
 public:
  /// Reads every .ptx file below a folder.
  void add_ptx(const std::string& folder);
  /// "" where there is no such line.
  std::string source_line(const std::string& file, uint32_t line);
  /// Whether a folder that was added has the kernel's PTX; true where none was added.
  bool covers(const std::string& kernel) const { return ptx_.empty() || ptx_of_.contains(kernel); }
  /// The instruction before line `line` of the PTX that has `kernel`.
  std::string instruction_before(const std::string& kernel, uint32_t line) const;

 private:
  std::map<std::string, std::vector<std::string>> sources_;
  std::vector<std::vector<std::string>> ptx_;
  std::map<std::string, std::size_t> ptx_of_;  // kernel, mangled
};

SiteText describe(const MutationSite& site, SourceTexts& texts);

bool fits(const EquivalentMutant& entry, const SiteText& site);

/// "_ZN9skewbench3mix12_GLOBAL__N_113mix_v2_kernelILi4EEEvPf" -> "mix_v2_kernel"
std::string short_kernel_name(const std::string& mangled);

/// "@%p3 bra $L__BB0_7" -> "@%p bra $L"
std::string without_numbers(const std::string& instruction);

/// Whether `text` is `pattern`, in which * stands for any characters.
bool matches(const std::string& pattern, const std::string& text);

}  // namespace skewbench::cuda_on_cpu
