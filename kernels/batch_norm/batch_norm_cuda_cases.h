// Cases for the tests of the CUDA versions: problems, their numbers, and what the reference in double makes of them. Included by
// tests only.
#pragma once

#include "kernels/base/test_arrays.h"
#include "kernels/batch_norm/batch_norm.h"

namespace skewbench::batch_norm::cases {

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
  int64_t rows, c;
  bool relu = false, add = false, accumulate = false;
  double mean = 0.5, spread = 2;  // of x
  double eps = 1e-5;
  Problem problem() const { return {c, eps, relu}; }
  std::string text() const {
    return fmt::format("rows {} c {} relu {} add {} accumulate {} mean {} spread {} eps {}", rows, c, relu, add, accumulate, mean, spread, eps);
  }
};

// The numbers of a case, and what the reference makes of them: in training, y of x's own statistics; in inference, of statistics
// that are given. The reference knows no addition: it is done here, between its normalisation and the ReLU.
struct Expected {
  Expected(const Case& at, bool is_frozen)
      : frozen(is_frozen), size(at.rows * at.c), x(test_arrays::normals<float>(size, 1)), residual(test_arrays::normals<float>(size, 2)),
        dy(test_arrays::normals<float>(size, 3)), gamma(test_arrays::normals<float>(at.c, 4)), beta(test_arrays::normals<float>(at.c, 5)),
        old_dgamma(test_arrays::normals<float>(at.c, 6)), old_dbeta(test_arrays::normals<float>(at.c, 7)),
        given_mean(test_arrays::normals<float>(at.c, 8)), given_variance(test_arrays::normals<float>(at.c, 9)) {
    for (float& value : x) value = static_cast<float>(at.mean + at.spread * value);
    for (float& value : given_mean) value = static_cast<float>(at.mean + at.spread * value);
    for (float& value : given_variance) value = static_cast<float>(at.spread * at.spread * (0.5 + std::fabs(value)));
    compute(at);
  }
  void compute(const Case& at) {
    Problem linear = at.problem();
    linear.relu = false;
    y.resize(x.size()), dx.resize(x.size());
    if (frozen) {
      mean = to_double(given_mean), variance = to_double(given_variance);
      forward_inference_ref<double>(linear, at.rows, to_double(x).data(), mean.data(), variance.data(), to_double(gamma).data(),
                                    to_double(beta).data(), y.data());
    } else {
      mean.resize(gamma.size()), variance.resize(gamma.size());
      forward_training_ref<double>(linear, at.rows, to_double(x).data(), to_double(gamma).data(), to_double(beta).data(), y.data(),
                                   mean.data(), variance.data());
    }
    for (std::size_t i = 0; i < y.size(); ++i) {
      if (at.add) y[i] += residual[i];
      if (at.relu && y[i] < 0) y[i] = 0;
    }
    // The backward pass gets the statistics and y as floats, on the device as here.
    given_y = to_float(y), given_mean = to_float(mean), given_variance = to_float(variance);
    dgamma = to_double(old_dgamma), dbeta = to_double(old_dbeta);
    (frozen ? backward_frozen_ref<double> : backward_training_ref<double>)(
        at.problem(), at.rows, to_double(x).data(), to_double(given_y).data(), to_double(dy).data(), to_double(given_mean).data(),
        to_double(given_variance).data(), to_double(gamma).data(), dx.data(), dgamma.data(), dbeta.data(), at.accumulate);
    dresidual = dy;
    for (std::size_t i = 0; i < dresidual.size(); ++i)
      if (at.relu && !(given_y[i] > 0)) dresidual[i] = 0;
  }
  bool frozen;
  int64_t size;
  Floats x, residual, dy, gamma, beta, old_dgamma, old_dbeta, given_mean, given_variance, given_y, dresidual;
  Doubles y, mean, variance, dx, dgamma, dbeta;
};

// Sums of absolute terms, to which rounding errors are relative.
struct Magnitudes {
  Magnitudes(const Case& at, const Expected& e) : y(e.x.size()), dx(e.x.size()), dgamma(e.gamma.size()), dbeta(e.gamma.size()) {
    const auto xhat = [&](std::size_t i, std::size_t c) {
      return std::fabs((double(e.x[i]) - double(e.given_mean[c])) / std::sqrt(double(e.given_variance[c]) + at.eps));
    };
    const auto channels = e.gamma.size();
    for (std::size_t i = 0; i < e.x.size(); ++i) {
      const std::size_t c = i % channels;
      y[i] = static_cast<float>(std::fabs(double(e.gamma[c])) * (xhat(i, c) + 1) + std::fabs(double(e.beta[c])) + std::fabs(double(e.residual[i])));
      dbeta[c] += std::fabs(e.dresidual[i]);
      dgamma[c] += static_cast<float>(std::fabs(double(e.dresidual[i])) * xhat(i, c));
    }
    for (std::size_t i = 0; i < e.x.size(); ++i) {
      const std::size_t c = i % channels;
      const double means = e.frozen ? 0 : (double(dbeta[c]) + xhat(i, c) * double(dgamma[c])) / double(at.rows);
      const double scale = std::fabs(double(e.gamma[c])) / std::sqrt(double(e.given_variance[c]) + at.eps);
      dx[i] = static_cast<float>(scale * (std::fabs(double(e.dresidual[i])) + means));
    }
    for (std::size_t c = 0; c < channels; ++c) dgamma[c] += std::fabs(e.old_dgamma[c]), dbeta[c] += std::fabs(e.old_dbeta[c]);
  }
  Floats y, dx, dgamma, dbeta;
};

// Channels that do and do not fill a column of threads or a block; as many rows as leave a lane, a warp, a block or a part with one, and one
// more or less.
inline std::vector<Case> all_cases() {
  std::vector<Case> all;
  int i = 0;
  const auto add = [&](int64_t rows, int64_t c) {
    const int flags = ++i % 8;
    all.push_back({rows, c, (flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0});
  };
  for (const int64_t rows : {1, 2, 3, 4, 5, 9, 17, 32, 33, 65, 129, 257})
    for (const int64_t c : {4, 6, 32}) add(rows, c);
  for (const int64_t c : {1, 3, 5, 8, 12, 20, 31, 33, 36, 64, 100}) add(40, c);
  for (const int64_t rows : {511, 512, 513, 1025, 2049, 2100}) add(rows, 1), add(rows, 4), add(rows, 9);
  add(600, 40), add(3000, 4), add(17000, 1), add(6144, 4), add(3072, 4);
  for (const double mean : {1e4, -1e4}) {
    all.push_back({300, 12, false, false, false, mean, 1});
    all.push_back({333, 7, false, false, false, mean, 1});
    all.push_back({300, 12, false, false, false, mean, 0.01, 1e-12});
    all.push_back({333, 7, false, false, false, mean, 0.01, 1e-12});
  }
  all.push_back({64, 8, false, false, false, 0, 1e-3, 1e-6});  // a variance of the size of eps
  all.push_back({64, 7, false, false, false, 0, 1e-3, 1e-6});
  for (int64_t drawn = 0; drawn < test_arrays::drawn_cases(4, 200); ++drawn) {
    test_arrays::Draw draw(drawn);
    const int64_t c = draw.from(0, 1) ? 4 * draw.from(1, 20) : draw.from(1, 80);
    all.push_back({draw.from(1, 40000 / c), c, draw.from(0, 1) != 0, draw.from(0, 1) != 0, draw.from(0, 1) != 0});
  }
  return all;
}

}  // namespace skewbench::batch_norm::cases
