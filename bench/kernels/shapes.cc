#include "bench/kernels/shapes.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "kernels/base/error.h"

namespace skewbench::bench_kernels {
namespace {

// "h28w28" -> {h: 28, w: 28}
std::map<std::string, int64_t> parse_extents(const std::string& text, const std::string& where) {
  std::map<std::string, int64_t> extents;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t digits = at;
    while (digits < text.size() && (std::isalpha(static_cast<unsigned char>(text[digits])) || text[digits] == '_')) ++digits;
    const std::string name = text.substr(at, digits - at);
    int64_t value = -1;
    const auto [end, error] = std::from_chars(text.data() + digits, text.data() + text.size(), value);
    REQUIRE(!name.empty() && error == std::errc{} && value >= 0, "{}: {} is not a list of extents such as h28w28c1", where, text);
    REQUIRE(extents.emplace(name, value).second, "{}: {} has {} twice", where, text, name);
    at = static_cast<std::size_t>(end - text.data());
  }
  return extents;
}

}  // namespace

int64_t Shape::of(const std::string& extent) const {
  const auto found = extents.find(extent);
  REQUIRE(found != extents.end(), "{} {} has no {}: {}", operation, name(), extent, dimensions);
  return found->second;
}

int64_t Shape::of(const std::string& extent, int64_t otherwise) const {
  const auto found = extents.find(extent);
  return found == extents.end() ? otherwise : found->second;
}

std::vector<Shape> parse_shapes(const std::string& text, const std::string& file) {
  std::vector<Shape> shapes;
  std::set<std::string> names;
  std::istringstream lines(text);
  std::string line;
  const std::string network = std::filesystem::path(file).stem().string();
  for (int number = 1; std::getline(lines, line); ++number) {
    std::istringstream words(line.substr(0, line.find('#')));
    Shape shape;
    shape.network = network;
    if (!(words >> shape.operation)) continue;
    const std::string where = fmt::format("{}:{}", file, number);
    std::string rest;
    REQUIRE(words >> shape.layer >> shape.dimensions && !(words >> rest), "{}: a line is an operation, a layer and its extents", where);
    shape.extents = parse_extents(shape.dimensions, where);
    REQUIRE(names.insert(shape.operation + " " + shape.layer).second, "{}: {} {} is there twice", where, shape.operation, shape.layer);
    shapes.push_back(std::move(shape));
  }
  return shapes;
}

std::vector<Shape> read_shapes(const std::string& folder) {
  REQUIRE(std::filesystem::is_directory(folder), "there is no folder {} of shapes", folder);
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".txt") files.push_back(entry.path().string());
  std::sort(files.begin(), files.end());
  std::vector<Shape> shapes;
  for (const std::string& file : files) {
    std::ifstream stream(file);
    std::ostringstream text;
    text << stream.rdbuf();
    for (Shape& shape : parse_shapes(text.str(), file)) shapes.push_back(std::move(shape));
  }
  REQUIRE(!shapes.empty(), "{} has no shapes", folder);
  return shapes;
}

}  // namespace skewbench::bench_kernels
