// Cases for the tests of the CUDA versions: problems, their numbers, and what the reference in double makes of them. Included by
// tests only.
#pragma once

#include "kernels/base/test_arrays.h"
#include "kernels/group_norm/group_norm.h"

namespace skewbench::group_norm::cases {

using Floats = AlignedVector<float>;
using Doubles = AlignedVector<double>;

inline constexpr double kEpsilon = std::numeric_limits<float>::epsilon();

inline Doubles to_double(const Floats& values) { return {values.begin(), values.end()}; }
inline Floats to_float(const Doubles& values) {
  Floats result(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) result[i] = static_cast<float>(values[i]);
  return result;
}

struct Case {
  Problem problem;
  int64_t n = 1;
  double mean = 0.5, spread = 2;  // of x
  bool accumulate = false;
  std::string text() const {
    return fmt::format("n {} pixels {} c {} groups {} affine {} relu {} add {} mean {} spread {}", n, problem.pixels, problem.c,
                       problem.groups, problem.affine, problem.relu, problem.add, mean, spread);
  }
};

// The numbers of a case, and what the reference makes of them.
struct Expected {
  explicit Expected(const Case& at)
      : size(at.n * at.problem.pixels * at.problem.c), groups(at.n * at.problem.groups), x(test_arrays::normals<float>(size, 1)),
        residual(test_arrays::normals<float>(size, 2)), dy(test_arrays::normals<float>(size, 3)),
        gamma(test_arrays::normals<float>(at.problem.c, 4)), beta(test_arrays::normals<float>(at.problem.c, 5)),
        old_dgamma(test_arrays::normals<float>(at.problem.c, 6)), old_dbeta(test_arrays::normals<float>(at.problem.c, 7)) {
    for (float& value : x) value = static_cast<float>(at.mean + at.spread * value);
    compute(at);
  }
  void compute(const Case& at) {
    y.resize(x.size()), dx.resize(x.size()), dresidual.resize(x.size());
    mean.resize(static_cast<std::size_t>(groups)), rstd.resize(mean.size());
    forward_ref<double>(at.problem, at.n, to_double(x).data(), to_double(gamma).data(), to_double(beta).data(),
                        to_double(residual).data(), y.data(), mean.data(), rstd.data());
    // The backward pass gets the statistics and y as floats, on the device as here.
    given_y = to_float(y), given_mean = to_float(mean), given_rstd = to_float(rstd);
    dgamma = to_double(old_dgamma), dbeta = to_double(old_dbeta);
    backward_ref<double>(at.problem, at.n, to_double(x).data(), to_double(given_y).data(), to_double(dy).data(), to_double(gamma).data(),
                         to_double(given_mean).data(), to_double(given_rstd).data(), dx.data(), dresidual.data(), dgamma.data(),
                         dbeta.data(), at.accumulate);
  }
  int64_t size, groups;
  Floats x, residual, dy, gamma, beta, old_dgamma, old_dbeta, given_y, given_mean, given_rstd;
  Doubles y, mean, rstd, dx, dresidual, dgamma, dbeta;
};

// Sums of absolute terms, to which rounding errors are relative.
struct Magnitudes {
  Magnitudes(const Case& at, const Expected& e) : y(e.x.size()), dx(e.x.size()), dgamma(e.gamma.size()), dbeta(e.gamma.size()) {
    const auto& p = at.problem;
    const int64_t k = p.c / p.groups;
    std::vector<double> group_g(e.mean.size()), group_gx(e.mean.size());
    const auto visit = [&](auto body) {
      for (int64_t i = 0; i < e.size; ++i) {
        const auto at_i = static_cast<std::size_t>(i), c = static_cast<std::size_t>(i % p.c);
        const auto group = static_cast<std::size_t>(i / (p.pixels * p.c) * p.groups + i % p.c / k);
        const double xhat = std::fabs((double(e.x[at_i]) - double(e.given_mean[group])) * double(e.given_rstd[group]));
        const double g = p.relu && !(e.given_y[at_i] > 0) ? 0 : std::fabs(double(e.dy[at_i]));
        body(at_i, c, group, xhat, g, p.affine ? std::fabs(double(e.gamma[c])) : 1.0);
      }
    };
    visit([&](std::size_t i, std::size_t c, std::size_t group, double xhat, double g, double gamma) {
      y[i] = static_cast<float>(gamma * (xhat + 1) + std::fabs(double(e.beta[c])) + std::fabs(double(e.residual[i])));
      dgamma[c] += static_cast<float>(g * xhat), dbeta[c] += static_cast<float>(g);
      group_g[group] += gamma * g, group_gx[group] += gamma * g * xhat;
    });
    const double size = static_cast<double>(p.pixels * k);
    visit([&](std::size_t i, std::size_t, std::size_t group, double xhat, double g, double gamma) {
      dx[i] = static_cast<float>((gamma * g + group_g[group] / size + xhat * group_gx[group] / size) * double(e.given_rstd[group]));
    });
    for (std::size_t c = 0; c < dgamma.size(); ++c)
      dgamma[c] += std::fabs(e.old_dgamma[c]), dbeta[c] += std::fabs(e.old_dbeta[c]);
  }
  Floats y, dx, dgamma, dbeta;
};

inline Problem problem(int64_t pixels, int64_t c, int64_t groups, int flags = 1) {
  return {.pixels = pixels, .c = c, .groups = groups, .affine = (flags & 1) != 0, .relu = (flags & 2) != 0, .add = (flags & 4) != 0};
}

// c / groups of 1 and 4 with as many pixels as leave a lane, a warp or a row of threads with one element, and one more; packs that are
// no power of two; more channels than a warp's or a block's columns; and more elements than a block has threads.
inline std::vector<Case> all_cases() {
  std::vector<Case> all;
  int i = 0;
  for (const int64_t pixels : {1, 2, 3, 5, 9, 17, 33, 65, 129, 255, 256, 257, 600})
    for (const int64_t k : {1, 4}) all.push_back({problem(pixels, 2 * k, 2, ++i % 8)});
  const Problem awkward[] = {problem(100, 6, 3),  problem(35, 6, 2),   problem(300, 3, 1),  problem(49, 16, 2), problem(50, 24, 2),
                             problem(17, 64, 2),  problem(33, 34, 2),  problem(9, 66, 2),   problem(40, 33, 1), problem(5, 132, 1),
                             problem(70, 132, 1), problem(3, 264, 2),  problem(37, 88, 2),  problem(9, 100, 1), problem(9, 75, 1),
                             problem(2, 257, 1),  problem(1, 300, 1),  problem(3, 300, 1),
                             problem(2, 516, 1),  problem(13, 20, 5),  problem(1024, 8, 1), problem(1, 8, 8),   problem(1, 32, 4)};
  for (const Problem& p : awkward)
    for (const int flags : {++i % 8, 7 - i % 8})  // one of them with gamma and beta, one without
      all.push_back({problem(p.pixels, p.c, p.groups, flags), 1 + i % 3, 0.5, 2, (flags & 1) != 0 && i % 3 == 1});
  for (const Problem& p : {problem(7, 10, 2), problem(21, 24, 2), problem(3, 132, 1)})
    for (int flags = 0; flags < 8; ++flags)
      for (const bool accumulate : {false, true})
        if (flags & 1 || !accumulate) all.push_back({problem(p.pixels, p.c, p.groups, flags), 2, 0.5, 2, accumulate});
  for (const double mean : {1e4, -1e4}) {
    all.push_back({problem(49, 16, 2), 2, mean, 1});
    all.push_back({problem(65, 6, 2), 1, mean, 1});
    Case tiny{problem(130, 8, 1), 1, mean, 0.01};
    tiny.problem.eps = 1e-12f;
    all.push_back(tiny);
    tiny.problem = problem(77, 10, 2);
    tiny.problem.eps = 1e-12f;
    all.push_back(tiny);
  }
  all.push_back({problem(64, 8, 2), 1, 0, 1e-3});  // a variance of the size of eps
  all.push_back({problem(64, 6, 2), 1, 0, 1e-3});
  for (int64_t drawn = 0; drawn < test_arrays::drawn_cases(4, 200); ++drawn) {
    test_arrays::Draw draw(drawn);
    const int64_t groups = draw.from(1, 5), k = draw.from(0, 1) ? 4 * draw.from(1, 40) : draw.from(1, 150);
    all.push_back({problem(draw.from(1, 300 / groups), groups * k, groups, static_cast<int>(draw.from(0, 7))), draw.from(1, 3)});
  }
  return all;
}

}  // namespace skewbench::group_norm::cases
