// The value of --kernels.
#pragma once

#include <string>

#include "kernels/base/queue.h"

namespace skewbench::train {

/// "auto", "ref", and on a device "hand", "vendor", "hand:conv2d_forward=3,group_norm=2". What stands before the = is an
/// operation of list_ladders() or the first words of several, which then all take that rung. Refuses unknown names with the
/// nearest, and rungs that an operation does not have with those that it has.
device::Choice parse_kernels(const std::string& text, bool on_device);

}  // namespace skewbench::train
