#include "partitions/histogram_view.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace skewbench::partitions {
namespace {

// Columns of UTF-8 text: bytes that do not continue a character.
int64_t columns(const std::string& line) {
  return std::ranges::count_if(line, [](char byte) { return (byte & 0xC0) != 0x80; });
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

int64_t occurrences(const std::string& text, const std::string& part) {
  int64_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

Histogram make_histogram(int64_t workers, int64_t classes) {
  Histogram histogram;
  for (int64_t w = 0; w < workers; ++w) {
    auto& row = histogram.emplace_back();
    for (int64_t c = 0; c < classes; ++c) row.push_back((w + c) % 3 == 0 ? 1000 * (c + 1) : 0);
    ++row[0];
  }
  return histogram;
}

TEST(HistogramText, FitsIntoEightyColumns) {
  for (const int64_t workers : {1, 16, 40, 41, 1024}) {
    for (const int64_t classes : {1, 2, 10, 11, 54, 55, 100, 1000}) {
      const auto lines = lines_of(histogram_text(make_histogram(workers, classes)));
      EXPECT_EQ(std::ssize(lines), workers <= 40 ? workers + 3 : 6);
      for (const std::string& line : lines) EXPECT_LE(columns(line), 80) << line;
    }
  }
}

TEST(HistogramText, ShowsSharesAndDistances) {
  const std::string text = histogram_text({{75, 25}, {0, 50}});
  EXPECT_NE(text.find("     0     100 ▒ 75 ░ 25  0.25\n"), std::string::npos) << text;
  EXPECT_NE(text.find("     1      50      ▒100  0.50\n"), std::string::npos) << text;
}

TEST(HistogramSvg, HasABarForEveryCountAndEscapesItsTitle) {
  const std::string svg = histogram_svg({{3, 0, 2}, {0, 5, 0}}, "a<b & c");
  EXPECT_EQ(occurrences(svg, "<title>"), 3);
  EXPECT_EQ(occurrences(svg, ">class "), 3);
  EXPECT_NE(svg.find("a&lt;b &amp; c"), std::string::npos);
  EXPECT_NE(svg.find("worker 1, class 1: 5"), std::string::npos);
  EXPECT_TRUE(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
  EXPECT_EQ(occurrences(histogram_svg(make_histogram(3, 100), ""), ">class "), 20);
}

}  // namespace
}  // namespace skewbench::partitions
