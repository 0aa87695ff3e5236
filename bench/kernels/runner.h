// Runs contests: checks each contestant, times it with Google Benchmark, checks it again, and makes its row.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <regex>
#include <string>
#include <vector>

#include "bench/kernels/contest.h"
#include "bench/kernels/row.h"

namespace skewbench::bench_kernels {

struct RunOptions {
  bool on_host = true, on_device = true;
  bool cold = true, hot = true;
  double min_time_s = 0.05;  ///< of the samples of one row
  std::string only;          ///< a regular expression that a row's name has to contain
  double limit = 3e7;        ///< multiply-adds and words moved that a translated kernel may take on
};

class Runner {
 public:
  /// `keep` is given each row when it is done.
  Runner(RunOptions options, Peaks host, Peaks device, std::function<void(const Row&)> keep);
  ~Runner();

  /// Registers the rows of a contest with Google Benchmark; they run in the order of these calls.
  void add(Contest contest);
  std::vector<std::string> names() const;
  /// Runs all. False: a result was wrong.
  bool run();

 private:
  struct Entry;
  void finish(Entry& entry);

  RunOptions options_;
  Peaks host_, device_;
  std::function<void(const Row&)> keep_;
  Table table_;
  std::regex only_;
  bool is_translated_ = false;
  std::vector<std::unique_ptr<Entry>> entries_;
  std::map<std::string, Row> firsts_;  // contest, place and cache -> the row that ratios refer to
  bool is_right_ = true;
};

}  // namespace skewbench::bench_kernels
