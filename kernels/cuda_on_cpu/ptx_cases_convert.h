// Cases of ptx_cases.h: conversions and moves.

#define EIGHT(X, S) X(u8, S) X(u16, S) X(u32, S) X(u64, S) X(s8, S) X(s16, S) X(s32, S) X(s64, S)
#define FROM_EIGHT(X, D) X(D, u8) X(D, u16) X(D, u32) X(D, u64) X(D, s8) X(D, s16) X(D, s32) X(D, s64)

// Integers. PTX asks for no conversion of a type to itself, but allows it.
#define INTEGERS(D, S) CASE1(D, S, "cvt." #D "." #S, reference::low_bits<D>(a))
EIGHT(INTEGERS, u8) EIGHT(INTEGERS, u16) EIGHT(INTEGERS, u32) EIGHT(INTEGERS, u64)
EIGHT(INTEGERS, s8) EIGHT(INTEGERS, s16) EIGHT(INTEGERS, s32) EIGHT(INTEGERS, s64)
#undef INTEGERS
#define CLAMPED(D, S) CASE1(D, S, "cvt.sat." #D "." #S, reference::clamped_to<D>(a))
#define FROM_SIGNED(D) CLAMPED(D, s8) CLAMPED(D, s16) CLAMPED(D, s32) CLAMPED(D, s64)
FROM_SIGNED(u8) FROM_SIGNED(u16) FROM_SIGNED(u32) FROM_SIGNED(u64)
CLAMPED(u8, u16) CLAMPED(u8, u32) CLAMPED(u8, u64) CLAMPED(u16, u32) CLAMPED(u16, u64) CLAMPED(u32, u64)
CLAMPED(s8, u8) CLAMPED(s8, u16) CLAMPED(s8, u32) CLAMPED(s8, u64) CLAMPED(s16, u16) CLAMPED(s16, u32) CLAMPED(s16, u64)
CLAMPED(s32, u32) CLAMPED(s32, u64) CLAMPED(s64, u64)
CLAMPED(s8, s16) CLAMPED(s8, s32) CLAMPED(s8, s64) CLAMPED(s16, s32) CLAMPED(s16, s64) CLAMPED(s32, s64)
#undef CLAMPED
#undef FROM_SIGNED

// To integers. I: the rounding as <cmath> has it; all of f16, f32 and f64 fit into f64.
#define ROUNDINGS(X, D, S) X(D, S, "rni", std::nearbyint) X(D, S, "rzi", std::trunc) X(D, S, "rmi", std::floor) X(D, S, "rpi", std::ceil)
#define TO_INTEGER(D, S, text, I)                                                                \
  CASE1(D, S, "cvt." text "." #D "." #S, reference::integer_of<D>(I(reference::real(a)), #S))    \
  CASE1(D, S, "cvt." text ".sat." #D "." #S, reference::integer_of<D>(I(reference::real(a)), #S))
#define TO_INTEGER_F32(D, S) ROUNDINGS(TO_INTEGER, D, f32)
#define TO_INTEGER_F64(D, S) ROUNDINGS(TO_INTEGER, D, f64)
#define TO_INTEGER_HALF(D, S, text, I) CASE1(D, S, "cvt." text "." #D "." #S, reference::integer_of<D>(I(reference::real(a)), #S))
#define TO_INTEGER_F16(D, S) ROUNDINGS(TO_INTEGER_HALF, D, f16)
EIGHT(TO_INTEGER_F32, ) EIGHT(TO_INTEGER_F64, ) EIGHT(TO_INTEGER_F16, )
#define FLUSHED(D, S, text, I) CASE1(D, S, "cvt." text ".ftz." #D "." #S, reference::integer_of<D>(I(reference::flushed(a)), #S))
ROUNDINGS(FLUSHED, s32, f32) ROUNDINGS(FLUSHED, u64, f32)
#undef FLUSHED
#define INTEGRAL(T, S, text, I) CASE1(T, T, "cvt." text "." #T "." #T, I(a))
ROUNDINGS(INTEGRAL, f32, ) ROUNDINGS(INTEGRAL, f64, )
#undef INTEGRAL
#define INTEGRAL(T, S, text, I)                                                     \
  CASE1(f16, f16, "cvt." text ".f16.f16", reference::to_f16(I(reference::real(a)))) \
  CASE1(f32, f32, "cvt." text ".ftz.f32.f32", I(reference::flushed(a)))             \
  CASE1(f32, f32, "cvt." text ".sat.f32.f32", reference::saturated(I(a)))
ROUNDINGS(INTEGRAL, , )
#undef INTEGRAL

// From integers
#define MODES(X, D, S) X(D, S, "rn", FE_TONEAREST) X(D, S, "rz", FE_TOWARDZERO) X(D, S, "rm", FE_DOWNWARD) X(D, S, "rp", FE_UPWARD)
#define FROM_INTEGER(D, S, text, M)                                                                                            \
  CASE1(f32, S, "cvt." text ".f32." #S, reference::rounded(M, [&] { return static_cast<f32>(reference::at_run_time(a)); }))     \
  CASE1(f32, S, "cvt." text ".sat.f32." #S, reference::saturated(reference::rounded(M, [&] { return static_cast<f32>(reference::at_run_time(a)); }))) \
  CASE1(f16, S, "cvt." text ".f16." #S, reference::to_f16(static_cast<long double>(a), M))
#define FROM_ALL_MODES(D, S) MODES(FROM_INTEGER, D, S)
FROM_EIGHT(FROM_ALL_MODES, )
#define TO_DOUBLE(D, S) CASE1(f64, S, "cvt.rn.f64." #S, static_cast<f64>(a))
FROM_EIGHT(TO_DOUBLE, )
#undef TO_DOUBLE

// Between floats
CASE1(f32, f32, "cvt.f32.f32", a)
CASE1(f32, f32, "cvt.ftz.f32.f32", reference::flushed(a))
CASE1(f32, f32, "cvt.sat.f32.f32", reference::saturated(a))
CASE1(f32, f32, "cvt.ftz.sat.f32.f32", reference::saturated(reference::flushed(a)))
CASE1(f64, f32, "cvt.f64.f32", a)
CASE1(f64, f32, "cvt.ftz.f64.f32", reference::flushed(a))
CASE1(f32, f16, "cvt.f32.f16", reference::half_value(a))
CASE1(f64, f16, "cvt.f64.f16", reference::half_value(a))
CASE1(f16, f32, "cvt.rn.sat.f16.f32", reference::to_f16(reference::saturated(a)))
#define NARROW(D, S, text, M)                                                                                        \
  CASE1(f32, f64, "cvt." text ".f32.f64", reference::rounded(M, [&] { return static_cast<f32>(reference::at_run_time(a)); })) \
  CASE1(f32, f64, "cvt." text ".ftz.f32.f64", reference::flushed(reference::rounded(M, [&] { return static_cast<f32>(reference::at_run_time(a)); }))) \
  CASE1(f32, f64, "cvt." text ".sat.f32.f64", reference::saturated(reference::rounded(M, [&] { return static_cast<f32>(reference::at_run_time(a)); }))) \
  CASE1(f16, f32, "cvt." text ".f16.f32", reference::to_f16(a, M))                                                   \
  CASE1(f16, f64, "cvt." text ".f16.f64", reference::to_f16(a, M))
MODES(NARROW, , )
#undef NARROW
#define PACKED(F, text, M)                                        \
  CASE2(F##x2, f32, f32, "cvt." text "." #F "x2.f32", u32{reference::to_##F(a, M)} << 16 | reference::to_##F(b, M))
PACKED(f16, "rn", FE_TONEAREST) PACKED(f16, "rz", FE_TOWARDZERO) PACKED(bf16, "rn", FE_TONEAREST) PACKED(bf16, "rz", FE_TOWARDZERO)
#undef PACKED
CASE1(bf16, f32, "cvt.rn.bf16.f32", reference::to_bf16(a))
CASE1(bf16, f32, "cvt.rz.bf16.f32", reference::to_bf16(a, FE_TOWARDZERO))
CASE1(tf32, f32, "cvt.rna.tf32.f32", reference::to_tf32(a))

// Moves
#define MOVED(T) CASE1(T, T, "mov." #T, a)
MOVED(b16) MOVED(b32) MOVED(b64) MOVED(u16) MOVED(u32) MOVED(u64) MOVED(s16) MOVED(s32) MOVED(s64) MOVED(f32) MOVED(f64)
#undef MOVED
RAW2(u32, u32, u32, "{ .reg .pred p, q; setp.lt.u32 p, %1, %2; mov.pred q, p; selp.u32 %0, 1, 0, q; }", a < b)
RAW2(b32, u16, u16, "mov.b32 %0, {%1, %2};", u32{b} << 16 | a)
RAW2(b64, u32, u32, "mov.b64 %0, {%1, %2};", u64{b} << 32 | a)
RAW2(b64, f32, f32, "mov.b64 %0, {%1, %2};", u64{reference::pattern(b)} << 32 | reference::pattern(a))
RAW2(b64, u16, u16, "mov.b64 %0, {%1, %2, %2, %1};", u64{a} << 48 | u64{b} << 32 | u64{b} << 16 | a)
RAW1(u16, b32, "{ .reg .b16 low; mov.b32 {low, %0}, %1; }", a >> 16)
RAW1(u16, b32, "{ .reg .b16 high; mov.b32 {%0, high}, %1; }", a)
RAW1(u32, b64, "{ .reg .b32 low; mov.b64 {low, %0}, %1; }", a >> 32)
RAW1(f32, b64, "{ .reg .b32 high; mov.b64 {%0, high}, %1; }", reference::real_of(u32(a)))
RAW1(u16, b64, "{ .reg .b16 p, q, r; mov.b64 {p, q, %0, r}, %1; }", a >> 32)

#undef EIGHT
#undef FROM_EIGHT
#undef ROUNDINGS
#undef TO_INTEGER
#undef TO_INTEGER_F32
#undef TO_INTEGER_F64
#undef TO_INTEGER_HALF
#undef TO_INTEGER_F16
#undef MODES
#undef FROM_INTEGER
#undef FROM_ALL_MODES
