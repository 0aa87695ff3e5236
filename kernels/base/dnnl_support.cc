#include "kernels/base/dnnl_support.h"

#include "kernels/base/aligned.h"

#include <omp.h>

namespace skewbench::dnnl_support {

const dnnl::engine& engine() {
  thread_local const dnnl::engine the_engine = checked("making the CPU engine", [] {
    omp_set_num_threads(1);
    return dnnl::engine(dnnl::engine::kind::cpu, 0);
  });
  return the_engine;
}

dnnl::stream& stream() {
  thread_local dnnl::stream the_stream = checked("making a stream", [] { return dnnl::stream(engine()); });
  return the_stream;
}

void* scratch(std::size_t bytes) {
  thread_local AlignedVector<char> memory;
  if (memory.size() < bytes) memory = AlignedVector<char>(bytes);
  return memory.data();
}

Plan::Plan(dnnl::primitive primitive, const dnnl::memory::desc& scratchpad)
    : primitive_(std::move(primitive)), scratchpad_bytes_(scratchpad.get_size()) {
  if (scratchpad_bytes_ == 0) return;
  bind(DNNL_ARG_SCRATCHPAD, scratchpad);
  first_ = 1;
}

int Plan::bind(int dnnl_argument, const dnnl::memory::desc& desc) {
  memories_.push_back(checked("making a memory object", [&] { return dnnl::memory(desc, engine(), DNNL_MEMORY_NONE); }));
  arguments_.push_back({dnnl_argument, memories_.back().get()});
  return static_cast<int>(memories_.size()) - 1 - first_;
}

void Plan::set(int slot, const void* address) {
  checked("setting an address", [&] {
    memories_[static_cast<std::size_t>(slot + first_)].set_data_handle(const_cast<void*>(address), stream());
  });
}

void Plan::execute(const char* what) {
  if (first_ == 1) set(-1, scratch(scratchpad_bytes_));
  // The C interface: the C++ one builds an unordered_map and a vector per call.
  checked(what, [&] {
    dnnl::error::wrap_c_api(dnnl_primitive_execute(primitive_.get(), stream().get(), static_cast<int>(arguments_.size()),
                                                   arguments_.data()),
                            "executing a primitive");
    stream().wait();
  });
}

}  // namespace skewbench::dnnl_support
