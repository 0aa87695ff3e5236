// The models, in one table: a new one is a file that describes it and a line in models.cc.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bench/train/models/network.h"
#include "kernels/base/names.h"

namespace skewbench::train {

/// What a user can choose about a model.
struct ModelOptions {
  Shape input;  ///< of one image
  int classes = 10;
  Norm norm = Norm::group;
  int64_t groups = 2;  ///< of every group norm
  bool frozen_statistics = false;
  bool start_from_fan_in = false;  ///< instead of the published initial values
};

// Each describes its network, or refuses options that make none in one sentence.
Architecture lenet(const ModelOptions& options);
Architecture resnet20(const ModelOptions& options);
Architecture mlp(const ModelOptions& options);
Architecture logistic(const ModelOptions& options);

/// Names and sentences, as `--list` prints them.
std::vector<Named> list_models();

/// Whether a model has places for norms; the others take `none` only. Refuses an unknown name.
bool has_norms(const std::string& name);

/// Refuses an unknown name (with the nearest), classes < 2 and what the model itself refuses.
Architecture make_architecture(const std::string& name, const ModelOptions& options);

}  // namespace skewbench::train
