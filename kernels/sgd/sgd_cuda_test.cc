// Every CUDA version against the reference, to the bit: tensors around a quad, an alignment unit and a chunk, every option, gaps
// that must neither count nor, but in the result, be touched.
#include "kernels/sgd/sgd_cuda.h"

#include "kernels/base/device_arrays.h"

namespace skewbench::sgd {
namespace {

using test_arrays::DeviceArray;
using test_arrays::normals;
using test_arrays::refusal;
using test_arrays::run_version;
using test_arrays::same_bits;
using test_arrays::version_name;
using Floats = AlignedVector<float>;

Layout layout_of(std::vector<int64_t> lengths, std::vector<int64_t> statistics) {
  Layout layout;
  double multiplier = 1;
  for (const int64_t length : lengths) {
    layout.add(fmt::format("tensor{}", layout.tensors().size()), TensorKind::weight, 1, length, multiplier, 2 - multiplier);
    multiplier += 0.17;  // every neighbour has other factors
  }
  for (const int64_t length : statistics) layout.add(fmt::format("statistic{}", layout.tensors().size()), TensorKind::running_statistic, 1, length);
  return layout;
}

const std::vector<Layout>& layouts() {
  static const std::vector<Layout> list = {layout_of({1}, {}), layout_of({16}, {}), layout_of({1023, 5, 1024, 16, 1025, 31, 2100}, {3, 32, 17}),
                                           layout_of({7, 4, 12, 13, 14, 15, 17, 64}, {4})};
  return list;
}

struct Inputs {
  Floats x, gradient, momentum;
};

Inputs draw(const Layout& layout) {
  Inputs in{normals<float>(layout.size(), 1), normals<float>(layout.size(), 2), normals<float>(layout.size(), 3)};
  int64_t next = 0;
  const auto poison = [&](int64_t end) {
    for (; next < end; ++next) {
      in.x[static_cast<std::size_t>(next)] = in.gradient[static_cast<std::size_t>(next)] = std::nanf("");
      in.momentum[static_cast<std::size_t>(next)] = 7;  // and not what a step with a NaN makes of it
    }
  };
  for (const Tensor& tensor : layout.tensors()) {
    poison(tensor.offset);
    next = tensor.offset + tensor.length;
  }
  poison(layout.size());
  return in;
}

class SgdCuda : public ::testing::TestWithParam<device::Version<Step>> {};
INSTANTIATE_TEST_SUITE_P(Versions, SgdCuda, ::testing::ValuesIn(step_versions()), version_name);

void expect_reference(const device::Version<Step>& version, const Layout& layout, const Options& options, bool has_momentum, bool updates, bool is_in_place) {
  SCOPED_TRACE(fmt::format("{} elements, momentum {} {}, nesterov {}, frozen {}, updates {}, in place {}", layout.size(), has_momentum,
                           options.momentum, options.nesterov, options.frozen_statistics, updates, is_in_place));
  const Inputs in = draw(layout);
  Inputs want = in;
  step_ref<float>(layout, options, in.x.data(), in.gradient.data(), has_momentum ? want.momentum.data() : nullptr, want.x.data(), updates);

  const DeviceLayout on_device(layout);
  const DeviceArray<float> x(in.x), gradient(in.gradient);
  DeviceArray<float> momentum(layout.size()), out(layout.size());
  device::copy_to_device(momentum.data(), in.momentum.data(), 4 * layout.size(), nullptr);
  if (is_in_place) device::copy_to_device(out.data(), in.x.data(), 4 * layout.size(), nullptr);
  run_version(version, "sgd", Step{on_device.table(), options, is_in_place ? out.data() : x.data(), gradient.data(),
                                   has_momentum ? momentum.data() : nullptr, out.data(), updates});
  EXPECT_TRUE(same_bits(out.download(), want.x));
  const auto m = momentum.download();
  EXPECT_EQ(std::memcmp(m.data(), want.momentum.data(), m.size() * sizeof(float)), 0) << "momentum, gaps included";
  EXPECT_TRUE(x.intact() && gradient.intact() && momentum.intact() && out.intact());
}

TEST_P(SgdCuda, EqualsTheReferenceToTheBit) {
  NEEDS_DEVICE();
  for (const Layout& layout : layouts())
    for (int flags = 0; flags < 32; ++flags) {
      const bool has_momentum = flags & 1, is_nesterov = flags & 2, updates = flags & 4, is_frozen = flags & 8, is_in_place = flags & 16;
      expect_reference(GetParam(), layout, {0.13, 0.9, 0.01, is_nesterov, 0.3, is_frozen}, has_momentum, updates, is_in_place);
    }
}

TEST_P(SgdCuda, MomentumZeroTouchesNoBufferAndNothingDecaysAtZero) {
  NEEDS_DEVICE();
  expect_reference(GetParam(), layouts()[3], {0.13, 0, 0.01, true, 0.3, false}, true, true, false);
  expect_reference(GetParam(), layouts()[3], {0.13, 0.5, 0, false, 1, false}, true, true, false);
}

TEST_P(SgdCuda, DrawnLayouts) {
  NEEDS_DEVICE();
  for (int64_t i = 0; i < test_arrays::drawn_cases(3, 200); ++i) {
    test_arrays::Draw draw(i);
    std::vector<int64_t> lengths, statistics;
    for (int64_t count = draw.from(1, 9); count > 0; --count) lengths.push_back(draw.from(1, draw.from(0, 3) == 0 ? 3000 : 60));
    for (int64_t count = draw.from(0, 3); count > 0; --count) statistics.push_back(draw.from(1, 70));
    expect_reference(GetParam(), layout_of(lengths, statistics), {0.1, 0.9, 0.001, draw.from(0, 1) == 1, 0.1, false}, true, true, true);
  }
}

TEST(SgdCudaTable, CountsElementsAndBytes) {
  NEEDS_DEVICE();
  const DeviceLayout layout(layout_of({1023, 5}, {32}));
  const Table table = layout.table();
  EXPECT_EQ(table.range_count, 3);
  EXPECT_EQ(table.chunk_count, 3);
  EXPECT_EQ(table.size, 1024 + 16 + 32);
  EXPECT_EQ(table.parameters, 1028);
  EXPECT_EQ(table.statistics, 32);
  float buffer = 0;
  EXPECT_EQ((Step{table, {}, nullptr, nullptr, &buffer, nullptr, true}.bytes_read()), 4 * (3 * 1028 + 2 * 32));
  EXPECT_EQ((Step{table, {}, nullptr, nullptr, &buffer, nullptr, true}.bytes_written()), 4 * (1072 + 1028));
  EXPECT_EQ((Step{table, {}, nullptr, nullptr, nullptr, nullptr, true}.bytes_read()), 4 * (2 * 1028 + 2 * 32));
  EXPECT_EQ((Step{table, {.frozen_statistics = true}, nullptr, nullptr, nullptr, nullptr, true}.bytes_read()), 4 * (2 * 1028 + 32));
}

TEST(SgdCudaTable, Refusals) {
  NEEDS_DEVICE();
  const DeviceLayout layout(layout_of({16}, {})), empty{Layout()};
  DeviceArray<float> a(20);
  const auto refused = [&](std::size_t version, const Table& table, float* out) {
    return refusal([&] { device::launch(step_versions()[version], "sgd", Step{table, {}, a.data(), a.data(), nullptr, out, false}, nullptr, nullptr); });
  };
  EXPECT_EQ(refused(0, empty.table(), a.data()), "sgd v1 search: a layout without tensors");
  EXPECT_NE(refused(1, layout.table(), a.data() + 1).find("is not a multiple of 16"), std::string::npos);
  Table huge = layout.table();
  huge.size = int64_t{1} << 40;
  EXPECT_EQ(refused(0, huge, a.data()), "sgd v1 search: 1099511627776 elements: too many for a grid");
}

}  // namespace
}  // namespace skewbench::sgd
