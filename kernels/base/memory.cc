#include "kernels/base/memory.h"

#include <cstring>
#include <new>

#include "kernels/base/aligned.h"
#include "kernels/base/device.h"
#include "kernels/base/error.h"
#include "kernels/base/queue.h"

namespace skewbench {

void Memory::copy(void* to, const void* from, int64_t bytes) const {
  if (queue_) device::copy_on_device(to, from, bytes, queue_->stream());
  else if (bytes > 0) std::memcpy(to, from, static_cast<std::size_t>(bytes));
}

void Memory::zero(void* to, int64_t bytes) const {
  if (queue_) device::fill_bytes(to, 0, bytes, queue_->stream());
  else if (bytes > 0) std::memset(to, 0, static_cast<std::size_t>(bytes));
}

void Memory::upload(void* to, const void* host, int64_t bytes) const {
  if (queue_) queue_->upload(to, host, bytes);
  else copy(to, host, bytes);
}

void Memory::download(void* host, const void* from, int64_t bytes) const {
  if (!queue_) return copy(host, from, bytes);
  device::copy_to_host(host, from, bytes, queue_->stream());
  device::wait(queue_->stream());
}

void Memory::wait() const {
  if (queue_) device::wait(queue_->stream());
}

Block::Block(Memory memory, int64_t bytes) : memory_(memory), bytes_(bytes) {
  REQUIRE(bytes >= 0, "{} bytes of memory cannot be allocated", bytes);
  if (bytes == 0) return;
  data_ = memory.on_device() ? device::allocate(bytes)
                             : ::operator new(static_cast<std::size_t>(bytes), std::align_val_t(kAlignment));
  memory.zero(data_, bytes);
}

Block::~Block() {
  if (!data_) return;
  if (memory_.on_device()) device::release(data_);
  else ::operator delete(data_, std::align_val_t(kAlignment));
}

}  // namespace skewbench
