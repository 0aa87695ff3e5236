#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <map>
#include <optional>
#include <string_view>

#include "comm/topology/families.h"
#include "kernels/base/error.h"

namespace skewbench::topology {

namespace {

constexpr std::string_view kBlank = " \t\r";

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

/// Two integers, separated by blanks or by one comma with or without blanks, and nothing else.
std::optional<Edge> parse_edge(std::string_view text) {
  const char* const end = text.data() + text.size();
  Edge edge{};
  const auto [after_from, from_error] = std::from_chars(text.data(), end, edge.from);
  if (from_error != std::errc()) return {};
  const std::string_view after(after_from, static_cast<size_t>(end - after_from));
  std::string_view rest = trimmed(after);
  if (rest.starts_with(',')) rest = trimmed(rest.substr(1));
  if (rest.size() == after.size()) return {};  // nothing separates the two
  const auto [after_to, to_error] = std::from_chars(rest.data(), end, edge.to);
  if (to_error != std::errc() || after_to != end) return {};
  return edge;
}

}  // namespace

Graph read_edge_list(const std::string& path, int workers) {
  std::ifstream file(path);
  REQUIRE(file.is_open(), "cannot open the edge list '{}': {}", path, std::strerror(errno));
  bool is_directed = false, is_first = true;
  std::map<Edge, int> line_of;  // an undirected edge is kept as (smaller, larger)
  int highest = -1, number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    const std::string_view text = trimmed(std::string_view(line).substr(0, line.find('#')));
    if (text.empty()) continue;
    if (is_first && text == "directed") {
      is_directed = true;
      is_first = false;
      continue;
    }
    is_first = false;
    std::optional<Edge> edge = parse_edge(text);
    REQUIRE(edge, "edge list '{}', line {}: expected two worker ids, not '{}'", path, number, text);
    for (const int id : {edge->from, edge->to}) {
      REQUIRE(id >= 0 && id < workers, "edge list '{}', line {}: worker {} is not in 0..{}", path, number, id,
              workers - 1);
    }
    REQUIRE(edge->from != edge->to, "edge list '{}', line {}: worker {} cannot be its own neighbour", path, number,
            edge->from);
    highest = std::max({highest, edge->from, edge->to});
    if (!is_directed && edge->from > edge->to) std::swap(edge->from, edge->to);
    const auto [first, is_added] = line_of.emplace(*edge, number);
    REQUIRE(is_added, "edge list '{}', line {}: '{}' stands already in line {}", path, number, text, first->second);
  }
  REQUIRE(!file.bad(), "cannot read the edge list '{}'", path);

  std::vector<Edge> edges;
  for (const auto& [edge, line] : line_of) edges.push_back(edge);
  Graph graph = is_directed ? Graph(workers, std::move(edges)) : undirected(workers, edges);
  REQUIRE(graph.is_connected(), "edge list '{}' does not connect all of {} workers (the highest id in it is {})", path,
          workers, highest);
  return graph;
}

}  // namespace skewbench::topology
