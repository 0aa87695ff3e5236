// Cases of ptx_cases.h: logic, shifts, bit fields.

#define LOGIC(T)                                          \
  CASE2(T, T, T, "and." #T, a & b)                        \
  CASE2(T, T, T, "or." #T, a | b)                         \
  CASE2(T, T, T, "xor." #T, a ^ b)                        \
  CASE1(T, T, "not." #T, ~a)                              \
  CASE1(T, T, "cnot." #T, a == 0)                         \
  CASE2(T, T, u32, "shl." #T, b < 8 * sizeof(a) ? u64(a) << b : 0) \
  CASE2(T, T, u32, "shr." #T, b < 8 * sizeof(a) ? a >> b : 0)
LOGIC(b16) LOGIC(b32) LOGIC(b64)
#undef LOGIC

#define RIGHT(U, S)                                                    \
  CASE2(U, U, u32, "shr." #U, b < 8 * sizeof(a) ? a >> b : 0)          \
  CASE2(S, S, u32, "shr." #S, a >> std::min<u32>(b, 8 * sizeof(a) - 1))
RIGHT(u16, s16) RIGHT(u32, s32) RIGHT(u64, s64)
#undef RIGHT

TEST_PREDICATES("and.pred", p && q)
TEST_PREDICATES("or.pred", p || q)
TEST_PREDICATES("xor.pred", p != q)
RAW2(u32, u32, u32, "{ .reg .pred p, q; setp.lt.u32 p, %1, %2; not.pred q, p; selp.b32 %0, 1, 0, q; }", !(a < b))

CASE3(b32, b32, b32, u32, "shf.l.wrap.b32", ((u64(b) << 32 | a) << (c % 32)) >> 32)
CASE3(b32, b32, b32, u32, "shf.l.clamp.b32", ((u64(b) << 32 | a) << std::min(c, 32u)) >> 32)
CASE3(b32, b32, b32, u32, "shf.r.wrap.b32", (u64(b) << 32 | a) >> (c % 32))
CASE3(b32, b32, b32, u32, "shf.r.clamp.b32", (u64(b) << 32 | a) >> std::min(c, 32u))

CASE1(u32, b32, "popc.b32", reference::bits_in(a, 0, 32))
CASE1(u32, b64, "popc.b64", reference::bits_in(a, 0, 64))
CASE1(u32, b32, "clz.b32", 31 - reference::last_bit(a))
CASE1(u32, b64, "clz.b64", 63 - reference::last_bit(a))
CASE1(u32, u32, "bfind.u32", reference::last_bit(a))
CASE1(u32, u64, "bfind.u64", reference::last_bit(a))
CASE1(u32, s32, "bfind.s32", reference::last_bit(a < 0 ? u32(-1 - a) : u32(a)))
CASE1(u32, s64, "bfind.s64", reference::last_bit(a < 0 ? u64(-1 - a) : u64(a)))
CASE1(u32, u32, "bfind.shiftamt.u32", a == 0 ? -1 : 31 - reference::last_bit(a))
CASE1(u32, u64, "bfind.shiftamt.u64", a == 0 ? -1 : 63 - reference::last_bit(a))
CASE1(u32, s32, "bfind.shiftamt.s32", a == 0 || a == -1 ? -1 : 31 - reference::last_bit(a < 0 ? u32(-1 - a) : u32(a)))
CASE1(u32, s64, "bfind.shiftamt.s64", a == 0 || a == -1 ? -1 : 63 - reference::last_bit(a < 0 ? u64(-1 - a) : u64(a)))
CASE1(b32, b32, "brev.b32", reference::reversed(a, 32))
CASE1(b64, b64, "brev.b64", reference::reversed(a, 64))
CASE3(u32, u32, u5, s8bit, "fns.b32", reference::nth_set(a, b, c))

CASE3(u32, u32, u32, u32, "bfe.u32", reference::field<u32>(a, b, c))
CASE3(s32, s32, u32, u32, "bfe.s32", reference::field<s32>(a, b, c))
CASE3(u64, u64, u32, u32, "bfe.u64", reference::field<u64>(a, b, c))
CASE3(s64, s64, u32, u32, "bfe.s64", reference::field<s64>(a, b, c))
CASE4(b32, b32, b32, u32, u32, "bfi.b32", reference::inserted<u32>(a, b, c, d))
CASE4(b64, b64, b64, u32, u32, "bfi.b64", reference::inserted<u64>(a, b, c, d))
CASE3(b32, b32, b32, u32, "prmt.b32", reference::permuted(a, b, c))

#define LOGIC_OF_THREE(table) RAW3(b32, b32, b32, b32, "lop3.b32 %0, %1, %2, %3, " #table ";", reference::looked_up(a, b, c, table))
LOGIC_OF_THREE(0x00) LOGIC_OF_THREE(0xff) LOGIC_OF_THREE(0x80) LOGIC_OF_THREE(0x01) LOGIC_OF_THREE(0x96) LOGIC_OF_THREE(0xe8)
LOGIC_OF_THREE(0xca) LOGIC_OF_THREE(0x1b) LOGIC_OF_THREE(0x2d)
#undef LOGIC_OF_THREE
