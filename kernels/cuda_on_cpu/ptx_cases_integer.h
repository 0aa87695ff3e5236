// Cases of ptx_cases.h: arithmetic of integers.

#define SIX(X) X(u16, u32) X(s16, s32) X(u32, u64) X(s32, s64) X(u64, u128) X(s64, s128)

// T: the type, W: one that holds all sums and products of it
#define ARITHMETIC(T, W)                                                                              \
  CASE2(T, T, T, "add." #T, W(a) + W(b))                                                              \
  CASE2(T, T, T, "sub." #T, W(a) - W(b))                                                              \
  CASE2(T, T, T, "mul.lo." #T, u128(a) * u128(b))                                                     \
  CASE2(T, T, T, "mul.hi." #T, (W(a) * W(b)) >> (8 * sizeof(T)))                                      \
  CASE3(T, T, T, T, "mad.lo." #T, u128(a) * u128(b) + u128(c))                                        \
  CASE3(T, T, T, T, "mad.hi." #T, u128((W(a) * W(b)) >> (8 * sizeof(T))) + u128(c))                   \
  CASE3(T, T, T, T, "sad." #T, u128(W(a) > W(b) ? W(a) - W(b) : W(b) - W(a)) + u128(c))               \
  CASE2(T, T, T, "div." #T, b == 0 ? W(-1) : W(a) / W(b))                                             \
  CASE2(T, T, T, "rem." #T, b == 0 ? W(a) : W(a) % W(b))                                              \
  CASE2(T, T, T, "min." #T, std::min(a, b))                                                           \
  CASE2(T, T, T, "max." #T, std::max(a, b))
SIX(ARITHMETIC)
#undef ARITHMETIC
#undef SIX

CASE2(s32, s32, s32, "add.sat.s32", std::clamp(s64(a) + b, s64{INT32_MIN}, s64{INT32_MAX}))
CASE2(s32, s32, s32, "sub.sat.s32", std::clamp(s64(a) - b, s64{INT32_MIN}, s64{INT32_MAX}))
CASE1(s16, s16, "abs.s16", a < 0 ? -s32(a) : a)
CASE1(s32, s32, "abs.s32", a < 0 ? -s64(a) : a)
CASE1(s64, s64, "abs.s64", a < 0 ? -s128(a) : a)
CASE1(s16, s16, "neg.s16", -s32(a))
CASE1(s32, s32, "neg.s32", -s64(a))
CASE1(s64, s64, "neg.s64", -s128(a))

CASE2(u32, u16, u16, "mul.wide.u16", u64(a) * b)
CASE2(s32, s16, s16, "mul.wide.s16", s64(a) * b)
CASE2(u64, u32, u32, "mul.wide.u32", u128(a) * b)
CASE2(s64, s32, s32, "mul.wide.s32", s128(a) * b)
CASE3(u32, u16, u16, u32, "mad.wide.u16", u64(a) * b + c)
CASE3(s32, s16, s16, s32, "mad.wide.s16", s64(a) * b + c)
CASE3(u64, u32, u32, u64, "mad.wide.u32", u128(a) * b + c)
CASE3(s64, s32, s32, s64, "mad.wide.s32", s128(a) * b + c)
CASE2(u32, u32, u32, "mul24.lo.u32", u64(a % (1 << 24)) * (b % (1 << 24)))
CASE2(u32, u32, u32, "mul24.hi.u32", (u64(a % (1 << 24)) * (b % (1 << 24))) >> 16)
CASE2(s32, s32, s32, "mul24.lo.s32", reference::low_24(a) * reference::low_24(b))
CASE2(s32, s32, s32, "mul24.hi.s32", (reference::low_24(a) * reference::low_24(b)) >> 16)
CASE3(u32, u32, u32, u32, "mad24.lo.u32", u64(a % (1 << 24)) * (b % (1 << 24)) + c)
CASE3(s32, s32, s32, s32, "mad24.lo.s32", reference::low_24(a) * reference::low_24(b) + c)

CASE3(u32, u32, u32, u32, "dp4a.u32.u32", reference::dot_of_bytes(a, false, b, false) + c)
CASE3(s32, u32, u32, s32, "dp4a.s32.s32", reference::dot_of_bytes(a, true, b, true) + c)
CASE3(s32, u32, u32, s32, "dp4a.u32.s32", reference::dot_of_bytes(a, false, b, true) + c)
CASE3(s32, u32, u32, s32, "dp4a.s32.u32", reference::dot_of_bytes(a, true, b, false) + c)

// Long arithmetic: a chain of three words, {a, b, c} + {b, c, a} and the like, of which the highest is the result. T and S are
// spelled alike and differ in the type of the instruction only.
#define CHAINS(T, W)                                                                                                  \
  RAW3(T, T, T, T, "{ .reg ." #T " x, y; add.cc." #T " x, %3, %1; addc.cc." #T " y, %2, %3; addc." #T " %0, %1, %2; }", \
       W(a) + b + ((W(b) + c + ((W(c) + a) >> (8 * sizeof(T)))) >> (8 * sizeof(T))))                                  \
  RAW3(T, T, T, T, "{ .reg ." #T " x, y; add.cc." #T " x, %3, %1; addc.cc." #T " %0, %2, %3; }",                      \
       W(b) + c + ((W(c) + a) >> (8 * sizeof(T))))                                                                    \
  RAW3(T, T, T, T, "{ .reg ." #T " x, y; sub.cc." #T " x, %3, %1; subc.cc." #T " y, %2, %3; subc." #T " %0, %1, %2; }", \
       W(a) - b - (W(b) < W(c) + (c < a)))                                                                            \
  RAW3(T, T, T, T, "{ .reg ." #T " x, y; sub.cc." #T " x, %3, %1; subc.cc." #T " %0, %2, %3; }", W(b) - c - (c < a))  \
  RAW3(T, T, T, T, "{ .reg ." #T " x; mad.lo.cc." #T " x, %1, %2, %3; madc.hi." #T " %0, %1, %2, %3; }",              \
       W((W(a) * b) >> (8 * sizeof(T))) + c + ((W(T(W(a) * b)) + c) >> (8 * sizeof(T))))                              \
  RAW3(T, T, T, T, "{ .reg ." #T " x; mad.hi.cc." #T " x, %1, %2, %3; madc.lo." #T " %0, %1, %2, %3; }",              \
       W(a) * b + c + ((((W(a) * b) >> (8 * sizeof(T))) + c) >> (8 * sizeof(T))))                                     \
  RAW3(T, T, T, T, "{ .reg ." #T " x; mad.lo.cc." #T " x, %1, %2, %3; madc.hi.cc." #T " x, %1, %2, %3; addc." #T " %0, %1, 0; }", \
       W(a) + ((W((W(a) * b) >> (8 * sizeof(T))) + c + ((W(T(W(a) * b)) + c) >> (8 * sizeof(T)))) >> (8 * sizeof(T)))) \
  RAW3(T, T, T, T, "{ .reg ." #T " x; mad.hi.cc." #T " x, %1, %2, %3; madc.lo.cc." #T " x, %1, %2, %3; addc." #T " %0, %1, 0; }", \
       W(a) + ((W(T(W(a) * b)) + c + ((((W(a) * b) >> (8 * sizeof(T))) + c) >> (8 * sizeof(T)))) >> (8 * sizeof(T))))
CHAINS(u32, u64)
CHAINS(u64, u128)
#undef CHAINS

// Signed words carry like unsigned ones; only the high half of a product differs.
#define SIGNED_CHAINS(S, U, W)                                                                                        \
  RAW3(S, S, S, S, "{ .reg ." #S " x, y; add.cc." #S " x, %3, %1; addc.cc." #S " y, %2, %3; addc." #S " %0, %1, %2; }", \
       W(U(a)) + U(b) + ((W(U(b)) + U(c) + ((W(U(c)) + U(a)) >> (8 * sizeof(U)))) >> (8 * sizeof(U))))                \
  RAW3(S, S, S, S, "{ .reg ." #S " x, y; sub.cc." #S " x, %3, %1; subc.cc." #S " y, %2, %3; subc." #S " %0, %1, %2; }", \
       W(U(a)) - U(b) - (W(U(b)) < W(U(c)) + (U(c) < U(a))))                                                          \
  RAW3(S, S, S, S, "{ .reg ." #S " x; mad.lo.cc." #S " x, %1, %2, %3; madc.hi." #S " %0, %1, %2, %3; }",              \
       W((s128(a) * b) >> (8 * sizeof(U))) + U(c) + ((W(U(s128(a) * b)) + U(c)) >> (8 * sizeof(U))))                  \
  RAW3(S, S, S, S, "{ .reg ." #S " x; mad.hi.cc." #S " x, %1, %2, %3; madc.lo." #S " %0, %1, %2, %3; }",              \
       U(s128(a) * b) + W(U(c)) + ((W(U((s128(a) * b) >> (8 * sizeof(U)))) + U(c)) >> (8 * sizeof(U))))               \
  RAW3(S, S, S, S, "{ .reg ." #S " x; mad.lo.cc." #S " x, %1, %2, %3; madc.hi.cc." #S " x, %1, %2, %3; addc." #S " %0, %1, 0; }", \
       W(U(a)) + ((W(U((s128(a) * b) >> (8 * sizeof(U)))) + U(c) + ((W(U(s128(a) * b)) + U(c)) >> (8 * sizeof(U)))) >> (8 * sizeof(U)))) \
  RAW3(S, S, S, S, "{ .reg ." #S " x; mad.hi.cc." #S " x, %1, %2, %3; madc.lo.cc." #S " x, %1, %2, %3; addc." #S " %0, %1, 0; }", \
       W(U(a)) + ((W(U(s128(a) * b)) + U(c) + ((W(U((s128(a) * b) >> (8 * sizeof(U)))) + U(c)) >> (8 * sizeof(U)))) >> (8 * sizeof(U))))
SIGNED_CHAINS(s32, u32, u64)
SIGNED_CHAINS(s64, u64, u128)
#undef SIGNED_CHAINS
