// What the tests of this folder share.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "comm/topology/topology.h"
#include "kernels/base/error.h"

namespace skewbench::topology {

/// The sentence of the Error that `action` throws; empty, and a failure, if it throws none.
inline std::string sentence_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing was refused";
  return "";
}

#define EXPECT_REFUSED(action, part)                                                  \
  do {                                                                                \
    const std::string sentence = sentence_of([&] { action; });                        \
    EXPECT_NE(sentence.find(part), std::string::npos) << sentence << "\nlacks " << (part); \
  } while (0)

/// The first graph of that topology.
inline Graph graph_of(const std::string& name, int workers) { return make_topology(name, workers).graph(0); }

/// All names without an argument that exist for that many workers.
inline std::vector<std::string> names_for(int workers) {
  std::vector<std::string> names = {"ring", "chain", "star", "complete", "binary_tree", "double_binary_trees",
                                    "exponential", "exponential_one_peer"};
  const std::set<int> tori = {9, 12, 15, 16, 18, 20, 21, 24, 25, 27, 28, 30, 32, 33, 35, 36, 39, 40};
  if (tori.contains(workers)) names.push_back("torus");
  if (workers == 32) names.insert(names.end(), {"social_network", "social_network_tree", "social_network_tree:31"});
  return names;
}

}  // namespace skewbench::topology
