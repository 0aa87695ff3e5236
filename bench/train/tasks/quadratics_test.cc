// Quadratics: closed forms and central differences; the random ones have the promised spectrum, zeta2 and r0; bad files.
#include "bench/train/tasks/quadratics.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>

#include "bench/train/hdf5_handles.h"
#include "kernels/base/test_arrays.h"

namespace skewbench::train {
namespace {

namespace fs = std::filesystem;
using hdf5::Handle;
using test_arrays::refusal;
using Vector = std::vector<double>;

Batch batch_of(const partitions::Split& split, const partitions::SampleShape& shape, int64_t first, int64_t count) {
  return {.count = count, .samples = split.sample(first, shape), .labels = split.labels.data() + first};
}

// A vector as the task wants it: padded, the gap zero.
AlignedVector<double> padded(const Quadratics& task, const Vector& x) {
  AlignedVector<double> parameters(static_cast<std::size_t>(task.layout().size()));
  std::copy(x.begin(), x.end(), parameters.begin());
  return parameters;
}

double square(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return sum;
}

TEST(Quadratics, ByHand) {
  // A = [1 2; 3 4], b = [5 6], x = [1 -1]: A x - b = [-6 -7]; loss 42.5; gradient A^T r = [-27 -40].
  const QuadraticsData data{1, 2, {1, 2, 3, 4}, {5, 6}, {1, -1}};
  const auto dataset = quadratics_dataset(data, "quadratics", "by hand");
  Quadratics task(data.x0);
  ASSERT_EQ(task.layout().size(), 16);
  EXPECT_EQ(task.layout().parameters(), 2);
  EXPECT_EQ(task.flops_per_sample(), 16);
  test_arrays::Guarded<double> x(16), gradient(16);
  task.initial_parameters(99, x.data());
  Vector want(16);
  want[0] = 1, want[1] = -1;
  EXPECT_TRUE(compare_bits(x.span(), want).ok);
  EXPECT_EQ(task.loss_and_gradient(x.data(), batch_of(dataset.train, dataset.shape, 0, 1), gradient.data()), 42.5);
  want[0] = -27, want[1] = -40;
  EXPECT_TRUE(compare_bits(gradient.span(), want).ok) << "the gap must be zero too";
  EXPECT_TRUE(x.guards_intact() && gradient.guards_intact());
  const Evaluation evaluation = task.evaluate(x.data(), batch_of(dataset.test, dataset.shape, 0, 1));
  EXPECT_EQ(evaluation.loss_sum, 42.5);
  EXPECT_EQ(evaluation.count, 1);
  EXPECT_EQ(evaluation.correct, 0);
  EXPECT_FALSE(task.has_classes());
}

TEST(Quadratics, GradientMatchesCentralDifferences) {
  for (const int64_t d : {1, 7, 10, 16, 33}) {
    const QuadraticsData data = random_quadratics(4, d, 1, 10, 5);
    const auto dataset = quadratics_dataset(data, "quadratics", "random");
    Quadratics task(data.x0);
    const auto point = test_arrays::normals<double>(d, 3);
    auto x = padded(task, Vector(point.begin(), point.end()));
    AlignedVector<double> gradient(x.size()), unused(x.size());
    const float weights[] = {0.5f, 2.0f, 0.0f};
    Batch batch = batch_of(dataset.train, dataset.shape, 1, 3);  // workers 1 to 3, as if their samples had been mixed
    for (const float* w : {static_cast<const float*>(nullptr), weights}) {
      batch.weights = w;
      task.loss_and_gradient(x.data(), batch, gradient.data());
      const auto loss = [&] { return task.loss_and_gradient(x.data(), batch, unused.data()); };
      EXPECT_TRUE(test_arrays::gradient_matches(loss, std::span(x).first(static_cast<std::size_t>(d)), gradient)) << "d = " << d;
    }
  }
}

TEST(Quadratics, WeightsAndMeanOverTheBatch) {
  const QuadraticsData data = random_quadratics(3, 10, 1, 10, 5);
  const auto dataset = quadratics_dataset(data, "quadratics", "random");
  Quadratics task(data.x0);
  const auto x = padded(task, quadratics_optimum(data));
  AlignedVector<double> part(x.size()), whole(x.size());
  Vector sum(x.size());
  double loss = 0;
  const float weights[] = {0.5f, 2.0f, 1.0f};
  for (int64_t i = 0; i < 3; ++i) {
    loss += weights[i] * task.loss_and_gradient(x.data(), batch_of(dataset.train, dataset.shape, i, 1), part.data()) / 3;
    for (std::size_t k = 0; k < x.size(); ++k) sum[k] += double(weights[i]) * part[k] / 3;
  }
  Batch batch = batch_of(dataset.train, dataset.shape, 0, 3);
  batch.weights = weights;
  EXPECT_NEAR(task.loss_and_gradient(x.data(), batch, whole.data()), loss, 1e-13);
  const Comparison same = compare(whole, sum, 1e-13, 0);
  EXPECT_TRUE(same.ok) << same.summary;
}

TEST(RandomQuadratics, ReachZeta2AndR0) {
  struct Case {
    int workers;
    int64_t dimension;
    double zeta2, r0;
  };
  for (const auto& [workers, d, zeta2, r0] : {Case{16, 10, 1, 100}, {32, 10, 0.1, 1}, {6, 10, 0.01, 100}, {96, 10, 1, 100}, {2, 1, 4, 3},
                                              {3, 40, 1000, 0}, {5, 10, 0, 10}, {1, 10, 0, 10}}) {
    const QuadraticsData data = random_quadratics(workers, d, zeta2, r0, 1);
    EXPECT_EQ(data.x0, Vector(static_cast<std::size_t>(d)));
    const Vector optimum = quadratics_optimum(data);
    EXPECT_NEAR(std::sqrt(square(optimum)), r0, 1e-5);

    const auto dataset = quadratics_dataset(data, "quadratics", "random");
    Quadratics task(data.x0);
    const auto x = padded(task, optimum);
    AlignedVector<double> gradient(x.size());
    double mean_square = 0;
    for (int64_t i = 0; i < workers; ++i) {
      task.loss_and_gradient(x.data(), batch_of(dataset.train, dataset.shape, i, 1), gradient.data());
      mean_square += square(gradient) / workers;
    }
    EXPECT_NEAR(mean_square, zeta2, 1e-5) << workers << " workers";
    const double at_optimum = task.loss_and_gradient(x.data(), batch_of(dataset.train, dataset.shape, 0, workers), gradient.data());
    EXPECT_LT(std::sqrt(square(gradient)), 1e-11 * (1 + r0)) << "the mean gradient at the optimum";

    // evaluate() over the test split is the global objective; nothing near the optimum is below it.
    const Batch everything = batch_of(dataset.test, dataset.shape, 0, workers);
    EXPECT_NEAR(task.evaluate(x.data(), everything).loss_sum / workers, at_optimum, 1e-11 * (1 + at_optimum));
    for (const double step : {-0.1, 0.1})
      for (std::size_t k = 0; k < static_cast<std::size_t>(d); ++k) {
        auto beside = x;
        beside[k] += step;
        EXPECT_GT(task.evaluate(beside.data(), everything).loss_sum / workers, at_optimum);
      }
  }
}

TEST(RandomQuadratics, SingularValuesAreEvenlySpaced) {
  constexpr int64_t d = 10;
  const QuadraticsData data = random_quadratics(3, d, 1, 100, 2);
  double traces[3] = {};  // of M = A^T A: sum s^2; of M^2: sum s^4; of M^3: sum s^6
  for (int64_t i = 0; i < 3; ++i) {
    const double* a = &data.a[static_cast<std::size_t>(i * d * d)];
    Vector m(d * d), power(d * d);
    for (int64_t r = 0; r < d; ++r)
      for (int64_t c = 0; c < d; ++c)
        for (int64_t k = 0; k < d; ++k) m[static_cast<std::size_t>(r * d + c)] += a[k * d + r] * a[k * d + c];
    power = m;
    for (double& trace : traces) {
      trace = 0;
      for (int64_t r = 0; r < d; ++r) trace += power[static_cast<std::size_t>(r * d + r)];
      Vector next(d * d);
      for (int64_t r = 0; r < d; ++r)
        for (int64_t c = 0; c < d; ++c)
          for (int64_t k = 0; k < d; ++k)
            next[static_cast<std::size_t>(r * d + c)] += power[static_cast<std::size_t>(r * d + k)] * m[static_cast<std::size_t>(k * d + c)];
      power = next;
    }
    double want[3] = {};
    for (int k = 0; k < d; ++k)
      for (int p = 0; p < 3; ++p) want[p] += std::pow(0.5 + 0.5 * k / (d - 1), 2 * (p + 1));
    for (int p = 0; p < 3; ++p) EXPECT_NEAR(traces[p], want[p], 1e-12) << "matrix " << i << ", power " << p + 1;
  }
}

TEST(RandomQuadratics, SeedsAndRefusals) {
  const QuadraticsData one = random_quadratics(4, 10, 1, 10, 1), same = random_quadratics(4, 10, 1, 10, 1),
                       other = random_quadratics(4, 10, 1, 10, 2);
  EXPECT_TRUE(compare_bits(one.a, same.a).ok && compare_bits(one.b, same.b).ok);
  EXPECT_FALSE(compare(one.a, other.a, 0.01, 0).ok);
  EXPECT_NE(refusal([] { random_quadratics(0, 10, 1, 1, 1); }).find("at least 1 worker"), std::string::npos);
  EXPECT_NE(refusal([] { random_quadratics(2, 2000, 1, 1, 1); }).find("1 to 1024 dimensions"), std::string::npos);
  EXPECT_NE(refusal([] { random_quadratics(2, 10, -1, 1, 1); }).find("not negative"), std::string::npos);
  EXPECT_NE(refusal([] { random_quadratics(2, 10, 1, std::nan(""), 1); }).find("finite"), std::string::npos);
  EXPECT_NE(refusal([] { random_quadratics(1, 10, 1, 1, 1); }).find("one worker"), std::string::npos);
  EXPECT_NE(refusal([] { quadratics_optimum({1, 2, {1, 1, 1, 1}, {0, 0}, {0, 0}}); }).find("no unique optimum"), std::string::npos);
}

// Files to load: the datasets of a good one, each of which a test may replace or leave out.
struct Stored {
  hid_t type;
  std::vector<hsize_t> dims;
  Vector values;
};

class QuadraticsFile : public ::testing::Test {
 protected:
  void SetUp() override {
    hdf5::silence();
    folder_ = fs::temp_directory_path() / fmt::format("skewbench-quadratics-{}", getpid());
    fs::create_directory(folder_);
    path_ = (folder_ / "problem.h5").string();
    content_ = {{"A", {H5T_NATIVE_DOUBLE, {2, 3, 3}, data_.a}}, {"b", {H5T_NATIVE_DOUBLE, {2, 3}, data_.b}}, {"x0", {H5T_NATIVE_DOUBLE, {3}, x0_}}};
  }
  void TearDown() override { fs::remove_all(folder_); }

  void store() const {
    const Handle file = hdf5::take(H5Fcreate(path_.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), H5Fclose, "cannot create");
    for (const auto& [name, stored] : content_) {
      const Handle space(H5Screate_simple(static_cast<int>(stored.dims.size()), stored.dims.data(), nullptr), H5Sclose);
      const Handle set = hdf5::take(H5Dcreate2(file, name.c_str(), stored.type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Dclose,
                                    "cannot create");
      hdf5::check(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, stored.values.data()), "cannot write");
    }
  }
  void refuses(const std::string& part) const {
    const std::string sentence = refusal([this] { load_quadratics(path_); });
    EXPECT_NE(sentence.find(part), std::string::npos) << sentence;
    EXPECT_NE(sentence.find("problem.h5"), std::string::npos) << sentence;
  }
  // The content with one dataset replaced must be refused.
  void refuses(const std::string& name, Stored stored, const std::string& part) {
    const auto kept = content_;
    content_[name] = std::move(stored);
    store();
    refuses(part);
    content_ = kept;
  }

  fs::path folder_;
  std::string path_;
  const QuadraticsData data_ = random_quadratics(2, 3, 1, 10, 1);
  const Vector x0_ = {1, -2, 3};
  std::map<std::string, Stored> content_;
};

TEST_F(QuadraticsFile, RoundTrip) {
  store();
  const QuadraticsData loaded = load_quadratics(path_);
  EXPECT_EQ(loaded.workers, 2);
  EXPECT_EQ(loaded.dimension, 3);
  EXPECT_EQ(loaded.a, data_.a);
  EXPECT_EQ(loaded.b, data_.b);
  EXPECT_EQ(loaded.x0, x0_);
  const auto dataset = quadratics_dataset(loaded, "quadratics", path_);
  ASSERT_EQ(dataset.train.count, 2);
  EXPECT_EQ(dataset.shape.elements(), 12);
  EXPECT_EQ(dataset.classes, 0);
  EXPECT_EQ(std::ssize(dataset.train.samples), 2 * 12 * 8);
  EXPECT_EQ(dataset.test.samples, dataset.train.samples);
  const auto* second = reinterpret_cast<const double*>(dataset.train.sample(1, dataset.shape));
  EXPECT_EQ(Vector(second, second + 9), Vector(data_.a.begin() + 9, data_.a.end()));
  EXPECT_EQ(Vector(second + 9, second + 12), Vector(data_.b.begin() + 3, data_.b.end()));
}

TEST_F(QuadraticsFile, BigEndianIsConverted) {
  for (auto& [name, stored] : content_) stored.type = H5T_IEEE_F64BE;
  store();
  EXPECT_EQ(load_quadratics(path_).a, data_.a);
}

TEST_F(QuadraticsFile, BadFiles) {
  refuses("is missing");
  std::ofstream(path_) << "A = 1";
  refuses("is not a readable HDF5 file");
  store();
  fs::resize_file(path_, fs::file_size(path_) / 2);
  refuses("is not a readable HDF5 file");
  for (const char* name : {"A", "b", "x0"}) {
    const auto kept = content_;
    content_.erase(name);
    store();
    refuses(fmt::format("it has no dataset '{}'", name));
    content_ = kept;
  }
}

TEST_F(QuadraticsFile, BadDatasets) {
  const hid_t f64 = H5T_NATIVE_DOUBLE;
  refuses("A", {H5T_NATIVE_FLOAT, {2, 3, 3}, data_.a}, "'A' of");
  refuses("b", {H5T_NATIVE_INT64, {2, 3}, data_.b}, "is not of type float64");
  refuses("A", {f64, {6, 3}, data_.a}, "has 2 dimensions instead of 3");
  refuses("x0", {f64, {1, 3}, x0_}, "has 2 dimensions instead of 1");
  refuses("A", {f64, {3, 3, 2}, data_.a}, "must be square");
  refuses("A", {f64, {0, 3, 3}, {}}, "has 0 elements");
  refuses("A", {f64, {1, 3, 3}, data_.a}, "'b' of");
  refuses("b", {f64, {3, 2}, data_.b}, "has shape 3 x 2 instead of 2 x 3");
  refuses("x0", {f64, {2}, x0_}, "has 2 elements instead of 3");
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    Vector a = data_.a, x0 = x0_;
    a.back() = x0[1] = bad;
    refuses("A", {f64, {2, 3, 3}, a}, fmt::format("is not finite: element 17 is {}", bad));
    refuses("x0", {f64, {3}, x0}, fmt::format("is not finite: element 1 is {}", bad));
  }
}

TEST_F(QuadraticsFile, LyingExtent) {
  // 2^40 elements of which none is stored.
  const Handle file(H5Fcreate(path_.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), H5Fclose);
  const hsize_t dims[] = {1 << 20, 1 << 10, 1 << 10};
  const Handle space(H5Screate_simple(3, dims, nullptr), H5Sclose);
  { const Handle set(H5Dcreate2(file, "A", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Dclose); }
  H5Fflush(file, H5F_SCOPE_GLOBAL);
  refuses("1099511627776 elements");
}

}  // namespace
}  // namespace skewbench::train
