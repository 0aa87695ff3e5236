#include "kernels/cuda_on_cpu/fault_handler.h"

#include <fmt/format.h>
#include <signal.h>

#include <cstdio>
#include <memory>
#include <mutex>

#include "kernels/cuda_on_cpu/block.h"
#include "kernels/cuda_on_cpu/device_memory.h"
#include "kernels/cuda_on_cpu/watchdog.h"

namespace skewbench::cuda_on_cpu {
namespace {

struct sigaction before_us;

std::string what_a_kernel_did(const Block& block, uint64_t address) {
  if (block.current->fibre->has_guard_at(reinterpret_cast<const void*>(address)))
    return "the thread has used up its stack: local memory and calls may take 512 KiB";
  if (address - (device_base + device_offset) < kDeviceWindow)
    return fmt::format("an access of global memory at 0x{:x}, {}", address - device_offset, describe_address(address - device_offset));
  if (address - reinterpret_cast<uint64_t>(block.shared) < kSharedWindow)
    return fmt::format("an access of shared memory at offset {}", address - reinterpret_cast<uint64_t>(block.shared));
  return fmt::format("an access of 0x{:x}", address);
}

// Leaves the handler by a switch of contexts. Translated code holds no lock and is in no allocation, so the machine may go on.
void on_fault(int signal, siginfo_t* info, void*) {
  const auto address = reinterpret_cast<uint64_t>(info->si_addr);
  Block* const block = running_block();
  if (block != nullptr && block->is_in_fibre)
    block->find(*block->current, cudaErrorIllegalAddress, nullptr, what_a_kernel_did(*block, address));
  if (is_device_address(address))
    std::fprintf(stderr,
                 "CUDA on the CPU: host code touches device memory at 0x%llx, %s; only kernels and cudaMemcpy may\n",
                 static_cast<unsigned long long>(address), describe_address(address).c_str());
  sigaction(signal, &before_us, nullptr);  // the same instruction faults once more, for whoever was responsible before
}

void on_late(int, siginfo_t*, void*) {
  Block* const block = running_block();
  if (block != nullptr && block->is_in_fibre && block->is_late) block->stop_late(*block->current, nullptr);
}

void handle(int signal, void (*handler)(int, siginfo_t*, void*), struct sigaction* before) {
  struct sigaction action {};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;  // not deferred: the handler may never return
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, before);
}

}  // namespace

void install_fault_handler() {
  static std::once_flag once;
  std::call_once(once, [] {
    handle(SIGSEGV, on_fault, &before_us);
    handle(late_signal(), on_late, nullptr);
  });
}

void prepare_thread_for_faults() {
  constexpr std::size_t kBytes = 64 << 10;
  static thread_local std::unique_ptr<std::byte[]> memory;
  if (memory != nullptr) return;
  memory = std::make_unique<std::byte[]>(kBytes);
  stack_t stack{};
  stack.ss_sp = memory.get();
  stack.ss_size = kBytes;
  sigaltstack(&stack, nullptr);
}

}  // namespace skewbench::cuda_on_cpu
