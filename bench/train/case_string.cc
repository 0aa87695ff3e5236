#include "bench/train/case_string.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "kernels/base/error.h"

namespace skewbench::train {

namespace {

constexpr std::string_view kPrefix = "train:";

struct Segment {
  const char* option;
  const char* mark;  // what stands before the value
};
constexpr std::array<Segment, 8> kSegments = {{{"dataset", ""}, {"model", ""}, {"norm", ""}, {"topology", ""}, {"workers", "n"},
                                               {"skew", ""}, {"algorithm", ""}, {"seed", "seed"}}};

bool is_segment(const std::string& option) {
  return std::any_of(kSegments.begin(), kSegments.end(), [&](const Segment& segment) { return option == segment.option; });
}

bool is_number_after(const std::string& text, const std::string& mark) {
  return text.size() > mark.size() && text.starts_with(mark) &&
         std::all_of(text.begin() + static_cast<std::ptrdiff_t>(mark.size()), text.end(),
                     [](unsigned char c) { return std::isdigit(c); });
}

/// "lr=0.05" -> the option's name if it is one that may follow the segments, otherwise "".
std::string opens_option(const std::string& part) {
  const std::string name = part.substr(0, part.find('='));
  if (name.size() == part.size() || is_segment(name)) return "";
  const auto& table = option_table();
  const bool known = std::any_of(table.begin(), table.end(), [&](const Option& option) { return name == option.name; });
  return known ? name : "";
}

std::vector<std::string> split_at_slashes(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == '/') parts.emplace_back();
    else parts.back() += c;
  }
  return parts;
}

/// Where nW/SKEW/ALGORITHM/seedS begins. Only the topology (a file) may hold slashes before it, and it may look the same:
/// an option or nothing follows the right one. Without such a place the first that fits, so that a misspelt option behind
/// it is named; parts.size() if none fits.
std::size_t find_workers(const std::vector<std::string>& parts) {
  std::size_t first = parts.size();
  for (std::size_t at = 4; at + 3 < parts.size(); ++at) {
    if (!is_number_after(parts[at], "n") || !is_number_after(parts[at + 3], "seed")) continue;
    if (at + 4 == parts.size() || !opens_option(parts[at + 4]).empty()) return at;
    first = std::min(first, at);
  }
  return first;
}

/// What from_case_string would read otherwise: a folder in a path that looks like an option.
void check_value(const std::string& option, const std::string& value) {
  const auto parts = split_at_slashes(value);
  for (std::size_t i = 1; i < parts.size(); ++i)
    REQUIRE(opens_option(parts[i]).empty(), "--{} {} cannot stand in a case string: '{}' in it reads as an option", option, value, parts[i]);
}

}  // namespace

std::string to_case_string(const Options& options) {
  for (const auto& [name, value] : options.all()) check_value(name, value);
  std::vector<std::string> parts;
  for (const Segment& segment : kSegments) parts.push_back(segment.mark + options.text(segment.option));
  const Options standard;
  for (const auto& [name, value] : options.all())  // a std::map: sorted by name
    if (!is_segment(name) && value != standard.text(name)) parts.push_back(name + "=" + value);
  return fmt::format("{}{}", kPrefix, fmt::join(parts, "/"));
}

Options from_case_string(const std::string& text) {
  REQUIRE(text.starts_with(kPrefix), "a case starts with '{}'; '{}' does not", kPrefix, text);
  std::vector<std::string> parts = split_at_slashes(text.substr(kPrefix.size()));
  std::size_t workers = find_workers(parts);
  REQUIRE(workers < parts.size(),
          "a case is train:DATASET/MODEL/NORM/TOPOLOGY/nWORKERS/SKEW/ALGORITHM/seedSEED and then key=value; '{}' is not", text);
  for (; workers > 4; --workers) {
    parts[3] += "/" + parts[4];
    parts.erase(parts.begin() + 4);
  }
  Options options;
  for (std::size_t i = 0; i < kSegments.size(); ++i) {
    REQUIRE(!parts[i].empty(), "the {} of case '{}' is empty", kSegments[i].option, text);
    options.set(kSegments[i].option, parts[i].substr(std::string_view(kSegments[i].mark).size()));
  }
  std::string name;
  std::set<std::string> given;
  for (std::size_t i = kSegments.size(); i < parts.size(); ++i) {
    const std::string opened = opens_option(parts[i]);
    if (!opened.empty()) {
      name = opened;
      REQUIRE(given.insert(name).second, "case '{}' has {}= twice", text, name);
      options.set(name, parts[i].substr(name.size() + 1));
    } else {
      const std::size_t equals = parts[i].find('=');
      if (name.empty() && equals != std::string::npos) options.set(parts[i].substr(0, equals), "");  // names the nearest
      REQUIRE(!name.empty(), "'{}' in case '{}' is no key=value", parts[i], text);
      options.set(name, options.text(name) + "/" + parts[i]);
    }
  }
  return options;
}

std::string case_file_name(const std::string& case_string) {
  std::string name = case_string;
  for (char& c : name)
    if (c == '/' || c == ':') c = '_';
  return name;
}

}  // namespace skewbench::train
