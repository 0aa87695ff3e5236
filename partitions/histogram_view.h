// A class histogram to look at: in the terminal, and as a figure.
#pragma once

#include <string>

#include "partitions/partition.h"

namespace skewbench::partitions {

/// Text of at most 80 columns. Up to 40 workers: one line each, with its number of samples, a shaded cell per class
/// (up to 10 classes: with the share in percent; more than 54 classes: several classes a cell) and its distance from
/// the mix of all samples. More workers: smallest, mean and largest share, classes per worker and distance.
std::string histogram_text(const Histogram& histogram);

/// A complete SVG file: a bar per worker from top to bottom, stacked by class, with a legend (up to 20 classes).
std::string histogram_svg(const Histogram& histogram, const std::string& title);

}  // namespace skewbench::partitions
