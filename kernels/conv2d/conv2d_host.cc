// Convolution on the CPU through oneDNN: plain NHWC tensors, the filter in the layout that oneDNN prefers. Forward and
// filter gradient of images with few channels take few_channels (its rule is few_channels::takes()).
#include "kernels/base/aligned.h"
#include "kernels/base/dnnl_support.h"
#include "kernels/conv2d/conv2d.h"
#include "kernels/conv2d/conv2d_few_channels.h"

#include <map>

namespace skewbench::conv2d {
namespace {

using dnnl_support::Plan;
using desc = dnnl::memory::desc;
using tag = dnnl::memory::format_tag;

constexpr auto kFloat = dnnl::memory::data_type::f32;

/// Copies a filter between KRSC and another layout of oneDNN's; nothing to do where the two are the same.
class Relayout {
 public:
  Relayout() = default;
  Relayout(const desc& from, const desc& to, bool accumulate) : bytes_(to.get_size()) {
    dnnl_support::checked("planning a filter re-layout", [&] {
      dnnl::primitive_attr attributes;
      attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
      if (accumulate) {
        dnnl::post_ops sum;
        sum.append_sum(1.0f);
        attributes.set_post_ops(sum);
      }
      const auto& engine = dnnl_support::engine();
      const dnnl::reorder::primitive_desc plan(engine, from, engine, to, attributes);
      plan_ = Plan(dnnl::reorder(plan), plan.scratchpad_desc());
    });
    plan_.bind(DNNL_ARG_FROM, from);
    plan_.bind(DNNL_ARG_TO, to);
  }
  void operator()(const float* from, float* to) {
    plan_.set(0, from);
    plan_.set(1, to);
    plan_.execute("a filter re-layout");
  }
  std::size_t bytes() const { return bytes_; }

 private:
  Plan plan_;
  std::size_t bytes_ = 0;
};

/// The filter as one direction wants it. Fixed by the first plan of that direction.
struct LaidOutFilter {
  desc layout;               // empty until the first plan
  bool plain = false;        // layout is KRSC: the caller's array is used in place
  Relayout relayout;
  AlignedVector<float> copy;
  bool current = false;      // copy holds the filter of the last set_filter()

  void fix(const desc& chosen, const desc& krsc) {
    layout = chosen;
    plain = chosen == krsc;
    if (plain) return;
    relayout = Relayout(krsc, chosen, false);
    copy.resize(relayout.bytes() / sizeof(float));
  }
  const float* get(const float* filter) {
    if (plain) return filter;
    if (!current) relayout(filter, copy.data());
    current = true;
    return copy.data();
  }
};

struct FilterGradient {
  Plan plan;
  bool plain = false;        // the gradient comes out as KRSC
  std::size_t floats = 0;    // of the gradient in oneDNN's layout
  Relayout overwrite, add;
};

}  // namespace

struct Host::State {
  Problem problem;
  bool has_bias, relu, needs_input_gradient;
  const float* filter = nullptr;
  const float* bias = nullptr;
  bool few_channels = false;            // forward and filter gradient without oneDNN; then
  AlignedVector<float> rsck;            // is the forward filter instead of forward_filter,
  bool rsck_current = false;            // up to date with the last set_filter()
  LaidOutFilter forward_filter, backward_filter;
  std::map<int64_t, Plan> forward_plans, backward_input_plans;
  std::map<int64_t, FilterGradient> backward_filter_plans;
  AlignedVector<float> filter_gradient, bias_gradient;  // before re-layout or accumulation

  desc krsc() const { return desc({problem.k, problem.c, problem.r, problem.s}, kFloat, tag::ohwi); }
  desc any_filter() const { return desc({problem.k, problem.c, problem.r, problem.s}, kFloat, tag::any); }
  desc x(int64_t n) const { return desc({n, problem.c, problem.h, problem.w}, kFloat, tag::nhwc); }
  desc y(int64_t n) const { return desc({n, problem.k, problem.p(), problem.q()}, kFloat, tag::nhwc); }
  desc k_vector() const { return desc({problem.k}, kFloat, tag::a); }
  dnnl::memory::dims strides() const { return {problem.stride, problem.stride}; }
  dnnl::memory::dims pads() const { return {problem.pad, problem.pad}; }

  dnnl::primitive_attr attributes(bool with_relu) const {
    dnnl::primitive_attr result;
    result.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    if (with_relu) {
      dnnl::post_ops after;
      after.append_eltwise(1.0f, dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
      result.set_post_ops(after);
    }
    return result;
  }

  dnnl::convolution_forward::primitive_desc forward_desc(int64_t n, const desc& filter_desc) const {
    using dnnl::convolution_forward;
    constexpr auto kind = dnnl::prop_kind::forward_training;
    constexpr auto algorithm = dnnl::algorithm::convolution_direct;
    const auto description =
        has_bias ? convolution_forward::desc(kind, algorithm, x(n), filter_desc, k_vector(), y(n), strides(), pads(), pads())
                 : convolution_forward::desc(kind, algorithm, x(n), filter_desc, y(n), strides(), pads(), pads());
    return {description, attributes(relu), dnnl_support::engine()};
  }

  Plan& forward_plan(int64_t n);
  Plan& backward_input_plan(int64_t n);
  FilterGradient& backward_filter_plan(int64_t n);
};

Plan& Host::State::forward_plan(int64_t n) {
  if (const auto known = forward_plans.find(n); known != forward_plans.end()) return known->second;
  return dnnl_support::checked("planning a convolution", [&]() -> Plan& {
    const auto plan = forward_desc(n, forward_filter.layout ? forward_filter.layout : any_filter());
    if (!forward_filter.layout) forward_filter.fix(plan.weights_desc(), krsc());
    Plan result = Plan(dnnl::convolution_forward(plan), plan.scratchpad_desc());
    result.bind(DNNL_ARG_SRC, x(n));
    result.bind(DNNL_ARG_WEIGHTS, forward_filter.layout);
    result.bind(DNNL_ARG_DST, y(n));
    if (has_bias) result.bind(DNNL_ARG_BIAS, k_vector());
    return forward_plans[n] = std::move(result);
  });
}

Plan& Host::State::backward_input_plan(int64_t n) {
  using dnnl::convolution_backward_data;
  if (const auto known = backward_input_plans.find(n); known != backward_input_plans.end()) return known->second;
  return dnnl_support::checked("planning a convolution's input gradient", [&]() -> Plan& {
    const desc filter_desc = backward_filter.layout ? backward_filter.layout : any_filter();
    const convolution_backward_data::desc description(dnnl::algorithm::convolution_direct, x(n), filter_desc, y(n),
                                                      strides(), pads(), pads());
    const convolution_backward_data::primitive_desc plan(description, attributes(false), dnnl_support::engine(),
                                                         forward_desc(n, any_filter()));
    if (!backward_filter.layout) backward_filter.fix(plan.weights_desc(), krsc());
    Plan result = Plan(convolution_backward_data(plan), plan.scratchpad_desc());
    result.bind(DNNL_ARG_DIFF_DST, y(n));
    result.bind(DNNL_ARG_WEIGHTS, backward_filter.layout);
    result.bind(DNNL_ARG_DIFF_SRC, x(n));
    return backward_input_plans[n] = std::move(result);
  });
}

FilterGradient& Host::State::backward_filter_plan(int64_t n) {
  using dnnl::convolution_backward_weights;
  if (const auto known = backward_filter_plans.find(n); known != backward_filter_plans.end()) return known->second;
  return dnnl_support::checked("planning a convolution's filter gradient", [&]() -> FilterGradient& {
    constexpr auto algorithm = dnnl::algorithm::convolution_direct;
    const auto description =
        has_bias ? convolution_backward_weights::desc(algorithm, x(n), any_filter(), k_vector(), y(n), strides(), pads(), pads())
                 : convolution_backward_weights::desc(algorithm, x(n), any_filter(), y(n), strides(), pads(), pads());
    const convolution_backward_weights::primitive_desc plan(description, attributes(false), dnnl_support::engine(),
                                                            forward_desc(n, any_filter()));
    FilterGradient result;
    const desc layout = plan.diff_weights_desc();
    result.plan = Plan(convolution_backward_weights(plan), plan.scratchpad_desc());
    result.plain = layout == krsc();
    result.floats = layout.get_size() / sizeof(float);
    result.plan.bind(DNNL_ARG_SRC, x(n));
    result.plan.bind(DNNL_ARG_DIFF_DST, y(n));
    result.plan.bind(DNNL_ARG_DIFF_WEIGHTS, layout);
    if (has_bias) result.plan.bind(DNNL_ARG_DIFF_BIAS, k_vector());
    result.overwrite = Relayout(layout, krsc(), false);
    result.add = Relayout(layout, krsc(), true);
    return backward_filter_plans[n] = std::move(result);
  });
}

Host::Host(const Problem& problem, bool has_bias, bool relu, bool needs_input_gradient) {
  problem.validate();
  state_ = std::make_unique<State>();
  state_->problem = problem;
  state_->has_bias = has_bias;
  state_->relu = relu;
  state_->needs_input_gradient = needs_input_gradient;
  state_->few_channels = few_channels::takes(problem);
}
Host::~Host() = default;
Host::Host(Host&&) noexcept = default;
Host& Host::operator=(Host&&) noexcept = default;

const Problem& Host::problem() const { return state_->problem; }

void Host::set_filter(const float* filter, const float* bias) {
  REQUIRE(filter && (bias || !state_->has_bias), "convolution: set_filter() was given a null {}", filter ? "bias" : "filter");
  state_->filter = filter;
  state_->bias = bias;
  state_->forward_filter.current = state_->backward_filter.current = state_->rsck_current = false;
}

void Host::forward(int64_t n, const float* x, float* y) {
  State& state = *state_;
  REQUIRE(n > 0, "convolution: batch size {} must be positive", n);
  REQUIRE(state.filter, "convolution: forward() before set_filter()");
  if (state.few_channels) {
    if (!state.rsck_current) {
      state.rsck.resize(static_cast<std::size_t>(state.problem.filter_size()));
      few_channels::lay_out_filter(state.problem, state.filter, state.rsck.data());
      state.rsck_current = true;
    }
    return few_channels::forward(state.problem, n, x, state.rsck.data(), state.has_bias ? state.bias : nullptr, state.relu, y);
  }
  Plan& plan = state.forward_plan(n);
  plan.set(0, x);
  plan.set(1, state.forward_filter.get(state.filter));
  plan.set(2, y);
  if (state.has_bias) plan.set(3, state.bias);
  plan.execute("a convolution");
}

void Host::backward_input(int64_t n, const float* dy, float* dx) {
  State& state = *state_;
  REQUIRE(n > 0, "convolution: batch size {} must be positive", n);
  REQUIRE(state.needs_input_gradient, "convolution: backward_input() of a layer that was made without an input gradient");
  REQUIRE(state.filter, "convolution: backward_input() before set_filter()");
  Plan& plan = state.backward_input_plan(n);
  plan.set(0, dy);
  plan.set(1, state.backward_filter.get(state.filter));
  plan.set(2, dx);
  plan.execute("a convolution's input gradient");
}

void Host::backward_filter(int64_t n, const float* x, const float* dy, float* dfilter, float* dbias, bool accumulate) {
  State& state = *state_;
  REQUIRE(n > 0, "convolution: batch size {} must be positive", n);
  REQUIRE(dfilter && (dbias || !state.has_bias), "convolution: backward_filter() was given a null {}",
          dfilter ? "dbias" : "dfilter");
  if (state.few_channels)
    return few_channels::backward_filter(state.problem, n, x, dy, dfilter, state.has_bias ? dbias : nullptr, accumulate);
  FilterGradient& gradient = state.backward_filter_plan(n);
  const bool in_place = gradient.plain && !accumulate;
  if (!in_place) state.filter_gradient.resize(gradient.floats);
  if (state.has_bias) state.bias_gradient.resize(static_cast<std::size_t>(state.problem.k));
  gradient.plan.set(0, x);
  gradient.plan.set(1, dy);
  gradient.plan.set(2, in_place ? dfilter : state.filter_gradient.data());
  if (state.has_bias) gradient.plan.set(3, accumulate ? state.bias_gradient.data() : dbias);
  gradient.plan.execute("a convolution's filter gradient");
  if (!in_place) (accumulate ? gradient.add : gradient.overwrite)(state.filter_gradient.data(), dfilter);
  if (state.has_bias && accumulate)
    for (int64_t k = 0; k < state.problem.k; ++k) dbias[k] += state.bias_gradient[static_cast<std::size_t>(k)];
}

}  // namespace skewbench::conv2d
