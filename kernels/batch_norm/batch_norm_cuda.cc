#include "kernels/batch_norm/batch_norm_cuda.h"

#include <cmath>

#include "kernels/base/error.h"
#include "kernels/base/launch.h"

namespace skewbench::batch_norm {
namespace {

using device::is_aligned;
using device::kMostBlocks;
using device::kMostBlocksY;
using device::product;

std::string check_sizes(const Problem& p, int64_t rows) {
  if (p.c < 1 || rows < 1) return fmt::format("c={} and rows={} must be positive", p.c, rows);
  if (!(std::isfinite(p.eps) && p.eps > 0)) return fmt::format("eps={} must be finite and positive", p.eps);
  if (p.c > kMostBlocks) return fmt::format("{} channels are more than a grid's {} blocks", p.c, kMostBlocks);
  if (product({rows, p.c, 8}) < 0) return fmt::format("{} rows of {} channels are more than 64 bits can count", rows, p.c);
  return "";
}

std::string check_parts(int64_t rows) {
  if (rows <= kMostBlocksY * v2::kRowsOfAPart) return "";
  return fmt::format("{} rows are more than {} blocks of {} rows", rows, kMostBlocksY, v2::kRowsOfAPart);
}

std::string check_quads(const Problem& p, std::initializer_list<const void*> pointers) {
  if (p.c % 4 != 0) return fmt::format("{} channels: 16-byte accesses need a multiple of 4", p.c);
  for (const void* pointer : pointers)
    if (!is_aligned(pointer)) return fmt::format("the address {} is not a multiple of 16, which 16-byte accesses need", pointer);
  return "";
}
std::string check_quads(const ForwardTraining& a) { return check_quads(a.problem, {a.x, a.residual, a.y}); }
std::string check_quads(const ForwardInference& a) {
  return check_quads(a.problem, {a.x, a.mean, a.variance, a.gamma, a.beta, a.residual, a.y});
}
std::string check_quads(const Backward& a) {
  return check_quads(a.problem, {a.x, a.problem.relu ? a.y : nullptr, a.dy, a.mean, a.variance, a.gamma, a.dx, a.dresidual});
}

std::string check_fits(int64_t rows, int64_t arrays) {
  const int64_t bytes = product({rows, arrays, 16});
  if (bytes <= kMostSharedBytes) return "";
  return fmt::format("{} rows of 4 channels take {} bytes of shared memory, more than {}", rows, bytes, kMostSharedBytes);
}

template <class Forward>
std::string check_separate_addition(const Forward& a) {
  return a.residual && a.residual == a.y ? "y is the residual, which this version overwrites before it is added" : "";
}

// The first objection.
template <class... Checks>
std::string first_of(Checks... checks) {
  std::string reason;
  (void)((!(reason = checks()).empty()) || ...);
  return reason;
}

template <class Arguments>
std::string any(const Arguments& a) { return check_sizes(a.problem, a.rows); }
template <class Arguments>
std::string in_parts(const Arguments& a) {
  return first_of([&] { return any(a); }, [&] { return check_parts(a.rows); });
}
template <class Arguments>
std::string quads(const Arguments& a) {
  return first_of([&] { return any(a); }, [&] { return check_quads(a); });
}
template <class Arguments, int64_t kArrays>
std::string fits(const Arguments& a) {
  return first_of([&] { return quads(a); }, [&] { return check_fits(a.rows, kArrays); });
}
// Of a forward direction without fusion.
template <class Arguments, std::string (*others)(const Arguments&)>
std::string apart(const Arguments& a) {
  return first_of([&] { return others(a); }, [&] { return check_separate_addition(a); });
}

// The parts' terms and three coefficients per channel.
int64_t bytes_of(int64_t parts, int terms, int64_t c) { return (parts * terms + 3) * c * 4; }
template <int64_t (*parts)(const Problem&, int64_t)>
int64_t moments_bytes(const ForwardTraining& a) { return bytes_of(parts(a.problem, a.rows), 3, a.problem.c); }
template <int64_t (*parts)(const Problem&, int64_t)>
int64_t sums_bytes(const Backward& a) { return bytes_of(parts(a.problem, a.rows), 2, a.problem.c); }

using FT = ForwardTraining;
using FI = ForwardInference;

const device::Version<FT> kForwardTraining[] = {
    {1, "two_pass", apart<FT, any<FT>>, device::no_workspace, v1::forward_training},
    {2, "welford_shuffles", apart<FT, in_parts<FT>>, moments_bytes<v2::parts>, v2::forward_training},
    {3, "vectorised_persistent", apart<FT, quads<FT>>, moments_bytes<v3::parts>, v3::forward_training},
    {4, "channels_in_shared_memory", apart<FT, fits<FT, 1>>, device::no_workspace, v4::forward_training},
    {5, "fused_add_relu", quads, moments_bytes<v3::parts>, v5::forward_training}};
const device::Version<FI> kForwardInference[] = {
    {1, "two_pass", apart<FI, any<FI>>, device::no_workspace, v1::forward_inference},
    {3, "vectorised_persistent", apart<FI, quads<FI>>, device::no_workspace, v3::forward_inference},
    {5, "fused_add_relu", quads, device::no_workspace, v5::forward_inference}};
const device::Version<Backward> kBackwardTraining[] = {
    {1, "two_pass", any, device::no_workspace, v1::backward_training},
    {2, "welford_shuffles", in_parts, sums_bytes<v2::parts>, v2::backward_training},
    {3, "vectorised_persistent", quads, sums_bytes<v3::parts>, v3::backward_training},
    {4, "channels_in_shared_memory", fits<Backward, 2>, device::no_workspace, v4::backward_training},
    {5, "fused_add_relu", quads, sums_bytes<v3::parts>, v5::backward_training}};
const device::Version<Backward> kBackwardFrozen[] = {
    {1, "two_pass", any, device::no_workspace, v1::backward_frozen},
    {2, "welford_shuffles", in_parts, sums_bytes<v2::parts>, v2::backward_frozen},
    {3, "vectorised_persistent", quads, sums_bytes<v3::parts>, v3::backward_frozen},
    {5, "fused_add_relu", quads, sums_bytes<v3::parts>, v5::backward_frozen}};

}  // namespace

device::Versions<ForwardTraining> forward_training_versions() { return kForwardTraining; }
device::Versions<ForwardInference> forward_inference_versions() { return kForwardInference; }
device::Versions<Backward> backward_training_versions() { return kBackwardTraining; }
device::Versions<Backward> backward_frozen_versions() { return kBackwardFrozen; }

}  // namespace skewbench::batch_norm
