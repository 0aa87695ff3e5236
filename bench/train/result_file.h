// A training run's result file, written row by row so that a kill at any moment leaves every finished row readable.
//
// Content, names and locks: results/schema.md. HDF5 in single-writer-multiple-reader mode (SWMR), by one process: rank 0.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace skewbench::train {

using TextPairs = std::vector<std::pair<std::string, std::string>>;

/// What is known before the first step and does not change. n workers, m evaluated ones, R ranks, K classes.
struct RunDescription {
  std::string case_string;
  TextPairs config, environment, topology, model;     ///< become groups of string attributes
  std::vector<std::array<int32_t, 4>> edges;          ///< phase, lane, from, to
  std::vector<std::vector<int64_t>> class_histogram;  ///< [n][K]; empty for tasks without classes
  std::vector<int64_t> samples;                       ///< [n] training samples of each worker
  std::vector<int32_t> evaluated_workers;             ///< [m]
  int workers = 0, ranks = 0;
  int64_t vector_length = 0;                          ///< d, elements of a worker's vector
  bool trajectory = false;                            ///< whether append_trajectory() will be called
};

/// One evaluation: the numbers of one row, as results/schema.md defines them.
struct EvaluationRow {
  double epoch = 0;
  int64_t step = 0, samples = 0;
  double train_loss = 0;
  int64_t evaluated_samples = 0;
  bool full = false;
  std::vector<double> loss, accuracy;  ///< [m]
  double loss_of_average = 0, accuracy_of_average = 0, consensus_distance = 0;
  std::vector<int64_t> payload_bytes, wire_bytes;  ///< [n]
  std::vector<double> seconds_compute, seconds_exchange, seconds_wait, seconds_mix, seconds_evaluation;  ///< [R]
  double seconds_total = 0;
};

/// Bytes that worker `from` sent to worker `to` in the whole run.
struct EdgeRow {
  int64_t from = 0, to = 0, payload = 0, wire = 0;
};

/// Why a run cannot write its result to `path` now, in one sentence, or "" if it can: not named *.h5 or named like an
/// unfinished file, no such folder, folder not writable, a result there already, a running file of a process that lives,
/// of one on another host (nobody here can tell), or one that is no result file. Changes nothing: for asking before the
/// expensive set-up.
std::string why_result_cannot_start(const std::string& path);

class ResultFile {
 public:
  /// Creates `NAME.running.h5` for `path` = `NAME.h5`, status `running`, no rows. Throws the sentence of
  /// why_result_cannot_start(). The file of a dead process is first moved to `NAME.interrupted-N.h5`, with the first free N.
  /// The file appears under its name at once and complete: a kill during this call leaves at most a hidden `.*.partial`.
  ResultFile(const std::string& path, const RunDescription& description);

  /// Closes. Without finish(), `NAME.running.h5` stays with the rows it has.
  ~ResultFile();
  ResultFile(const ResultFile&) = delete;
  ResultFile& operator=(const ResultFile&) = delete;

  /// Makes every dataset one row longer and flushes; trajectory rows appended before are flushed with it. Refuses a row
  /// whose arrays have other lengths than the description says, and writes nothing of it.
  void append(const EvaluationRow& row);

  /// Appends the vectors of all workers after one step: [n, d], one after the other. On disk with the next append().
  void append_trajectory(std::span<const double> vectors);

  /// Writes edge_bytes, verdict (PASSED, DIVERGED), reason (the first 255 bytes) and status `complete`, closes, waits for
  /// the disk and renames to `NAME.h5`. Refuses if that has come to exist; the file then keeps its running name.
  /// Nothing can be appended afterwards.
  void finish(const std::string& verdict, const std::string& reason, const std::vector<EdgeRow>& edges);

 private:
  class Writer;
  std::unique_ptr<Writer> writer_;
};

}  // namespace skewbench::train
