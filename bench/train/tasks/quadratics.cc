#include "bench/train/tasks/quadratics.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <span>
#include <utility>

#include "bench/train/hdf5_handles.h"
#include "kernels/base/error.h"
#include "kernels/base/random.h"

namespace skewbench::train {
namespace {

using Vector = std::vector<double>;

constexpr int64_t kLargestDimension = 1024;
constexpr int64_t kMostElements = int64_t{1} << 28;  // of all A_i: 2 GiB, far beyond any use
constexpr double kSingular = 1e-13;  // a pivot that lost that much is rounding error
constexpr double kSmallestSingularValue = 0.5, kLargestSingularValue = 1.0;
enum Draw : uint32_t { kFunctions, kOptimum };  // the step of a random stream

std::size_t index(int64_t i) { return static_cast<std::size_t>(i); }

// y = A x and y = A^T x for a square row-major A.
void multiply(const double* a, const double* x, double* y, int64_t d) {
  for (int64_t r = 0; r < d; ++r) {
    double sum = 0;
    for (int64_t c = 0; c < d; ++c) sum += a[r * d + c] * x[c];
    y[r] = sum;
  }
}
void multiply_transposed(const double* a, const double* x, double* y, int64_t d) {
  std::fill(y, y + d, 0.0);
  for (int64_t r = 0; r < d; ++r)
    for (int64_t c = 0; c < d; ++c) y[c] += a[r * d + c] * x[r];
}

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

void scale(std::span<double> values, double factor) {
  for (double& value : values) value *= factor;
}

Vector normals(Random& random, int64_t count) {
  Vector values(index(count));
  for (double& value : values) value = random.normal();
  return values;
}

// A random rotation or reflection, every one equally likely: orthonormalised normal rows. Gram-Schmidt twice is
// orthogonal to rounding.
Vector random_orthogonal(Random& random, int64_t d) {
  Vector matrix = normals(random, d * d);
  for (int64_t r = 0; r < d; ++r) {
    const std::span<double> row(&matrix[index(r * d)], index(d));
    for (int pass = 0; pass < 2; ++pass)
      for (int64_t other = 0; other < r; ++other) {
        const std::span<const double> direction(&matrix[index(other * d)], index(d));
        const double part = dot(row, direction);
        for (std::size_t c = 0; c < row.size(); ++c) row[c] -= part * direction[c];
      }
    scale(row, 1 / std::sqrt(dot(row, row)));
  }
  return matrix;
}

// U diag(s) V with s evenly spaced.
Vector random_matrix(Random& random, int64_t d) {
  const Vector u = random_orthogonal(random, d), v = random_orthogonal(random, d);
  Vector a(index(d * d));
  for (int64_t k = 0; k < d; ++k) {
    const double position = d > 1 ? static_cast<double>(k) / static_cast<double>(d - 1) : 0;
    const double s = kSmallestSingularValue + position * (kLargestSingularValue - kSmallestSingularValue);
    for (int64_t r = 0; r < d; ++r)
      for (int64_t c = 0; c < d; ++c) a[index(r * d + c)] += u[index(r * d + k)] * s * v[index(k * d + c)];
  }
  return a;
}

// Solves H x = y for a symmetric positive definite H by Cholesky factorisation, H = L L^T.
Vector solve(Vector h, Vector x) {
  const auto d = std::ssize(x);
  const auto at = [&](int64_t r, int64_t c) -> double& { return h[index(r * d + c)]; };
  for (int64_t r = 0; r < d; ++r)
    for (int64_t c = 0; c <= r; ++c) {
      const double start = at(r, c);
      double rest = start;
      for (int64_t k = 0; k < c; ++k) rest -= at(r, k) * at(c, k);
      if (r == c) REQUIRE(rest > kSingular * start, "the quadratics have no unique optimum: sum of A^T A is not positive definite");
      at(r, c) = r == c ? std::sqrt(rest) : rest / at(c, c);
    }
  for (int64_t r = 0; r < d; ++r) {
    for (int64_t k = 0; k < r; ++k) x[index(r)] -= at(r, k) * x[index(k)];
    x[index(r)] /= at(r, r);
  }
  for (int64_t r = d - 1; r >= 0; --r) {
    for (int64_t k = r + 1; k < d; ++k) x[index(r)] -= at(k, r) * x[index(k)];
    x[index(r)] /= at(r, r);
  }
  return x;
}

// Reads a float64 dataset of `rank` dimensions and its extent.
std::pair<Vector, std::vector<hsize_t>> read(hid_t file, const std::string& path, const char* name, int rank) {
  REQUIRE(H5Lexists(file, name, H5P_DEFAULT) > 0, "{} holds no quadratics: it has no dataset '{}'", path, name);
  const auto set = hdf5::take(H5Dopen2(file, name, H5P_DEFAULT), H5Dclose, "'{}' of {} is no dataset", name, path);
  const auto type = hdf5::take(H5Dget_type(set), H5Tclose, "dataset '{}' of {} cannot be read", name, path);
  const auto space = hdf5::take(H5Dget_space(set), H5Sclose, "dataset '{}' of {} cannot be read", name, path);
  REQUIRE(H5Tget_class(type) == H5T_FLOAT && H5Tget_size(type) == sizeof(double),
          "dataset '{}' of {} is not of type float64", name, path);
  const int found = H5Sget_simple_extent_ndims(space);
  REQUIRE(found == rank, "dataset '{}' of {} has {} dimensions instead of {}", name, path, found, rank);
  std::vector<hsize_t> dims(index(rank));
  hdf5::check(H5Sget_simple_extent_dims(space, dims.data(), nullptr), "dataset '{}' of {} cannot be read", name, path);
  const auto count = H5Sget_simple_extent_npoints(space);
  REQUIRE(count > 0 && count <= kMostElements, "dataset '{}' of {} has {} elements; 1 to {} can be read", name, path, count,
          kMostElements);
  Vector values(index(count));
  hdf5::check(H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), "dataset '{}' of {} cannot be read",
              name, path);
  const auto bad = std::ranges::find_if(values, [](double value) { return !std::isfinite(value); });
  REQUIRE(bad == values.end(), "dataset '{}' of {} is not finite: element {} is {}", name, path, bad - values.begin(), *bad);
  return {std::move(values), std::move(dims)};
}

}  // namespace

QuadraticsData random_quadratics(int workers, int64_t dimension, double zeta2, double r0, uint64_t seed) {
  REQUIRE(workers >= 1 && dimension >= 1 && dimension <= kLargestDimension,
          "quadratics need at least 1 worker and 1 to {} dimensions, not {} and {}", kLargestDimension, workers, dimension);
  REQUIRE(std::isfinite(zeta2) && zeta2 >= 0 && std::isfinite(r0) && r0 >= 0,
          "zeta2 = {} and r0 = {} of quadratics must be finite and not negative", zeta2, r0);
  REQUIRE(workers > 1 || zeta2 == 0, "one worker has no gradient at its own optimum: zeta2 must be 0, not {}", zeta2);
  const int64_t d = dimension;
  REQUIRE(workers * d * d <= kMostElements, "quadratics of {} workers in {} dimensions are too large", workers, d);
  QuadraticsData data{workers, d, {}, Vector(index(workers * d)), Vector(index(d))};
  Vector optima;  // of each worker alone
  for (int i = 0; i < workers; ++i) {
    Random random(seed, static_cast<uint32_t>(i), kFunctions, Purpose::synthetic_data);
    const Vector a = random_matrix(random, d), optimum = normals(random, d);
    data.a.insert(data.a.end(), a.begin(), a.end());
    optima.insert(optima.end(), optimum.begin(), optimum.end());
  }
  const auto set_b = [&] {
    for (int64_t i = 0; i < workers; ++i) multiply(&data.a[index(i * d * d)], &optima[index(i * d)], &data.b[index(i * d)], d);
  };

  // With the common optimum at 0, the gradients there are -A_i^T b_i.
  set_b();
  const Vector common = quadratics_optimum(data);
  for (std::size_t k = 0; k < optima.size(); ++k) optima[k] -= common[k % common.size()];
  set_b();
  double mean_square = 0;
  Vector gradient(index(d));
  for (int64_t i = 0; i < workers; ++i) {
    multiply_transposed(&data.a[index(i * d * d)], &data.b[index(i * d)], gradient.data(), d);
    mean_square += dot(gradient, gradient) / workers;
  }
  scale(optima, zeta2 > 0 ? std::sqrt(zeta2 / mean_square) : 0);

  Random random(seed, 0, kOptimum, Purpose::synthetic_data);
  Vector target = normals(random, d);
  scale(target, r0 / std::sqrt(dot(target, target)));
  for (std::size_t k = 0; k < optima.size(); ++k) optima[k] += target[k % target.size()];
  set_b();
  return data;
}

QuadraticsData load_quadratics(const std::string& path) {
  REQUIRE(std::filesystem::is_regular_file(path), "{} is missing", path);
  hdf5::silence();
  const auto file =
      hdf5::take(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose, "{} is not a readable HDF5 file", path);
  auto [a, a_dims] = read(file, path, "A", 3);
  auto [b, b_dims] = read(file, path, "b", 2);
  auto [x0, x0_dims] = read(file, path, "x0", 1);
  const hsize_t n = a_dims[0], d = a_dims[1];
  REQUIRE(a_dims[2] == d && d <= kLargestDimension,
          "dataset 'A' of {} has shape {} x {} x {}: its matrices must be square and of at most {} rows", path, n, d, a_dims[2],
          kLargestDimension);
  REQUIRE(b_dims[0] == n && b_dims[1] == d, "dataset 'b' of {} has shape {} x {} instead of {} x {}, as A has", path, b_dims[0],
          b_dims[1], n, d);
  REQUIRE(x0_dims[0] == d, "dataset 'x0' of {} has {} elements instead of {}, as A has", path, x0_dims[0], d);
  return {static_cast<int64_t>(n), static_cast<int64_t>(d), std::move(a), std::move(b), std::move(x0)};
}

Vector quadratics_optimum(const QuadraticsData& data) {
  const int64_t d = data.dimension;
  Vector h(index(d * d)), y(index(d)), part(index(d));
  for (int64_t i = 0; i < data.workers; ++i) {
    const double* a = &data.a[index(i * d * d)];
    multiply_transposed(a, &data.b[index(i * d)], part.data(), d);
    for (int64_t c = 0; c < d; ++c) y[index(c)] += part[index(c)];
    for (int64_t k = 0; k < d; ++k)
      for (int64_t r = 0; r < d; ++r)
        for (int64_t c = 0; c < d; ++c) h[index(r * d + c)] += a[k * d + r] * a[k * d + c];
  }
  return solve(std::move(h), std::move(y));
}

partitions::Dataset quadratics_dataset(const QuadraticsData& data, const std::string& name, const std::string& source) {
  const int64_t d = data.dimension;
  partitions::Dataset dataset;
  dataset.name = name;
  dataset.source = source;
  dataset.shape = {partitions::SampleType::f64, {d * d + d}};
  dataset.train.count = data.workers;
  dataset.train.labels.assign(index(data.workers), 0);
  dataset.train.samples.resize(index(data.workers * dataset.shape.bytes()));
  const std::size_t a_bytes = index(d * d) * sizeof(double), b_bytes = index(d) * sizeof(double);
  std::byte* to = dataset.train.samples.data();
  for (int64_t i = 0; i < data.workers; ++i, to += a_bytes + b_bytes) {
    std::memcpy(to, &data.a[index(i * d * d)], a_bytes);
    std::memcpy(to + a_bytes, &data.b[index(i * d)], b_bytes);
  }
  dataset.test = dataset.train;
  return dataset;
}

Quadratics::Quadratics(Vector x0) : x0_(std::move(x0)), residual_(x0_.size()) {
  layout_.add("x", TensorKind::weight, 1, std::ssize(x0_));
}

double Quadratics::flops_per_sample() const { return 4.0 * static_cast<double>(x0_.size() * x0_.size()); }

void Quadratics::initial_parameters(uint64_t, double* parameters) const {
  std::fill(parameters, parameters + layout_.size(), 0.0);
  std::copy(x0_.begin(), x0_.end(), parameters);
}

double Quadratics::loss(const double* parameters, const double* sample) {
  const auto d = std::ssize(x0_);
  multiply(sample, parameters, residual_.data(), d);
  for (int64_t r = 0; r < d; ++r) residual_[index(r)] -= sample[d * d + r];
  return 0.5 * dot(residual_, residual_);
}

const double* Quadratics::sample(const Batch& batch, int64_t i) const {
  const auto d = std::ssize(x0_);
  return reinterpret_cast<const double*>(batch.samples) + i * (d * d + d);
}

double Quadratics::loss_and_gradient(const double* parameters, const Batch& batch, double* gradient) {
  const auto d = std::ssize(x0_);
  std::fill(gradient, gradient + layout_.size(), 0.0);
  double sum = 0;
  for (int64_t i = 0; i < batch.count; ++i) {
    const double* a = sample(batch, i);
    const double own_weight = batch.weights != nullptr ? static_cast<double>(batch.weights[i]) : 1.0;
    const double weight = own_weight / static_cast<double>(batch.count);
    sum += weight * loss(parameters, a);
    for (int64_t r = 0; r < d; ++r)
      for (int64_t c = 0; c < d; ++c) gradient[c] += weight * residual_[index(r)] * a[r * d + c];
  }
  return sum;
}

Evaluation Quadratics::evaluate(const double* parameters, const Batch& samples) {
  Evaluation result;
  for (int64_t i = 0; i < samples.count; ++i) result.loss_sum += loss(parameters, sample(samples, i));
  result.count = samples.count;
  return result;
}

}  // namespace skewbench::train
