#include "kernels/cuda_on_cpu/registry.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

#include "kernels/cuda_on_cpu/device_memory.h"

namespace skewbench::cuda_on_cpu {
namespace {

// Filled by static objects, in any order.
std::map<std::string, Kernel>& kernels() {
  static std::map<std::string, Kernel> all;
  return all;
}
std::map<std::string, Variable>& variables() {
  static std::map<std::string, Variable> all;
  return all;
}

}  // namespace

// A template's instance may stand in several files; any of them will do.
RegisteredKernel::RegisteredKernel(const Kernel& kernel) { kernels().emplace(kernel.name, kernel); }

RegisteredVariable::RegisteredVariable(const char* name, uint64_t bytes, const void* initial, uint64_t* address) {
  *address = allocate_device(bytes, true);
  if (*address == 0) {
    std::fprintf(stderr, "CUDA on the CPU: there are no %llu bytes of device memory for the variable %s\n",
                 static_cast<unsigned long long>(bytes), name);
    std::_Exit(2);
  }
  if (initial != nullptr) std::memcpy(host_view(*address), initial, bytes);
  else std::memset(host_view(*address), 0, bytes);
  Variable& variable = variables()[name];
  variable = {*address, bytes, variable.definitions + 1};
}

const Kernel* find_kernel(const std::string& name) {
  const auto found = kernels().find(name);
  return found == kernels().end() ? nullptr : &found->second;
}

const Variable* find_variable(const std::string& name) {
  const auto found = variables().find(name);
  return found == variables().end() ? nullptr : &found->second;
}

}  // namespace skewbench::cuda_on_cpu
