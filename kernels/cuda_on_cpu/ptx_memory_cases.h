// Cases of loads, stores and atomic operations, in a list that is read twice, as those of ptx_cases.h: by ptx_memory_cases.cu,
// which executes them, and by ptx_memory_cases_cuda_test.cc, which knows what must come out.
//
// Each thread has slots of 16 bytes of its own in every space: one that loads find filled, one that the others change. S is the space: GLOBAL, SHARED, LOCAL, CONSTANT, or GENERIC_* of those.
//   LOAD(S, D, n, text)           text {d ...}, [address];    n elements of type D
//   STORE(S, D, n, text)          text [address], {d ...};    into bytes that are 0xee before
//   LOAD_BY_POLICY, STORE_BY_POLICY  the same with a cache policy as last operand
//   ATOM(S, T, text, e)           text d, [address], b;       e is what v becomes
//   RED(S, T, text, e)            text [address], b;
//   CAS(S, T, text)               text d, [address], b, c;    b is the value there in every second thread
// No include guard: it is included once for each reading.

#define EACH_TYPE(X) \
  X(b8) X(b16) X(b32) X(b64) X(u8) X(u16) X(u32) X(u64) X(s8) X(s16) X(s32) X(s64) X(f32) X(f64)
#define EACH_VECTOR(X, n) X(b8, n) X(b16, n) X(b32, n) X(u8, n) X(u16, n) X(u32, n) X(s8, n) X(s16, n) X(s32, n) X(f32, n)
#define EACH_PAIR(X) EACH_VECTOR(X, 2) X(b64, 2) X(u64, 2) X(s64, 2) X(f64, 2)
#define VECTOR_1
#define VECTOR_2 ".v2"
#define VECTOR_4 ".v4"
#define LOADS_AND_STORES(T)                    \
  LOAD(GLOBAL, T, 1, "ld.global." #T)          \
  STORE(GLOBAL, T, 1, "st.global." #T)
EACH_TYPE(LOADS_AND_STORES)
#define VECTOR_LOADS_AND_STORES(T, n)                      \
  LOAD(GLOBAL, T, n, "ld.global" VECTOR_##n "." #T)        \
  STORE(GLOBAL, T, n, "st.global" VECTOR_##n "." #T)
EACH_PAIR(VECTOR_LOADS_AND_STORES) EACH_VECTOR(VECTOR_LOADS_AND_STORES, 4)
#define ATOMIC_LIKE(T)                                      \
  LOAD(GLOBAL, T, 1, "ld.volatile.global." #T)              \
  LOAD(GLOBAL, T, 1, "ld.relaxed.gpu.global." #T)           \
  LOAD(GLOBAL, T, 1, "ld.global.nc." #T)                    \
  LOAD(GLOBAL, T, 1, "ldu.global." #T)                      \
  STORE(GLOBAL, T, 1, "st.volatile.global." #T)             \
  STORE(GLOBAL, T, 1, "st.relaxed.gpu.global." #T)
EACH_TYPE(ATOMIC_LIKE)

// Spaces
#define IN_SHARED(T, n) LOAD(SHARED, T, n, "ld.shared" VECTOR_##n "." #T) STORE(SHARED, T, n, "st.shared" VECTOR_##n "." #T)
IN_SHARED(s8, 1) IN_SHARED(u16, 1) IN_SHARED(f32, 1) IN_SHARED(u64, 1) IN_SHARED(f32, 4) IN_SHARED(b16, 4) IN_SHARED(f64, 2) IN_SHARED(u32, 2)
LOAD(SHARED, u32, 1, "ld.shared::cta.u32") LOAD(LOCAL, u32, 1, "ld.local.u32") LOAD(LOCAL, f32, 4, "ld.local.v4.f32")
LOAD(CONSTANT, u32, 1, "ld.const.u32") LOAD(CONSTANT, f32, 4, "ld.const.v4.f32")
LOAD(GENERIC_GLOBAL, u32, 1, "ld.u32") LOAD(GENERIC_SHARED, u32, 1, "ld.u32") LOAD(GENERIC_LOCAL, u32, 1, "ld.u32")
LOAD(GENERIC_CONSTANT, u32, 1, "ld.u32") LOAD(GENERIC_GLOBAL, u32, 1, "ld.weak.u32")
STORE(SHARED, u32, 1, "st.shared::cta.u32") STORE(LOCAL, u32, 1, "st.local.u32") STORE(LOCAL, f32, 4, "st.local.v4.f32")
STORE(GENERIC_GLOBAL, u32, 1, "st.u32") STORE(GENERIC_SHARED, u32, 1, "st.u32") STORE(GENERIC_LOCAL, u32, 1, "st.u32")
STORE(GENERIC_GLOBAL, u32, 1, "st.weak.u32")
LOAD(GENERIC_GLOBAL, u32, 1, "ld.volatile.u32") LOAD(SHARED, u32, 2, "ld.volatile.shared.v2.u32") LOAD(SHARED, u32, 4, "ld.volatile.shared::cta.v4.u32")
STORE(GENERIC_SHARED, u32, 1, "st.volatile.u32")
STORE(SHARED, u32, 2, "st.volatile.shared.v2.u32") STORE(SHARED, u32, 4, "st.volatile.shared::cta.v4.u32")

// Cache operators and hints, which change no value
#define CACHED(op) LOAD(GLOBAL, f32, 1, "ld.global." op ".f32")
CACHED("ca") CACHED("cg") CACHED("cs") CACHED("lu") CACHED("cv") CACHED("ca.nc") CACHED("cg.nc") CACHED("cs.nc")
#define WRITTEN(op) STORE(GLOBAL, f32, 1, "st.global." op ".f32")
WRITTEN("wb") WRITTEN("cg") WRITTEN("cs") WRITTEN("wt")
#define EVICTED(policy)                                                       \
  LOAD(GLOBAL, u32, 1, "ld.global.L1::" policy ".u32")                        \
  LOAD(GLOBAL, u32, 1, "ld.global.nc.L1::" policy ".u32")                     \
  LOAD(GLOBAL, u32, 1, "ld.relaxed.gpu.global.L1::" policy ".u32")            \
  STORE(GLOBAL, u32, 1, "st.global.L1::" policy ".u32")                       \
  STORE(GLOBAL, u32, 1, "st.relaxed.gpu.global.L1::" policy ".u32")
EVICTED("evict_normal") EVICTED("evict_unchanged") EVICTED("evict_first") EVICTED("evict_last") EVICTED("no_allocate")
#define PREFETCHED(bytes)                                                     \
  LOAD(GLOBAL, u32, 1, "ld.global.L2::" bytes ".u32")                         \
  LOAD(GLOBAL, u32, 4, "ld.global.nc.L2::" bytes ".v4.u32")                   \
  LOAD(GLOBAL, u32, 2, "ld.relaxed.sys.global.L2::" bytes ".v2.u32")
PREFETCHED("64B") PREFETCHED("128B") PREFETCHED("256B")
LOAD_BY_POLICY(GLOBAL, u32, 1, "ld.global.L2::cache_hint.u32") LOAD_BY_POLICY(GLOBAL, u32, 4, "ld.global.nc.L2::cache_hint.L2::128B.v4.u32")
LOAD_BY_POLICY(GLOBAL, u32, 2, "ld.global.nc.L1::no_allocate.L2::cache_hint.v2.u32")
LOAD_BY_POLICY(GLOBAL, u32, 1, "ld.relaxed.gpu.global.L2::cache_hint.u32")
STORE_BY_POLICY(GLOBAL, u32, 1, "st.global.L2::cache_hint.u32") STORE_BY_POLICY(GLOBAL, u32, 4, "st.relaxed.gpu.global.L2::cache_hint.v4.u32")

// Scopes
LOAD(GLOBAL, u32, 1, "ld.relaxed.cta.global.u32") LOAD(GENERIC_GLOBAL, u32, 1, "ld.acquire.gpu.u32") LOAD(SHARED, u32, 1, "ld.acquire.cta.shared.u32")
LOAD(SHARED, u32, 1, "ld.relaxed.cta.shared::cta.u32") LOAD(GLOBAL, u32, 4, "ld.relaxed.gpu.global.v4.u32") LOAD(GLOBAL, u32, 2, "ldu.global.v2.u32")
LOAD(GLOBAL, u32, 4, "ldu.global.v4.u32") LOAD(GLOBAL, u32, 2, "ld.volatile.global.v2.u32")
STORE(GENERIC_GLOBAL, u32, 1, "st.release.gpu.u32") STORE(GLOBAL, u32, 1, "st.release.sys.global.u32") STORE(SHARED, u32, 1, "st.release.cta.shared.u32")
STORE(SHARED, u32, 2, "st.relaxed.cta.shared::cta.v2.u32") STORE(GLOBAL, u32, 4, "st.relaxed.gpu.global.v4.u32")

// Atomic operations
#define BOTH(S, T, space, op, e)                     \
  ATOM(S, T, "atom" space "." op "." #T, e)          \
  RED(S, T, "red" space "." op "." #T, e)
#define SUM(T) BOTH(GLOBAL, T, ".global", "add", v + b)
#define ENDS(T) BOTH(GLOBAL, T, ".global", "min", std::min(v, b)) BOTH(GLOBAL, T, ".global", "max", std::max(v, b))
#define LOGIC(T) BOTH(GLOBAL, T, ".global", "and", v & b) BOTH(GLOBAL, T, ".global", "or", v | b) BOTH(GLOBAL, T, ".global", "xor", v ^ b) \
  ATOM(GLOBAL, T, "atom.global.exch." #T, b) CAS(GLOBAL, T, "atom.global.cas." #T)
SUM(u32) SUM(s32) SUM(u64) SUM(f32) SUM(f64)
ENDS(u32) ENDS(s32) ENDS(u64) ENDS(s64)
LOGIC(b32) LOGIC(b64)
CAS(GLOBAL, b16, "atom.global.cas.b16")
BOTH(GLOBAL, u32, ".global", "inc", v >= b ? 0 : v + 1) BOTH(GLOBAL, u32, ".global", "dec", v == 0 || v > b ? b : v - 1)
BOTH(GLOBAL, f16, ".global", "add.noftz", reference::to_f16(reference::half_value(v) + reference::half_value(b)))
BOTH(GLOBAL, f16x2, ".global", "add.noftz", reference::in_halves([](f16 x, f16 y) { return reference::to_f16(reference::half_value(x) + reference::half_value(y)); }, v, b))
// In all spaces, orders and scopes
#define EVERYWHERE(T, op, e)                                                                              \
  BOTH(SHARED, T, ".shared", op, e) BOTH(SHARED, T, ".shared::cta", op, e) BOTH(GENERIC_GLOBAL, T, "", op, e) \
  BOTH(GENERIC_SHARED, T, "", op, e) BOTH(GLOBAL, T, ".relaxed.gpu.global", op, e)                         \
  RED(GLOBAL, T, "red.relaxed.cta.global." op "." #T, e)                                                 \
  ATOM(GLOBAL, T, "atom.acquire.cta.global." op "." #T, e) BOTH(GLOBAL, T, ".release.sys.global", op, e)   \
  ATOM(GLOBAL, T, "atom.acq_rel.gpu.global." op "." #T, e)
EVERYWHERE(u32, "add", v + b) EVERYWHERE(u32, "max", std::max(v, b)) EVERYWHERE(b32, "or", v | b) EVERYWHERE(u32, "inc", v >= b ? 0 : v + 1)
EVERYWHERE(f16x2, "add.noftz", reference::in_halves([](f16 x, f16 y) { return reference::to_f16(reference::half_value(x) + reference::half_value(y)); }, v, b))
CAS(SHARED, b32, "atom.shared.cas.b32") CAS(SHARED, b32, "atom.shared::cta.cas.b32") CAS(GENERIC_SHARED, b64, "atom.cas.b64")
CAS(GLOBAL, b32, "atom.relaxed.gpu.global.cas.b32") CAS(GLOBAL, b32, "atom.acquire.cta.global.cas.b32")
CAS(GLOBAL, b32, "atom.release.sys.global.cas.b32") CAS(GLOBAL, b32, "atom.acq_rel.gpu.global.cas.b32")

#undef EACH_TYPE
#undef EACH_VECTOR
#undef EACH_PAIR
#undef VECTOR_1
#undef VECTOR_2
#undef VECTOR_4
#undef LOADS_AND_STORES
#undef VECTOR_LOADS_AND_STORES
#undef ATOMIC_LIKE
#undef IN_SHARED
#undef CACHED
#undef WRITTEN
#undef EVICTED
#undef PREFETCHED
#undef BOTH
#undef SUM
#undef ENDS
#undef LOGIC
#undef EVERYWHERE
