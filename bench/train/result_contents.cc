#include "bench/train/result_contents.h"

#include <fmt/chrono.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>

#include "bench/train/result_lock.h"
#include "kernels/base/error.h"

namespace skewbench::train::result_contents {
namespace {

using hdf5::Handle;
using Dims = std::vector<hsize_t>;

constexpr int64_t kSchema = 1;
// Attributes that finish() changes: SWMR mode cannot resize an attribute.
constexpr std::size_t kChangingTextBytes = 256;
// A chunk is written whole for each row that it gains: small ones make small files and little traffic.
constexpr hsize_t kRowChunkBytes = 2048, kTrajectoryChunkBytes = 65536, kLargestChunkBytes = 1 << 20;
constexpr hsize_t kMostChunkRows = 64;
// A kill cuts a write only where it goes on to the next page of the kernel's cache (every page is a multiple of this).
constexpr hsize_t kPageBytes = 4096;

Cells cells(const double& value) { return {H5T_NATIVE_DOUBLE, &value, 1}; }
Cells cells(const int64_t& value) { return {H5T_NATIVE_INT64, &value, 1}; }
Cells cells(const bool& value) { return {H5T_NATIVE_UINT8, &value, 1}; }
Cells cells(const std::vector<double>& values) { return {H5T_NATIVE_DOUBLE, values.data(), values.size()}; }
Cells cells(const std::vector<int64_t>& values) { return {H5T_NATIVE_INT64, values.data(), values.size()}; }

Handle text_type(std::size_t bytes) {
  Handle type = hdf5::take(H5Tcopy(H5T_C_S1), H5Tclose, "a string type cannot be made");
  hdf5::check(H5Tset_size(type, bytes), "a string of {} bytes cannot be stored", bytes);
  hdf5::check(H5Tset_strpad(type, H5T_STR_NULLPAD), "a string cannot be padded");
  hdf5::check(H5Tset_cset(type, H5T_CSET_UTF8), "a string cannot be UTF-8");
  return type;
}

Handle property_list(hid_t kind) { return hdf5::take(H5Pcreate(kind), H5Pclose, "an HDF5 property list cannot be made"); }

// Objects with few small attributes keep them in their header instead of a heap and an index of kilobytes.
Handle compact_attributes(hid_t kind) {
  Handle list = property_list(kind);
  hdf5::check(H5Pset_attr_phase_change(list, 1000, 0), "compact attributes cannot be asked for");
  return list;
}

// HDF5 then lays no piece of metadata across a page, so that none is ever half written: half an index block would hide all
// rows of its dataset, and a reader in SWMR mode waits for a right checksum for ever. (Pieces above 4096 bytes, the blocks
// of an index of thousands of chunks, can still be cut.)
Handle metadata_within_pages() {
  Handle list = compact_attributes(H5P_FILE_CREATE);
  hdf5::check(H5Pset_file_space_strategy(list, H5F_FSPACE_STRATEGY_PAGE, false, 1), "paged file space cannot be asked for");
  hdf5::check(H5Pset_file_space_page_size(list, kPageBytes), "pages of {} bytes cannot be asked for", kPageBytes);
  return list;
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

void write_partition(hid_t file, const RunDescription& run) {
  const Handle group = write_group(file, "partition", {});
  write_dataset(group, "samples", H5T_NATIVE_INT64, {run.samples.size()}, run.samples.data());
  if (run.class_histogram.empty()) return;
  std::vector<int64_t> histogram;
  for (const auto& row : run.class_histogram) histogram.insert(histogram.end(), row.begin(), row.end());
  write_dataset(group, "class_histogram", H5T_NATIVE_INT64, {run.class_histogram.size(), run.class_histogram.front().size()},
                histogram.data());
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

void require_consistent(const RunDescription& run) {
  const auto workers = static_cast<std::size_t>(run.workers);
  REQUIRE(run.workers >= 1 && run.ranks >= 1 && !run.evaluated_workers.empty() && run.vector_length >= 1,
          "a result of {} workers, {} ranks, {} evaluated workers and vectors of {} cannot be described", run.workers, run.ranks,
          run.evaluated_workers.size(), run.vector_length);
  REQUIRE(run.samples.size() == workers, "{} numbers of samples were given for {} workers", run.samples.size(), run.workers);
  REQUIRE(run.class_histogram.empty() || run.class_histogram.size() == workers,
          "a class histogram of {} rows was given for {} workers", run.class_histogram.size(), run.workers);
  for (const auto& row : run.class_histogram)
    REQUIRE(row.size() == run.class_histogram.front().size() && !row.empty(), "the rows of the class histogram differ in length");
}

void create_row_datasets(hid_t file, const RunDescription& run) {
  for (const Column& column : kColumns) {
    const hsize_t width = width_of(column.width, run);
    const hid_t type = cells_of(column, EvaluationRow{}).type;
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

}  // namespace

Cells cells_of(const Column& column, const EvaluationRow& row) {
  return std::visit([&row](auto field) { return cells(row.*field); }, column.field);
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

Handle latest_format() {
  Handle list = property_list(H5P_FILE_ACCESS);
  hdf5::check(H5Pset_libver_bounds(list, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST), "the latest file format cannot be asked for");
  return list;
}

void create_contents(const std::string& path, const RunDescription& run) {
  require_consistent(run);
  Handle file = hdf5::take(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, metadata_within_pages(), latest_format()), H5Fclose,
                           "{} cannot be created", path);
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
  write_partition(file, run);
  write_dataset(file, "evaluated_workers", H5T_NATIVE_INT32, {run.evaluated_workers.size()}, run.evaluated_workers.data());
  create_row_datasets(file, run);
  hdf5::check(file.close(), "{} cannot be closed", path);
}

void change_text(hid_t file, const char* name, std::string text) {
  text.resize(std::min(text.size(), kChangingTextBytes - 1));
  text.resize(kChangingTextBytes);
  const Handle attribute = hdf5::take(H5Aopen(file, name, H5P_DEFAULT), H5Aclose, "attribute '{}' cannot be opened", name);
  hdf5::check(H5Awrite(attribute, text_type(kChangingTextBytes), text.data()), "attribute '{}' cannot be written", name);
}

std::string utc_now() { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr))); }

}  // namespace skewbench::train::result_contents
