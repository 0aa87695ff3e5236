#include "kernels/base/names.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "kernels/base/error.h"

namespace skewbench {

namespace {

/// Levenshtein distance, one row at a time.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitute = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
    }
  }
  return row.back();
}

template <class T>
T parse_whole(std::string_view text, std::string_view what, const char* kind) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) fail("{} must be {}, not '{}'", what, kind, text);
  return value;
}

}  // namespace

std::string nearest_name(std::string_view name, const std::vector<std::string>& known) {
  const auto best = std::min_element(known.begin(), known.end(), [&](const auto& a, const auto& b) {
    return edit_distance(name, a) < edit_distance(name, b);
  });
  return best == known.end() ? std::string() : *best;
}

void fail_unknown(std::string_view kind, std::string_view name, const std::vector<std::string>& known) {
  fail("unknown {} '{}'; did you mean '{}'? Known: {}", kind, name, nearest_name(name, known), fmt::join(known, ", "));
}

NameWithArgument split_argument(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return {std::string(text), "", false};
  return {std::string(text.substr(0, colon)), std::string(text.substr(colon + 1)), true};
}

double parse_number(std::string_view text, std::string_view what) {
  const double value = parse_whole<double>(text, what, "a number");
  REQUIRE(std::isfinite(value), "{} must be finite, not {}", what, text);
  return value;
}

int64_t parse_integer(std::string_view text, std::string_view what) {
  return parse_whole<int64_t>(text, what, "an integer");
}

}  // namespace skewbench
