// Mixing matrices and their spectra. Eigenvalues: Householder's reduction to a tridiagonal matrix, then bisection with
// Sturm counts, as only the second largest and the smallest are wanted.
#include <algorithm>
#include <cmath>
#include <limits>

#include "comm/topology/topology.h"
#include "kernels/base/error.h"

namespace skewbench::topology {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// A square matrix, row after row.
struct Dense {
  explicit Dense(size_t size) : n(size), values(size * size, 0.0) {}
  double* row(size_t i) { return values.data() + i * n; }
  const double* row(size_t i) const { return values.data() + i * n; }

  size_t n;
  std::vector<double> values;
};

Dense to_dense(const MixingMatrix& matrix) {
  Dense dense(matrix.rows.size());
  for (size_t i = 0; i < matrix.rows.size(); ++i) {
    const MixingRow& row = matrix.rows[i];
    for (size_t k = 0; k < row.worker.size(); ++k) dense.row(i)[row.worker[k]] = row.weight[k];
  }
  return dense;
}

bool is_symmetric(const Dense& a) {
  for (size_t i = 0; i < a.n; ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (a.row(i)[j] != a.row(j)[i]) return false;
    }
  }
  return true;
}

double dot(const double* a, const double* b, size_t n) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (size_t k = 0; k < n; ++k) sum += a[k] * b[k];
  return sum;
}

struct Tridiagonal {
  std::vector<double> diagonal;
  std::vector<double> below;  ///< below[i] couples i and i + 1
};

/// The tridiagonal matrix with the eigenvalues of the symmetric `a`, whose lower triangle is read and destroyed. Rows
/// are eliminated from the last to the first, so that all inner loops run along rows.
Tridiagonal tridiagonalise(Dense a) {
  const size_t n = a.n;
  Tridiagonal result{std::vector<double>(n), std::vector<double>(n - 1)};
  std::vector<double> p(n);
  for (size_t i = n - 1; i > 0; --i) {
    // The reflector I - 2 u u'/(u'u) maps the row's part left of the diagonal, x, to (0, ..., 0, -+|x|).
    double* u = a.row(i);
    result.diagonal[i] = u[i];
    const double norm = std::sqrt(dot(u, u, i));
    const double image = u[i - 1] > 0 ? -norm : norm;  // away from u[i - 1]: no cancellation in the next line
    result.below[i - 1] = image;
    u[i - 1] -= image;
    const double half = dot(u, u, i) / 2;
    if (half == 0) continue;  // the row is zero already

    // With p = A u / half and q = p - (u'p / (2 half)) u, the transformed block is A - q u' - u q'.
    std::fill_n(p.begin(), i, 0.0);
    for (size_t j = 0; j < i; ++j) {
      const double* row = a.row(j);
      const double uj = u[j];
#pragma omp simd
      for (size_t k = 0; k < j; ++k) p[k] += row[k] * uj;
      p[j] += dot(row, u, j + 1);
    }
    for (size_t j = 0; j < i; ++j) p[j] /= half;
    const double along = dot(u, p.data(), i) / (2 * half);
    for (size_t j = 0; j < i; ++j) p[j] -= along * u[j];
    for (size_t j = 0; j < i; ++j) {
      double* row = a.row(j);
      const double uj = u[j], qj = p[j];
#pragma omp simd
      for (size_t k = 0; k <= j; ++k) row[k] -= qj * u[k] + uj * p[k];
    }
  }
  result.diagonal[0] = a.row(0)[0];
  return result;
}

/// How many eigenvalues lie below x: the number of negative pivots of T - x I.
size_t eigenvalues_below(const Tridiagonal& t, double x) {
  constexpr double kTiny = std::numeric_limits<double>::min();  // stands in for a zero pivot
  size_t count = 0;
  double pivot = 1;
  for (size_t i = 0; i < t.diagonal.size(); ++i) {
    const double coupling = i == 0 ? 0 : t.below[i - 1] * t.below[i - 1];
    pivot = t.diagonal[i] - x - coupling / pivot;
    if (std::fabs(pivot) < kTiny) pivot = -kTiny;
    count += pivot < 0;
  }
  return count;
}

/// The eigenvalue with `rank` others below it, counted with multiplicity.
double eigenvalue(const Tridiagonal& t, size_t rank) {
  double bound = 0;  // Gershgorin: no eigenvalue is larger in modulus
  for (size_t i = 0; i < t.diagonal.size(); ++i) {
    const double left = i == 0 ? 0 : std::fabs(t.below[i - 1]);
    const double right = i == t.below.size() ? 0 : std::fabs(t.below[i]);
    bound = std::max(bound, left + std::fabs(t.diagonal[i]) + right);
  }
  double low = -bound, high = bound;
  for (double middle = 0; low < middle && middle < high; middle = low + (high - low) / 2) {
    (eigenvalues_below(t, middle) > rank ? high : low) = middle;
  }
  return high;
}

/// The largest singular value of W - 11'/n. The average is subtracted before squaring: after it, rounding would leave
/// about 1e-8 where W averages exactly.
double second_singular_value(Dense w) {
  const size_t n = w.n;
  for (double& value : w.values) value -= 1.0 / static_cast<double>(n);
  Dense gram(n);
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j <= i; ++j) gram.row(i)[j] = dot(w.row(i), w.row(j), n);
  }
  return std::sqrt(std::max(0.0, eigenvalue(tridiagonalise(std::move(gram)), n - 1)));
}

}  // namespace

MixingMatrix metropolis_hastings(const Graph& graph) {
  if (!graph.is_symmetric()) {
    const size_t degree = graph.out(0).size();
    for (int worker = 0; worker < graph.workers(); ++worker) {
      const size_t in = graph.in(worker).size(), out = graph.out(worker).size();
      REQUIRE(in == degree && out == degree,
              "a directed graph has doubly stochastic weights only if all workers have as many senders and receivers "
              "as worker 0, which sends to {}, but worker {} has {} senders and {} receivers",
              degree, worker, in, out);
    }
  }
  MixingMatrix matrix;
  matrix.rows.resize(static_cast<size_t>(graph.workers()));
  for (int i = 0; i < graph.workers(); ++i) {
    MixingRow& row = matrix.rows[i];
    const auto senders = graph.in(i);
    row.worker.assign(senders.begin(), senders.end());
    double given = 0;
    for (const int j : senders) {
      row.weight.push_back(1.0 / static_cast<double>(std::max(senders.size(), graph.in(j).size()) + 1));
      given += row.weight.back();
    }
    const auto place = std::lower_bound(row.worker.begin(), row.worker.end(), i) - row.worker.begin();
    row.worker.insert(row.worker.begin() + place, i);
    row.weight.insert(row.weight.begin() + place, 1 - given);
  }
  return matrix;
}

MixingMatrix multiply(const MixingMatrix& a, const MixingMatrix& b) {
  REQUIRE(a.rows.size() == b.rows.size(), "cannot multiply mixing matrices of {} and {} workers", a.rows.size(),
          b.rows.size());
  MixingMatrix product;
  std::vector<double> sums(b.rows.size());
  for (const MixingRow& left : a.rows) {
    std::fill(sums.begin(), sums.end(), 0.0);
    for (size_t k = 0; k < left.worker.size(); ++k) {
      const MixingRow& right = b.rows[left.worker[k]];
      for (size_t l = 0; l < right.worker.size(); ++l) sums[right.worker[l]] += left.weight[k] * right.weight[l];
    }
    MixingRow& row = product.rows.emplace_back();
    for (size_t j = 0; j < sums.size(); ++j) {
      if (sums[j] == 0) continue;
      row.worker.push_back(static_cast<int>(j));
      row.weight.push_back(sums[j]);
    }
  }
  return product;
}

Spectrum spectrum(const MixingMatrix& matrix) {
  constexpr size_t kMost = 8192;  // half a gigabyte a matrix
  const size_t n = matrix.rows.size();
  REQUIRE(n <= kMost, "spectra are limited to {} workers, not {}", kMost, n);
  if (n <= 1) return {};
  Dense dense = to_dense(matrix);
  if (!is_symmetric(dense)) return {false, second_singular_value(std::move(dense)), kNan};
  const Tridiagonal t = tridiagonalise(std::move(dense));
  return {true, eigenvalue(t, n - 2), eigenvalue(t, 0)};
}

double spectral_gap(const MixingMatrix& matrix) { return spectrum(matrix).gap(); }

}  // namespace skewbench::topology
