// Device memory: what cudaMalloc hands out. Its addresses are reserved without access, so a host that touches one of them
// crashes, as it would with a GPU; the bytes lie device_offset further on (thread.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace skewbench::cuda_on_cpu {

struct Allocation {
  uint64_t begin = 0, bytes = 0;
  bool is_variable = false;  ///< of a kernel: lives as long as the program
  uint64_t end() const { return begin + bytes; }
};

/// 256-byte aligned, at least kGap bytes away from every other one, every byte 0xFF; 0 if there is not enough.
uint64_t allocate_device(uint64_t bytes, bool is_variable = false);
/// False if no allocation begins there that may be released.
bool release_device(uint64_t address);

/// The allocation that `address` lies in, or null.
const Allocation* find_allocation(uint64_t address);

/// For reports: "16 bytes behind an allocation of 1024 bytes at 0x..."
std::string describe_address(uint64_t address);

bool is_device_address(uint64_t address);
std::byte* host_view(uint64_t address);

uint64_t device_bytes_used();
uint64_t device_bytes_total();
/// Addresses [device_base, device_base + device_reach()) may be handed out.
uint64_t device_reach();

}  // namespace skewbench::cuda_on_cpu
