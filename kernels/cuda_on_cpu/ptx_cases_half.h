// Cases of ptx_cases.h: arithmetic of f16, bf16 and pairs of them. V(x) is the value of a half, in a type in which every
// operation on halves is exact; R(x) rounds it back. Pairs apply the same formula to both halves.

#define V(x) reference::half_value(x)
#define HALF1(F, text, e)                             \
  CASE1(F, F, text "." #F, reference::to_##F(e))      \
  CASE1(F##x2, F##x2, text "." #F "x2", reference::in_halves([](F a) { return reference::to_##F(e); }, a))
#define HALF2(F, text, e)                             \
  CASE2(F, F, F, text "." #F, reference::to_##F(e))   \
  CASE2(F##x2, F##x2, F##x2, text "." #F "x2", reference::in_halves([](F a, F b) { return reference::to_##F(e); }, a, b))
#define HALF3(F, text, e)                                \
  CASE3(F, F, F, F, text "." #F, reference::to_##F(e))   \
  CASE3(F##x2, F##x2, F##x2, F##x2, text "." #F "x2", reference::in_halves([](F a, F b, F c) { return reference::to_##F(e); }, a, b, c))

HALF2(f16, "add", V(a) + V(b))
HALF2(f16, "add.rn", V(a) + V(b))
HALF2(f16, "add.sat", reference::saturated(V(a) + V(b)))
HALF2(f16, "add.rn.sat", reference::saturated(V(a) + V(b)))
HALF2(f16, "sub", V(a) - V(b))
HALF2(f16, "sub.rn", V(a) - V(b))
HALF2(f16, "sub.sat", reference::saturated(V(a) - V(b)))
HALF2(f16, "sub.rn.sat", reference::saturated(V(a) - V(b)))
HALF2(f16, "mul", V(a) * V(b))
HALF2(f16, "mul.rn", V(a) * V(b))
HALF2(f16, "mul.sat", reference::saturated(V(a) * V(b)))
HALF2(f16, "mul.rn.sat", reference::saturated(V(a) * V(b)))
HALF3(f16, "fma.rn", reference::sum(V(a) * V(b), V(c)))
HALF3(f16, "fma.rn.sat", reference::saturated(reference::sum(V(a) * V(b), V(c))))
HALF3(bf16, "fma.rn", reference::sum(V(a) * V(b), V(c)))
HALF1(f16, "ex2.approx", std::exp2(static_cast<long double>(V(a))))
HALF1(f16, "tanh.approx", std::tanh(static_cast<long double>(V(a))))

#define SIGNS(F) \
  HALF1(F, "neg", -V(a)) \
  HALF1(F, "abs", V(a) < 0 || 1 / V(a) < 0 ? -V(a) : V(a)) \
  HALF2(F, "min", reference::smaller(V(a), V(b))) \
  HALF2(F, "max", -reference::smaller(-V(a), -V(b))) \
  HALF2(F, "min.NaN", V(a) != V(a) ? V(a) : V(b) != V(b) ? V(b) : reference::smaller(V(a), V(b))) \
  HALF2(F, "max.NaN", V(a) != V(a) ? V(a) : V(b) != V(b) ? V(b) : -reference::smaller(-V(a), -V(b)))
SIGNS(f16) SIGNS(bf16)
#undef SIGNS
#undef HALF1
#undef HALF2
#undef HALF3
#undef V
