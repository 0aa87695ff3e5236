// Cases of ptx_cases.h: comparisons and selections.

// X(name, what it is): on integers, and on floats, where a NaN is neither less, equal nor greater
#define ORDERS(X, T) X(T, "eq", a == b) X(T, "ne", a != b) X(T, "lt", a < b) X(T, "le", a <= b) X(T, "gt", a > b) X(T, "ge", a >= b)
#define UNSIGNED_ORDERS(X, T) X(T, "lo", a < b) X(T, "ls", a <= b) X(T, "hi", a > b) X(T, "hs", a >= b)
#define NANS (std::isnan(reference::real(a)) || std::isnan(reference::real(b)))
#define LESS (reference::real(a) < reference::real(b))
#define MORE (reference::real(a) > reference::real(b))
#define REAL_ORDERS(X, T)                                                                          \
  X(T, "eq", !NANS && !LESS && !MORE) X(T, "ne", LESS || MORE) X(T, "lt", LESS)                    \
  X(T, "le", !NANS && !MORE) X(T, "gt", MORE) X(T, "ge", !NANS && !LESS)                           \
  X(T, "equ", NANS || (!LESS && !MORE)) X(T, "neu", NANS || LESS || MORE) X(T, "ltu", NANS || LESS) \
  X(T, "leu", NANS || !MORE) X(T, "gtu", NANS || MORE) X(T, "geu", NANS || !LESS)                  \
  X(T, "num", !NANS) X(T, "nan", NANS)

// setp alone, into one and into two predicates, joined with a third one
#define SETP(T, op, e)                                          \
  TEST2(T, "setp." op "." #T, e)                                \
  PAIR_TEST2(T, "setp." op "." #T, (e), !(e))                   \
  PAIR_TEST3(T, "setp." op ".and." #T, "r", (e) && r, !(e) && r) \
  PAIR_TEST3(T, "setp." op ".or." #T, "r", (e) || r, !(e) || r)  \
  PAIR_TEST3(T, "setp." op ".xor." #T, "!r", (e) != !r, !(e) != !r)
#define SETP_HALF(T, op, e)                                     \
  TEST2(T, "setp." op "." #T, e)                                \
  TEST3(T, "setp." op ".and." #T, "r", (e) && r)                \
  TEST3(T, "setp." op ".or." #T, "r", (e) || r)                 \
  TEST3(T, "setp." op ".xor." #T, "!r", (e) != !r)
#define SET(T, op, e)                                           \
  CASE2(u32, T, T, "set." op ".u32." #T, (e) ? ~u32{0} : 0)     \
  CASE2(s32, T, T, "set." op ".s32." #T, (e) ? -1 : 0)
#define SET_REAL(T, op, e) CASE2(f32, T, T, "set." op ".f32." #T, (e) ? 1.0f : 0.0f)

ORDERS(SETP, s16) ORDERS(SETP, s32) ORDERS(SETP, s64) ORDERS(SETP, u16) ORDERS(SETP, u32) ORDERS(SETP, u64)
UNSIGNED_ORDERS(SETP, u16) UNSIGNED_ORDERS(SETP, u32) UNSIGNED_ORDERS(SETP, u64)
SETP(b16, "eq", a == b) SETP(b16, "ne", a != b) SETP(b32, "eq", a == b) SETP(b32, "ne", a != b) SETP(b64, "eq", a == b) SETP(b64, "ne", a != b)
REAL_ORDERS(SETP, f32) REAL_ORDERS(SETP, f64) REAL_ORDERS(SETP_HALF, f16)
ORDERS(SET, s16) ORDERS(SET, s32) ORDERS(SET, s64) ORDERS(SET, u16) ORDERS(SET, u32) ORDERS(SET, u64)
SET(b16, "eq", a == b) SET(b32, "ne", a != b) SET(b64, "eq", a == b) SET_REAL(b32, "eq", a == b)
ORDERS(SET_REAL, s32)
REAL_ORDERS(SET, f32) REAL_ORDERS(SET_REAL, f32) REAL_ORDERS(SET, f64) SET_REAL(f64, "lt", a < b)
REAL_ORDERS(SET, f16)

#define SET_FTZ(T, op, e) CASE2(u32, T, T, "set." op ".ftz.u32." #T, ([](f32 a, f32 b) { return e; }(reference::flushed(a), reference::flushed(b))) ? ~u32{0} : 0)
#define WITH_FLUSHED(T, op, e) TEST2(T, "setp." op ".ftz." #T, ([](f32 a, f32 b) { return e; }(reference::flushed(a), reference::flushed(b))))
REAL_ORDERS(WITH_FLUSHED, f32) REAL_ORDERS(SET_FTZ, f32)
#undef SET_FTZ
#undef WITH_FLUSHED

#define SETP_HALVES(T, op, e)                                                                                              \
  PAIR_TEST2(f16x2, "setp." op ".f16x2", ([](f16 a, f16 b) { return e; }(f16(a), f16(b))), ([](f16 a, f16 b) { return e; }(f16(a >> 16), f16(b >> 16)))) \
  CASE2(f16x2, f16x2, f16x2, "set." op ".f16x2.f16x2", reference::in_halves([](f16 a, f16 b) { return f16(e ? 0x3c00 : 0); }, a, b)) \
  CASE2(u32, f16x2, f16x2, "set." op ".u32.f16x2", reference::in_halves([](f16 a, f16 b) { return f16(e ? 0xffff : 0); }, a, b)) \
  CASE2(f16, f16, f16, "set." op ".f16.f16", e ? 0x3c00 : 0)
#define PARENTHESES(T, op, e) SETP_HALVES(T, op, (e))
REAL_ORDERS(PARENTHESES, f16)
CASE2(s32, f16x2, f16x2, "set.lt.s32.f16x2", reference::in_halves([](f16 a, f16 b) { return f16(LESS ? 0xffff : 0); }, a, b))
#undef SETP_HALVES
#undef PARENTHESES

#define CHOICES(T)                                                         \
  CHOOSE(T, "selp." #T, r ? a : b)                                         \
  CASE3(T, T, T, s32, "slct." #T ".s32", c >= 0 ? a : b)                   \
  CASE3(T, T, T, f32, "slct." #T ".f32", c >= 0 ? a : b)                   \
  CASE3(T, T, T, f32, "slct.ftz." #T ".f32", reference::flushed(c) >= 0 ? a : b)
CHOICES(b16) CHOICES(b32) CHOICES(b64) CHOICES(u16) CHOICES(u32) CHOICES(u64) CHOICES(s16) CHOICES(s32) CHOICES(s64) CHOICES(f32) CHOICES(f64)
#undef CHOICES

#undef ORDERS
#undef UNSIGNED_ORDERS
#undef REAL_ORDERS
#undef NANS
#undef LESS
#undef MORE
#undef SETP
#undef SETP_HALF
#undef SET
#undef SET_REAL
