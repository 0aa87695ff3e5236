// What gradients and images go through besides a network: codecs of messages, and the augmentation of a batch. Byte for byte the
// reference's on every device.
#include "bench/kernels/operations.h"
#include "kernels/augment/augment.h"
#include "kernels/quantize/image_levels.h"
#include "kernels/quantize/qsgd.h"
#include "kernels/quantize/scaled_sign.h"
#include "kernels/quantize/ternary.h"
#ifdef SKEWBENCH_CUDA
#include "kernels/augment/augment_cuda.h"
#include "kernels/quantize/image_levels_cuda.h"
#include "kernels/quantize/qsgd_cuda.h"
#include "kernels/quantize/scaled_sign_cuda.h"
#include "kernels/quantize/ternary_cuda.h"
#endif

namespace skewbench::bench_kernels {

// Messages do not depend on the batch.
std::vector<Contest> qsgd_contests(const Shape& shape, int64_t n) {
  if (n != 1) return {};
  const quantize::Qsgd p{shape.of("count"), shape.of("bucket"), static_cast<int32_t>(shape.of("levels")), quantize::Norm::two};
  const Draws draws(17, 0, 0, Purpose::probe);
  Contest encode = begin_contest(shape, "encode", n), decode = begin_contest(shape, "decode", n);
  {
    const int x = encode.input("x", 4 * p.count), message = encode.exact_output("message", 4 * p.message_words());
    encode.fill = [=](Contest& c) {
      c.normals(x, 1);
      quantize::qsgd_encode_ref(p, draws, c.before(x).data(), c.want<uint32_t>(message).data());
    };
    encode.on_host("own", "", [=](const Addresses& at) { quantize::qsgd_encode_host(p, draws, at.at(x), at.at<uint32_t>(message)); });
#ifdef SKEWBENCH_CUDA
    encode.on_device<quantize::QsgdEncode>(quantize::qsgd_encode_versions(), nullptr, [=](const Addresses& at) {
      return quantize::QsgdEncode{p, draws, at.at(x), at.at<uint32_t>(message)};
    });
#endif
  }
  {
    const int message = decode.input("message", 4 * p.message_words()), out = decode.exact_output("out", 4 * p.count);
    decode.fill = [=](Contest& c) {
      std::vector<float> x(static_cast<std::size_t>(p.count));
      for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(static_cast<int64_t>(i % 97) - 48) / 16;
      quantize::qsgd_encode_ref(p, draws, x.data(), c.before<uint32_t>(message).data());
      quantize::qsgd_decode_ref(p, c.before<uint32_t>(message).data(), c.want(out).data(), false);
    };
    decode.on_host("own", "", [=](const Addresses& at) { quantize::qsgd_decode_host(p, at.at<uint32_t>(message), at.at(out), false); });
#ifdef SKEWBENCH_CUDA
    decode.on_device<quantize::QsgdDecode>(quantize::qsgd_decode_versions(), nullptr, [=](const Addresses& at) {
      return quantize::QsgdDecode{p, at.at<uint32_t>(message), at.at(out), false};
    });
#endif
  }
  return {encode, decode};
}

static Contest scaled_sign_decode(const Shape& shape, const quantize::ScaledSign& p) {
  Contest contest = begin_contest(shape, "decode", 1);
  const int message = contest.input("message", 4 * p.message_words()), out = contest.exact_output("out", 4 * p.count);
  contest.fill = [=](Contest& c) {
    std::vector<float> x(static_cast<std::size_t>(p.count));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(static_cast<int64_t>(i % 97) - 48) / 16;
    quantize::scaled_sign_encode_ref(p, x.data(), nullptr, c.before<uint32_t>(message).data());
    quantize::scaled_sign_decode_ref(p, c.before<uint32_t>(message).data(), c.want(out).data(), false);
  };
  contest.on_host("own", "", [=](const Addresses& at) { quantize::scaled_sign_decode_host(p, at.at<uint32_t>(message), at.at(out), false); });
#ifdef SKEWBENCH_CUDA
  contest.on_device<quantize::ScaledSignDecode>(quantize::scaled_sign_decode_versions(), nullptr, [=](const Addresses& at) {
    return quantize::ScaledSignDecode{p, at.at<uint32_t>(message), at.at(out), false};
  });
#endif
  return contest;
}

std::vector<Contest> scaled_sign_contests(const Shape& shape, int64_t n) {
  if (n != 1) return {};
  const quantize::ScaledSign p{shape.of("count")};
  Contest contest = begin_contest(shape, "encode", n);
  const int x = contest.input("x", 4 * p.count), memory = contest.in_place("memory", 4 * p.count, 0),
            message = contest.exact_output("message", 4 * p.message_words());
  contest.fill = [=](Contest& c) {
    c.normals(x, 1), c.normals(memory, 2, 0.1);
    std::copy_n(c.before(memory).data(), p.count, c.want(memory).data());
    quantize::scaled_sign_encode_ref(p, c.before(x).data(), c.want(memory).data(), c.want<uint32_t>(message).data());
  };
  contest.on_host("own", "", [=](const Addresses& at) { quantize::scaled_sign_encode_host(p, at.at(x), at.at(memory), at.at<uint32_t>(message)); });
#ifdef SKEWBENCH_CUDA
  contest.on_device<quantize::ScaledSignEncode>(quantize::scaled_sign_encode_versions(), nullptr, [=](const Addresses& at) {
    return quantize::ScaledSignEncode{p, at.at(x), at.at(memory), at.at<uint32_t>(message)};
  });
#endif
  return {contest, scaled_sign_decode(shape, p)};
}

// The scale is agreed on by all workers between the two; here this worker's is.
std::vector<Contest> ternary_contests(const Shape& shape, int64_t n) {
  if (n != 1) return {};
  const quantize::Ternary p{shape.of("count"), 2.5f};
  const Draws draws(17, 0, 0, Purpose::probe);
  Contest scale_of = begin_contest(shape, "scale", n), encode = begin_contest(shape, "encode", n);
  {
    const int x = scale_of.input("x", 4 * p.count), scale = scale_of.exact_output("scale", 4);
    scale_of.fill = [=](Contest& c) {
      c.normals(x, 1);
      c.want(scale)[0] = quantize::ternary_scale_ref(p, c.before(x).data());
    };
    scale_of.on_host("own", "", [=](const Addresses& at) { *at.at(scale) = quantize::ternary_scale_host(p, at.at(x)); });
#ifdef SKEWBENCH_CUDA
    scale_of.on_device<quantize::TernaryScale>(quantize::ternary_scale_versions(), nullptr,
                                               [=](const Addresses& at) { return quantize::TernaryScale{p, at.at(x), at.at(scale)}; });
#endif
  }
  {
    const int x = encode.input("x", 4 * p.count), scale = encode.input("scale", 4), message = encode.exact_output("message", 4 * p.message_words());
    encode.fill = [=](Contest& c) {
      c.normals(x, 1);
      const float s = c.before(scale)[0] = quantize::ternary_scale_ref(p, c.before(x).data());
      quantize::ternary_encode_ref(p, draws, c.before(x).data(), s, s, c.want<uint32_t>(message).data());
    };
    encode.on_host("own", "", [=](const Addresses& at) {
      quantize::ternary_encode_host(p, draws, at.at(x), *at.at(scale), *at.at(scale), at.at<uint32_t>(message));
    });
#ifdef SKEWBENCH_CUDA
    encode.on_device<quantize::TernaryEncode>(quantize::ternary_encode_versions(), nullptr, [=](const Addresses& at) {
      return quantize::TernaryEncode{p, draws, at.at(x), at.at(scale), at.at(scale), at.at<uint32_t>(message)};
    });
#endif
  }
  return {scale_of, encode};
}

std::vector<Contest> image_levels_contests(const Shape& shape, int64_t n) {
  const quantize::ImageLevels p{n * shape.of("count"), static_cast<int32_t>(shape.of("bits")), 0, 255, quantize::Rounding::stochastic};
  const Draws draws(17, 0, 0, Purpose::probe);
  const auto fill_images = [](std::span<uint8_t> images) {
    for (std::size_t i = 0; i < images.size(); ++i) images[i] = static_cast<uint8_t>(i * 89 % 251);
  };
  Contest encode = begin_contest(shape, "encode", n), decode = begin_contest(shape, "decode", n);
  {
    const int images = encode.input("images", p.count), message = encode.exact_output("message", 4 * p.message_words());
    encode.fill = [=](Contest& c) {
      fill_images(c.before<uint8_t>(images));
      quantize::image_levels_encode_ref(p, draws, c.before<uint8_t>(images).data(), c.want<uint32_t>(message).data());
    };
    encode.on_host("own", "", [=](const Addresses& at) { quantize::image_levels_encode_host(p, draws, at.at<uint8_t>(images), at.at<uint32_t>(message)); });
#ifdef SKEWBENCH_CUDA
    encode.on_device<quantize::ImageLevelsEncode>(quantize::image_levels_encode_versions(), nullptr, [=](const Addresses& at) {
      return quantize::ImageLevelsEncode{p, draws, at.at<uint8_t>(images), at.at<uint32_t>(message)};
    });
#endif
  }
  {
    const int message = decode.input("message", 4 * p.message_words()), images = decode.exact_output("images", p.count);
    decode.fill = [=](Contest& c) {
      std::vector<uint8_t> before(static_cast<std::size_t>(p.count));
      fill_images(before);
      quantize::image_levels_encode_ref(p, draws, before.data(), c.before<uint32_t>(message).data());
      quantize::image_levels_decode_ref(p, c.before<uint32_t>(message).data(), c.want<uint8_t>(images).data());
    };
    decode.on_host("own", "", [=](const Addresses& at) { quantize::image_levels_decode_host(p, at.at<uint32_t>(message), at.at<uint8_t>(images)); });
#ifdef SKEWBENCH_CUDA
    decode.on_device<quantize::ImageLevelsToBytes>(quantize::image_levels_to_bytes_versions(), nullptr, [=](const Addresses& at) {
      return quantize::ImageLevelsToBytes{p, at.at<uint32_t>(message), at.at<uint8_t>(images)};
    });
#endif
  }
  return {encode, decode};
}

// Every other image mirrored, and cropped out of a frame of four pixels. The host changes a batch where it lies.
std::vector<Contest> augment_contests(const Shape& shape, int64_t n) {
  const augment::Problem p{shape.of("h"), shape.of("w"), shape.of("bytes")};
  const int64_t bytes = n * p.image_bytes();
  Contest contest = begin_contest(shape, "forward", n);
  const int images = contest.input("images", bytes), changes = contest.input("changes", n * static_cast<int64_t>(sizeof(augment::Change))),
            out = contest.exact_output("out", bytes);
  contest.fill = [=](Contest& c) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(bytes); ++i) c.before<uint8_t>(images)[i] = static_cast<uint8_t>(i * 89 % 251);
    for (int32_t i = 0; i < n; ++i) c.before<augment::Change>(changes)[static_cast<std::size_t>(i)] = {i % 2, i % 9 - 4, (i + 3) % 9 - 4};
    augment::augment_ref(p, n, c.before<uint8_t>(images).data(), c.before<augment::Change>(changes).data(), c.want<uint8_t>(out).data());
  };
  contest.on_host("own", "copy, in place", [=](const Addresses& at) {
    std::copy_n(at.at<uint8_t>(images), bytes, at.at<uint8_t>(out));
    augment::augment_host(p, n, at.at<augment::Change>(changes), at.at<uint8_t>(out));
  });
#ifdef SKEWBENCH_CUDA
  contest.on_device<augment::Augment>(augment::augment_versions(), nullptr, [=](const Addresses& at) {
    return augment::Augment{p, n, at.at<uint8_t>(images), at.at<augment::Change>(changes), at.at<uint8_t>(out)};
  });
#endif
  return {contest};
}

}  // namespace skewbench::bench_kernels
