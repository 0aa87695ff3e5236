#include "kernels/sgd/sgd_cuda.h"

#include <algorithm>
#include <vector>

#include "kernels/base/error.h"
#include "kernels/base/launch.h"

namespace skewbench::sgd {
namespace {

std::string any(const Step& a) {
  if (a.table.range_count < 1) return "a layout without tensors";
  if (device::ceil_div(a.table.size, 256) > device::kMostBlocks) return fmt::format("{} elements: too many for a grid", a.table.size);
  return "";
}

std::string aligned(const Step& a) {
  for (const void* vector : {static_cast<const void*>(a.x), static_cast<const void*>(a.gradient), static_cast<const void*>(a.momentum),
                             static_cast<const void*>(a.x_out)})
    if (!device::is_aligned(vector)) return fmt::format("the address {} is not a multiple of 16, which 16-byte accesses need", vector);
  return any(a);
}

const device::Version<Step> kStep[] = {{1, "search", any, device::no_workspace, v1::step}, {2, "chunks", aligned, device::no_workspace, v2::step}};

template <class T>
device::Array<T> uploaded(const std::vector<T>& values) {
  device::Array<T> array(std::ssize(values));
  device::copy_to_device(array.data(), values.data(), array.bytes(), nullptr);
  device::wait(nullptr);
  return array;
}

}  // namespace

DeviceLayout::DeviceLayout(const Layout& layout) : size_(layout.size()), parameters_(layout.parameters()), statistics_(0) {
  std::vector<Range> ranges;
  std::vector<Chunk> chunks;
  const auto quads = [](int64_t elements) { return static_cast<int32_t>(std::clamp<int64_t>(elements, 0, kChunk) / 4); };
  const auto& tensors = layout.tensors();
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const Tensor& tensor = tensors[i];
    const int64_t end = tensor.offset + tensor.length, next = i + 1 < tensors.size() ? tensors[i + 1].offset : layout.size();
    const bool is_statistic = tensor.kind == TensorKind::running_statistic;
    if (is_statistic) statistics_ += tensor.length;
    ranges.push_back({tensor.offset, end, next, tensor.lr_multiplier, tensor.decay_multiplier, is_statistic});
    for (int64_t begin = tensor.offset; begin < next; begin += kChunk)
      chunks.push_back({begin, static_cast<int32_t>(i), quads(next - begin), quads(end - begin)});
  }
  ranges_ = uploaded(ranges);
  chunks_ = uploaded(chunks);
}

device::Versions<Step> step_versions() { return kStep; }

}  // namespace skewbench::sgd
