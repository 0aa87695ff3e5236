// PTX text to a Module. Knows what nvcc writes; whatever else stands in the file is an error with its line.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "kernels/cuda_on_cpu/ptx_module.h"

namespace skewbench::cuda_on_cpu::ptx {

/// Its text is a whole line for the user: "FILE:LINE: sentence".
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// `path` is for messages only.
Module parse(std::string_view text, const std::string& path);

/// The whole of a file; Error where it cannot be read.
std::string read_file(const std::string& path);

}  // namespace skewbench::cuda_on_cpu::ptx
