// Multinomial logistic regression: one linear layer under the softmax. It is convex, so it starts at zero.
#include "bench/train/models/models.h"
#include "kernels/base/error.h"

namespace skewbench::train {

Architecture logistic(const ModelOptions& options) {
  REQUIRE(options.norm == Norm::none, "logistic has no normalisation: it wants --norm none");
  Architecture net(options.input, options.norm, options.groups, options.frozen_statistics);
  net.linear("output", 0, {.outputs = options.classes});
  net.finish();
  return net;
}

}  // namespace skewbench::train
