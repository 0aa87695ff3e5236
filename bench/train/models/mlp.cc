// One hidden layer of 128 units with ReLU. All parameters start uniform in +-1/sqrt(fan in), torch's default.
#include <cmath>

#include "bench/train/models/models.h"
#include "kernels/base/error.h"

namespace skewbench::train {

Architecture mlp(const ModelOptions& options) {
  REQUIRE(options.norm == Norm::none, "mlp has no normalisation: it wants --norm none");
  Architecture net(options.input, options.norm, options.groups, options.frozen_statistics);
  constexpr int64_t kHidden = 128;
  auto uniform = [](int64_t inputs) { return Initial{Initial::uniform, 1 / std::sqrt(static_cast<double>(inputs))}; };
  const int64_t inputs = options.input.size();
  const int hidden = net.linear(
      "hidden", 0, {.outputs = kHidden, .relu = true, .initial = uniform(inputs), .initial_bias = uniform(inputs)});
  net.linear("output", hidden,
             {.outputs = options.classes, .initial = uniform(kHidden), .initial_bias = uniform(kHidden)});
  net.finish();
  return net;
}

}  // namespace skewbench::train
