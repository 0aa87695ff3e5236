#include "kernels/cuda_on_cpu/ptx_types.h"

#include <array>

namespace skewbench::cuda_on_cpu::ptx {
namespace {

enum class Kind { none, predicate, bits, natural, integer, packed, real };

struct Description {
  Type type;
  const char* name;
  unsigned bits;
  Kind kind;
  const char* cpp;
};

// In the order of the enumeration.
constexpr std::array kTypes{
    Description{Type::none, "", 0, Kind::none, "void"},
    Description{Type::pred, "pred", 1, Kind::predicate, "bool"},
    Description{Type::b8, "b8", 8, Kind::bits, "uint8_t"},
    Description{Type::b16, "b16", 16, Kind::bits, "uint16_t"},
    Description{Type::b32, "b32", 32, Kind::bits, "uint32_t"},
    Description{Type::b64, "b64", 64, Kind::bits, "uint64_t"},
    Description{Type::u8, "u8", 8, Kind::natural, "uint8_t"},
    Description{Type::u16, "u16", 16, Kind::natural, "uint16_t"},
    Description{Type::u32, "u32", 32, Kind::natural, "uint32_t"},
    Description{Type::u64, "u64", 64, Kind::natural, "uint64_t"},
    Description{Type::s8, "s8", 8, Kind::integer, "int8_t"},
    Description{Type::s16, "s16", 16, Kind::integer, "int16_t"},
    Description{Type::s32, "s32", 32, Kind::integer, "int32_t"},
    Description{Type::s64, "s64", 64, Kind::integer, "int64_t"},
    Description{Type::f16, "f16", 16, Kind::packed, "uint16_t"},
    Description{Type::bf16, "bf16", 16, Kind::packed, "uint16_t"},
    Description{Type::f16x2, "f16x2", 32, Kind::packed, "uint32_t"},
    Description{Type::bf16x2, "bf16x2", 32, Kind::packed, "uint32_t"},
    Description{Type::tf32, "tf32", 32, Kind::packed, "uint32_t"},
    Description{Type::f32, "f32", 32, Kind::real, "float"},
    Description{Type::f64, "f64", 64, Kind::real, "double"},
};

constexpr const Description& describe(Type type) { return kTypes[static_cast<size_t>(type)]; }

constexpr bool in_order() {
  for (size_t i = 0; i < kTypes.size(); ++i)
    if (static_cast<size_t>(kTypes[i].type) != i) return false;
  return true;
}
static_assert(in_order());

Type find(Kind kind, unsigned bits) {
  for (const Description& d : kTypes)
    if (d.kind == kind && d.bits == bits) return d.type;
  return Type::none;
}

}  // namespace

Type type_named(std::string_view name) {
  for (const Description& d : kTypes)
    if (d.name == name) return d.type;
  return Type::none;
}

const char* name_of(Type type) { return describe(type).name; }
unsigned bits_of(Type type) { return describe(type).bits; }
const char* cpp_type(Type type) { return describe(type).cpp; }
bool is_signed(Type type) { return describe(type).kind == Kind::integer; }
bool is_real(Type type) { return describe(type).kind == Kind::real; }

bool is_integer(Type type) {
  const Kind kind = describe(type).kind;
  return kind == Kind::bits || kind == Kind::natural || kind == Kind::integer;
}

Type unsigned_of(Type type) { return find(Kind::natural, bits_of(type)); }
Type twice_as_wide(Type type) { return find(describe(type).kind, 2 * bits_of(type)); }

}  // namespace skewbench::cuda_on_cpu::ptx
