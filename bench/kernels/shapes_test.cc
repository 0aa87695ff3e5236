// Files of shapes: what a line is, and that the files in the tree are understood.
#include "bench/kernels/shapes.h"

#include <gtest/gtest.h>

#include "kernels/base/test_arrays.h"

namespace skewbench::bench_kernels {
namespace {

std::string refusal(const std::string& text) {
  return test_arrays::refusal([&] { parse_shapes(text, "shapes/net.txt"); });
}

TEST(Shapes, Lines) {
  const auto shapes = parse_shapes("# network net\n\nconv2d conv1 h28w28c1k32r5s5stride1pad2  # first\nrelu r count7\n", "shapes/net.txt");
  ASSERT_EQ(shapes.size(), 2u);
  EXPECT_EQ(shapes[0].name(), "net.conv1");
  EXPECT_EQ(shapes[0].of("h"), 28);
  EXPECT_EQ(shapes[0].of("stride"), 1);
  EXPECT_EQ(shapes[1].of("pad", 5), 5);
  EXPECT_EQ(test_arrays::refusal([&] { shapes[1].of("pad"); }), "relu net.r has no pad: count7");
}

TEST(Shapes, WhatIsNoLine) {
  EXPECT_EQ(refusal("conv2d conv1\n"), "shapes/net.txt:1: a line is an operation, a layer and its extents");
  EXPECT_EQ(refusal("\nconv2d conv1 h28 w28\n"), "shapes/net.txt:2: a line is an operation, a layer and its extents");
  EXPECT_EQ(refusal("conv2d conv1 28\n"), "shapes/net.txt:1: 28 is not a list of extents such as h28w28c1");
  EXPECT_EQ(refusal("conv2d conv1 h28w\n"), "shapes/net.txt:1: h28w is not a list of extents such as h28w28c1");
  EXPECT_EQ(refusal("conv2d conv1 h2h3\n"), "shapes/net.txt:1: h2h3 has h twice");
  EXPECT_EQ(refusal("relu a count1\nrelu a count2\n"), "shapes/net.txt:2: relu a is there twice");
}

TEST(Shapes, TheTreesOwn) {
  const auto shapes = read_shapes("bench/kernels/shapes");
  std::map<std::string, int> layers;
  for (const Shape& shape : shapes) ++layers[shape.network];
  for (const char* network : {"lenet", "resnet18_imagenet", "resnet20", "vgg11"}) EXPECT_GT(layers[network], 5) << network;
}

}  // namespace
}  // namespace skewbench::bench_kernels
