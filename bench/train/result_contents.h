// The parts of a result file: the row datasets, and everything that exists before the first row (results/schema.md).
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "bench/train/hdf5_handles.h"
#include "bench/train/result_file.h"

namespace skewbench::train::result_contents {

using Field = std::variant<double EvaluationRow::*, int64_t EvaluationRow::*, bool EvaluationRow::*,
                           std::vector<double> EvaluationRow::*, std::vector<int64_t> EvaluationRow::*>;
enum class Width { one, evaluated, workers, ranks };
struct Column {
  const char* name;
  Field field;
  Width width = Width::one;
};

/// The datasets of the root, in the order in which a row is written: a row that the last one has is in all of them.
inline constexpr Column kColumns[] = {
    {"epoch", &EvaluationRow::epoch},
    {"step", &EvaluationRow::step},
    {"samples", &EvaluationRow::samples},
    {"train_loss", &EvaluationRow::train_loss},
    {"evaluated_samples", &EvaluationRow::evaluated_samples},
    {"full", &EvaluationRow::full},
    {"loss", &EvaluationRow::loss, Width::evaluated},
    {"accuracy", &EvaluationRow::accuracy, Width::evaluated},
    {"loss_of_average", &EvaluationRow::loss_of_average},
    {"accuracy_of_average", &EvaluationRow::accuracy_of_average},
    {"consensus_distance", &EvaluationRow::consensus_distance},
    {"payload_bytes", &EvaluationRow::payload_bytes, Width::workers},
    {"wire_bytes", &EvaluationRow::wire_bytes, Width::workers},
    {"seconds_compute", &EvaluationRow::seconds_compute, Width::ranks},
    {"seconds_exchange", &EvaluationRow::seconds_exchange, Width::ranks},
    {"seconds_wait", &EvaluationRow::seconds_wait, Width::ranks},
    {"seconds_mix", &EvaluationRow::seconds_mix, Width::ranks},
    {"seconds_evaluation", &EvaluationRow::seconds_evaluation, Width::ranks},
    {"seconds_total", &EvaluationRow::seconds_total},
};

/// One column's part of a row in memory.
struct Cells {
  hid_t type;
  const void* data;
  std::size_t count;
};
Cells cells_of(const Column& column, const EvaluationRow& row);

/// Values that a row of `run` has in a column of that width.
std::size_t width_of(Width width, const RunDescription& run);

/// File access properties with the latest format, which SWMR mode needs.
hdf5::Handle latest_format();

/// Creates the file `path`, or empties it: attributes, groups, and row datasets without rows. Refuses a description whose
/// parts contradict each other.
void create_contents(const std::string& path, const RunDescription& run);

/// Overwrites `status`, `verdict`, `reason` or `ended_utc` of the root with the first 255 bytes of `text`.
void change_text(hid_t file, const char* name, std::string text);

/// ISO 8601, in seconds.
std::string utc_now();

}  // namespace skewbench::train::result_contents
