// Where rows go besides the terminal: NAME.jsonl, a header line and one line a row, written as rows are done, so that a killed
// run keeps what it had; NAME.h5 with the same columns at the end; and, for make cuda-report, the counts alone.
#pragma once

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "bench/kernels/row.h"

namespace skewbench::bench_kernels {

/// Environment and peaks as pairs of a name and a text.
using Facts = std::vector<std::pair<std::string, std::string>>;

class Results {
 public:
  /// Throws where NAME.jsonl cannot be written.
  Results(std::string name, Facts facts);
  ~Results();
  Results(const Results&) = delete;
  Results& operator=(const Results&) = delete;

  void add(const Row& row);
  /// Writes NAME.h5.
  void finish() const;
  const std::vector<Row>& rows() const { return rows_; }

 private:
  std::string name_;
  Facts facts_;
  std::FILE* lines_;
  std::vector<Row> rows_;
};

/// {"schema": 1, ...} on one line; numbers as %.17g, so that they can be read back exactly.
std::string to_json(const Facts& facts);
std::string to_json(const Row& row);

/// One JSON list of the rows that have counts, as jobs/cuda_report.py reads it.
void write_counts(const std::string& path, const std::vector<Row>& rows);

/// Columns as one-dimensional data sets of the group "rows", facts as attributes of the root.
void write_hdf5(const std::string& path, const Facts& facts, const std::vector<Row>& rows);

}  // namespace skewbench::bench_kernels
