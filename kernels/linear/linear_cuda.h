// The CUDA versions of linear.h: tables, defaults, the vendor's.
#pragma once

#include "kernels/base/versions.h"
#include "kernels/linear/linear_arguments.h"

namespace skewbench::linear {

device::Versions<Forward> forward_versions();
device::Versions<BackwardInput> backward_input_versions();
device::Versions<BackwardWeights> backward_weights_versions();

/// cuDNN, as a 1x1 convolution of 1x1 images, number 0; null where it is not built in.
const device::Version<Forward>* forward_vendor();
const device::Version<BackwardInput>* backward_input_vendor();
const device::Version<BackwardWeights>* backward_weights_vendor();

/// What training uses; float32-accurate: v3 async_copies, or v1 direct where v3 refuses. The rule is derived, not measured:
/// of the versions with float32 products, v3 is the only one that loads while it multiplies.
const device::Version<Forward>& default_version(const Forward&);
const device::Version<BackwardInput>& default_version(const BackwardInput&);
const device::Version<BackwardWeights>& default_version(const BackwardWeights&);

}  // namespace skewbench::linear
