#include "partitions/histogram_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

namespace skewbench::partitions {
namespace {

constexpr std::size_t kMaxRows = 40, kMaxCells = 54, kMaxClassesWithNumbers = 10, kMaxLegend = 20;

int64_t sum(const std::vector<int64_t>& row) { return std::accumulate(row.begin(), row.end(), int64_t{0}); }

const char* shade(double share, double even) {
  if (share == 0.0) return " ";
  if (share < 0.5 * even) return "·";
  if (share < 1.5 * even) return "░";
  if (share < 3.0 * even) return "▒";
  return share < 6.0 * even ? "▓" : "█";
}

// Rows of cells; a cell holds `fold` classes.
std::string worker_lines(const Histogram& histogram) {
  const std::size_t classes = histogram.front().size();
  const std::size_t fold = (classes + kMaxCells - 1) / kMaxCells, cells = (classes + fold - 1) / fold;
  const double even = 1.0 / static_cast<double>(cells);
  const bool has_numbers = classes <= kMaxClassesWithNumbers;
  const std::vector<double> distances = skew_per_worker(histogram);
  std::string text;
  auto out = std::back_inserter(text);
  if (has_numbers) {
    fmt::format_to(out, "worker samples");
    for (std::size_t c = 0; c < classes; ++c) fmt::format_to(out, "{:>5}", fmt::format("c{}", c));
    fmt::format_to(out, "  skew\n");
  } else {
    fmt::format_to(out, "worker samples  classes 0 to {}, {} in a cell{:>{}}\n", classes - 1, fold, "skew",
                   std::max(static_cast<int>(cells) - 26, 6));
  }
  for (std::size_t w = 0; w < histogram.size(); ++w) {
    const auto& row = histogram[w];
    const auto size = static_cast<double>(sum(row));
    fmt::format_to(out, "{:>6} {:>7}", w, sum(row));
    if (!has_numbers) fmt::format_to(out, " ");
    for (std::size_t cell = 0; cell < cells; ++cell) {
      double count = 0;
      const std::size_t end = std::min((cell + 1) * fold, classes);
      for (std::size_t c = cell * fold; c < end; ++c) count += static_cast<double>(row[c]);
      const double share = count / size;
      if (has_numbers) {
        fmt::format_to(out, " {}{:>3}", shade(share, even), count == 0 ? "" : fmt::format("{:.0f}", 100 * share));
      } else {
        fmt::format_to(out, "{}", shade(share, even));
      }
    }
    fmt::format_to(out, "  {:.2f}\n", distances[w]);
  }
  return text;
}

std::string summary_lines(const Histogram& histogram) {
  std::vector<double> sizes, classes;
  for (const auto& row : histogram) {
    sizes.push_back(static_cast<double>(sum(row)));
    classes.push_back(static_cast<double>(std::ranges::count_if(row, [](int64_t n) { return n > 0; })));
  }
  std::string text = fmt::format("{} workers               smallest      mean   largest\n", histogram.size());
  const auto line = [&](const char* what, const std::vector<double>& values, int digits) {
    const auto [low, high] = std::ranges::minmax(values);
    const double mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
    text += fmt::format("{:<24}{:>10.{}f}{:>10.2f}{:>10.{}f}\n", what, low, digits, mean, high, digits);
  };
  line("samples", sizes, 0);
  line("classes", classes, 0);
  line("skew", skew_per_worker(histogram), 2);
  return text;
}

// Ten colours that differ also in brightness; beyond, hues spread by the golden angle. Hexadecimal: hsl() is newer than
// many SVG readers.
std::string colour(std::size_t c, std::size_t classes) {
  static constexpr const char* kColours[] = {"#4e79a7", "#f28e2b", "#e15759", "#76b7b2", "#59a14f",
                                             "#edc948", "#b07aa1", "#ff9da7", "#9c755f", "#bab0ac"};
  if (classes <= std::size(kColours)) return kColours[c];
  const double hue = std::fmod(137.508 * static_cast<double>(c), 360.0);
  std::string hex = "#";
  for (const double primary : {0.0, 120.0, 240.0}) {
    const double distance = std::abs(std::remainder(hue - primary, 360.0));  // 0 to 180 degrees from red, green, blue
    const double level = std::clamp(2.0 - distance / 60.0, 0.0, 1.0);
    hex += fmt::format("{:02x}", static_cast<int>(c % 2 ? 60 + 140 * level : 110 + 130 * level));
  }
  return hex;
}

// The smallest of 1, 2, 5, 10, 20, .. that is at least `value`.
std::size_t round_step(double value) {
  for (std::size_t power = 1;; power *= 10) {
    for (const std::size_t step : {power, 2 * power, 5 * power}) {
      if (static_cast<double>(step) >= value) return step;
    }
  }
}

std::string escape(const std::string& text) {
  std::string escaped;
  for (const char letter : text) {
    switch (letter) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      default: escaped += letter;
    }
  }
  return escaped;
}

}  // namespace

std::string histogram_text(const Histogram& histogram) {
  const bool has_rows = histogram.size() <= kMaxRows;
  const bool has_numbers = has_rows && histogram.front().size() <= kMaxClassesWithNumbers;
  return (has_rows ? worker_lines(histogram) : summary_lines(histogram)) +
         fmt::format("mean skew {:.3f}; skew = distance from the mix of all (total variation):\n"
                     "0 = the same, towards 1 = nothing in common{}\n",
                     mean_skew(histogram), has_numbers ? "; classes in % of the worker" : "");
}

std::string histogram_svg(const Histogram& histogram, const std::string& title) {
  const std::size_t workers = histogram.size(), classes = histogram.front().size();
  const std::size_t legend = std::min(classes, kMaxLegend);
  const double left = 60, top = 50, plot_width = 620;  // all lengths in pixels, 800 across
  const double pitch = std::clamp(800.0 / static_cast<double>(workers), 1.0, 24.0);
  const double bar = pitch > 8 ? pitch - 3 : pitch;
  const double bottom = top + pitch * static_cast<double>(workers);
  const double height = std::max(bottom, top + 20.0 * static_cast<double>(legend)) + 50;
  int64_t largest = 1;
  for (const auto& row : histogram) largest = std::max(largest, sum(row));
  const double scale = plot_width / static_cast<double>(largest);

  std::string svg;
  auto out = std::back_inserter(svg);
  fmt::format_to(out,
                 "<svg xmlns='http://www.w3.org/2000/svg' width='800' height='{0:.0f}' viewBox='0 0 800 {0:.0f}' "
                 "font-family='sans-serif' font-size='12' fill='#222'>\n"
                 "<rect width='100%' height='100%' fill='#fff'/>\n<text x='{1}' y='28' font-size='15'>{2}</text>\n",
                 height, left, escape(title));

  const std::size_t label_every = round_step(14.0 / pitch);
  for (std::size_t w = 0; w < workers; ++w) {
    const double y = top + pitch * static_cast<double>(w);
    if (w % label_every == 0) {
      fmt::format_to(out, "<text x='{}' y='{:.1f}' text-anchor='end'>{}</text>\n", left - 8, y + bar / 2 + 4, w);
    }
    double x = left;
    for (std::size_t c = 0; c < classes; ++c) {
      if (histogram[w][c] == 0) continue;
      const double width = scale * static_cast<double>(histogram[w][c]);
      fmt::format_to(out,
                     "<rect x='{:.2f}' y='{:.2f}' width='{:.2f}' height='{:.2f}' fill='{}'>"
                     "<title>worker {}, class {}: {}</title></rect>\n",
                     x, y, width, bar, colour(c, classes), w, c, histogram[w][c]);
      x += width;
    }
  }

  fmt::format_to(out, "<text transform='translate(16 {:.1f}) rotate(-90)' text-anchor='middle'>worker</text>\n",
                 (top + bottom) / 2);
  for (const double part : {0.0, 0.5, 1.0}) {
    fmt::format_to(out,
                   "<path d='M{0:.1f} {1:.1f}v5' stroke='#222'/>"
                   "<text x='{0:.1f}' y='{2:.1f}' text-anchor='middle'>{3:.0f}</text>\n",
                   left + part * plot_width, bottom + 2, bottom + 20, part * static_cast<double>(largest));
  }
  fmt::format_to(out, "<text x='{:.1f}' y='{:.1f}' text-anchor='middle'>samples</text>\n", left + plot_width / 2,
                 bottom + 38);
  for (std::size_t c = 0; c < legend; ++c) {
    const double y = top + 20.0 * static_cast<double>(c);
    fmt::format_to(out,
                   "<rect x='700' y='{:.1f}' width='12' height='12' fill='{}'/>"
                   "<text x='718' y='{:.1f}'>class {}</text>\n",
                   y, colour(c, classes), y + 10.5, c);
  }
  return svg + "</svg>\n";
}

}  // namespace skewbench::partitions
