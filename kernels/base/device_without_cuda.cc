// device.h where there is no nvcc: the device cannot be used, and says so before anything else is asked of it.
#include "kernels/base/cudnn_support.h"
#include "kernels/base/device.h"
#include "kernels/base/error.h"

namespace skewbench::device {

std::string why_unusable() { return "this program was built without CUDA: there was no nvcc"; }
std::string why_no_cudnn() { return why_unusable(); }

namespace {
[[noreturn]] void refuse() { fail("{}", why_unusable()); }
}  // namespace

void select(int) { refuse(); }
Properties properties() { refuse(); }
int count() { refuse(); }
void* allocate(int64_t) { refuse(); }
void release(void*) noexcept {}
void* allocate_pinned(int64_t) { refuse(); }
void release_pinned(void*) noexcept {}
void copy_to_device(void*, const void*, int64_t, Stream) { refuse(); }
void copy_to_host(void*, const void*, int64_t, Stream) { refuse(); }
void copy_on_device(void*, const void*, int64_t, Stream) { refuse(); }
void fill_bytes(void*, int, int64_t, Stream) { refuse(); }
void wait(Stream) { refuse(); }
OwnedStream::OwnedStream() { refuse(); }
OwnedStream::~OwnedStream() = default;
Event::Event() { refuse(); }
Event::~Event() = default;
void Event::record(Stream) { refuse(); }
void Event::hold(Stream) { refuse(); }
void Event::wait() { refuse(); }
double Event::seconds_since(Event&) { refuse(); }

}  // namespace skewbench::device
