// mma, ldmatrix and cp.async against loops over elements and bytes.
#include <gtest/gtest.h>

#include <vector>

#include "kernels/cuda_on_cpu/ptx_cases_test.h"
#include "kernels/cuda_on_cpu/ptx_machine_cases.h"

namespace skewbench::cuda_on_cpu {
namespace {

using namespace reference;

template <class T>
Device on_device(const std::vector<T>& values) {
  std::vector<Bits> words((values.size() * sizeof(T) + 7) / 8);
  std::memcpy(words.data(), values.data(), values.size() * sizeof(T));
  Device device(words.size());
  device.write(words);
  return device;
}

template <class T>
std::vector<T> from_device(const Device& device, size_t count) {
  CUDA_CALL(cudaDeviceSynchronize());
  const std::vector<Bits> words = device.read();
  std::vector<T> values(count);
  std::memcpy(values.data(), words.data(), count * sizeof(T));
  return values;
}

/// Numbers of a few bits, so that every sum of products is exact in float; the largest need all 11 bits of an f16.
f64 small(size_t i, size_t step) { return static_cast<f64>(i * step % 61) - 30; }

template <class T>
T encoded_as(MmaForm form, f64 value);
template <>
u16 encoded_as(MmaForm form, f64 value) {
  return form == MmaForm::f16_8 || form == MmaForm::f16_16 ? u16{to_f16(value)} : u16{to_bf16(value)};
}
template <>
u32 encoded_as(MmaForm, f64 value) { return pattern(static_cast<f32>(value)); }

/// T: the elements' bits
template <class T>
void check_mma(MmaForm form, size_t k) {
  std::vector<T> a, b;
  std::vector<f32> c;
  for (size_t i = 0; i < 16 * k; ++i) a.push_back(encoded_as<T>(form, small(i, 17)));
  for (size_t i = 0; i < k * 8; ++i) b.push_back(encoded_as<T>(form, small(i, 23) / 4));
  for (size_t i = 0; i < 16 * 8; ++i) c.push_back(static_cast<f32>(small(i, 7) * 100 + 0.25));
  const Device of_a = on_device(a), of_b = on_device(b), of_c = on_device(c), of_d = on_device(std::vector<f32>(128, NAN));
  run_mma(form, of_a.get(), of_b.get(), reinterpret_cast<f32*>(of_c.get()), reinterpret_cast<f32*>(of_d.get()));
  const auto d = from_device<f32>(of_d, 128);
  for (size_t row = 0; row < 16; ++row)
    for (size_t column = 0; column < 8; ++column) {
      f64 sum = c[row * 8 + column];
      for (size_t i = 0; i < k; ++i) sum += small(row * k + i, 17) * (small(i * 8 + column, 23) / 4);
      EXPECT_EQ(d[row * 8 + column], static_cast<f32>(sum)) << row << "," << column;
    }
}

TEST(PtxMatrixCases, MmaF16K8) { check_mma<u16>(MmaForm::f16_8, 8); }
TEST(PtxMatrixCases, MmaF16K16) { check_mma<u16>(MmaForm::f16_16, 16); }
TEST(PtxMatrixCases, MmaBf16K8) { check_mma<u16>(MmaForm::bf16_8, 8); }
TEST(PtxMatrixCases, MmaBf16K16) { check_mma<u16>(MmaForm::bf16_16, 16); }
TEST(PtxMatrixCases, MmaTf32K4) { check_mma<u32>(MmaForm::tf32_4, 4); }
TEST(PtxMatrixCases, MmaTf32K8) { check_mma<u32>(MmaForm::tf32_8, 8); }

// A tensor core sees only the upper 19 bits of a tf32: kernels that forget to round must not get more accuracy than on a GPU.
TEST(PtxMatrixCases, Tf32HasTenBitsOfMantissa) {
  std::vector<u32> a(16 * 4, pattern(1 + 0x1p-11f)), b(4 * 8, pattern(1.0f));
  const Device of_a = on_device(a), of_b = on_device(b), of_c = on_device(std::vector<f32>(128, 0)), of_d = on_device(std::vector<f32>(128, NAN));
  run_mma(MmaForm::tf32_4, of_a.get(), of_b.get(), reinterpret_cast<f32*>(of_c.get()), reinterpret_cast<f32*>(of_d.get()));
  for (const f32 value : from_device<f32>(of_d, 128)) EXPECT_EQ(value, 4.0f);
}

TEST(PtxMatrixCases, Ldmatrix) {
  std::vector<u16> matrices;
  for (size_t i = 0; i < 4 * 64; ++i) matrices.push_back(static_cast<u16>(i * 259 + 7));
  const Device of_matrices = on_device(matrices), of_outputs = on_device(std::vector<u32>(14 * 32));
  run_ldmatrix(reinterpret_cast<const u16*>(of_matrices.get()), reinterpret_cast<u32*>(of_outputs.get()));
  const auto outputs = from_device<u32>(of_outputs, 14 * 32);
  size_t at = 0;
  for (const bool transposed : {false, true})
    for (const size_t count : {1, 2, 4})
      for (size_t matrix = 0; matrix < count; ++matrix, ++at)
        for (size_t lane = 0; lane < 32; ++lane) {
          const auto element = [&](size_t column) {
            return matrices[matrix * 64 + (transposed ? column * 8 + lane / 4 : lane / 4 * 8 + column)];
          };
          const size_t column = 2 * (lane % 4);
          EXPECT_EQ(outputs[at * 32 + lane], u32{element(column)} | u32{element(column + 1)} << 16) << at << ", lane " << lane;
        }
}

TEST(PtxMatrixCases, AsyncCopies) {
  std::vector<u8> from;
  for (size_t i = 0; i < 512; ++i) from.push_back(static_cast<u8>(i * 37 + 1));
  for (const u32 source_bytes : {0u, 1u, 6u, 8u, 13u, 16u}) {
    const Device of_from = on_device(from), of_to = on_device(std::vector<u8>(kAsyncForms * 512, 0xaa));
    run_async_copies(reinterpret_cast<const char*>(of_from.get()), source_bytes, reinterpret_cast<char*>(of_to.get()));
    const auto to = from_device<u8>(of_to, kAsyncForms * 512);
    for (size_t form = 0; form < kAsyncForms; ++form) {
      const bool whole = form < 4 || form == 7 || form == 8;
      for (size_t i = 0; i < 512; ++i)
        EXPECT_EQ(int{to[form * 512 + i]}, whole || i % 16 < source_bytes ? int{from[i]} : 0) << "form " << form << ", byte " << i << " of " << source_bytes;
    }
  }
}

}  // namespace
}  // namespace skewbench::cuda_on_cpu
