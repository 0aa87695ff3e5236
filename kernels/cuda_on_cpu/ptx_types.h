// PTX types and the C++ types that stand for them in translated code.
#pragma once

#include <string>
#include <string_view>

namespace skewbench::cuda_on_cpu::ptx {

enum class Type {
  none,
  pred,
  b8, b16, b32, b64,
  u8, u16, u32, u64,
  s8, s16, s32, s64,
  f16, bf16, f16x2, bf16x2, tf32,  // held as bits: uint16_t and uint32_t
  f32, f64,
};

/// Type::none where `name` is no type.
Type type_named(std::string_view name);
const char* name_of(Type type);

unsigned bits_of(Type type);                  ///< 1 for pred
inline unsigned bytes_of(Type type) { return (bits_of(type) + 7) / 8; }
bool is_signed(Type type);                    ///< s8 ... s64
bool is_integer(Type type);                   ///< b, u or s
bool is_real(Type type);                      ///< f32 or f64: C++ has a type for it
Type unsigned_of(Type type);                  ///< u of the same width
Type twice_as_wide(Type type);                ///< s16 to s32 ...

/// bool, float, double or an integer of stdint.h.
const char* cpp_type(Type type);

}  // namespace skewbench::cuda_on_cpu::ptx
