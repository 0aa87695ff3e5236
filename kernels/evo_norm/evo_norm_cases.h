// What the tests of the host's and of the device's versions compare with: the numbers of a case, the reference in double, and the
// magnitudes that rounding errors are relative to. Included by tests only.
#pragma once

#include "kernels/base/test_arrays.h"
#include "kernels/evo_norm/evo_norm.h"

namespace skewbench::evo_norm::cases {

using Floats = AlignedVector<float>;
using Doubles = AlignedVector<double>;

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
  double apart = 0;  // the distance between the means of neighbouring groups
  int64_t size() const { return n * problem.pixels * problem.c; }
  std::string text() const {
    return fmt::format("n {} pixels {} c {} groups {} mean {} spread {} accumulate {} apart {}", n, problem.pixels, problem.c, problem.groups, mean, spread,
                       accumulate, apart);
  }
};

struct Expected {
  explicit Expected(const Case& at)
      : x(test_arrays::normals<float>(at.size(), 1)), dy(test_arrays::normals<float>(at.size(), 2)), gamma(test_arrays::normals<float>(at.problem.c, 3)),
        beta(test_arrays::normals<float>(at.problem.c, 4)), old_dgamma(test_arrays::normals<float>(at.problem.c, 5)),
        old_dbeta(test_arrays::normals<float>(at.problem.c, 6)) {
    for (int64_t i = 0; i < at.size(); ++i) {
      float& value = x[static_cast<std::size_t>(i)];
      value = static_cast<float>(at.mean + at.apart * static_cast<double>(i % at.problem.c / (at.problem.c / at.problem.groups)) + at.spread * value);
    }
    compute(at);
  }

  void compute(const Case& at) {
    const auto& p = at.problem;
    Doubles of_y(x.size()), of_dx(x.size()), of_mean(static_cast<std::size_t>(at.n * p.groups)), of_rstd(of_mean.size());
    forward_ref<double>(p, at.n, to_double(x).data(), to_double(gamma).data(), to_double(beta).data(), of_y.data(), of_mean.data(), of_rstd.data());
    y = to_float(of_y), mean = to_float(of_mean), rstd = to_float(of_rstd);
    Doubles of_dgamma = to_double(old_dgamma), of_dbeta = to_double(old_dbeta);
    backward_ref<double>(p, at.n, to_double(x).data(), to_double(dy).data(), to_double(gamma).data(), to_double(mean).data(), to_double(rstd).data(),
                         of_dx.data(), of_dgamma.data(), of_dbeta.data(), at.accumulate);
    dx = to_float(of_dx), dgamma = to_float(of_dgamma), dbeta = to_float(of_dbeta);
    magnitudes(at);
  }

  // Sums of absolute terms. An exponential's rounding grows with its exponent, so |x| counts beside 1 where a sigmoid stands.
  void magnitudes(const Case& at) {
    const auto& p = at.problem;
    const int64_t k = p.c / p.groups;
    y_size.assign(x.size(), 0), dx_size.assign(x.size(), 0), dgamma_size.assign(gamma.size(), 0), dbeta_size.assign(gamma.size(), 0);
    std::vector<double> group_sum(mean.size());
    const auto visit = [&](auto body) {
      for (int64_t i = 0; i < at.size(); ++i) {
        const auto c = static_cast<std::size_t>(i % p.c), group = static_cast<std::size_t>(i / (p.pixels * p.c) * p.groups + i % p.c / k);
        const auto j = static_cast<std::size_t>(i);
        const double v = x[j], sigma = 1 / (1 + std::exp(-v)), s = std::fabs(v) * sigma * (1 + std::fabs(v) * (1 - sigma));
        body(j, c, group, v, sigma, s, std::fabs(double(dy[j])), std::fabs(double(gamma[c])), double(rstd[group]));
      }
    };
    visit([&](std::size_t i, std::size_t c, std::size_t group, double, double, double s, double g, double scale, double r) {
      y_size[i] = static_cast<float>(s * r * scale + std::fabs(double(beta[c])));
      dgamma_size[c] += static_cast<float>(g * s * r), dbeta_size[c] += static_cast<float>(g);
      group_sum[group] += g * scale * s;
    });
    visit([&](std::size_t i, std::size_t, std::size_t group, double v, double sigma, double, double g, double scale, double r) {
      const double centred = std::fabs(v - double(mean[group])) + std::fabs(double(mean[group]));
      const double ds = sigma * (1 + std::fabs(v) * (1 - sigma)) * (1 + std::fabs(v) * (1 - sigma));
      dx_size[i] = static_cast<float>(g * scale * r * ds + centred * r * r * r / static_cast<double>(p.group_size() - 1) * group_sum[group]);
    });
    for (std::size_t c = 0; c < gamma.size(); ++c) dgamma_size[c] += std::fabs(old_dgamma[c]), dbeta_size[c] += std::fabs(old_dbeta[c]);
  }

  Floats x, dy, gamma, beta, old_dgamma, old_dbeta, y, mean, rstd, dx, dgamma, dbeta;
  Floats y_size, dx_size, dgamma_size, dbeta_size;
};

inline constexpr double kFactor = 8;  // of epsilon and the magnitude: some ten roundings a term, a sum's at random

}  // namespace skewbench::evo_norm::cases
