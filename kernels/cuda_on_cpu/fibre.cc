#include "kernels/cuda_on_cpu/fibre.h"

#include <sys/mman.h>

#include <cstdint>

#include "kernels/base/error.h"

namespace skewbench::cuda_on_cpu {
namespace {

constexpr std::size_t kGuard = 4096;
constexpr std::size_t kStack = std::size_t{512} << 10;  // a GPU gives a thread at most 512 KiB of local memory
constexpr uint32_t kColours = 61;                       // shifts of 17 cache lines: a different set each, within 68 KiB

}  // namespace

Fibre::Fibre(uint32_t number) {
  void* const memory = mmap(nullptr, kGuard + kStack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  REQUIRE(memory != MAP_FAILED, "there is no memory for the stack of a CUDA thread ({} bytes)", kGuard + kStack);
  memory_ = static_cast<std::byte*>(memory);
  mprotect(memory_, kGuard, PROT_NONE);
  top_ = memory_ + kGuard + kStack - number % kColours * 17 * 64;
}

Fibre::~Fibre() { munmap(memory_, kGuard + kStack); }

bool Fibre::has_guard_at(const void* address) const {
  return address >= memory_ && address < memory_ + kGuard;
}

#if defined(__x86_64__)

// The registers that a function of the System V ABI must preserve, then the return address: what lies on a stack that
// is not running. MXCSR and the x87 control word are the same in all fibres.
asm(R"(
.text
.p2align 4
.type skewbench_switch_stacks,@function
skewbench_switch_stacks:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size skewbench_switch_stacks,.-skewbench_switch_stacks
)");
extern "C" void skewbench_switch_stacks(void** from, void* to);

void switch_context(Context& from, const Context& to) { skewbench_switch_stacks(&from.stack_pointer, to.stack_pointer); }

void Fibre::restart(void (*entry)()) {
  // At entry() the stack pointer is 8 below a multiple of 16, as after a call; the word there is its return address.
  void** const frame = reinterpret_cast<void**>(top_ - 64);
  frame[0] = nullptr;  // r15 ... rbp
  for (int i = 1; i < 6; ++i) frame[i] = nullptr;
  frame[6] = reinterpret_cast<void*>(entry);
  frame[7] = nullptr;
  context.stack_pointer = frame;
}

#else

void switch_context(Context& from, const Context& to) { swapcontext(&from.registers, &to.registers); }

void Fibre::restart(void (*entry)()) {
  getcontext(&context.registers);
  context.registers.uc_stack.ss_sp = memory_ + kGuard;
  context.registers.uc_stack.ss_size = static_cast<std::size_t>(top_ - memory_) - kGuard;
  context.registers.uc_link = nullptr;
  makecontext(&context.registers, entry, 0);
}

#endif

}  // namespace skewbench::cuda_on_cpu
