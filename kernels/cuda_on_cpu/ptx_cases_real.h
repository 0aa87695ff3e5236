// Cases of ptx_cases.h: arithmetic of f32 and f64.

// Every rounding, with and without flushed subnormals and saturation. F: the operation on doubles (exact or to the mode) and
// M: <cfenv>'s name of the mode.
#define SUMS(text, M)                                                                                             \
  CASE2(f32, f32, f32, "add" text "f32", reference::rounded(M, [&] { return reference::at_run_time(a) + b; }))    \
  CASE2(f32, f32, f32, "sub" text "f32", reference::rounded(M, [&] { return reference::at_run_time(a) - b; }))    \
  CASE2(f32, f32, f32, "mul" text "f32", reference::rounded(M, [&] { return reference::at_run_time(a) * b; }))    \
  CASE2(f32, f32, f32, "add" text "ftz.f32", FTZ(reference::rounded(M, [&] { return reference::at_run_time(FTZ(a)) + FTZ(b); })))         \
  CASE2(f32, f32, f32, "sub" text "ftz.f32", FTZ(reference::rounded(M, [&] { return reference::at_run_time(FTZ(a)) - FTZ(b); })))         \
  CASE2(f32, f32, f32, "mul" text "ftz.f32", FTZ(reference::rounded(M, [&] { return reference::at_run_time(FTZ(a)) * FTZ(b); })))         \
  CASE2(f32, f32, f32, "add" text "sat.f32", SAT(reference::rounded(M, [&] { return reference::at_run_time(a) + b; }))) \
  CASE2(f32, f32, f32, "sub" text "sat.f32", SAT(reference::rounded(M, [&] { return reference::at_run_time(a) - b; }))) \
  CASE2(f32, f32, f32, "mul" text "sat.f32", SAT(reference::rounded(M, [&] { return reference::at_run_time(a) * b; })))
#define FUSED(text, M)                                                                                            \
  CASE3(f32, f32, f32, f32, "fma" text "f32", reference::rounded(M, [&] { return std::fma(reference::at_run_time(a), b, c); }))              \
  CASE3(f32, f32, f32, f32, "fma" text "ftz.f32", FTZ(reference::rounded(M, [&] { return std::fma(reference::at_run_time(FTZ(a)), FTZ(b), FTZ(c)); })))   \
  CASE3(f32, f32, f32, f32, "fma" text "sat.f32", SAT(reference::rounded(M, [&] { return std::fma(reference::at_run_time(a), b, c); })))
#define FTZ(x) reference::flushed(x)
#define SAT(x) reference::saturated(x)
SUMS(".", FE_TONEAREST) SUMS(".rn.", FE_TONEAREST) SUMS(".rz.", FE_TOWARDZERO) SUMS(".rm.", FE_DOWNWARD) SUMS(".rp.", FE_UPWARD)
FUSED(".rn.", FE_TONEAREST) FUSED(".rz.", FE_TOWARDZERO) FUSED(".rm.", FE_DOWNWARD) FUSED(".rp.", FE_UPWARD)
#undef SUMS
#undef FUSED

CASE2(f64, f64, f64, "add.f64", a + b)
CASE2(f64, f64, f64, "add.rn.f64", a + b)
CASE2(f64, f64, f64, "sub.f64", a - b)
CASE2(f64, f64, f64, "sub.rn.f64", a - b)
CASE2(f64, f64, f64, "mul.f64", a * b)
CASE2(f64, f64, f64, "mul.rn.f64", a * b)
CASE3(f64, f64, f64, f64, "fma.rn.f64", std::fma(a, b, c))

// Quotients and roots are exact to half a unit, the approximate ones too.
#define QUOTIENTS(text)                                       \
  CASE2(f32, f32, f32, "div." text ".f32", a / b)             \
  CASE2(f32, f32, f32, "div." text ".ftz.f32", FTZ(FTZ(a) / FTZ(b)))
QUOTIENTS("approx") QUOTIENTS("full") QUOTIENTS("rn")
#undef QUOTIENTS
#define ROOTS(text)                                           \
  CASE1(f32, f32, "rcp." text ".f32", 1 / a)                  \
  CASE1(f32, f32, "rcp." text ".ftz.f32", FTZ(1 / FTZ(a)))    \
  CASE1(f32, f32, "sqrt." text ".f32", std::sqrt(a))          \
  CASE1(f32, f32, "sqrt." text ".ftz.f32", std::sqrt(FTZ(a)))
ROOTS("approx") ROOTS("rn")
#undef ROOTS
CASE2(f64, f64, f64, "div.rn.f64", a / b)
CASE1(f64, f64, "rcp.rn.f64", 1 / a)
CASE1(f64, f64, "rcp.approx.ftz.f64", 1 / a)
CASE1(f64, f64, "sqrt.rn.f64", std::sqrt(a))
CASE1(f64, f64, "rsqrt.approx.f64", 1 / std::sqrt(a))
CASE1(f64, f64, "rsqrt.approx.ftz.f64", 1 / std::sqrt(a))

#define FUNCTION(name, e) \
  CASE1(f32, f32, name ".approx.f32", static_cast<f32>([](long double x) { return e; }(a))) \
  CASE1(f32, f32, name ".approx.ftz.f32", FTZ(static_cast<f32>([](long double x) { return e; }(FTZ(a)))))
FUNCTION("rsqrt", 1 / std::sqrt(x)) FUNCTION("ex2", std::exp2(x)) FUNCTION("lg2", std::log2(x)) FUNCTION("sin", std::sin(x)) FUNCTION("cos", std::cos(x))
#undef FUNCTION
CASE1(f32, f32, "tanh.approx.f32", std::tanh(static_cast<long double>(a)))

#define SIGNS(T) \
  CASE1(T, T, "abs." #T, std::fabs(a)) \
  CASE1(T, T, "neg." #T, -a) \
  CASE2(T, T, T, "min." #T, reference::smaller(a, b)) \
  CASE2(T, T, T, "max." #T, -reference::smaller(-a, -b)) \
  CASE2(T, T, T, "copysign." #T, std::copysign(b, a)) \
  TEST1(T, "testp.finite." #T, std::isfinite(a)) \
  TEST1(T, "testp.infinite." #T, std::isinf(a)) \
  TEST1(T, "testp.number." #T, !std::isnan(a)) \
  TEST1(T, "testp.notanumber." #T, std::isnan(a)) \
  TEST1(T, "testp.normal." #T, std::fpclassify(a) == FP_NORMAL) \
  TEST1(T, "testp.subnormal." #T, std::fpclassify(a) == FP_SUBNORMAL)
SIGNS(f32) SIGNS(f64)
#undef SIGNS
CASE1(f32, f32, "abs.ftz.f32", FTZ(std::fabs(a)))
CASE1(f32, f32, "neg.ftz.f32", FTZ(-a))
CASE2(f32, f32, f32, "min.ftz.f32", reference::smaller(FTZ(a), FTZ(b)))
CASE2(f32, f32, f32, "max.ftz.f32", -reference::smaller(-FTZ(a), -FTZ(b)))
CASE2(f32, f32, f32, "min.NaN.f32", std::isnan(a) || std::isnan(b) ? NAN : reference::smaller(a, b))
CASE2(f32, f32, f32, "max.NaN.f32", std::isnan(a) || std::isnan(b) ? NAN : -reference::smaller(-a, -b))
CASE2(f32, f32, f32, "min.ftz.NaN.f32", std::isnan(a) || std::isnan(b) ? NAN : reference::smaller(FTZ(a), FTZ(b)))
CASE2(f32, f32, f32, "max.ftz.NaN.f32", std::isnan(a) || std::isnan(b) ? NAN : -reference::smaller(-FTZ(a), -FTZ(b)))
#undef FTZ
#undef SAT
