#include "bench/train/result_file.h"

#include <fmt/chrono.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <variant>

#include "bench/train/hdf5_handles.h"
#include "bench/train/result_lock.h"
#include "kernels/base/error.h"

namespace skewbench::train {
namespace {

using hdf5::Handle;
using Dims = std::vector<hsize_t>;

constexpr int64_t kSchema = 1;
// Attributes that finish() changes: SWMR mode cannot resize an attribute.
constexpr std::size_t kChangingTextBytes = 256;
// A chunk is written whole for each row that it gains: small ones make small files and little traffic.
constexpr hsize_t kRowChunkBytes = 2048, kTrajectoryChunkBytes = 65536, kLargestChunkBytes = 1 << 20;
constexpr hsize_t kMostChunkRows = 64;

using Field = std::variant<double EvaluationRow::*, int64_t EvaluationRow::*, bool EvaluationRow::*,
                           std::vector<double> EvaluationRow::*, std::vector<int64_t> EvaluationRow::*>;
enum class Width { one, evaluated, workers, ranks };
struct Column {
  const char* name;
  Field field;
  Width width = Width::one;
};

// The datasets of the root, in the order in which a row is written: a row that the last one has is in all of them.
constexpr Column kColumns[] = {
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

// One column's part of a row in memory.
struct Cells {
  hid_t type;
  const void* data;
  std::size_t count;
};
Cells cells(const double& value) { return {H5T_NATIVE_DOUBLE, &value, 1}; }
Cells cells(const int64_t& value) { return {H5T_NATIVE_INT64, &value, 1}; }
Cells cells(const bool& value) { return {H5T_NATIVE_UINT8, &value, 1}; }
Cells cells(const std::vector<double>& values) { return {H5T_NATIVE_DOUBLE, values.data(), values.size()}; }
Cells cells(const std::vector<int64_t>& values) { return {H5T_NATIVE_INT64, values.data(), values.size()}; }
Cells cells(const Column& column, const EvaluationRow& row) {
  return std::visit([&row](auto field) { return cells(row.*field); }, column.field);
}

std::string utc_now() { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr))); }

Handle property_list(hid_t kind) { return hdf5::take(H5Pcreate(kind), H5Pclose, "an HDF5 property list cannot be made"); }

// Objects with few small attributes keep them in their header instead of a heap and an index of kilobytes.
Handle compact_attributes(hid_t kind) {
  Handle list = property_list(kind);
  hdf5::check(H5Pset_attr_phase_change(list, 1000, 0), "compact attributes cannot be asked for");
  return list;
}

// SWMR needs the latest file format.
Handle latest_format() {
  Handle list = property_list(H5P_FILE_ACCESS);
  hdf5::check(H5Pset_libver_bounds(list, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST), "the latest file format cannot be asked for");
  return list;
}

Handle text_type(std::size_t bytes) {
  Handle type = hdf5::take(H5Tcopy(H5T_C_S1), H5Tclose, "a string type cannot be made");
  hdf5::check(H5Tset_size(type, std::max<std::size_t>(bytes, 1)), "a string of {} bytes cannot be stored", bytes);
  hdf5::check(H5Tset_strpad(type, H5T_STR_NULLPAD), "a string cannot be padded");
  hdf5::check(H5Tset_cset(type, H5T_CSET_UTF8), "a string cannot be UTF-8");
  return type;
}

void write_attribute(hid_t object, const std::string& name, hid_t type, const void* value) {
  const Handle space = hdf5::take(H5Screate(H5S_SCALAR), H5Sclose, "attribute '{}' cannot be described", name);
  const Handle attribute = hdf5::take(H5Acreate2(object, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
                                      "attribute '{}' cannot be created", name);
  hdf5::check(H5Awrite(attribute, type, value), "attribute '{}' cannot be written", name);
}

// `bytes`: length in the file; 0 for that of the text.
void write_text(hid_t object, const std::string& name, std::string text, std::size_t bytes = 0) {
  const std::size_t stored = bytes > 0 ? bytes : std::max<std::size_t>(text.size(), 1);
  text.resize(stored);
  write_attribute(object, name, text_type(stored), text.data());
}

Handle write_group(hid_t file, const char* name, const TextPairs& texts) {
  const Handle properties = compact_attributes(H5P_GROUP_CREATE);
  Handle group = hdf5::take(H5Gcreate2(file, name, H5P_DEFAULT, properties, H5P_DEFAULT), H5Gclose,
                            "group '{}' cannot be created", name);
  for (const auto& [key, value] : texts) write_text(group, key, value);
  return group;
}

void write_dataset(hid_t parent, const char* name, hid_t type, const Dims& dims, const void* values) {
  const Handle space = hdf5::take(H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr), H5Sclose,
                                  "dataset '{}' cannot be described", name);
  const Handle set = hdf5::take(H5Dcreate2(parent, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Dclose,
                                "dataset '{}' cannot be created", name);
  hdf5::check(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), "dataset '{}' cannot be written", name);
}

// A dataset of no rows yet; `chunk` and `dims` start with the number of rows, 0 in dims.
void create_growing(hid_t file, const char* name, hid_t type, const Dims& dims, const Dims& chunk) {
  Dims largest = dims;
  largest[0] = H5S_UNLIMITED;
  const int rank = static_cast<int>(dims.size());
  const Handle space =
      hdf5::take(H5Screate_simple(rank, dims.data(), largest.data()), H5Sclose, "dataset '{}' cannot be described", name);
  const Handle properties = property_list(H5P_DATASET_CREATE);
  hdf5::check(H5Pset_chunk(properties, rank, chunk.data()), "dataset '{}' cannot be chunked", name);
  const Handle set = hdf5::take(H5Dcreate2(file, name, type, space, H5P_DEFAULT, properties, H5P_DEFAULT), H5Dclose,
                                "dataset '{}' cannot be created", name);
}

std::size_t width_of(Width width, const RunDescription& run) {
  switch (width) {
    case Width::one: return 1;
    case Width::evaluated: return run.evaluated_workers.size();
    case Width::workers: return static_cast<std::size_t>(run.workers);
    case Width::ranks: return static_cast<std::size_t>(run.ranks);
  }
  return 0;
}

void require_consistent(const RunDescription& run) {
  const auto workers = static_cast<std::size_t>(run.workers);
  REQUIRE(run.workers >= 1 && run.ranks >= 1 && !run.evaluated_workers.empty() && run.vector_length >= 1,
          "a result of {} workers, {} ranks, {} evaluated workers and vectors of {} cannot be described", run.workers, run.ranks,
          run.evaluated_workers.size(), run.vector_length);
  REQUIRE(run.samples.size() == workers, "{} numbers of samples were given for {} workers", run.samples.size(), run.workers);
  REQUIRE(run.class_histogram.empty() || run.class_histogram.size() == workers, "a class histogram of {} rows was given for {} workers",
          run.class_histogram.size(), run.workers);
  for (const auto& row : run.class_histogram)
    REQUIRE(row.size() == run.class_histogram.front().size() && !row.empty(), "the rows of the class histogram differ in length");
}

void create_row_datasets(hid_t file, const RunDescription& run) {
  for (const Column& column : kColumns) {
    const hsize_t width = width_of(column.width, run);
    const hid_t type = cells(column, EvaluationRow{}).type;
    const hsize_t rows = std::clamp<hsize_t>(kRowChunkBytes / (width * H5Tget_size(type)), 1, kMostChunkRows);
    if (column.width == Width::one) create_growing(file, column.name, type, {0}, {rows});
    else create_growing(file, column.name, type, {0, width}, {rows, width});
  }
  // Most runs know their edges beforehand: one chunk for all of them.
  create_growing(file, "edge_bytes", H5T_NATIVE_INT64, {0, 4}, {std::clamp<hsize_t>(run.edges.size(), 16, 4096), 4});
  if (!run.trajectory) return;
  const auto workers = static_cast<hsize_t>(run.workers), length = static_cast<hsize_t>(run.vector_length);
  const hsize_t row_bytes = workers * length * sizeof(double);
  Dims chunk = {std::clamp<hsize_t>(kTrajectoryChunkBytes / row_bytes, 1, 1024), workers, length};
  if (row_bytes > kLargestChunkBytes) chunk = {1, 1, std::min<hsize_t>(length, kLargestChunkBytes / sizeof(double))};
  create_growing(file, "trajectory", H5T_NATIVE_DOUBLE, {0, workers, length}, chunk);
}

// Everything that exists before the first row; SWMR mode can create nothing.
void create_contents(const std::string& path, const RunDescription& run) {
  Handle file = hdf5::take(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, compact_attributes(H5P_FILE_CREATE), latest_format()),
                           H5Fclose, "{} cannot be created", path);
  write_attribute(file, "schema", H5T_NATIVE_INT64, &kSchema);
  write_text(file, "suite", "skewbench");
  write_text(file, "kind", "train");
  write_text(file, "case", run.case_string);
  write_text(file, "status", "running", kChangingTextBytes);
  write_text(file, "verdict", "NOT_VERIFIED", kChangingTextBytes);
  write_text(file, "reason", "", kChangingTextBytes);
  write_text(file, "started_utc", utc_now());
  write_text(file, "ended_utc", "", kChangingTextBytes);
  write_text(file, "host", host_name());
  const int64_t pid = getpid();
  write_attribute(file, "pid", H5T_NATIVE_INT64, &pid);

  write_group(file, "config", run.config);
  write_group(file, "environment", run.environment);
  write_group(file, "model", run.model);
  write_dataset(write_group(file, "topology", run.topology), "edges", H5T_NATIVE_INT32, {run.edges.size(), 4}, run.edges.data());
  const Handle partition = write_group(file, "partition", {});
  write_dataset(partition, "samples", H5T_NATIVE_INT64, {run.samples.size()}, run.samples.data());
  if (!run.class_histogram.empty()) {
    std::vector<int64_t> histogram;
    for (const auto& row : run.class_histogram) histogram.insert(histogram.end(), row.begin(), row.end());
    write_dataset(partition, "class_histogram", H5T_NATIVE_INT64, {run.class_histogram.size(), run.class_histogram.front().size()},
                  histogram.data());
  }
  write_dataset(file, "evaluated_workers", H5T_NATIVE_INT32, {run.evaluated_workers.size()}, run.evaluated_workers.data());
  create_row_datasets(file, run);
}

// A dataset of the open file that gains rows.
class GrowingSet {
 public:
  GrowingSet(hid_t file, const char* name) : name_(name) {
    set_ = hdf5::take(H5Dopen2(file, name, H5P_DEFAULT), H5Dclose, "dataset '{}' cannot be opened", name);
    const Handle space = hdf5::take(H5Dget_space(set_), H5Sclose, "dataset '{}' cannot be read", name);
    extent_.resize(static_cast<std::size_t>(H5Sget_simple_extent_ndims(space)));
    hdf5::check(H5Sget_simple_extent_dims(space, extent_.data(), nullptr), "dataset '{}' cannot be read", name);
  }

  void append(hsize_t rows, hid_t type, const void* values) {
    Dims start(extent_.size()), count = extent_;
    start[0] = extent_[0];
    count[0] = rows;
    extent_[0] += rows;
    hdf5::check(H5Dset_extent(set_, extent_.data()), "dataset '{}' cannot grow", name_);
    const Handle space = hdf5::take(H5Dget_space(set_), H5Sclose, "dataset '{}' cannot be read", name_);
    hdf5::check(H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr),
                "the new rows of '{}' cannot be selected", name_);
    const Handle memory = hdf5::take(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr), H5Sclose,
                                     "the new rows of '{}' cannot be described", name_);
    hdf5::check(H5Dwrite(set_, type, memory, space, H5P_DEFAULT, values), "dataset '{}' cannot be written", name_);
  }

  void flush() { hdf5::check(H5Dflush(set_), "dataset '{}' cannot be flushed", name_); }
  void close() { hdf5::check(set_.close(), "dataset '{}' cannot be closed", name_); }

 private:
  std::string name_;
  Handle set_;
  Dims extent_;
};

// Puts the file before a sentence about one of its parts.
template <class Action>
void with_file_named(const std::string& path, Action action) {
  try {
    action();
  } catch (const Error& error) {
    fail("{}: {}", path, error.what());
  }
}

void change_text(hid_t file, const char* name, std::string text) {
  text.resize(std::min(text.size(), kChangingTextBytes - 1));
  text.resize(kChangingTextBytes);
  const Handle attribute = hdf5::take(H5Aopen(file, name, H5P_DEFAULT), H5Aclose, "attribute '{}' cannot be opened", name);
  hdf5::check(H5Awrite(attribute, text_type(kChangingTextBytes), text.data()), "attribute '{}' cannot be written", name);
}

}  // namespace

class ResultFile::Writer {
 public:
  Writer(const std::string& path, const RunDescription& run) : paths_(path), run_(run) {
    hdf5::silence();
    require_startable(paths_);
    require_consistent(run);
    // The name that says "locked by me" appears only with everything in place. Hidden, and short whatever NAME is.
    const auto partial = paths_.folder / fmt::format(".train-{}-{}.partial", host_name(), getpid());
    try {
      with_file_named(paths_.running, [&] { create_contents(partial.string(), run); });
      file_ = hdf5::take(H5Fopen(partial.c_str(), H5F_ACC_RDWR | H5F_ACC_SWMR_WRITE, latest_format()), H5Fclose,
                         "{} cannot be written row by row", paths_.running);
      move_interrupted_aside(paths_);
      rename_without_overwriting(partial.string(), paths_.running);
    } catch (...) {
      static_cast<void>(file_.close());
      std::error_code ignored;
      std::filesystem::remove(partial, ignored);
      throw;
    }
    with_file_named(paths_.running, [&] {
      for (const Column& column : kColumns) columns_.emplace_back(file_, column.name);
      if (run.trajectory) trajectory_.emplace_back(file_, "trajectory");
    });
  }

  void append(const EvaluationRow& row) {
    with_file_named(paths_.running, [&] {
      for (const Column& column : kColumns) {
        const std::size_t count = cells(column, row).count, expected = width_of(column.width, run_);
        REQUIRE(count == expected, "a row has {} values of '{}' instead of {}", count, column.name, expected);
      }
      for (GrowingSet& set : trajectory_) set.flush();
      for (std::size_t i = 0; i < columns_.size(); ++i) {
        const Cells values = cells(kColumns[i], row);
        columns_[i].append(1, values.type, values.data);
        columns_[i].flush();
      }
    });
  }

  void append_trajectory(std::span<const double> vectors) {
    with_file_named(paths_.running, [&] {
      REQUIRE(run_.trajectory, "no trajectory was declared");
      REQUIRE(std::ssize(vectors) == run_.workers * run_.vector_length, "a trajectory row has {} values instead of {} x {}",
              vectors.size(), run_.workers, run_.vector_length);
      trajectory_.front().append(1, H5T_NATIVE_DOUBLE, vectors.data());
    });
  }

  // All of it in SWMR mode, so that a kill in between leaves a readable file too; closing takes the mark off.
  void finish(const std::string& verdict, const std::string& reason, const std::vector<EdgeRow>& edges) {
    static_assert(sizeof(EdgeRow) == 4 * sizeof(int64_t));  // a row of the dataset
    with_file_named(paths_.running, [&] {
      GrowingSet edge_bytes(file_, "edge_bytes");
      if (!edges.empty()) edge_bytes.append(edges.size(), H5T_NATIVE_INT64, edges.data());
      edge_bytes.close();
      for (auto* sets : {&trajectory_, &columns_})
        for (GrowingSet& set : *sets) set.close();
      change_text(file_, "verdict", verdict);
      change_text(file_, "reason", reason);
      change_text(file_, "ended_utc", utc_now());
      change_text(file_, "status", "complete");
      hdf5::check(file_.close(), "it cannot be closed");
    });
    sync_to_disk(paths_.running);
    rename_without_overwriting(paths_.running, paths_.complete);
    sync_to_disk(paths_.folder.string());
  }

 private:
  ResultPaths paths_;
  RunDescription run_;
  Handle file_;
  std::vector<GrowingSet> columns_, trajectory_;  // the second empty or one; both closed before the file
};

ResultFile::ResultFile(const std::string& path, const RunDescription& description)
    : writer_(std::make_unique<Writer>(path, description)) {}
ResultFile::~ResultFile() = default;

void ResultFile::append(const EvaluationRow& row) {
  REQUIRE(writer_, "a finished result file takes no more rows");
  writer_->append(row);
}

void ResultFile::append_trajectory(std::span<const double> vectors) {
  REQUIRE(writer_, "a finished result file takes no more rows");
  writer_->append_trajectory(vectors);
}

void ResultFile::finish(const std::string& verdict, const std::string& reason, const std::vector<EdgeRow>& edges) {
  REQUIRE(writer_, "a result file is finished once");
  std::exchange(writer_, nullptr)->finish(verdict, reason, edges);
}

}  // namespace skewbench::train
