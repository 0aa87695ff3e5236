// ptx_to_cpp [--mutants few|all] FILE.ptx -o FILE.cc
//
// Translates what nvcc wrote into C++ that runs on the machine of this folder. What it does not know ends it with exit code 1
// and the line of the PTX. --mutants: of the places that mutants change, a few of each kernel or all ask at run time which one is
// active.
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>
#include <vector>

#include "kernels/cuda_on_cpu/ptx_parser.h"
#include "kernels/cuda_on_cpu/ptx_translate.h"

namespace {

using namespace skewbench::cuda_on_cpu;

struct Arguments {
  std::string from, to;
  ptx::Mutants mutants = ptx::Mutants::none;
};

bool parse_arguments(const std::vector<std::string>& words, Arguments& into) {
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--mutants" && i + 1 < words.size() && (words[i + 1] == "few" || words[i + 1] == "all"))
      into.mutants = words[++i] == "few" ? ptx::Mutants::few : ptx::Mutants::all;
    else if (words[i] == "-o" && i + 1 < words.size()) into.to = words[++i];
    else if (into.from.empty() && !words[i].starts_with('-')) into.from = words[i];
    else return false;
  }
  return !into.from.empty() && !into.to.empty();
}

// A file that would not change keeps its time, so that a changed translator recompiles only what it changes.
void write_file(const std::string& path, const std::string& text) {
  if (std::ifstream before(path, std::ios::binary); before && ptx::read_file(path) == text) return;
  std::ofstream file(path, std::ios::binary);
  file << text << std::flush;
  if (!file) throw ptx::Error(path + ": cannot be written");
}

}  // namespace

int main(int count, char** words) {
  Arguments arguments;
  if (!parse_arguments({words + 1, words + count}, arguments)) {
    std::fprintf(stderr, "usage: ptx_to_cpp [--mutants few|all] FILE.ptx -o FILE.cc\n");
    return 2;
  }
  try {
    const ptx::Module module = ptx::parse(ptx::read_file(arguments.from), arguments.from);
    write_file(arguments.to, ptx::translate(module, arguments.mutants));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
