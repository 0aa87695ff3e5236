// The layers whose kernels are measured: shapes/*.txt, one network a file, one layer a line.
//
//     # network lenet: LeNet with group normalisation, 28x28 grey images
//     conv2d      conv1   h28w28c1k32r5s5stride1pad2
//     group_norm  norm1   pixels784c32groups2
//
// Operation, name of the layer, then its extents as name and number without anything between. Batch sizes are an axis of
// their own.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace skewbench::bench_kernels {

struct Shape {
  std::string network, operation, layer;
  std::string dimensions;                 ///< as in the file
  std::map<std::string, int64_t> extents;

  std::string name() const { return network + "." + layer; }
  int64_t of(const std::string& extent) const;  ///< throws where the line does not have it
  int64_t of(const std::string& extent, int64_t otherwise) const;
};

/// Throws with file and line where one is not understood, has an unknown operation's extents twice, or repeats a layer.
std::vector<Shape> parse_shapes(const std::string& text, const std::string& file);

/// All networks of a folder, in the order of their files' names.
std::vector<Shape> read_shapes(const std::string& folder);

}  // namespace skewbench::bench_kernels
