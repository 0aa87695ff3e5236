#include "bench/kernels/onednn.h"

#include <memory>

#include "kernels/base/dnnl_support.h"

namespace skewbench::bench_kernels::onednn {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;

memory::desc vector_of(int64_t count) { return {{count}, memory::data_type::f32, Tag::a}; }
memory::desc image(int64_t n, int64_t c, int64_t h, int64_t w) { return {{n, c, h, w}, memory::data_type::f32, Tag::nhwc}; }

/// A primitive and the arrays of the contest that are bound to it.
struct Bound {
  dnnl_support::Plan plan;
  std::vector<std::pair<int, int>> slots{};  // slot, array
  std::vector<std::byte> own{};              // what the primitive writes beside them

  void bind(int argument, const memory::desc& desc, int array) { slots.emplace_back(plan.bind(argument, desc), array); }
  void run(const Addresses& at) {
    for (const auto& [slot, array] : slots) plan.set(slot, at.at<void>(array));
    plan.execute("a benchmark");
  }
};

/// Made at the first call: listing the rows costs nothing.
template <class Make>
Call lazily(Make make) {
  return [make, bound = std::shared_ptr<Bound>()](const Addresses& at) mutable {
    if (!bound) bound = dnnl_support::checked("making a primitive", make);
    bound->run(at);
  };
}

dnnl::primitive_attr with_own_scratch() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

template <class Primitive, class Description>
std::shared_ptr<Bound> make_bound(const Description& description) {
  return std::make_shared<Bound>(Bound{dnnl_support::Plan(Primitive(description), description.scratchpad_desc())});
}

}  // namespace

Call relu(int64_t count, int x, int y) {
  return lazily([=] {
    const dnnl::eltwise_forward::desc desc(dnnl::prop_kind::forward_training, dnnl::algorithm::eltwise_relu, vector_of(count), 0.0f);
    auto bound = make_bound<dnnl::eltwise_forward>(dnnl::eltwise_forward::primitive_desc(desc, with_own_scratch(), dnnl_support::engine()));
    bound->bind(DNNL_ARG_SRC, vector_of(count), x);
    bound->bind(DNNL_ARG_DST, vector_of(count), y);
    return bound;
  });
}

Call add(int64_t count, int a, int b, int out) {
  return lazily([=] {
    const dnnl::binary::desc desc(dnnl::algorithm::binary_add, vector_of(count), vector_of(count), vector_of(count));
    auto bound = make_bound<dnnl::binary>(dnnl::binary::primitive_desc(desc, with_own_scratch(), dnnl_support::engine()));
    bound->bind(DNNL_ARG_SRC_0, vector_of(count), a);
    bound->bind(DNNL_ARG_SRC_1, vector_of(count), b);
    bound->bind(DNNL_ARG_DST, vector_of(count), out);
    return bound;
  });
}

Call sum(int64_t count, std::vector<float> weights, std::vector<int> vectors, int out) {
  return lazily([=] {
    const std::vector<memory::desc> sources(weights.size(), vector_of(count));
    auto bound = make_bound<dnnl::sum>(dnnl::sum::primitive_desc(vector_of(count), weights, sources, dnnl_support::engine(), with_own_scratch()));
    for (std::size_t i = 0; i < vectors.size(); ++i) bound->bind(DNNL_ARG_MULTIPLE_SRC + static_cast<int>(i), vector_of(count), vectors[i]);
    bound->bind(DNNL_ARG_DST, vector_of(count), out);
    return bound;
  });
}

Call pooling(const pooling::Problem& p, int64_t n, int x, int y) {
  return lazily([=] {
    const auto source = image(n, p.c, p.h, p.w), result = image(n, p.c, p.p(), p.q());
    const bool is_max = p.kind == pooling::Kind::max;
    const dnnl::pooling_forward::desc desc(is_max ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference,
                                           is_max ? dnnl::algorithm::pooling_max : dnnl::algorithm::pooling_avg_exclude_padding, source, result,
                                           {p.stride, p.stride}, {p.window, p.window}, {p.pad, p.pad}, {p.pad, p.pad});
    const dnnl::pooling_forward::primitive_desc description(desc, with_own_scratch(), dnnl_support::engine());
    auto bound = make_bound<dnnl::pooling_forward>(description);
    bound->bind(DNNL_ARG_SRC, source, x);
    bound->bind(DNNL_ARG_DST, result, y);
    if (is_max) {  // the winners, in oneDNN's own form
      bound->own.resize(description.workspace_desc().get_size());
      bound->plan.set(bound->plan.bind(DNNL_ARG_WORKSPACE, description.workspace_desc()), bound->own.data());
    }
    return bound;
  });
}

Call batch_norm(int64_t rows, int64_t c, float eps, bool relu, int x, int gamma, int beta, int y, int mean, int variance) {
  return lazily([=] {
    auto flags = dnnl::normalization_flags::use_scale | dnnl::normalization_flags::use_shift;
    const auto rows_of = image(rows, c, 1, 1);
    dnnl::primitive_attr attributes = with_own_scratch();
    if (relu) {
      dnnl::post_ops after;
      after.append_eltwise(1.0f, dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
      attributes.set_post_ops(after);
    }
    const dnnl::batch_normalization_forward::desc desc(dnnl::prop_kind::forward_training, rows_of, eps, flags);
    auto bound = make_bound<dnnl::batch_normalization_forward>(
        dnnl::batch_normalization_forward::primitive_desc(desc, attributes, dnnl_support::engine()));
    bound->bind(DNNL_ARG_SRC, rows_of, x);
    bound->bind(DNNL_ARG_SCALE, vector_of(c), gamma);
    bound->bind(DNNL_ARG_SHIFT, vector_of(c), beta);
    bound->bind(DNNL_ARG_DST, rows_of, y);
    bound->bind(DNNL_ARG_MEAN, vector_of(c), mean);
    bound->bind(DNNL_ARG_VARIANCE, vector_of(c), variance);
    return bound;
  });
}

Call local_response_norm(int64_t n, int64_t h, int64_t w, int64_t c, int64_t size, float alpha, float beta, int x, int y) {
  return lazily([=] {
    const auto all = image(n, c, h, w);
    const dnnl::lrn_forward::desc desc(dnnl::prop_kind::forward_inference, dnnl::algorithm::lrn_across_channels, all, size, alpha, beta, 1.0f);
    auto bound = make_bound<dnnl::lrn_forward>(dnnl::lrn_forward::primitive_desc(desc, with_own_scratch(), dnnl_support::engine()));
    bound->bind(DNNL_ARG_SRC, all, x);
    bound->bind(DNNL_ARG_DST, all, y);
    return bound;
  });
}

Call convolution(const conv2d::Problem& p, int64_t n, int x, int filter, int y) {
  struct Both {
    std::shared_ptr<Bound> reorder, product;
    std::vector<std::byte> laid_out;
  };
  return [=, both = std::shared_ptr<Both>()](const Addresses& at) mutable {
    if (!both) {
      both = dnnl_support::checked("making a convolution", [&] {
        const memory::desc any({p.k, p.c, p.r, p.s}, memory::data_type::f32, Tag::any);
        const memory::desc given({p.k, p.c, p.r, p.s}, memory::data_type::f32, Tag::ohwi);
        const auto source = image(n, p.c, p.h, p.w), result = image(n, p.k, p.p(), p.q());
        const dnnl::convolution_forward::desc desc(dnnl::prop_kind::forward_training, dnnl::algorithm::convolution_auto, source, any, result,
                                                   {p.stride, p.stride}, {p.pad, p.pad}, {p.pad, p.pad});
        const dnnl::convolution_forward::primitive_desc description(desc, with_own_scratch(), dnnl_support::engine());
        auto made = std::make_shared<Both>();
        made->laid_out.resize(description.weights_desc().get_size());
        made->reorder = make_bound<dnnl::reorder>(
            dnnl::reorder::primitive_desc(dnnl_support::engine(), given, dnnl_support::engine(), description.weights_desc(), with_own_scratch()));
        made->reorder->bind(DNNL_ARG_FROM, given, filter);
        made->reorder->plan.set(made->reorder->plan.bind(DNNL_ARG_TO, description.weights_desc()), made->laid_out.data());
        made->product = make_bound<dnnl::convolution_forward>(description);
        made->product->bind(DNNL_ARG_SRC, source, x);
        made->product->bind(DNNL_ARG_DST, result, y);
        made->product->plan.set(made->product->plan.bind(DNNL_ARG_WEIGHTS, description.weights_desc()), made->laid_out.data());
        return made;
      });
    }
    both->reorder->run(at);
    both->product->run(at);
  };
}

}  // namespace skewbench::bench_kernels::onednn
