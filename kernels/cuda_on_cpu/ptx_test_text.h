// PTX for the tests of the translator: a kernel around a few lines.
#pragma once

#include <string>

#include "kernels/cuda_on_cpu/ptx_parser.h"
#include "kernels/cuda_on_cpu/ptx_translate.h"

namespace skewbench::cuda_on_cpu::ptx {

inline constexpr int kLineOfBody = 13;  ///< of the first line of `body` below

/// A kernel "k" with one parameter of 64 bits and registers %p0-3, %rs0-3, %r0-7, %rd0-7, %f0-7, %fd0-3.
inline std::string kernel_text(const std::string& body, const std::string& before = "") {
  return ".version 9.0\n.target sm_80\n.address_size 64\n" + before +
         "\n.visible .entry k(\n\t.param .u64 k_param_0\n)\n{\n\t.reg .pred %p<4>;\n\t.reg .b16 %rs<4>; .reg .b32 %r<8>;\n\t.reg .b64 %rd<8>;\n"
         "\t.reg .f32 %f<8>; .reg .f64 %fd<4>;\n" + body + "\n\tret;\n}\n";
}

inline std::string translated(const std::string& text, Mutants mutants = Mutants::none) { return translate(parse(text, "k.ptx"), mutants); }

/// What stops the translation, or "".
inline std::string error_of(const std::string& text) {
  try {
    translated(text);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace skewbench::cuda_on_cpu::ptx
