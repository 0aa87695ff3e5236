// Messages of a few coordinates: which ones, and how their values get out and in. The same bits on every device.
#include "bench/kernels/operations.h"
#include "kernels/quantize/random_k.h"
#include "kernels/quantize/sparse.h"
#include "kernels/quantize/top_k.h"
#ifdef SKEWBENCH_CUDA
#include "kernels/quantize/random_k_cuda.h"
#include "kernels/quantize/sparse_cuda.h"
#include "kernels/quantize/top_k_cuda.h"
#endif

namespace skewbench::bench_kernels {
namespace {

/// Every (n / k)-th coordinate, one of which is off.
void spread(const quantize::Sparse& p, std::span<int32_t> indices) {
  for (int64_t j = 0; j < p.k; ++j) indices[static_cast<std::size_t>(j)] = static_cast<int32_t>(j * (p.count / p.k) + (j % 3 == 1 && p.count / p.k > 1));
}

Contest gather(const Shape& shape, const quantize::Sparse& p) {
  Contest contest = begin_contest(shape, "gather", 1);
  const int indices = contest.input("indices", 4 * p.k), x = contest.input("x", 4 * p.count), values = contest.exact_output("values", 4 * p.k);
  const float factor = static_cast<float>(p.count) / static_cast<float>(p.k);
  contest.fill = [=](Contest& c) {
    spread(p, c.before<int32_t>(indices)), c.normals(x, 1);
    quantize::gather_ref(p, c.before<int32_t>(indices).data(), c.before(x).data(), factor, c.want(values).data());
  };
  contest.on_host("own", "", [=](const Addresses& at) { quantize::gather_host(p, at.at<int32_t>(indices), at.at(x), factor, at.at(values)); });
#ifdef SKEWBENCH_CUDA
  contest.on_device<quantize::Gather>(quantize::gather_versions(), nullptr, [=](const Addresses& at) {
    return quantize::Gather{p, at.at<int32_t>(indices), at.at(x), factor, at.at(values)};
  });
#endif
  return contest;
}

Contest take(const Shape& shape, const quantize::Sparse& p) {
  Contest contest = begin_contest(shape, "take", 1);
  const int indices = contest.input("indices", 4 * p.k), x = contest.in_place("x", 4 * p.count, 0), values = contest.output("values", 4 * p.k, 0);
  contest.fill = [=](Contest& c) {
    spread(p, c.before<int32_t>(indices)), c.normals(x, 1);
    std::copy_n(c.before(x).data(), p.count, c.want(x).data());
    quantize::take_ref(p, c.before<int32_t>(indices).data(), c.want(x).data(), c.want(values).data());
  };
  contest.on_host("own", "", [=](const Addresses& at) { quantize::take_host(p, at.at<int32_t>(indices), at.at(x), at.at(values)); });
#ifdef SKEWBENCH_CUDA
  contest.on_device<quantize::Take>(quantize::take_versions(), nullptr, [=](const Addresses& at) {
    return quantize::Take{p, at.at<int32_t>(indices), at.at(x), at.at(values)};
  });
#endif
  return contest;
}

Contest scatter(const Shape& shape, const quantize::Sparse& p) {
  Contest contest = begin_contest(shape, "scatter", 1);
  const int indices = contest.input("indices", 4 * p.k), values = contest.input("values", 4 * p.k), out = contest.exact_output("out", 4 * p.count);
  contest.fill = [=](Contest& c) {
    spread(p, c.before<int32_t>(indices)), c.normals(values, 1);
    quantize::scatter_ref(p, c.before<int32_t>(indices).data(), c.before(values).data(), c.want(out).data(), false);
  };
  contest.on_host("own", "", [=](const Addresses& at) { quantize::scatter_host(p, at.at<int32_t>(indices), at.at(values), at.at(out), false); });
#ifdef SKEWBENCH_CUDA
  contest.on_device<quantize::Scatter>(quantize::scatter_versions(), nullptr, [=](const Addresses& at) {
    return quantize::Scatter{p, at.at<int32_t>(indices), at.at(values), at.at(out), false};
  });
#endif
  return contest;
}

}  // namespace

std::vector<Contest> top_k_contests(const Shape& shape, int64_t n) {
  if (n != 1) return {};
  const quantize::Sparse p{shape.of("count"), shape.of("k")};
  Contest contest = begin_contest(shape, "select", n);
  const int x = contest.input("x", 4 * p.count), indices = contest.exact_output("indices", 4 * p.k);
  contest.fill = [=](Contest& c) {
    c.normals(x, 1);
    quantize::top_k_ref(p, c.before(x).data(), c.want<int32_t>(indices).data());
  };
  contest.on_host("own", "", [=](const Addresses& at) { quantize::top_k_host(p, at.at(x), at.at<int32_t>(indices)); });
#ifdef SKEWBENCH_CUDA
  contest.on_device<quantize::TopK>(quantize::top_k_versions(), nullptr,
                                    [=](const Addresses& at) { return quantize::TopK{p, at.at(x), at.at<int32_t>(indices)}; });
#endif
  return {contest};
}

std::vector<Contest> random_k_contests(const Shape& shape, int64_t n) {
  if (n != 1) return {};
  const quantize::Sparse p{shape.of("count"), shape.of("k")};
  const Draws draws(17, 0, 0, Purpose::probe);
  Contest contest = begin_contest(shape, "select", n);
  const int indices = contest.exact_output("indices", 4 * p.k);
  contest.fill = [=](Contest& c) { quantize::random_k_ref(p, draws, c.want<int32_t>(indices).data()); };
  contest.on_host("own", "", [=](const Addresses& at) { quantize::random_k_host(p, draws, at.at<int32_t>(indices)); });
#ifdef SKEWBENCH_CUDA
  contest.on_device<quantize::RandomK>(quantize::random_k_versions(), nullptr,
                                       [=](const Addresses& at) { return quantize::RandomK{p, draws, at.at<int32_t>(indices)}; });
#endif
  return {contest};
}

std::vector<Contest> sparse_contests(const Shape& shape, int64_t n) {
  if (n != 1) return {};
  const quantize::Sparse p{shape.of("count"), shape.of("k")};
  return {gather(shape, p), take(shape, p), scatter(shape, p)};
}

}  // namespace skewbench::bench_kernels
