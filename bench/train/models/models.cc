#include "bench/train/models/models.h"

#include "kernels/base/error.h"

namespace skewbench::train {
namespace {

struct Model {
  Named named;
  bool has_norms;
  Architecture (*make)(const ModelOptions&);
};

const std::vector<Model>& table() {
  static const std::vector<Model> models = {
      {{"lenet",
        "three 5x5 convolutions and a linear layer, as in the non-IID quagmire paper; norm none is its response norm"},
       true, lenet},
      {{"resnet20", "20-layer residual network of 16, 32 and 64 channels, as in the quasi-global momentum paper"},
       true, resnet20},
      {{"mlp", "one hidden layer of 128 units with ReLU; norm none only"}, false, mlp},
      {{"logistic", "linear softmax classifier; norm none only"}, false, logistic},
  };
  return models;
}

const Model& find_model(const std::string& name) {
  std::vector<std::string> known;
  for (const Model& model : table()) {
    if (model.named.name == name) return model;
    known.push_back(model.named.name);
  }
  fail_unknown("model", name, known);
}

}  // namespace

std::vector<Named> list_models() {
  std::vector<Named> list;
  for (const Model& model : table()) list.push_back(model.named);
  return list;
}

bool has_norms(const std::string& name) { return find_model(name).has_norms; }

Architecture make_architecture(const std::string& name, const ModelOptions& options) {
  const Model& model = find_model(name);
  REQUIRE(options.classes >= 2, "a classifier of {} classes: there must be at least 2", options.classes);
  Architecture architecture = model.make(options);
  if (options.start_from_fan_in) architecture.start_from_fan_in();
  return architecture;
}

}  // namespace skewbench::train
