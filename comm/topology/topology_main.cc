// Prints what a topology is like: `topology NAME WORKERS [--edges]`, `topology --list`.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <optional>

#include "comm/topology/topology.h"
#include "kernels/base/error.h"

namespace {

using namespace skewbench;
using namespace skewbench::topology;

/// The Metropolis-Hastings weights, or nothing where a directed graph has none.
std::optional<MixingMatrix> weights_of(const Graph& graph) {
  try {
    return metropolis_hastings(graph);
  } catch (const Error&) {
    return {};
  }
}

/// Four significant digits, as gaps of large graphs are small; rounding noise is shown as the 0 that it stands for.
std::string number(double value) { return fmt::format("{:.4g}", std::fabs(value) < 1e-12 ? 0.0 : value); }

void print_graph(const Graph& graph, int phase, int lane) {
  const bool is_symmetric = graph.is_symmetric();
  const int diameter = graph.diameter();
  std::string gap = "-", second = "-", smallest = "-";
  if (const auto weights = weights_of(graph)) {
    const Spectrum values = spectrum(*weights);
    gap = number(values.gap());
    second = number(values.second);
    if (values.is_symmetric) smallest = number(values.smallest);
  }
  fmt::print("{:>7}{:>6}{:>9} {:<9}{:>7}{:>8}{:>10}{:>11}{:>10}{:>12}\n", phase, lane,
             graph.edges().size() / (is_symmetric ? 2 : 1), is_symmetric ? "pairs" : "directed", graph.min_degree(),
             graph.max_degree(), diameter < 0 ? "-" : std::to_string(diameter), gap, second, smallest);
}

/// The gap of the product W_{p-1} ... W_1 W_0 over one period of p steps.
void print_period(const Topology& topology, int lane) {
  std::optional<MixingMatrix> product = weights_of(topology.graph(0, lane));
  for (int phase = 1; phase < topology.period && product; ++phase) {
    const auto weights = weights_of(topology.graph(phase, lane));
    product = weights ? std::optional(multiply(*weights, *product)) : std::nullopt;
  }
  if (product) fmt::print("# gap of a whole period, lane {}: {}\n", lane, number(spectral_gap(*product)));
}

void print_topology(const Topology& topology) {
  fmt::print("# {}: {}\n", topology.name, topology.sentence);
  fmt::print("# workers {}, lanes {}, period {}\n", topology.workers, topology.lanes, topology.period);
  fmt::print("# Metropolis-Hastings weights; where they are not symmetric lambda_2 is the second singular value\n");
  fmt::print("# phase  lane    edges           degree:min max  diameter        gap  lambda_2  lambda_min\n");
  for (int phase = 0; phase < topology.period; ++phase) {
    for (int lane = 0; lane < topology.lanes; ++lane) print_graph(topology.graph(phase, lane), phase, lane);
  }
  for (int lane = 0; topology.period > 1 && lane < topology.lanes; ++lane) print_period(topology, lane);
}

/// In the format of edge-list files.
void print_edges(const Graph& graph, int phase, int lane) {
  const bool is_symmetric = graph.is_symmetric();
  fmt::print("# edges of phase {}, lane {}\n{}", phase, lane, is_symmetric ? "" : "directed\n");
  for (const auto [from, to] : graph.edges()) {
    if (!is_symmetric || from < to) fmt::print("{} {}\n", from, to);
  }
}

void run(const std::string& name, int workers, bool with_edges) {
  const Topology topology = make_topology(name, workers);
  if (!with_edges) return print_topology(topology);
  for (int phase = 0; phase < topology.period; ++phase) {
    for (int lane = 0; lane < topology.lanes; ++lane) print_edges(topology.graph(phase, lane), phase, lane);
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Prints edges, degrees, diameter, spectral gap and period of a topology.");
  std::string name;
  int workers = 0;
  bool with_edges = false, with_list = false;
  const auto* name_option = app.add_option("name", name, "a topology, as --list shows them");
  const auto* workers_option = app.add_option("workers", workers, "how many workers");
  app.add_flag("--edges", with_edges, "print the edges instead; a static topology can be read back as file:PATH");
  app.add_flag("--list", with_list, "print all topologies and stop");
  CLI11_PARSE(app, argc, argv);
  try {
    if (with_list) {
      for (const Named& each : list_topologies()) fmt::print("{:<28}{}\n", each.name, each.sentence);
      return 0;
    }
    REQUIRE(*name_option && *workers_option, "give a topology and a number of workers, or --list");
    run(name, workers, with_edges);
    return 0;
  } catch (const Error& error) {
    fmt::print(stderr, "topology: {}\n", error.what());
    return 1;
  }
}
