// The CUDA versions of conv2d.h: tables, defaults, the vendor's.
#pragma once

#include "kernels/base/versions.h"
#include "kernels/conv2d/conv2d_arguments.h"

namespace skewbench::conv2d {

device::Versions<Forward> forward_versions();
device::Versions<BackwardInput> backward_input_versions();
device::Versions<BackwardFilter> backward_filter_versions();

/// cuDNN, number 0; null where it is not built in.
const device::Version<Forward>* forward_vendor();
const device::Version<BackwardInput>* backward_input_vendor();
const device::Version<BackwardFilter>* backward_filter_vendor();

/// What training uses; float32-accurate: v4 async_copies, or v1 direct where v4 refuses. The rule is derived, not measured: of
/// the versions with float32 products, v4 is the only one that loads while it multiplies.
const device::Version<Forward>& default_version(const Forward&);
const device::Version<BackwardInput>& default_version(const BackwardInput&);
const device::Version<BackwardFilter>& default_version(const BackwardFilter&);

}  // namespace skewbench::conv2d
